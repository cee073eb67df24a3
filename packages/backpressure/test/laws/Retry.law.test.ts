// The retry decision under random failures: bounded in number, in each wait and in total.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { assertInvariants, initial, transition } from "../../src/internal/retry.ts"
import { faults } from "../faulty/retry.ts"

const settings = fc.record({
  retriesMax: fc.nat({ max: 8 }),
  backoffMs: fc.nat({ max: 400 }),
  factor: fc.double({ min: 1, max: 3, noNaN: true }),
  backoffMsMax: fc.integer({ min: 400, max: 900 }),
  totalMsMax: fc.integer({ min: 1, max: 4_000 }),
  jitter: fc.constantFrom("none", "proportional", "full", "decorrelated")
})

const failures = fc.array(
  fc.record({
    tookMs: fc.nat({ max: 200 }),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    retryable: fc.constantFrom(true, true, true, true, true, true, false)
  }),
  { minLength: 12, maxLength: 12 }
)

const law = (step: typeof transition): fc.IProperty<unknown> =>
  fc.property(settings, failures, (given, script) => {
    let state = initial(given, 0)
    let atMs = 0
    let retries = 0
    for (const { tookMs, random, retryable } of script) {
      atMs += tookMs
      const [next, [action]] = step(state, { _tag: "Failed", atMs, random, retryable })
      state = { ...next, settings: state.settings }
      assertInvariants(state)
      if (action?._tag !== "Wait") break
      expect(retryable).toBe(true)
      expect(action.ms).toBeGreaterThanOrEqual(0)
      expect(action.ms).toBeLessThanOrEqual(given.backoffMsMax)
      atMs += action.ms
      expect(atMs).toBeLessThan(given.totalMsMax)
      retries++
      state = step(state, { _tag: "Resumed" })[0]
    }
    expect(retries).toBeLessThanOrEqual(given.retriesMax)
    expect(state.phase).toBe("ended")
  })

describe("retry", () => {
  it("is bounded in number, in each wait and in total", () => {
    fc.assert(law(transition), { numRuns: 2_000 })
  })

  for (const [name, fault] of Object.entries(faults))
    it(`the law finds one that is ${name}`, () => {
      expect(fc.check(law(fault), { numRuns: 2_000, seed: 1, endOnFailure: true }).failed).toBe(
        true
      )
    })
})
