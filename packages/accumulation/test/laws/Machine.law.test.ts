// The laws of keyed accumulation on the machine itself. fast-check prints seed and path of a
// counterexample; the same laws are seen failing in test/faulty.
import { describe, it } from "@effect/vitest"
import fc from "fast-check"
import { conservation, plainMeaning, timersFire } from "../support/properties.ts"
import { make } from "../support/subject.ts"

describe("the accumulator machine", () => {
  it("accounts for every fragment at any moment, under random operations and clocks", () => {
    fc.assert(conservation(make), { numRuns: 1500 })
  })

  it("completes the keys that a plain program completes, with the same fragments", () => {
    fc.assert(plainMeaning(make), { numRuns: 800 })
  })

  it("fires timers without input, exactly when they are due", () => {
    fc.assert(timersFire(make), { numRuns: 500 })
  })
})
