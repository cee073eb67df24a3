// How the share of batches with a span moves: laws of the machine, and the one that a broken
// machine does not keep.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import type { ProcessedBatch, SamplingState } from "../../src/internal/telemetry/sampling.ts"
import { initial, transition } from "../../src/internal/telemetry/sampling.ts"

const settings = { rate: 0.01, rateOnAnomaly: 1, calmBatches: 100, deviations: 8 }

const usual: ProcessedBatch = { micros: 100, records: 256, failed: false }

const batches = fc.array(
  fc.record({
    micros: fc.double({ min: 0, max: 1e7, noNaN: true }),
    records: fc.nat(65_536),
    failed: fc.boolean()
  }),
  { maxLength: 200 }
)

const after = (seen: ReadonlyArray<ProcessedBatch>): SamplingState =>
  seen.reduce((state, batch) => transition(state, batch, settings)[0], initial(settings))

const times = (count: number): ReadonlyArray<ProcessedBatch> =>
  Array.from({ length: count }, () => usual)

describe("sampling", () => {
  it("the rate stays in its bounds, jumps at an anomaly and falls step by step", () => {
    fc.assert(
      fc.property(batches, (all) => {
        let state = initial(settings)
        for (const batch of all) {
          const [next, anomaly] = transition(state, batch, settings)
          expect(next.rate).toBeGreaterThanOrEqual(settings.rate)
          expect(next.rate).toBeLessThanOrEqual(settings.rateOnAnomaly)
          if (batch.failed) expect(anomaly).toBe(true)
          if (anomaly) expect(next.rate).toBe(settings.rateOnAnomaly)
          else expect(next.rate).toBeGreaterThanOrEqual(state.rate - 0.99 / 100 - 1e-9)
          state = next
        }
      })
    )
  })

  it("an error raises it, and so many calm batches bring it down again", () => {
    const failed = after([...times(50), { ...usual, failed: true }])
    expect(failed.rate).toBe(1)
    expect(after([...times(50), { ...usual, failed: true }, ...times(99)]).rate).toBeGreaterThan(
      0.01
    )
    expect(after([...times(50), { ...usual, failed: true }, ...times(100)]).rate).toBeCloseTo(0.01)
  })

  it("a batch far slower than its like stands out, a larger one that is not does not", () => {
    const [slow, isSlow] = transition(after(times(50)), { ...usual, micros: 2_000 }, settings)
    expect([isSlow, slow.rate]).toEqual([true, 1])
    const larger = { ...usual, micros: 1_600, records: 4_096 }
    expect(transition(after(times(50)), larger, settings)[1]).toBe(false)
  })

  it("the first batches teach what is usual, and a clock that stands still makes none slow", () => {
    expect(transition(after(times(3)), { ...usual, micros: 1e6 }, settings)[1]).toBe(false)
    const still = Array.from({ length: 50 }, () => ({ ...usual, micros: 0 }))
    expect(transition(after(still), { ...usual, micros: 0 }, settings)[1]).toBe(false)
  })

  it("a machine that forgets to come down is found by the second law", () => {
    const stuck = (state: SamplingState, batch: ProcessedBatch): SamplingState => ({
      ...transition(state, batch, settings)[0],
      rate: Math.max(state.rate, transition(state, batch, settings)[0].rate)
    })
    const all = [...times(50), { ...usual, failed: true }, ...times(100)]
    expect(all.reduce(stuck, initial(settings)).rate).not.toBeCloseTo(0.01)
  })
})
