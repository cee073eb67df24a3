// The shells of the strategies under the test clock: who waits, for how long, and what an
// interruption leaves behind.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as TestClock from "effect/testing/TestClock"
import * as AdaptiveBatch from "../src/AdaptiveBatch.ts"
import * as Bounded from "../src/Bounded.ts"
import * as CreditWindow from "../src/CreditWindow.ts"
import * as EffectiveQueue from "../src/EffectiveQueue.ts"
import * as FlowMetrics from "../src/FlowMetrics.ts"
import * as ReactivePull from "../src/ReactivePull.ts"
import * as TokenBucket from "../src/TokenBucket.ts"

/** Starts a fiber and runs it up to its first wait. */
const start = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.forkChild(effect, { startImmediately: true })

const isDone = <A, E>(fiber: Fiber.Fiber<A, E>): boolean => fiber.pollUnsafe() !== undefined

describe("CreditWindow", () => {
  it.effect("makes the sender wait until credits come back", () =>
    Effect.gen(function* () {
      const window = yield* CreditWindow.make({ initial: 10, replenishThreshold: 4 })
      yield* window.acquire(10)
      expect(yield* window.tryAcquire(1)).toBe(false)
      const waiting = yield* start(window.acquire(3))
      yield* window.processed(3)
      expect(isDone(waiting)).toBe(false)
      yield* window.processed(1)
      yield* Fiber.join(waiting)
      expect(window.statistics()).toMatchObject({ available: 1, inFlight: 9, waits: 1, refused: 1 })
      expect(window.statistics().waitRatio).toBeCloseTo(1 / 3)
    })
  )

  it.effect("gives credits back however the work ends, and forgets an interrupted waiter", () =>
    Effect.gen(function* () {
      const window = yield* CreditWindow.make({ initial: 1, replenishThreshold: 1 })
      const busy = yield* start(window.withCredits(1)(Effect.never))
      const waiting = yield* start(window.withCredits(1)(Effect.void))
      yield* Fiber.interrupt(waiting)
      expect(window.statistics()).toMatchObject({ waiting: 0, cancelled: 1, inFlight: 1 })
      yield* Fiber.interrupt(busy)
      yield* Effect.flip(window.withCredits(1)(Effect.fail("lost")))
      expect(window.statistics()).toMatchObject({ available: 1, inFlight: 0 })
    })
  )

  it.effect("refuses a line that is full, in words", () =>
    Effect.gen(function* () {
      const settings = { initial: 1, replenishThreshold: 1, waitersMax: 0 }
      const window = yield* CreditWindow.make(settings)
      yield* window.acquire(1)
      const refusal = yield* Effect.flip(window.acquire(1))
      expect(refusal.message).toMatch(/no credit for 1: 0 of 1 available.*raise initial/)
      const invalid = yield* Effect.flip(CreditWindow.make({ ...settings, replenishThreshold: 2 }))
      expect(invalid.message).toMatch(/replenishThreshold 2 is above the 1 initial credits/)
    })
  )
})

describe("TokenBucket", () => {
  it.effect("lets the burst through and then the rate, larger amounts in portions", () =>
    Effect.gen(function* () {
      const bucket = yield* TokenBucket.make({ ratePerSecond: 10, burst: 5 })
      yield* bucket.take(5)
      expect(yield* bucket.tryTake(1)).toBe(false)
      const waiting = yield* start(bucket.take(12))
      yield* TestClock.adjust(1_199)
      expect(isDone(waiting)).toBe(false)
      yield* TestClock.adjust(1)
      yield* Fiber.join(waiting)
      expect(bucket.statistics()).toMatchObject({ granted: 17 })
    })
  )

  it.effect("takes the place of an interrupted waiter back", () =>
    Effect.gen(function* () {
      const bucket = yield* TokenBucket.make({ ratePerSecond: 1, burst: 1 })
      yield* bucket.take(1)
      const waiting = yield* start(bucket.take(1))
      yield* Fiber.interrupt(waiting)
      yield* TestClock.adjust(1_000)
      expect(yield* bucket.available).toBe(1)
      expect(bucket.statistics()).toMatchObject({ granted: 1, cancelled: 1 })
    })
  )

  it.effect("refuses what would wait too long", () =>
    Effect.gen(function* () {
      const bucket = yield* TokenBucket.make({ ratePerSecond: 1, burst: 2, waitMsMax: 1_000 })
      yield* bucket.take(2)
      const refusal = yield* Effect.flip(bucket.take(2))
      expect(refusal).toMatchObject({ _tag: "RateExceeded", reason: "wait-too-long" })
    })
  )
})

describe("AdaptiveBatch", () => {
  it.effect("measures batches by the clock and says why it changes", () =>
    Effect.gen(function* () {
      const settings = { batchMin: 1, batchMax: 8, latencyMsTarget: 100, agreeing: 1 }
      const batch = yield* AdaptiveBatch.make(settings)
      const running = yield* start(batch.measure(0.9)(Effect.sleep(10)))
      yield* TestClock.adjust(10)
      yield* Fiber.join(running)
      expect(batch.statistics()).toMatchObject({ size: 2, grown: 1 })
      const changes = yield* batch.observe({ latencyMs: 150, fill: 0.9 })
      expect(changes).toEqual([
        { _tag: "Shrink", from: 2, to: 1, reason: "latency 150.0 ms of 100, queue 90 %" }
      ])
    })
  )
})

describe("ReactivePull", () => {
  it.effect("wakes the source when half the window is free", () =>
    Effect.gen(function* () {
      const pull = yield* ReactivePull.make({ window: 4 })
      expect(yield* pull.demand).toBe(4)
      expect(yield* pull.deliver(5)).toBe(false)
      expect(yield* pull.deliver(4)).toBe(true)
      const waiting = yield* start(pull.demand)
      yield* pull.processed(1)
      expect(isDone(waiting)).toBe(false)
      yield* pull.processed(1)
      expect(yield* Fiber.join(waiting)).toBe(2)
      expect(pull.statistics()).toMatchObject({ outstanding: 2, refused: 1 })
    })
  )
})

describe("EffectiveQueue", () => {
  const settings = { capacity: 10, bytesUnitWindow: 1_000, spillPenalty: 2 }

  it.effect("holds callers back for what accumulators hold, but lets the last one through", () =>
    Effect.gen(function* () {
      const queue = yield* EffectiveQueue.make(settings)
      yield* queue.acquire(1)
      yield* queue.report({ pendingAccumulatorBytes: 8_000, activeSpillCount: 1 })
      expect(queue.statistics()).toMatchObject({ effective: 11, gate: "shut" })
      const waiting = yield* start(queue.acquire(1))
      expect(isDone(waiting)).toBe(false)
      yield* queue.processed(1)
      yield* Fiber.join(waiting)
      yield* queue.report({ pendingAccumulatorBytes: 0, activeSpillCount: 0 })
      expect(queue.statistics().gate).toBe("open")
    })
  )

  it.effect("wraps another strategy and forgets what that one refused", () =>
    Effect.gen(function* () {
      const credits = yield* CreditWindow.make({ initial: 1, replenishThreshold: 1, waitersMax: 0 })
      const queue = yield* EffectiveQueue.wrap(credits, settings)
      yield* queue.acquire(1)
      expect(yield* Effect.flip(queue.acquire(1))).toMatchObject({ _tag: "NoCredit" })
      expect(queue.statistics().rawQueueLength).toBe(1)
      yield* queue.processed(1)
      expect(credits.statistics().available).toBe(1)
    })
  )
})

describe("Bounded", () => {
  it.effect("blocks the producer until there is room", () =>
    Effect.gen(function* () {
      const buffer = yield* Bounded.make<number>({ capacity: 2 })
      yield* buffer.offer([1, 2])
      const waiting = yield* start(buffer.offer([3]))
      expect(isDone(waiting)).toBe(false)
      expect(yield* buffer.take(1)).toEqual([1])
      yield* Fiber.join(waiting)
      expect(yield* buffer.take(5)).toEqual([2, 3])
      const taker = yield* start(buffer.take(1))
      yield* buffer.offer([4])
      expect(yield* Fiber.join(taker)).toEqual([4])
    })
  )

  it.effect("hands over and counts what it drops", () =>
    Effect.gen(function* () {
      const buffer = yield* Bounded.make<number>({ capacity: 2, onFull: "drop-oldest" })
      expect(yield* buffer.offer([1, 2, 3])).toEqual([1])
      expect(buffer.statistics()).toMatchObject({ offered: 3, dropped: 1, used: 2 })
    })
  )
})

describe("FlowMetrics", () => {
  it.effect("reads a strategy when scraped and leaves nothing behind", () =>
    Effect.gen(function* () {
      const window = yield* CreditWindow.make({ initial: 7, replenishThreshold: 1 })
      const values = Effect.map(Metric.snapshot, (all) =>
        all
          .filter(({ attributes }) => attributes?.["name"] === "edge")
          .map(({ id, state }) => [id, state])
      )
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* FlowMetrics.register(window, "edge")
          yield* window.acquire(3)
          yield* window.tryAcquire(9)
          expect(yield* values).toEqual([
            ["backpressure_events_total", { count: 1, incremental: true }],
            ["credit_tokens_available", { value: 4 }]
          ])
        })
      )
      expect(yield* values).toEqual([])
    })
  )
})
