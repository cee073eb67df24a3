// Calls that are interrupted after any number of steps, while their fiber yields after each step:
// no trial, slot or place in a line is kept, and nothing runs on.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as Bulkhead from "../src/Bulkhead.ts"
import * as CircuitBreaker from "../src/CircuitBreaker.ts"
import * as Deadline from "../src/Deadline.ts"

/** More steps than any call below takes until it hangs. */
const stepsMax = 25

/** With fewer no fiber gets on: yielding and going on are steps too. */
const opsPerTurn = 3

/** Runs the effect for so many turns of the scheduler, a step in each, and interrupts it. */
const interruptedAfter = (steps: number, effect: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const slow = Effect.provideService(effect, Scheduler.MaxOpsBeforeYield, opsPerTurn)
    const fiber = yield* Effect.forkChild(slow, { startImmediately: true })
    for (let step = 0; step < steps; step++) yield* Effect.yieldNow
    yield* Fiber.interrupt(fiber)
  })

/** Whether the call hung in its middle at least once: else nothing was tested. */
const counting = () => {
  const seen = { begun: 0, running: 0 }
  const call = Effect.onExit(
    Effect.andThen(
      Effect.sync(() => {
        seen.begun++
        seen.running++
      }),
      Effect.never
    ),
    () => Effect.sync(() => void seen.running--)
  )
  return { seen, call }
}

describe("interrupted after any number of steps", () => {
  it.effect("a trial of a half-open circuit frees its slot", () =>
    Effect.gen(function* () {
      const { seen, call } = counting()
      const breaker = yield* CircuitBreaker.make({
        name: "one trial",
        errorThreshold: 1,
        trials: 1,
        restore: {
          phase: "HalfOpen",
          epoch: 1,
          sinceMsAgo: 0,
          openMsLeft: 0,
          cooldownMs: 10_000,
          good: 0,
          bad: 0
        }
      })
      for (let steps = 0; steps < stepsMax; steps++) {
        yield* interruptedAfter(steps, breaker.run(call))
        const asked = breaker.statistics().rejected
        yield* interruptedAfter(stepsMax, breaker.run(call))
        expect(breaker.statistics().rejected, `after ${steps} steps`).toBe(asked)
      }
      expect(seen.begun).toBeGreaterThan(stepsMax)
    })
  )

  it.effect("a call in a bulkhead, and one in its line, leave no trace", () =>
    Effect.gen(function* () {
      const { seen, call } = counting()
      const bulkhead = yield* Bulkhead.make({ name: "narrow", concurrency: 1, queueMax: 1 })
      for (let steps = 0; steps < stepsMax; steps++) {
        yield* interruptedAfter(steps, bulkhead.run(call))
        expect(bulkhead.statistics(), `after ${steps} steps`).toMatchObject({ running: 0 })
        const first = yield* Effect.forkChild(bulkhead.run(Effect.never), {
          startImmediately: true
        })
        yield* interruptedAfter(steps, bulkhead.run(call))
        expect(bulkhead.statistics()).toMatchObject({ running: 1, waiting: 0 })
        yield* Fiber.interrupt(first)
      }
      expect(seen.begun).toBeGreaterThan(0)
    })
  )

  it.effect("a slot that falls free while a call gets in line is not missed", () =>
    Effect.gen(function* () {
      const bulkhead = yield* Bulkhead.make({ name: "narrow", concurrency: 1, queueMax: 1 })
      for (let steps = 0; steps < stepsMax; steps++) {
        const first = yield* Effect.forkChild(bulkhead.run(Effect.never), {
          startImmediately: true
        })
        const second = yield* Effect.forkChild(
          Effect.provideService(
            bulkhead.run(Effect.succeed("in")),
            Scheduler.MaxOpsBeforeYield,
            opsPerTurn
          ),
          { startImmediately: true }
        )
        for (let step = 0; step < steps; step++) yield* Effect.yieldNow
        yield* Fiber.interrupt(first)
        expect(yield* Fiber.join(second)).toBe("in")
      }
    })
  )

  it.effect("a call under a deadline does not run on", () =>
    Effect.gen(function* () {
      const { seen, call } = counting()
      for (let steps = 0; steps < stepsMax; steps++) {
        yield* interruptedAfter(steps, Deadline.within("call", 1_000)(call))
        expect(seen.running, `after ${steps} steps`).toBe(0)
      }
      expect(seen.begun).toBeGreaterThan(0)
    })
  )

  it.effect("is found where a guard takes before it watches the exit", () =>
    Effect.gen(function* () {
      let taken = 0
      const leaks: Array<number> = []
      const careless = Effect.suspend(() => {
        taken++
        return Effect.onExit(Effect.never, () => Effect.sync(() => void taken--))
      })
      for (let steps = 0; steps < stepsMax; steps++) {
        yield* interruptedAfter(steps, careless)
        if (taken > 0) leaks.push(steps)
        taken = 0
      }
      expect(leaks).not.toEqual([])
    })
  )
})
