// The token bucket against its definition: never more than rate·t + burst, and never less than that
// when somebody always wants more.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import type { Action, Event, State } from "../../src/internal/tokenBucket.ts"
import { assertInvariants, initial, transition } from "../../src/internal/tokenBucket.ts"
import { faults } from "../faulty/tokenBucket.ts"

type Transition = (state: State, event: Event) => readonly [State, ReadonlyArray<Action>]

const settings = fc.record({
  ratePerSecond: fc.oneof(
    fc.integer({ min: 1, max: 1_000_000 }),
    fc.integer({ min: 1, max: 5_000_000 }).map((micro) => micro / 1e6)
  ),
  burst: fc.integer({ min: 1, max: 50 })
})

const requests = fc.array(
  fc.record({
    afterNanos: fc.bigInt({ min: 0n, max: 50_000_000n }),
    amount: fc.integer({ min: 1, max: 60 }),
    wait: fc.boolean()
  }),
  { minLength: 1, maxLength: 60 }
)

/** Uses of tokens as (time, amount), in order of time. */
const usesOf = (step: Transition, start: State, script: ReadonlyArray<Omit<Event, "_tag">>) => {
  const uses: Array<readonly [bigint, number]> = []
  let state = start
  for (const request of script) {
    const [next, actions] = step(state, { _tag: "Take", amount: 1, wait: true, ...request })
    assertInvariants(next)
    for (const action of actions) {
      if (action._tag === "Grant") uses.push([request.atNanos, action.amount])
      if (action._tag === "Reserve") uses.push([action.dueNanos, action.amount])
    }
    state = next
  }
  return uses.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

const neverTooMuch = (step: Transition): fc.IProperty<unknown> =>
  fc.property(settings, requests, (given, script) => {
    let atNanos = 0n
    const events = script.map(({ afterNanos, ...request }) => {
      atNanos += afterNanos
      return { ...request, atNanos }
    })
    const uses = usesOf(step, initial(given, 0n), events)
    const perSecond = BigInt(Math.round(given.ratePerSecond * 1e6))
    for (let from = 0; from < uses.length; from++) {
      let sum = 0n
      for (let to = from; to < uses.length; to++) {
        sum += BigInt(uses[to]![1])
        // Due times are whole nanoseconds, rounded up, so a span may show one less than it was.
        const span = uses[to]![0] - uses[from]![0] + 1n
        const allowed = span * perSecond + BigInt(given.burst) * 10n ** 15n
        expect(sum * 10n ** 15n <= allowed).toBe(true)
      }
    }
  })

const week = 7n * 24n * 3_600n * 1_000_000_000n

/** Always hungry: asks every `stepNanos` with what is left over, for `rounds` rounds. */
const grantedBy = (step: Transition, state: State, stepNanos: bigint, rounds: number): number => {
  let current = state
  for (let round = 1; round <= rounds; round++) {
    const atNanos = BigInt(round) * stepNanos
    current = step(current, { _tag: "Take", amount: 1, wait: false, atNanos })[0]
  }
  return current.grantedCount
}

const exact = (step: Transition): fc.IProperty<unknown> =>
  fc.property(fc.integer({ min: 1, max: 999 }), (rate) => {
    // A request each 0.1 ms: 20,000 requests are two seconds.
    const state = initial({ ratePerSecond: rate, burst: 1 }, 0n)
    expect(grantedBy(step, state, 100_000n, 20_000)).toBeGreaterThanOrEqual(
      Math.floor(rate * 2 * 0.9)
    )
  })

describe("token bucket", () => {
  it("never exceeds rate × t + burst in any span", () => {
    fc.assert(neverTooMuch(transition), { numRuns: 500 })
  })

  it("gives what the rate promises when asked every tenth of a millisecond", () => {
    fc.assert(exact(transition), { numRuns: 20 })
  })

  it("does not drift in a week of reservations at a third of a token each microsecond", () => {
    let state = initial({ ratePerSecond: 333_333, burst: 1, waitMsMax: 1 }, 0n)
    let due = 0n
    const jump = week / 1_000n
    for (let round = 0; round < 1_000; round++) {
      state = transition(state, {
        _tag: "Take",
        amount: 1,
        wait: false,
        atNanos: BigInt(round) * jump
      })[0]
      const [next, [action]] = transition(state, {
        _tag: "Take",
        amount: 1,
        wait: true,
        atNanos: BigInt(round) * jump
      })
      state = next
      if (action?._tag === "Reserve") due = action.dueNanos - BigInt(round) * jump
      expect(due).toBe(3_001n)
    }
  })

  it("takes a cancelled reservation back", () => {
    const start = initial({ ratePerSecond: 1, burst: 1 }, 0n)
    const take: Event = { _tag: "Take", amount: 1, wait: true, atNanos: 0n }
    const [empty] = transition(start, take)
    const [reserved] = transition(empty, take)
    const [back] = transition(reserved, { _tag: "Cancel", amount: 1, atNanos: 0n })
    expect(back.level).toBe(empty.level)
    expect(back.grantedCount).toBe(1)
  })
})

describe("the laws find a token bucket that is wrong", () => {
  const laws: Readonly<Record<keyof typeof faults, typeof exact>> = {
    generous: neverTooMuch,
    hoarding: neverTooMuch,
    drifting: exact
  }
  for (const [name, fault] of Object.entries(faults)) {
    it(name, () => {
      const law = laws[name as keyof typeof faults]
      expect(fc.check(law(fault), { numRuns: 3_000, seed: 1 }).failed).toBe(true)
    })
  }
})
