// Flow control as a setting of a stage, on both engines: what is promised holds for the records of
// a real run, and nothing is lost on the way.
import { describe, expect, it } from "@effect/vitest"
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Flow from "../src/Flow.ts"
import { engines, numbers, settings } from "./flowSettings.ts"
import { countedCalls, range, timed } from "./timed.ts"

const stages = {
  sink: (flow: FlowStrategy.Flow, out: Array<number>) =>
    numbers(1_000).pipe(
      Pipeline.sink(
        "slow",
        Sink.forEachBatch((items: ReadonlyArray<number>) =>
          Effect.map(Effect.sleep("1 millis"), () => void out.push(...items))
        ),
        { flow }
      )
    ),
  mapEffect: (flow: FlowStrategy.Flow, out: Array<number>) =>
    numbers(1_000).pipe(
      Pipeline.mapEffect("slow", (n: number) => Effect.as(Effect.sleep("1 millis"), n), {
        concurrency: 4,
        flow
      }),
      Pipeline.sink("out", Sink.collectInto(out))
    ),
  process: (flow: FlowStrategy.Flow, out: Array<number>) =>
    numbers(1_000).pipe(
      Pipeline.process("slow", (input: Stream.Stream<number>) => Stream.map(input, (n) => n), {
        flow
      }),
      Pipeline.sink("out", Sink.collectInto(out))
    ),
  source: (flow: FlowStrategy.Flow, out: Array<number>) =>
    Pipeline.source("slow", Source.fromIterable(range(1_000)), { flow }).pipe(
      Pipeline.map("same", (n: number) => n),
      Pipeline.sink("out", Sink.collectInto(out))
    )
} as const

describe.each(engines)("$name engine, flow control of a stage", (engine) => {
  for (const [name, flow] of settings) {
    for (const [where, make] of Object.entries(stages)) {
      it.effect(`${name} on a ${where}: every record arrives once and in order`, () =>
        Effect.gen(function* () {
          const out: Array<number> = []
          const result = yield* timed(Pipeline.run(make(flow, out), { engine: engine.make() }))
          expect(out).toEqual(range(1_000))
          expect(result).toMatchObject({ recordsIn: 1_000, recordsOut: 1_000, droppedCount: 0 })
        })
      )
    }
  }

  it.effect(
    "credit: no more is under way than was granted, and all credit is back at the end",
    () =>
      Effect.gen(function* () {
        let entered = 0
        let left = 0
        let most = 0
        const closed = numbers(600, 100).pipe(
          Pipeline.map("before", (n: number) => {
            entered++
            return n
          }),
          Pipeline.sink(
            "slow",
            Sink.forEachBatch((items: ReadonlyArray<number>) =>
              Effect.map(Effect.sleep("1 millis"), () => {
                left += items.length
                most = Math.max(most, items.length)
              })
            ),
            {
              flow: Flow.credit({ initial: 30, replenishThreshold: 10 }),
              buffer: { capacity: 500 }
            }
          )
        )
        const running = yield* Pipeline.start(closed, { engine: engine.make() })
        const fiber = yield* Effect.forkChild(running.result)
        let over = 0
        for (let turn = 0; turn < 5_000 && fiber.pollUnsafe() === undefined; turn++) {
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          // One batch of 100 stands before the gate, whatever was let through.
          if (entered - left > 30 + 100) over++
          yield* TestClock.adjust("1 millis")
        }
        const result = yield* Fiber.join(fiber)
        expect(over).toBe(0)
        expect(most).toBeLessThanOrEqual(30)
        expect(result.finalStates["slow"]?.flow).toMatchObject({
          kind: "credit",
          statistics: { credit_tokens_available: 30, credit_in_flight: 0 }
        })
        expect(
          result.finalStates["slow"]?.flow?.statistics["backpressure_events_total"]
        ).toBeGreaterThan(5)
      })
  )

  it.effect("credit is not back before the calls of a stage have ended", () =>
    Effect.gen(function* () {
      const { running, call } = countedCalls(3)
      const out: Array<number> = []
      const closed = numbers(300).pipe(
        Pipeline.mapEffect("call", call, {
          concurrency: 64,
          flow: Flow.credit({ initial: 10, replenishThreshold: 5 })
        }),
        Pipeline.sink("out", Sink.collectInto(out))
      )
      yield* timed(Pipeline.run(closed, { engine: engine.make() }))
      expect(out).toEqual(range(300))
      expect(running.most).toBeLessThanOrEqual(10)
      if (engine.name === "async") expect(running.most).toBeGreaterThan(4)
    })
  )

  it.effect("rate: never more than rate × t + burst, and no slower than that", () =>
    Effect.gen(function* () {
      const [ratePerSecond, burst] = [2_000, 50]
      const arrivals: Array<readonly [number, number]> = []
      let total = 0
      const closed = numbers(1_000, 100).pipe(
        Pipeline.sink(
          "shaped",
          Sink.forEachBatch((items: ReadonlyArray<number>) =>
            Effect.map(Clock.monotonicTimeNanos, (at) => {
              total += items.length
              arrivals.push([Number(at) / 1e9, total])
            })
          ),
          { flow: Flow.rate({ ratePerSecond, burst }) }
        )
      )
      yield* timed(Pipeline.run(closed, { engine: engine.make() }))
      const start = arrivals[0]?.[0] ?? 0
      for (const [at, sum] of arrivals)
        expect(sum).toBeLessThanOrEqual(ratePerSecond * (at - start) + burst + 1e-6)
      const seconds = (arrivals.at(-1)?.[0] ?? 0) - start
      expect(seconds).toBeGreaterThanOrEqual((1_000 - burst) / ratePerSecond - 1e-6)
      // The clock of these tests goes in steps of 5 ms, and a portion is due every 10.
      expect(seconds).toBeLessThanOrEqual(((1_000 - burst) / ratePerSecond) * 1.6)
    })
  )

  it.effect("a run whose stage failed leaves nobody waiting for credit", () =>
    Effect.gen(function* () {
      const closed = numbers(500).pipe(
        Pipeline.sink(
          "bad",
          Sink.forEachBatch(() => Effect.fail("full" as const)),
          {
            flow: Flow.credit({ initial: 20, replenishThreshold: 20 })
          }
        )
      )
      const error = yield* Effect.flip(timed(Pipeline.run(closed, { engine: engine.make() })))
      expect(error).toMatchObject({ _tag: "PipelineError", failure: { stageId: "bad" } })
    })
  )

  it.effect("records a full channel discards give their credit back", () =>
    Effect.gen(function* () {
      const out: Array<number> = []
      const closed = numbers(400).pipe(
        Pipeline.sink(
          "slow",
          Sink.forEachBatch((items: ReadonlyArray<number>) =>
            Effect.map(Effect.sleep("2 millis"), () => void out.push(...items))
          ),
          {
            flow: Flow.credit({ initial: 100, replenishThreshold: 10 }),
            buffer: { capacity: 10, onFull: "drop-oldest" }
          }
        )
      )
      const result = yield* timed(Pipeline.run(closed, { engine: engine.make() }))
      expect(result.droppedCount).toBeGreaterThan(0)
      expect(out.length + result.droppedCount).toBe(400)
      expect(result.finalStates["slow"]?.flow?.statistics).toMatchObject({
        credit_tokens_available: 100,
        credit_in_flight: 0
      })
    })
  )

  it.effect("plain data needs the layer; without it the run is refused, with it carried out", () =>
    Effect.gen(function* () {
      const out: Array<number> = []
      const flow = { _tag: "ReactivePull", window: 4 } as const
      const closed = numbers(40).pipe(Pipeline.sink("out", Sink.collectInto(out), { flow }))
      const refused = yield* Effect.flip(Pipeline.run(closed, { engine: engine.make() }))
      expect(refused.message).toContain("provide Flow.layer")
      expect(out).toEqual([])
      yield* Pipeline.run(closed, { engine: engine.make() }).pipe(Effect.provide(Flow.layer))
      expect(out).toEqual(range(40))
    })
  )

  it.effect("adaptive batching gathers for the stage behind", () =>
    Effect.gen(function* () {
      const sizes: Array<number> = []
      const closed = numbers(2_000, 10).pipe(
        Pipeline.batch(
          "gather",
          Flow.batching({ batchMin: 1, batchMax: 300, latencyMsTarget: 50 })
        ),
        Pipeline.sink(
          "out",
          Sink.forEachBatch((items: ReadonlyArray<number>) =>
            Effect.map(Effect.sleep("2 millis"), () => void sizes.push(items.length))
          )
        )
      )
      yield* timed(Pipeline.run(closed, { engine: engine.make() }))
      expect(sizes.reduce((a, b) => a + b, 0)).toBe(2_000)
      expect(sizes[0]).toBe(1)
      expect(Math.max(...sizes)).toBeGreaterThan(20)
    })
  )
})
