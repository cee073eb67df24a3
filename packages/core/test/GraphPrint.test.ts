// What is printed, as files one can look at; `vitest -u` rewrites them, the diff is read.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Channel from "../src/Channel.ts"
import type * as Graph from "../src/Graph.ts"
import * as GraphPrint from "../src/GraphPrint.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as Policy from "../src/Policy.ts"
import * as Sink from "../src/Sink.ts"
import * as Source from "../src/Source.ts"
import * as stages from "./fixtures/stages.ts"

const everyKind = (): Graph.PipelineGraph => {
  const orders = Pipeline.source("orders", Source.fromIterable([1, 2, 3]), { parallelism: 2 })
  const { big, small } = orders.pipe(
    Pipeline.branch("size", { big: (n: number) => n > 2, small: Pipeline.otherwise })
  )
  const priced = big.pipe(
    Pipeline.mapEffect("price", (n) => Effect.succeed(n), {
      concurrency: 16,
      ordering: Channel.partitionOrdered((n) => n % 3),
      timeout: "2 seconds",
      onError: Policy.retry({ retriesMax: 3, backoffMs: 10, exhausted: Policy.deadLetter })
    })
  )
  const counted = small.pipe(
    Pipeline.map("hash", (n) => n, {
      engine: "worker",
      parallelism: Policy.parallelism.cpuBound,
      onError: Policy.ignore,
      buffer: { capacity: 64, bytes: 1_000_000, onFull: "drop-oldest" },
      flow: { _tag: "ReactivePull", window: 8 }
    })
  )
  return Pipeline.graph(
    Pipeline.merge("all", [priced, counted]).pipe(
      Pipeline.accumulate("group", stages.accumulator),
      Pipeline.sink(
        "store",
        Sink.forEach(() => undefined)
      ),
      Pipeline.named("every-kind")
    )
  )
}

const hostile = (): Graph.PipelineGraph => {
  const id = 'a"]; drop <b>&amp;#35;\\n`x`|{y}\nend'
  const graph = Pipeline.graph(
    Pipeline.source(id, Source.fromIterable([1])).pipe(
      Pipeline.broadcast("copy", ['po"rt\\']),
      (ports) => ports['po"rt\\'].pipe(Pipeline.sink("end", Sink.drain)),
      Pipeline.named('gr"aph\\')
    )
  )
  return { ...graph, edges: [...graph.edges, { ...(graph.edges[0] as Graph.Edge), to: "ghost" }] }
}

describe("GraphPrint", () => {
  it("draws every kind of stage, and says what is not the default", async () => {
    await expect(GraphPrint.mermaid(everyKind())).toMatchFileSnapshot("golden/every-kind.mmd")
    await expect(GraphPrint.dot(everyKind())).toMatchFileSnapshot("golden/every-kind.dot")
  })

  it("ids and labels cannot break out of their quotes; unknown stages are dashed", async () => {
    await expect(GraphPrint.mermaid(hostile())).toMatchFileSnapshot("golden/hostile.mmd")
    await expect(GraphPrint.dot(hostile())).toMatchFileSnapshot("golden/hostile.dot")
  })

  it("two stages with one id are two boxes", () => {
    const open = Pipeline.source("same", Source.fromIterable([1]))
    const graph = Pipeline.graph(open.pipe(Pipeline.sink("same", Sink.drain)))
    expect(GraphPrint.dot(graph).match(/label="same/g)).toHaveLength(2)
    expect(GraphPrint.mermaid(graph).match(/"same<br/g)).toHaveLength(2)
  })

  it("an empty graph prints", () => {
    const graph = { id: "", nodes: [], edges: [], meta: {} }
    expect(GraphPrint.mermaid(graph)).toBe("flowchart LR\n")
    expect(GraphPrint.dot(graph)).toBe('digraph "" {\n  rankdir=LR;\n}\n')
  })
})
