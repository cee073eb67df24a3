// The regulator: each row of the interaction table, its hysteresis, and what it does to a batch
// controller and a credit window.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import fc from "fast-check"
import * as AdaptiveBatch from "../src/AdaptiveBatch.ts"
import * as CreditWindow from "../src/CreditWindow.ts"
import type { Sample } from "../src/internal/regulator.ts"
import { assertInvariants, initial, transition } from "../src/internal/regulator.ts"
import * as Regulator from "../src/Regulator.ts"
import { faults } from "./faulty/regulator.ts"

const calm: Sample = {
  atMs: 0,
  fill: 0.3,
  completionRate: 0.3,
  cpuIdle: 0.3,
  activeSpillCount: 0,
  gcPressure: 0.02
}

const filling = { ...calm, fill: 0.9, completionRate: 0.1 }
const idle = { ...calm, completionRate: 0.6, cpuIdle: 0.7 }
const spilling = { ...calm, activeSpillCount: 2, gcPressure: 0.3 }

/** Tags of what is decided for a list of samples. */
const decide = (samples: ReadonlyArray<Sample>): ReadonlyArray<string> => {
  let state = initial()
  return samples.flatMap((sample) => {
    const [next, actions] = transition(state, sample)
    assertInvariants(next)
    state = next
    return actions.map(({ _tag }) => _tag)
  })
}

const repeat = (n: number, sample: Sample) => Array.from({ length: n }, () => sample)

describe("the interaction table", () => {
  it("shrinks batches while accumulators fill and little completes", () => {
    expect(decide(repeat(6, filling))).toEqual(["ShrinkBatch", "ShrinkBatch"])
  })

  it("grows batches while much completes and the CPU is idle", () => {
    expect(decide(repeat(3, idle))).toEqual(["GrowBatch"])
  })

  it("shrinks batches and slows credits while spilling under GC pressure, then restores", () => {
    expect(decide([...repeat(6, spilling), ...repeat(3, calm)])).toEqual([
      "ShrinkBatch",
      "SlowCredits",
      "ShrinkBatch",
      "RestoreCredits",
      "RestoreBatch"
    ])
  })

  it("decides nothing that would change nothing", () => {
    expect(decide(repeat(6, { ...filling, canShrink: false }))).toEqual([])
    expect(decide(repeat(6, { ...idle, canGrow: false }))).toEqual([])
    expect(decide(repeat(3, { ...spilling, canShrink: false }))).toEqual(["SlowCredits"])
  })

  it("does nothing for a condition that does not last", () => {
    expect(decide([filling, filling, calm, filling, filling, calm])).toEqual([])
  })

  it("holds a condition until it is clearly over", () => {
    const barely = { ...filling, fill: 0.75, completionRate: 0.25 }
    expect(decide(repeat(3, barely))).toEqual([])
    expect(decide([...repeat(3, filling), ...repeat(3, barely)])).toHaveLength(2)
  })
})

const samples = fc.array(
  fc.record({
    atMs: fc.constant(0),
    fill: fc.constantFrom(0.1, 0.75, 0.9),
    completionRate: fc.constantFrom(0.1, 0.3, 0.6),
    cpuIdle: fc.constantFrom(0.1, 0.7),
    activeSpillCount: fc.constantFrom(0, 2),
    gcPressure: fc.constantFrom(0.01, 0.15, 0.3)
  }),
  { maxLength: 60 }
)

const law = (step: typeof transition): fc.IProperty<unknown> =>
  fc.property(samples, (script) => {
    let state = initial({ settleSamples: 2, logMax: 5 })
    let slowed = false
    let sinceStep = 1
    const calming = Array.from({ length: 4 }, () => calm)
    for (const sample of [...script, ...repeat(4, spilling), ...calming]) {
      const [next, actions] = step({ ...state, settings: initial(limits).settings }, sample)
      assertInvariants({ ...next, settings: initial(limits).settings })
      sinceStep++
      for (const { _tag } of actions) {
        if (_tag === "SlowCredits") expect(slowed).toBe(false)
        if (_tag === "RestoreCredits") expect(slowed).toBe(true)
        if (_tag === "SlowCredits") slowed = true
        if (_tag === "RestoreCredits") slowed = false
      }
      if (actions.some(({ _tag }) => /Batch$/.test(_tag))) {
        expect(sinceStep).toBeGreaterThanOrEqual(2)
        sinceStep = 0
      }
      state = next
    }
    expect(slowed).toBe(false)
  })

const limits = { settleSamples: 2, logMax: 5 }

describe("regulator", () => {
  it("spaces its steps, restores what it slowed, and bounds its log", () => {
    fc.assert(law(transition), { numRuns: 1_000 })
  })

  for (const [name, fault] of Object.entries(faults))
    it(`the law finds one that is ${name}`, () => {
      expect(fc.check(law(fault), { numRuns: 1_000, seed: 1 }).failed).toBe(true)
    })

  it.effect("carries its decisions out and explains them", () =>
    Effect.gen(function* () {
      const batch = yield* AdaptiveBatch.make({
        batchMin: 1,
        batchMax: 64,
        batchInitial: 64,
        latencyMsTarget: 10
      })
      const credits = yield* CreditWindow.make({ initial: 10, replenishThreshold: 5 })
      const regulator = yield* Regulator.make({ batch, credits, settleSamples: 1 })
      yield* regulator.sample(spilling)
      expect([batch.size(), credits.statistics().limit]).toEqual([32, 5])
      expect(regulator.log().map(({ reason }) => reason)).toContain(
        "2 spills while GC pressure is at 30 %"
      )
      yield* regulator.sample(calm)
      expect([batch.size(), credits.statistics().limit]).toEqual([64, 10])
      yield* regulator.sample(filling)
      yield* regulator.sample(idle)
      expect(batch.size()).toBe(48)
    })
  )
})
