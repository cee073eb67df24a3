// The credit window under random events: credits are conserved, the line is bounded, nobody waits
// for ever.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import type { Action, Event, State } from "../../src/internal/creditWindow.ts"
import { assertInvariants, initial, transition } from "../../src/internal/creditWindow.ts"
import { faults } from "../faulty/creditWindow.ts"

type Transition = (state: State, event: Event) => readonly [State, ReadonlyArray<Action>]

const waitersMax = 4

const settings = fc
  .record({
    initial: fc.integer({ min: 1, max: 12 }),
    share: fc.double({ min: 0, max: 1, noNaN: true })
  })
  .map(({ initial: credits, share }) => ({
    initial: credits,
    replenishThreshold: Math.max(1, Math.round(credits * share)),
    waitersMax
  }))

const commands = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        request: fc.integer({ min: 1, max: 15 }),
        wait: fc.constantFrom(true, true, true, false)
      })
    },
    { weight: 2, arbitrary: fc.record({ processed: fc.integer({ min: 1, max: 15 }) }) },
    { weight: 1, arbitrary: fc.record({ cancel: fc.nat({ max: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ resize: fc.integer({ min: 1, max: 12 }) }) }
  ),
  { maxLength: 80 }
)

const eventOf = (command: object, id: number, { waiters }: State): Event => {
  if ("request" in command && "wait" in command)
    return { _tag: "Request", id, amount: Number(command.request), wait: command.wait === true }
  if ("processed" in command) return { _tag: "Processed", amount: Number(command.processed) }
  if ("cancel" in command) return { _tag: "Cancel", id: waiters[Number(command.cancel)]?.id ?? -1 }
  return { _tag: "Resize", limit: Number("resize" in command ? command.resize : 1) }
}

/** Everything in flight is processed until nothing moves: then nobody may be waiting. */
const drained = (step: Transition, from: State): State => {
  let state = from
  for (let turn = 0; turn <= waitersMax + 1 && state.inFlight > 0; turn++)
    state = step(state, { _tag: "Processed", amount: state.inFlight })[0]
  return state
}

const law = (step: Transition): fc.IProperty<unknown> =>
  fc.property(settings, commands, (given, script) => {
    let state = initial(given)
    const cancelled = new Set<number>()
    for (const [id, command] of script.entries()) {
      const event = eventOf(command, id, state)
      if (event._tag === "Cancel") cancelled.add(event.id)
      const [next, actions] = step(state, event)
      assertInvariants(next)
      expect(next.waiters.length).toBeLessThanOrEqual(waitersMax)
      for (const action of actions)
        if (action._tag === "Grant") expect(cancelled.has(action.id)).toBe(false)
      state = next
    }
    const end = drained(step, state)
    assertInvariants(end)
    expect(end.waiters).toEqual([])
    expect(end.available).toBe(end.limit)
  })

describe("credit window", () => {
  it("keeps its credits and its bound, and never deadlocks under positive credit", () => {
    fc.assert(law(transition), { numRuns: 1_000 })
  })

  it("refuses a threshold above the initial credits, naming both", () => {
    expect(() => initial({ initial: 4, replenishThreshold: 5 })).toThrow(/5 is above the 4 initial/)
  })

  it("announces at the threshold, not for each record", () => {
    const start = initial({ initial: 10, replenishThreshold: 5 })
    const [spent] = transition(start, { _tag: "Request", id: 0, amount: 10, wait: true })
    const [four, silent] = transition(spent, { _tag: "Processed", amount: 4 })
    expect(silent).toEqual([])
    expect(transition(four, { _tag: "Processed", amount: 1 })[1]).toEqual([
      { _tag: "Replenish", amount: 5 }
    ])
  })
})

describe("the law finds a credit window that is wrong", () => {
  for (const [name, fault] of Object.entries(faults)) {
    it(name, () => {
      expect(fc.check(law(fault), { numRuns: 3_000, seed: 1 }).failed).toBe(true)
    })
  }
})
