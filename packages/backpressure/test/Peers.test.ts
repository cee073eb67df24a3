// Breaker, retry, bulkhead and timeout against cockatiel and opossum, on random scripts in virtual
// time. Settings are chosen so that known differences do not show; docs/flow-control/peers.md lists
// those, and the tests at the end hold them to be true.

import * as Cockatiel from "cockatiel"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import fc from "fast-check"
import Opossum from "opossum"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import * as Deadline from "../src/Deadline.ts"
import * as Admission from "../src/internal/admission.ts"
import * as Breaker from "../src/internal/circuitBreaker.ts"
import { initial } from "../src/internal/circuitState.ts"
import * as Retry from "../src/internal/retry.ts"

beforeEach(() => void vi.useFakeTimers({ now: 0 }))
afterEach(() => void vi.useRealTimers())

interface Call {
  readonly afterMs: number
  readonly ok: boolean
}

type Outcome = "ok" | "failed" | "rejected"

const scripts = fc.array(
  fc.record({ afterMs: fc.constantFrom(0, 1, 40, 400, 1_200), ok: fc.boolean() }),
  { minLength: 5, maxLength: 60 }
)

const cooldownMs = 1_000
/** Longer than any script: windows differ in how they age. */
const windowMs = 1_000_000
/** Never met exactly: "at or above" here, "above" there. */
const errorThreshold = 0.501

/** What is let through, up to and with the trial that first closes the circuit again. */
const ours = (script: ReadonlyArray<Call>): ReadonlyArray<Outcome> => {
  const settings = {
    errorThreshold,
    windowMs,
    throughputMin: 1,
    cooldownMs,
    trials: 1,
    trialRatio: 1
  }
  let state = initial({ ...settings, cooldownFactor: 1, cooldownMsMax: cooldownMs }, 0)
  let atMs = 0
  const outcomes: Array<Outcome> = []
  for (const { afterMs, ok } of script) {
    atMs += afterMs
    const [asked, actions] = Breaker.transition(state, { _tag: "Request", atMs })
    state = asked
    const last = actions.at(-1)
    if (last?._tag !== "Admit") {
      outcomes.push("rejected")
      continue
    }
    const { ticket } = last
    state = Breaker.transition(state, { _tag: "Result", atMs, ticket, ok, latencyMs: 0 })[0]
    outcomes.push(ok ? "ok" : "failed")
    if (last.trial && ok) break
  }
  return outcomes
}

const settle = async (
  call: Promise<unknown>,
  isRejection: (error: unknown) => boolean
): Promise<Outcome> => {
  try {
    await call
    return "ok"
  } catch (error) {
    return isRejection(error) ? "rejected" : "failed"
  }
}

const work = (ok: boolean): Promise<string> =>
  ok ? Promise.resolve("ok") : Promise.reject(new Error("down"))

const cockatiel = async (script: ReadonlyArray<Call>): Promise<ReadonlyArray<Outcome>> => {
  const breaker = Cockatiel.circuitBreaker(Cockatiel.handleAll, {
    halfOpenAfter: cooldownMs,
    breaker: new Cockatiel.SamplingBreaker({
      threshold: errorThreshold,
      duration: windowMs,
      minimumRps: 1e-9
    })
  })
  const outcomes: Array<Outcome> = []
  for (const { afterMs, ok } of script) {
    vi.advanceTimersByTime(afterMs)
    const call = breaker.execute(() => work(ok))
    outcomes.push(await settle(call, (error) => error instanceof Cockatiel.BrokenCircuitError))
  }
  return outcomes
}

const opossum = async (script: ReadonlyArray<Call>): Promise<ReadonlyArray<Outcome>> => {
  const make = () =>
    new Opossum(work, {
      timeout: false,
      errorThresholdPercentage: errorThreshold * 100,
      resetTimeout: cooldownMs,
      rollingCountTimeout: windowMs,
      rollingCountBuckets: 1
    })
  const breaker = make()
  const outcomes: Array<Outcome> = []
  for (const { afterMs, ok } of script) {
    vi.advanceTimersByTime(afterMs)
    const call = breaker.fire(ok)
    outcomes.push(await settle(call, (error) => /open/i.test(String(error))))
  }
  breaker.shutdown()
  return outcomes
}

describe("breaker", () => {
  for (const [name, theirs] of [
    ["cockatiel", cockatiel],
    ["opossum", opossum]
  ] as const)
    it(`lets through what ${name}'s does, up to the first recovery`, async () => {
      const property = fc.asyncProperty(scripts, async (script) => {
        const mine = ours(script)
        expect(mine).toEqual((await theirs(script)).slice(0, mine.length))
      })
      await fc.assert(property, { numRuns: 200 })
    })

  it("forgets the trial when it closes, where cockatiel counts it as a first success", async () => {
    const script = [
      { afterMs: 0, ok: false },
      { afterMs: 1_200, ok: true },
      { afterMs: 0, ok: false },
      { afterMs: 0, ok: true }
    ]
    expect(await cockatiel(script)).toEqual(["failed", "ok", "failed", "ok"])
  })

  it("opens at the threshold, where both peers open above it", async () => {
    const sampled = new Cockatiel.SamplingBreaker({
      threshold: 0.5,
      duration: windowMs,
      minimumRps: 1e-9
    })
    const breaker = Cockatiel.circuitBreaker(Cockatiel.handleAll, {
      halfOpenAfter: cooldownMs,
      breaker: sampled
    })
    await settle(
      breaker.execute(() => work(true)),
      () => false
    )
    await settle(
      breaker.execute(() => work(false)),
      () => false
    )
    expect(breaker.state).toBe(Cockatiel.CircuitState.Closed)
  })

  it("is caught when it differs: a cool-down of half the length", async () => {
    const script = [
      { afterMs: 0, ok: false },
      { afterMs: cooldownMs, ok: true }
    ]
    const short = script.map((call) => ({ ...call, afterMs: call.afterMs / 2 }))
    expect(ours(script)).not.toEqual(await cockatiel(short))
  })
})

describe("retry", () => {
  it("waits as long and as often as cockatiel's without jitter", async () => {
    const settings = fc.record({
      retriesMax: fc.integer({ min: 0, max: 8 }),
      backoffMs: fc.integer({ min: 1, max: 500 }),
      // cockatiel's generator without jitter doubles, whatever `exponent` says.
      factor: fc.constant(2),
      backoffMsMax: fc.integer({ min: 500, max: 2_000 })
    })
    const property = fc.asyncProperty(settings, fc.nat({ max: 9 }), async (given, failures) => {
      const theirs: Array<number> = []
      const policy = Cockatiel.retry(Cockatiel.handleAll, {
        maxAttempts: given.retriesMax,
        backoff: new Cockatiel.ExponentialBackoff({
          initialDelay: given.backoffMs,
          maxDelay: given.backoffMsMax,
          generator: Cockatiel.noJitterGenerator
        })
      })
      policy.onRetry(({ delay }) => void theirs.push(delay))
      let calls = 0
      const done = settle(
        policy.execute(() => work(++calls > failures)),
        () => false
      )
      await vi.runAllTimersAsync()
      const outcome = await done
      const waits: Array<number> = []
      let state = Retry.initial({ ...given, jitter: "none" }, 0)
      for (let n = 0; n < failures && state.phase === "running"; n++) {
        const failed = { _tag: "Failed", atMs: 0, retryable: true, random: 0 } as const
        const [next, [action]] = Retry.transition(state, failed)
        if (action?._tag === "Wait") waits.push(action.ms)
        state = Retry.transition(next, { _tag: "Resumed" })[0]
      }
      expect(waits).toEqual(theirs)
      expect(state.phase === "ended" ? "failed" : "ok").toBe(outcome)
    })
    await fc.assert(property, { numRuns: 100 })
  })
})

describe("bulkhead", () => {
  it("has the slots free that cockatiel's has, whatever starts and ends", async () => {
    const steps = fc.array(fc.record({ start: fc.boolean(), pick: fc.nat({ max: 9 }) }), {
      maxLength: 40
    })
    const property = fc.asyncProperty(steps, async (script) => {
      const policy = Cockatiel.bulkhead(2, 3)
      let state = Admission.initial("bulkhead", { slotsMax: 2, waitersMax: 3 })
      const need = { slots: 1, bytes: 0 }
      const ends: Array<() => void> = []
      for (const [id, { start, pick }] of script.entries()) {
        if (start) {
          const call = policy.execute(() => new Promise<void>((resolve) => void ends.push(resolve)))
          call.catch(() => {})
          state = Admission.transition(state, { _tag: "Request", id, need, wait: true })[0]
        } else if (ends.length > 0) {
          ends.splice(pick % ends.length, 1)[0]!()
          state = Admission.transition(state, { _tag: "Release", need })[0]
        }
        await vi.advanceTimersByTimeAsync(0)
        expect([2 - state.slots, 3 - state.waiters.length]).toEqual([
          policy.executionSlots,
          policy.queueSlots
        ])
      }
    })
    await fc.assert(property, { numRuns: 100 })
  })
})

describe("timeout", () => {
  const late = async (limitMs: number, tookMs: number): Promise<Outcome> => {
    const policy = Cockatiel.timeout(limitMs, Cockatiel.TimeoutStrategy.Aggressive)
    const call = Promise.withResolvers<void>()
    const outcome = settle(
      policy.execute(() => call.promise),
      () => false
    )
    await vi.advanceTimersByTimeAsync(tookMs)
    call.resolve()
    return outcome
  }

  it("ends what cockatiel's ends, before and after the limit", async () => {
    for (const tookMs of [1, 99, 101, 500]) {
      const expected = await late(100, tookMs)
      const mine = Effect.gen(function* () {
        const call = Deadline.within("call", 100)(Effect.sleep(tookMs))
        const fiber = yield* Effect.forkChild(Effect.exit(call), { startImmediately: true })
        yield* TestClock.adjust(1_000)
        return (yield* Fiber.join(fiber))._tag === "Success" ? "ok" : "failed"
      })
      vi.useRealTimers()
      const answer = await Effect.runPromise(Effect.provide(mine, TestClock.layer()))
      vi.useFakeTimers({ now: 0 })
      expect(answer).toBe(expected)
    }
  })
})
