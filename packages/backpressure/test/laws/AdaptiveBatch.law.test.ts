// The adaptive batch under steady load: it converges, does not oscillate, and grows from 1.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import * as Machine from "../../src/internal/adaptiveBatch.ts"
import { adaptiveFaults } from "../faulty/strategies.ts"

type Transition = typeof Machine.transition

/** Latency as a function of the size: linear, or a wall at some size. */
const loads = fc.oneof(
  fc.record({
    baseMs: fc.double({ min: 0, max: 40, noNaN: true }),
    perRecordMs: fc.double({ min: 0.01, max: 20, noNaN: true }),
    wall: fc.constant(Number.POSITIVE_INFINITY)
  }),
  fc.record({
    baseMs: fc.double({ min: 0, max: 40, noNaN: true }),
    perRecordMs: fc.constant(0),
    wall: fc.integer({ min: 2, max: 900 })
  })
)

const targetMs = 100

const latencyOf = (load: { baseMs: number; perRecordMs: number; wall: number }, size: number) =>
  size >= load.wall ? targetMs * 3 : load.baseMs + load.perRecordMs * size

/**
 * Observations that are seen before the size must be settled, and those in which it may not move.
 */
const settling = 1_500
const watched = 500

const law = (step: Transition): fc.IProperty<unknown> =>
  fc.property(loads, (load) => {
    let state = Machine.initial({
      batchMin: 1,
      batchMax: 1_000,
      latencyMsTarget: targetMs,
      ceilingObservations: 100_000
    })
    for (let i = 0; i < settling + watched; i++) {
      const [next, actions] = step(state, {
        _tag: "Observed",
        latencyMs: latencyOf(load, state.size),
        fill: 0.9
      })
      Machine.assertInvariants(next)
      if (i >= settling) expect(actions).toEqual([])
      state = next
    }
    // It settled where neither rule applies, or at a bound, or right below what was too slow.
    const latencyMs = latencyOf(load, state.size)
    const content = (latencyMs >= targetMs * 0.7 || state.size === 1_000) && latencyMs <= targetMs
    const nextTooSlow = latencyOf(load, state.size + 1) > targetMs
    expect(content || nextTooSlow).toBe(true)
  })

describe("adaptive batch", () => {
  it("converges under steady load and then stands still", () => {
    fc.assert(law(Machine.transition), { numRuns: 200 })
  })

  it("grows from 1", () => {
    let state = Machine.initial({ batchMin: 1, batchMax: 64, latencyMsTarget: 10 })
    const sizes: Array<number> = [state.size]
    for (let i = 0; i < 27; i++) {
      const [next, actions] = Machine.transition(state, { _tag: "Observed", latencyMs: 1, fill: 1 })
      state = next
      for (const action of actions) sizes.push(action.to)
    }
    expect(sizes).toEqual([1, 2, 3, 4, 6, 9, 13, 19, 28, 42])
  })

  it("halves while the queue is nearly empty, and holds in between", () => {
    let state = Machine.initial({
      batchMin: 1,
      batchMax: 64,
      batchInitial: 64,
      latencyMsTarget: 10,
      agreeing: 1
    })
    const see = (latencyMs: number, fill: number): number => {
      state = Machine.transition(state, { _tag: "Observed", latencyMs, fill })[0]
      return state.size
    }
    expect([see(8, 0.1), see(8, 0.1), see(8, 0.3), see(8, 0.9), see(6, 0.4)]).toEqual([
      32, 16, 16, 16, 16
    ])
  })

  it("tries a size again once its ceiling is forgotten", () => {
    let state = Machine.initial({
      batchMin: 1,
      batchMax: 64,
      latencyMsTarget: 10,
      ceilingObservations: 20
    })
    let wall = 8
    let largest = 0
    for (let i = 0; i < 400; i++) {
      if (i === 200) wall = 1_000
      const latencyMs = state.size >= wall ? 30 : 1
      state = Machine.transition(state, { _tag: "Observed", latencyMs, fill: 1 })[0]
      largest = Math.max(largest, state.size)
    }
    expect(largest).toBe(64)
  })
})

describe("the law finds an adaptive batch that is wrong", () => {
  for (const [name, fault] of Object.entries(adaptiveFaults)) {
    it(name, () => {
      expect(fc.check(law(fault), { numRuns: 3_000, seed: 1 }).failed).toBe(true)
    })
  }
})
