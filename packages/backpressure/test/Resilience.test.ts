// Retry, deadline, bulkhead, budget, fallback and hedge under the test clock.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"
import * as Budget from "../src/Budget.ts"
import * as Bulkhead from "../src/Bulkhead.ts"
import * as Deadline from "../src/Deadline.ts"
import * as Fallback from "../src/Fallback.ts"
import * as Hedge from "../src/Hedge.ts"
import * as Retry from "../src/Retry.ts"

const start = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.forkChild(effect, { startImmediately: true })

const isDone = <A, E>(fiber: Fiber.Fiber<A, E>): boolean => fiber.pollUnsafe() !== undefined

/** Fails `n` times, then answers how often it was called. */
const flaky = (n: number): Effect.Effect<number, string> => {
  let calls = 0
  return Effect.suspend(() => (++calls > n ? Effect.succeed(calls) : Effect.fail(`no ${calls}`)))
}

describe("Retry", () => {
  const plain = { retriesMax: 3, backoffMs: 100, jitter: "none" } as const

  it.effect("waits longer each time and succeeds in the end", () =>
    Effect.gen(function* () {
      const waits: Array<number> = []
      const retry = yield* Retry.make<string>({ ...plain, onRetry: (_, ms) => waits.push(ms) })
      const fiber = yield* start(retry.run(flaky(3)))
      yield* TestClock.adjust(699)
      expect(isDone(fiber)).toBe(false)
      yield* TestClock.adjust(1)
      expect(yield* Fiber.join(fiber)).toBe(4)
      expect(waits).toEqual([100, 200, 400])
      expect(retry.statistics()).toMatchObject({ retries: 3, recovered: 1, waitedMs: 700 })
    })
  )

  it.effect("gives up with the last failure, and at once with one that is not worth it", () =>
    Effect.gen(function* () {
      const retry = yield* Retry.make<string>({ ...plain, backoffMs: 0 })
      expect(yield* Effect.flip(retry.run(flaky(9)))).toBe("no 4")
      const picky = yield* Retry.make<string>({ ...plain, isRetryable: () => false })
      expect(yield* Effect.flip(picky.run(flaky(9)))).toBe("no 1")
    })
  )

  it.effect("does not wait past the total, and waits as long as it was asked to", () =>
    Effect.gen(function* () {
      const short = yield* Retry.make<string>({ ...plain, totalMsMax: 100 })
      expect(yield* Effect.flip(short.run(flaky(9)))).toBe("no 1")
      const asked = yield* Retry.make<string>({ ...plain, retryAfterMs: () => 5_000 })
      const fiber = yield* start(asked.run(flaky(1)))
      yield* TestClock.adjust(4_999)
      expect(isDone(fiber)).toBe(false)
      yield* TestClock.adjust(1)
      expect(yield* Fiber.join(fiber)).toBe(2)
    })
  )

  for (const jitter of ["proportional", "full", "decorrelated"] as const)
    it.effect(`spreads waits (${jitter}) within bounds, the same for the same seed`, () => {
      const waits = Effect.gen(function* () {
        const seen: Array<number> = []
        const retry = yield* Retry.make<string>({
          retriesMax: 8,
          backoffMs: 100,
          backoffMsMax: 1_000,
          jitter,
          onRetry: (_, ms) => seen.push(ms)
        })
        const fiber = yield* start(retry.run(flaky(8)))
        yield* TestClock.adjust(10_000)
        yield* Fiber.join(fiber)
        return seen
      })
      return Effect.gen(function* () {
        const first = yield* Random.withSeed(waits, 7)
        expect(yield* Random.withSeed(waits, 7)).toEqual(first)
        expect(yield* Random.withSeed(waits, 8)).not.toEqual(first)
        expect(new Set(first).size).toBeGreaterThan(4)
        expect(Math.max(...first)).toBeLessThanOrEqual(1_000)
      })
    })

  it.effect("never retries a defect", () =>
    Effect.gen(function* () {
      const retry = yield* Retry.make(plain)
      const exit = yield* Effect.exit(retry.run(Effect.die("broken")))
      expect(exit._tag).toBe("Failure")
      expect(retry.statistics().retries).toBe(0)
    })
  )
})

describe("Deadline", () => {
  it.effect("interrupts what is late and names the limit", () =>
    Effect.gen(function* () {
      const fiber = yield* start(Effect.flip(Deadline.within("load", 50)(Effect.never)))
      yield* TestClock.adjust(50)
      expect((yield* Fiber.join(fiber)).message).toMatch(/"load" took longer than 50 ms/)
    })
  )

  it.effect("never lets an inner limit outlive the outer one", () =>
    Effect.gen(function* () {
      const inner = Effect.flatMap(Deadline.remainingMs, (left) => Effect.succeed(left))
      const nested = Deadline.within(
        "outer",
        100
      )(Effect.andThen(Effect.sleep(40), Deadline.within("inner", 1_000)(inner)))
      const fiber = yield* start(nested)
      yield* TestClock.adjust(40)
      expect(yield* Fiber.join(fiber)).toBe(60)
    })
  )

  it.effect("limits each attempt inside a retry", () =>
    Effect.gen(function* () {
      const retry = yield* Retry.make({ retriesMax: 2, backoffMs: 0 })
      const fiber = yield* start(Effect.exit(retry.run(Deadline.attempt("call", 10)(Effect.never))))
      yield* TestClock.adjust(30)
      expect((yield* Fiber.join(fiber))._tag).toBe("Failure")
      expect(retry.statistics().retries).toBe(2)
    })
  )
})

describe("Bulkhead", () => {
  it.effect("runs so many, lets so many wait, and refuses the rest", () =>
    Effect.gen(function* () {
      const bulkhead = yield* Bulkhead.make({ name: "db", concurrency: 1, queueMax: 1 })
      const running = yield* start(bulkhead.run(Effect.never))
      const waiting = yield* start(bulkhead.run(Effect.succeed("second")))
      const refusal = yield* Effect.flip(bulkhead.run(Effect.void))
      expect(refusal).toMatchObject({ _tag: "BulkheadFull", name: "db" })
      yield* Fiber.interrupt(running)
      expect(yield* Fiber.join(waiting)).toBe("second")
      expect(bulkhead.statistics()).toMatchObject({ running: 0, admitted: 2, refused: 1 })
    })
  )
})

describe("Budget", () => {
  it.effect("keeps work below the memory ceiling, and refuses what can never fit", () =>
    Effect.gen(function* () {
      const budget = yield* Budget.make({ concurrency: 8, bytesMax: 100 })
      const first = yield* start(budget.run({ bytes: 70 })(Effect.sleep(10)))
      const second = yield* start(budget.run({ bytes: 40 })(Effect.void))
      expect(isDone(second)).toBe(false)
      const refusal = yield* Effect.flip(budget.run({ bytes: 101 })(Effect.void))
      expect(refusal).toMatchObject({ _tag: "OverBudget", reason: "never-fits" })
      yield* TestClock.adjust(10)
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      expect(budget.statistics()).toMatchObject({ bytes: 0, tokens: 0, bytesPeak: 70 })
    })
  )
})

describe("Fallback", () => {
  it.effect("names the route that served, or what each route failed with", () =>
    Effect.gen(function* () {
      const down = { name: "primary", call: Effect.fail("down") }
      const copy = { name: "copy", call: Effect.succeed(7) }
      expect(yield* Fallback.routes([down, copy])).toEqual({ route: "copy", value: 7 })
      const failure = yield* Effect.flip(Fallback.routes([down]))
      expect(failure.failures).toEqual([{ route: "primary", error: "down" }])
    })
  )
})

describe("Hedge", () => {
  it.effect("starts another call when the first is slow, and interrupts the loser", () =>
    Effect.gen(function* () {
      const hedge = yield* Hedge.make({ afterMs: 20 })
      let calls = 0
      let interrupted = 0
      const call = Effect.suspend(() =>
        ++calls === 1
          ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => void interrupted++))
          : Effect.succeed("second")
      )
      const fiber = yield* start(hedge.run(call))
      yield* TestClock.adjust(20)
      expect(yield* Fiber.join(fiber)).toBe("second")
      expect([calls, interrupted]).toEqual([2, 1])
      expect(hedge.statistics()).toEqual({ calls: 1, hedges: 1, hedgeWins: 1 })
    })
  )

  it.effect("does not start another when the first is fast", () =>
    Effect.gen(function* () {
      const hedge = yield* Hedge.make({ afterMs: 20 })
      expect(yield* hedge.run(Effect.succeed("first"))).toBe("first")
      expect(hedge.statistics()).toEqual({ calls: 1, hedges: 0, hedgeWins: 0 })
    })
  )
})
