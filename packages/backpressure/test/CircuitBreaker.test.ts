// The circuit breaker shell under the test clock: what trips it, what closes it, and what does not
// count.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as CircuitBreaker from "../src/CircuitBreaker.ts"
import * as CircuitBreakers from "../src/CircuitBreakers.ts"

const settings = {
  name: "store",
  errorThreshold: 0.5,
  throughputMin: 4,
  windowMs: 10_000,
  cooldownMs: 1_000,
  cooldownMsMax: 3_000,
  trials: 2,
  trialRatio: 1
}

const good = Effect.succeed("ok")
const bad = Effect.fail("down")

const start = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.forkChild(effect, { startImmediately: true })

const times = <A, E>(n: number, effect: Effect.Effect<A, E>) =>
  Effect.forEach(Array.from({ length: n }), () => Effect.exit(effect), { discard: true })

const tripped = (options: CircuitBreaker.Options = settings) =>
  Effect.tap(CircuitBreaker.make(options), (breaker) => times(4, breaker.run(bad)))

describe("CircuitBreaker", () => {
  it.effect("opens at the threshold, not only above it, and says so", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const breaker = yield* CircuitBreaker.make({
        ...settings,
        onTransition: ({ from, to, reason }) => seen.push(`${from} to ${to}: ${reason}`)
      })
      yield* times(2, breaker.run(good))
      yield* times(2, breaker.run(bad))
      expect(seen).toEqual(["Closed to Open: 2 of 4 calls failed"])
      const rejection = yield* Effect.flip(breaker.run(good))
      expect(rejection).toMatchObject({ _tag: "CircuitOpen", retryAfterMs: 1_000 })
      expect(breaker.statistics()).toMatchObject({ admitted: 4, rejected: 1, opened: 1 })
    })
  )

  it.effect("needs errors and slowness where both are set; slow successes count", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ ...settings, latencyMsThreshold: 100 })
      yield* times(4, breaker.run(bad))
      expect(yield* breaker.phase).toBe("Closed")
      const slow = yield* start(breaker.run(Effect.delay(good, 100)))
      yield* TestClock.adjust(100)
      yield* Fiber.join(slow)
      expect(yield* breaker.phase).toBe("Open")
    })
  )

  it.effect("opens on slow successes alone when only latency is set", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({
        name: "slow",
        latencyMsThreshold: 50,
        throughputMin: 1
      })
      const slow = yield* start(breaker.run(Effect.delay(good, 50)))
      yield* TestClock.adjust(50)
      yield* Fiber.join(slow)
      expect(yield* breaker.phase).toBe("Open")
    })
  )

  it.effect("opens on a surge of accumulator deadlocks without any call", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ name: "keys", deadlocks: 3 })
      yield* breaker.deadlocked(2)
      expect(yield* breaker.phase).toBe("Closed")
      yield* breaker.deadlocked(1)
      expect(breaker.transitions()[0]?.reason).toMatch(/3 accumulator deadlocks/)
    })
  )

  it.effect("forgets what left the window", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make(settings)
      yield* times(3, breaker.run(bad))
      yield* TestClock.adjust(10_000)
      yield* times(1, breaker.run(bad))
      expect(yield* breaker.phase).toBe("Closed")
    })
  )

  it.effect("closes after enough good trials; a cancelled trial frees its slot", () =>
    Effect.gen(function* () {
      const breaker = yield* tripped()
      yield* TestClock.adjust(1_000)
      const one = yield* start(breaker.run(Effect.never))
      const two = yield* start(breaker.run(Effect.never))
      expect(yield* Effect.flip(breaker.run(good))).toMatchObject({ phase: "HalfOpen" })
      yield* Fiber.interrupt(one)
      yield* Fiber.interrupt(two)
      yield* breaker.run(good)
      expect(yield* breaker.phase).toBe("HalfOpen")
      yield* breaker.run(good)
      expect(yield* breaker.phase).toBe("Closed")
    })
  )

  it.effect("reopens longer each time, up to the maximum", () =>
    Effect.gen(function* () {
      const breaker = yield* tripped()
      const waits: Array<unknown> = []
      for (const cooldownMs of [1_000, 2_000, 3_000, 3_000]) {
        const rejection = yield* Effect.flip(breaker.run(good))
        waits.push(typeof rejection === "object" ? rejection.retryAfterMs : rejection)
        yield* TestClock.adjust(cooldownMs)
        yield* times(1, breaker.run(bad))
      }
      expect(waits).toEqual([1_000, 2_000, 3_000, 3_000])
    })
  )

  it.effect("ignores results of an earlier phase", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make(settings)
      const late = yield* start(breaker.run(Effect.delay(good, 1_500)))
      const later = yield* start(breaker.run(Effect.delay(bad, 1_500)))
      yield* times(4, breaker.run(bad))
      yield* TestClock.adjust(1_500)
      yield* Fiber.join(late)
      yield* Fiber.await(later)
      expect(yield* breaker.phase).toBe("HalfOpen")
      expect(breaker.statistics().ignored).toBe(2)
    })
  )

  it.effect("ends half-open although a trial hangs", () =>
    Effect.gen(function* () {
      const breaker = yield* tripped({ ...settings, trialMsMax: 5_000 })
      yield* TestClock.adjust(1_000)
      yield* start(breaker.run(Effect.never))
      yield* TestClock.adjust(5_000)
      expect(yield* breaker.phase).toBe("Open")
    })
  )

  it.effect("stays isolated until it is reset", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make(settings)
      yield* breaker.isolate
      yield* TestClock.adjust("1 day")
      expect(yield* Effect.flip(breaker.run(good))).toMatchObject({ phase: "Isolated" })
      yield* breaker.reset
      expect(yield* breaker.run(good)).toBe("ok")
    })
  )

  it.effect("is saved as JSON and goes on where it was", () =>
    Effect.gen(function* () {
      const before = yield* tripped()
      yield* TestClock.adjust(400)
      const text = JSON.stringify(yield* before.save)
      const restore = yield* Schema.decodeUnknownEffect(CircuitBreaker.Snapshot)(JSON.parse(text))
      const after = yield* CircuitBreaker.make({ ...settings, restore })
      expect(yield* Effect.flip(after.run(good))).toMatchObject({ retryAfterMs: 600 })
      yield* TestClock.adjust(600)
      expect(yield* after.phase).toBe("HalfOpen")
    })
  )

  it.effect("counts only what speaks against the other side", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ ...settings, isFailure: () => false })
      yield* times(9, breaker.run(bad))
      expect(yield* breaker.phase).toBe("Closed")
    })
  )

  it.effect("refuses settings under which nothing could open it", () =>
    Effect.gen(function* () {
      const invalid = yield* Effect.flip(CircuitBreaker.make({ name: "idle" }))
      expect(invalid.message).toMatch(/nothing could open it/)
    })
  )
})

describe("CircuitBreakers", () => {
  it.effect("keeps keys apart and forgets closed circuits before open ones", () =>
    Effect.gen(function* () {
      const { name: _, ...shared } = settings
      const breakers = yield* CircuitBreakers.make({ ...shared, keysMax: 2 })
      yield* times(4, breakers.run("a")(bad))
      expect(yield* breakers.run("b")(good)).toBe("ok")
      expect(yield* breakers.run("c")(good)).toBe("ok")
      expect(breakers.keys()).toEqual(["a", "c"])
      expect(yield* Effect.flip(breakers.run("a")(good))).toMatchObject({ name: "a" })
      expect(breakers.statistics()).toEqual({ keys: 2, evicted: 1, evictedWhileOpen: 0 })
    })
  )
})
