// Flow control before every kind of stage, on both engines; ended by an abort; carried by JSON.
import { describe, expect, it } from "@effect/vitest"
import * as Batching from "@sluice/core/Batching"
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import * as GraphJson from "@sluice/core/GraphJson"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import * as CircuitBreaker from "../src/CircuitBreaker.ts"
import * as Flow from "../src/Flow.ts"
import { engines, numbers, settings } from "./flowSettings.ts"
import { givingUp, range, timed } from "./timed.ts"

/** Stages that take their input at once, in a kernel or out of one. */
const plain = {
  map: (flow: FlowStrategy.Flow, out: Array<number>) =>
    numbers(600).pipe(
      Pipeline.map("slow", (n: number) => n, { flow }),
      Pipeline.filter("all", () => true),
      Pipeline.sink("out", Sink.collectInto(out))
    ),
  flatMap: (flow: FlowStrategy.Flow, out: Array<number>) =>
    numbers(600).pipe(
      Pipeline.flatMap("slow", (n: number) => [n], { flow }),
      Pipeline.sink("out", Sink.collectInto(out))
    ),
  mapBatch: (flow: FlowStrategy.Flow, out: Array<number>) =>
    numbers(600).pipe(
      Pipeline.mapBatch("slow", (items: ReadonlyArray<number>) => items, { flow }),
      Pipeline.sink("out", Sink.collectInto(out))
    ),
  accumulate: (flow: FlowStrategy.Flow, out: Array<number>) =>
    numbers(600).pipe(
      Pipeline.accumulate("slow", givingUp, { flow }),
      Pipeline.sink("out", Sink.collectInto(out))
    ),
  batch: (flow: FlowStrategy.Flow, out: Array<number>) =>
    numbers(600).pipe(
      Pipeline.batch("slow", Batching.fixed(7), { flow }),
      Pipeline.sink("out", Sink.collectInto(out))
    ),
  branch: (flow: FlowStrategy.Flow, out: Array<number>) => {
    const routes = { even: (n: number) => n % 2 === 0, odd: Pipeline.otherwise }
    const { even, odd } = numbers(600).pipe(Pipeline.branch("slow", routes, { flow }))
    return Pipeline.merge("again", [even, odd]).pipe(Pipeline.sink("out", Sink.collectInto(out)))
  },
  merge: (flow: FlowStrategy.Flow, out: Array<number>) => {
    const parts = range(3).map((k) =>
      Pipeline.source(`in${k}`, Source.fromIterable(range(200).map((i) => k * 200 + i)))
    )
    return Pipeline.merge("slow", parts, { flow }).pipe(Pipeline.sink("out", Sink.collectInto(out)))
  }
} as const

/** Lets everything happen that needs no time. */
const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
})

/** Credits that are out: records let in and never settled. */
const owed = (statistics: Readonly<Record<string, number>>): number =>
  (statistics["credit_in_flight"] ?? 0) + (statistics["pull_outstanding"] ?? 0)

describe.each(engines)("$name engine, flow control of any stage", (engine) => {
  for (const [where, make] of Object.entries(plain)) {
    it.effect(`${where}: with every strategy, each record arrives once and all is settled`, () =>
      Effect.gen(function* () {
        for (const [name, flow] of settings) {
          const out: Array<number> = []
          const result = yield* timed(Pipeline.run(make(flow, out), { engine: engine.make() }))
          expect(
            out.toSorted((a, b) => a - b),
            name
          ).toEqual(range(600))
          const state = result.finalStates["slow"]
          expect(state, name).toMatchObject({ recordsIn: 600, dropped: 0 })
          expect(owed(state?.flow?.statistics ?? {}), name).toBe(0)
        }
      })
    )
  }

  for (const [name, flow] of [
    ["credit", Flow.credit({ initial: 5, replenishThreshold: 5 })],
    ["rate", Flow.rate({ ratePerSecond: 0.001, burst: 1 })]
  ] as const) {
    it.effect(`${name}: an abort ends those who wait for it, and closes the source`, () =>
      Effect.gen(function* () {
        let closed = 0
        const endless = Source.make(
          "endless",
          Effect.as(
            Effect.acquireRelease(Effect.void, () => Effect.sync(() => void closed++)),
            { pull: () => ({ items: range(10), bytes: 0, provenance: undefined }) }
          )
        )
        const pipeline = Pipeline.source("in", endless).pipe(
          Pipeline.map("before", (n: number) => n),
          Pipeline.sink(
            "stuck",
            Sink.forEachBatch(() => Effect.never),
            { flow }
          )
        )
        const running = yield* Pipeline.start(pipeline, { engine: engine.make() })
        yield* settle
        yield* running.stop("abort")
        const result = yield* timed(running.result)
        expect(result.status).toBe("aborted")
        expect(closed).toBe(1)
      })
    )
  }
})

describe("flow control in JSON", () => {
  it.effect(
    "a graph takes its strategies and circuits along, by the modules that export them",
    () =>
      Effect.gen(function* () {
        const closed = numbers(10).pipe(
          Pipeline.mapEffect("call", (n: number) => Effect.succeed(n), {
            flow: Flow.credit({ initial: 4, replenishThreshold: 2 }),
            breaker: CircuitBreaker.stage({ errorThreshold: 0.5 })
          }),
          Pipeline.sink("out", Sink.drain)
        )
        const document = JSON.parse(JSON.stringify(GraphJson.encode(Pipeline.graph(closed))))
        expect(document.nodes[1]).toMatchObject({
          backpressure: { _tag: "CreditBased", initial: 4 },
          controls: {
            flow: { $ref: { module: "@sluice/backpressure/Flow", export: "implementation" } },
            breaker: { errorThreshold: 0.5 },
            circuit: { $ref: { module: "@sluice/backpressure/CircuitBreaker" } }
          }
        })
        const exported: Readonly<Record<string, object>> = {
          "@sluice/backpressure/Flow": Flow,
          "@sluice/backpressure/CircuitBreaker": CircuitBreaker
        }
        const { nodes } = document
        const kept = { ...document, nodes: [nodes[1]], edges: [] }
        kept.nodes[0].operation.f = { $ref: { module: "functions", export: "f" } }
        const decoded = GraphJson.decode(kept, {
          resolve: (ref) =>
            ref.module === "functions"
              ? () => 0
              : Reflect.get(exported[ref.module] ?? {}, ref.export)
        })
        const graph = yield* Effect.fromResult(decoded)
        expect(graph.nodes[0]?.controls?.flow).toBe(Flow.implementation)
        expect(graph.nodes[0]?.controls?.circuit).toBe(CircuitBreaker.implementation)
      })
  )
})
