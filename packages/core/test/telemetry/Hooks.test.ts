// The observer's hooks: what each is told, on both engines, and that none of them harms a run.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type * as Accumulator from "../../src/Accumulator.ts"
import type * as Batch from "../../src/Batch.ts"
import type * as Observer from "../../src/Observer.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Streams from "../../src/Streams.ts"
import * as Telemetry from "../../src/Telemetry.ts"
import { batches, collect, engines, numbers, range } from "../engines.ts"
import { inThrees } from "../runtime/counting.ts"
import { boom } from "../runtime/failingStages.ts"

const fails =
  (every: number) =>
  (n: number): number => {
    if (n % every === 3) throw boom
    return n
  }

const isolated = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, Metric.MetricRegistry, new Map())

/** Lets whatever can run, run. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const threes = inThrees(86_400_000)

/** Lets complete groups out with the batch that completes them, not behind it. */
const eager: typeof threes = {
  ...threes,
  make: (host: Accumulator.AccumulatorHost) => {
    const inner = threes.make(host)
    const process = (batch: Batch.Batch<number>) => {
      inner.process(batch)
      return inner.fire(host.now())
    }
    return Object.create(inner, { process: { value: process } }) as typeof inner
  }
}

describe.each(engines)("$name engine, hooks", (engine) => {
  it.effect("hooks are told of starts, batches and errors with their detail", () =>
    Effect.gen(function* () {
      const told: Array<readonly [string, string, unknown]> = []
      const observer: Observer.PipelineObserver = {
        onStageStart: (id, info) => void told.push(["start", id, info]),
        onBatchProcessed: (id, metrics) => void told.push(["batch", id, metrics]),
        onError: (id, cause, context) => void told.push(["error", id, { cause, context }])
      }
      const open = batches(range(10)).pipe(
        Pipeline.map("m", fails(10), { onError: Policy.deadLetter })
      )
      yield* collect(engine, open, { observer })
      expect(
        told
          .filter(([hook]) => hook === "start")
          .map(([, id]) => id)
          .toSorted()
      ).toEqual(["in", "m", "out"])
      expect(told.find(([hook, id]) => hook === "start" && id === "m")?.[2]).toMatchObject({
        pipelineId: "pipeline",
        kind: "transform",
        engine: engine.name,
        parallelism: { _tag: "Sequential" }
      })
      expect(told.find(([hook]) => hook === "batch")?.[2]).toMatchObject({ pipelineId: "pipeline" })
      const seen = told.filter(([hook, id]) => hook === "batch" && id.split("+").includes("m"))
      expect(
        seen.reduce((sum, [, , metrics]) => sum + (metrics as Observer.BatchMetrics).recordsIn, 0)
      ).toBe(10)
      expect(told.find(([hook]) => hook === "error")).toMatchObject([
        "error",
        "m",
        { cause: boom, context: { seqId: 3, origin: "in", attempts: 1, pipelineId: "pipeline" } }
      ])
    })
  )

  it.effect("the accumulator hook is told of what a fragment, a timer and the end let out", () =>
    Effect.gen(function* () {
      const told: Array<Observer.AccumulatorEvent> = []
      const observer: Observer.PipelineObserver = {
        onAccumulatorEvent: (stageId, event) => {
          expect(stageId).toBe("threes")
          told.push(event)
        }
      }
      const slow = Stream.concat(
        Stream.fromIterable(range(25)),
        Stream.fromEffect(Effect.as(Effect.sleep("2 days"), 99))
      )
      const open = Pipeline.source("in", Streams.source(slow)).pipe(
        Pipeline.accumulate("threes", eager)
      )
      const fiber = yield* Effect.forkChild(collect(engine, open, { observer }))
      yield* Effect.promise(settle)
      yield* TestClock.adjust("2 days")
      const { out } = yield* Fiber.join(fiber)
      const of = (tag: string) => told.filter(({ _tag }) => _tag === tag)
      for (const tag of ["Emitted", "Fired", "Drained"]) {
        expect(of(tag).length, tag).toBeGreaterThan(0)
      }
      expect(told.reduce((sum, { outputs }) => sum + outputs, 0)).toBe(out.length)
      expect(told.at(-1)?.totals).toMatchObject({ fragmentsIn: 26, fragmentsOpen: 0 })
    })
  )

  it.effect("whichever hook throws, the run is the same and other observers are told all", () =>
    Effect.gen(function* () {
      const throwing = (): never => {
        throw boom
      }
      const hooks: ReadonlyArray<Observer.PipelineObserver> = [
        { onEvent: throwing },
        { onStageStart: throwing },
        { onBatchProcessed: throwing },
        { onError: throwing },
        { onAccumulatorEvent: throwing },
        { onCircuitChange: throwing }
      ]
      for (const hook of hooks) {
        const events: Array<string> = []
        const other: Observer.PipelineObserver = { onEvent: ({ _tag }) => void events.push(_tag) }
        const open = numbers(50).pipe(Pipeline.map("m", fails(10), { onError: Policy.deadLetter }))
        const { out, result } = yield* collect(engine, open, { observer: hook }).pipe(
          Effect.provide(Telemetry.layer({ observers: [other] })),
          isolated
        )
        expect(out).toEqual(range(50).filter((n) => n % 10 !== 3))
        expect(result.deadLetterCount).toBe(5)
        expect(events.filter((tag) => tag === "RecordFailed").length).toBe(5)
        expect(events.at(-1)).toBe("RunEnded")
      }
    })
  )
})
