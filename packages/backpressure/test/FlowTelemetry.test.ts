// What flow control and circuits of stages tell: the metrics of the specification, the state that
// `inspect` shows, the regulator's decisions.
import { describe, expect, it } from "@effect/vitest"
import type * as Accumulator from "@sluice/core/Accumulator"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Telemetry from "@sluice/core/Telemetry"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as CircuitBreaker from "../src/CircuitBreaker.ts"
import * as Flow from "../src/Flow.ts"
import { givingUp, range, timed } from "./timed.ts"

const engines = [
  { name: "sync", make: () => SyncEngine.make() },
  { name: "async", make: () => AsyncEngine.make() }
]

const slow = Sink.forEachBatch(() => Effect.sleep(2))

const numbers = (count: number): Pipeline.Pipeline<number> =>
  Pipeline.source(
    "in",
    Source.fromChunks(range(count / 20).map((i) => range(20).map((k) => i * 20 + k)))
  )

/** Holds ten thousand bytes from the first fragment on, and never fills up. */
const holding: Accumulator.AccumulatorSpec<number, number> = {
  ...givingUp,
  label: "holds",
  make: (host) => {
    const instance = givingUp.make(host)
    return {
      ...instance,
      totals: () => ({ ...instance.totals(), bytesOpen: 10_000, keysOpen: 95, keysCompleted: 1 })
    }
  },
  descriptor: {
    ...givingUp.descriptor,
    policy: { ...givingUp.descriptor.policy, keysMax: 100 }
  }
}

describe.each(engines)("$name engine, what flow control tells", (engine) => {
  it.effect("metrics by the names of the specification, read at scrape", () =>
    Effect.gen(function* () {
      const closed = numbers(400).pipe(
        Pipeline.mapEffect(
          "call",
          (n: number) => (n % 2 === 0 ? Effect.succeed(n) : Effect.fail(n)),
          {
            flow: Flow.credit({ initial: 30, replenishThreshold: 10 }),
            breaker: CircuitBreaker.stage({ errorThreshold: 0.9, cooldownMs: 60_000 }),
            onError: { _tag: "Ignore" }
          }
        ),
        Pipeline.map("sized", (n: number) => n, {
          flow: Flow.adaptive({ batchMin: 1, batchMax: 64 })
        }),
        Pipeline.sink("out", slow, {
          flow: Flow.accumulatorAware({ capacity: 10, bytesUnit: 100, spillPenalty: 1 })
        })
      )
      yield* timed(Pipeline.run(closed, { engine: engine.make() }))
      const snapshots = yield* Metric.snapshot
      const valueOf = (id: string, stageId: string): unknown =>
        snapshots.find((entry) => entry.id === id && entry.attributes?.["stageId"] === stageId)
          ?.state
      expect(valueOf("stage_circuit_state", "call")).toBeDefined()
      expect(valueOf("credit_tokens_available", "call")).toBeDefined()
      expect(valueOf("backpressure_events_total", "call")).toMatchObject({
        count: expect.any(Number)
      })
      const events = valueOf("backpressure_events_total", "out") as { readonly count: number }
      expect(events.count).toBeGreaterThan(0)
      expect(valueOf("adaptive_batch_adjustments", "sized")).toBeDefined()
      expect(valueOf("effective_queue_size", "out")).toBeDefined()
      const blocked = valueOf("stage_blocked_seconds_total", "out") as { readonly count: number }
      expect(blocked.count).toBeGreaterThan(0)
      expect(valueOf("credit_tokens_available", "in")).toBeUndefined()
    }).pipe(
      Effect.provide(Telemetry.layer()),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  )

  it.effect("inspect shows the circuit and the flow while they change", () =>
    Effect.gen(function* () {
      const closed = numbers(200).pipe(
        Pipeline.mapEffect("call", (n: number) => Effect.fail(n), {
          flow: Flow.reactivePull({ window: 10 }),
          breaker: CircuitBreaker.stage({
            errorThreshold: 0.5,
            throughputMin: 5,
            cooldownMs: 9_999
          }),
          onError: { _tag: "Ignore" }
        }),
        Pipeline.sink("out", Sink.drain)
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      expect(running.inspect("call")).toMatchObject({ circuit: "closed", flow: { kind: "pull" } })
      yield* timed(running.result)
      expect(running.inspect("call")).toMatchObject({
        circuit: "open",
        flow: { kind: "pull", statistics: { pull_window: 10, pull_outstanding: 0 }, decisions: [] }
      })
      expect(running.inspect("out")).toMatchObject({ circuit: undefined, flow: undefined })
    })
  )

  it.effect("the regulator's decisions stand in inspect, each with its numbers", () =>
    Effect.gen(function* () {
      const closed = numbers(2_000).pipe(
        Pipeline.accumulate("group", holding),
        Pipeline.sink("out", slow, {
          flow: Flow.regulated({
            batch: { batchMin: 1, batchMax: 64, batchInitial: 64, latencyMsTarget: 1_000 },
            credits: { initial: 64, replenishThreshold: 8 },
            sampleMs: 10
          })
        })
      )
      const result = yield* timed(Pipeline.run(closed, { engine: engine.make() }))
      const flow = result.finalStates["out"]?.flow
      expect(flow?.kind).toBe("regulated")
      // Nearly all keys are in use and none is completed: smaller batches, so that some are.
      expect(flow?.decisions[0]).toMatchObject({
        action: "ShrinkBatch",
        reason: expect.stringContaining("accumulators 95 % full, completion rate")
      })
      expect(flow?.decisions.length).toBeLessThanOrEqual(100)
      expect(flow?.statistics["batch_size"]).toBeLessThan(64)
      expect(flow?.statistics["regulator_decisions"]).toBeGreaterThanOrEqual(1)
    })
  )
})
