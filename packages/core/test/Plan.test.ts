// The plan says what becomes of each stage and why; it runs nothing.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import * as Pipeline from "../src/Pipeline.ts"
import * as Plan from "../src/Plan.ts"
import * as Policy from "../src/Policy.ts"
import * as Sink from "../src/Sink.ts"
import { numbers } from "./engines.ts"
import { inThrees } from "./runtime/counting.ts"

const plus = (n: number): number => n + 1
const all = (): boolean => true

const planOf = (open: Pipeline.Pipeline<number, unknown>, options?: Plan.PlanOptions): Plan.Plan =>
  Plan.make(Pipeline.graph(open.pipe(Pipeline.sink("out", Sink.drain))), options)

/** Stage ids by segment; stages of one kernel joined by `+`. */
const shape = (plan: Plan.Plan): ReadonlyArray<ReadonlyArray<string>> =>
  plan.segments.map((segment) =>
    segment.steps.map((step) => step.stages.map((node) => node.id).join("+"))
  )

describe("plan", () => {
  it("fuses runs of synchronous stages, and ends a kernel behind a flatMap", () => {
    const open = numbers(1).pipe(
      Pipeline.map("a", plus),
      Pipeline.filter("b", all),
      Pipeline.flatMap("c", (n: number) => [n]),
      Pipeline.map("d", plus)
    )
    expect(shape(planOf(open))).toEqual([["a+b+c", "d", "out"]])
    expect(shape(planOf(open, { fuse: false }))).toEqual([["a", "b", "c", "d", "out"]])
  })

  it("does not fuse what waits: retries, timeouts, effects, whole batches", () => {
    const onError = Policy.retry({ retriesMax: 1, backoffMs: 1 })
    const open = numbers(1).pipe(
      Pipeline.map("a", plus),
      Pipeline.map("retried", plus, { onError }),
      Pipeline.map("b", plus),
      Pipeline.mapEffect("effect", (n: number) => Effect.succeed(n)),
      Pipeline.map("c", plus),
      Pipeline.mapBatch("batch", (ns: ReadonlyArray<number>) => ns),
      Pipeline.map("d", plus)
    )
    expect(shape(planOf(open))).toEqual([["a", "retried", "b", "effect", "c", "batch", "d", "out"]])
  })

  it("fuses a sink that takes records one by one", () => {
    const open = numbers(1).pipe(Pipeline.map("a", plus))
    const closed = open.pipe(
      Pipeline.sink(
        "out",
        Sink.forEach(() => undefined)
      )
    )
    expect(shape(Plan.make(Pipeline.graph(closed)))).toEqual([["a+out"]])
  })

  it("starts a segment at buffers, at and behind stream functions, branches, merges", () => {
    const { a, b } = numbers(1).pipe(
      Pipeline.map("first", plus, { buffer: { capacity: 9 } }),
      Pipeline.process("stream", (input: Stream.Stream<number>) => input),
      Pipeline.map("second", plus),
      Pipeline.broadcast("split", ["a", "b"])
    )
    const merged = Pipeline.merge("joined", [a.pipe(Pipeline.map("left", plus)), b])
    const plan = planOf(merged)
    expect(shape(plan)).toEqual([
      [],
      ["first"],
      ["stream"],
      ["second", "split"],
      ["left"],
      ["joined", "out"]
    ])
    expect(plan.segments.map((segment) => segment.reason)).toEqual([
      "a source starts a segment",
      "asks for a buffer of 9 records",
      "a stream function pulls its input",
      'the stream function of "stream" has a fiber of its own',
      'an output of branch "split"',
      "2 inputs meet here"
    ])
  })

  it("gives an accumulator behind effects a segment of its own, so that its timers run", () => {
    const accumulate = Pipeline.accumulate("threes", inThrees(1_000))
    const effect = Pipeline.mapEffect("effect", (n: number) => Effect.succeed(n))
    const direct = Pipeline.graph(
      numbers(1).pipe(Pipeline.map("a", plus), accumulate, Pipeline.sink("out", Sink.drain))
    )
    expect(Plan.make(direct).segments).toHaveLength(1)
    const behind = Pipeline.graph(
      numbers(1).pipe(effect, Pipeline.map("a", plus), accumulate, Pipeline.sink("out", Sink.drain))
    )
    expect(
      Plan.make(behind).segments.map((segment) => Plan.stagesOf(segment).map((node) => node.id))
    ).toEqual([
      ["in", "effect", "a"],
      ["threes", "out"]
    ])
  })

  it("puts every stage of a graph into exactly one segment", () => {
    const { a, b } = numbers(1).pipe(Pipeline.broadcast("split", ["a", "b"]))
    const graph = Pipeline.graph(
      Pipeline.all([
        a.pipe(Pipeline.sink("a-out", Sink.drain)),
        b.pipe(Pipeline.sink("b-out", Sink.drain))
      ])
    )
    const planned = Plan.make(graph).segments.flatMap((segment) =>
      Plan.stagesOf(segment).map((node) => node.id)
    )
    expect(planned.toSorted()).toEqual(graph.nodes.map((node) => node.id).toSorted())
  })

  it("explains segments, kernels, channels and reasons", () => {
    const open = numbers(1).pipe(
      Pipeline.map("a", plus),
      Pipeline.filter("b", all, { onError: Policy.deadLetter }),
      Pipeline.mapEffect("effect", (n: number) => Effect.succeed(n), {
        concurrency: 4,
        buffer: { capacity: 64 }
      })
    )
    const text = Plan.explain(planOf(open))
    expect(text).toContain('pipeline "pipeline": 5 stages in 2 segment(s)')
    expect(text).toContain("source  in (Source: chunks)")
    expect(text).toContain("kernel  a (Map) > b (Filter: on error: DeadLetter)")
    expect(text).toContain('channel to segment 1 ("effect"): 64 records, when full block')
    expect(text).toContain("stage   effect (MapEffect: 4 in flight, ordered)")
    expect(text).toContain("not fused: MapEffect works on whole batches")
  })

  it("says what guards a stage, and why it then stands alone", () => {
    const open = numbers(1).pipe(
      Pipeline.map("named", plus, { policies: { onError: "careful" } }),
      Pipeline.map("set-aside", plus, { onError: Policy.quarantine() }),
      Pipeline.mapEffect("call", (n: number) => Effect.succeed(n), {
        flow: { _tag: "ReactivePull", window: 8 },
        breaker: { errorThreshold: 0.5 },
        bulkhead: { name: "db", concurrency: 2 },
        deadline: 500
      })
    )
    const text = Plan.explain(planOf(open))
    expect(text).toContain('named (Map: by name: onError "careful")')
    expect(text).toContain("not fused: its error policy may change while it runs")
    expect(text).toContain("not fused: it may be isolated while it runs")
    expect(text).toContain("because asks for ReactivePull backpressure")
    expect(text).toContain(
      "call (MapEffect: ordered, flow: ReactivePull, circuit breaker, bulkhead db: 2 calls, " +
        "deadline 500 ms)"
    )
  })
})
