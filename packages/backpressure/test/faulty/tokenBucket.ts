// Token buckets that are wrong on purpose: each must fail a law of its test.
import type { Action, Event, State } from "../../src/internal/tokenBucket.ts"
import { transition } from "../../src/internal/tokenBucket.ts"

type Transition = (state: State, event: Event) => readonly [State, ReadonlyArray<Action>]

/** Refills a whole token for each started millisecond's share. */
const generous: Transition = (state, event) =>
  transition({ ...state, atNanos: state.atNanos - 1_000_000n }, event)

/** Rounds time down to milliseconds and forgets the rest. */
const drifting: Transition = (state, event) => {
  const [next, actions] = transition(state, {
    ...event,
    atNanos: (event.atNanos / 1_000_000n) * 1_000_000n
  })
  return [{ ...next, atNanos: event.atNanos }, actions]
}

/** Saves up without a bound. */
const hoarding: Transition = (state, event) => {
  const [next, actions] = transition({ ...state, burstUnits: state.burstUnits * 1_000n }, event)
  return [{ ...next, burstUnits: state.burstUnits }, actions]
}

export const faults = { generous, drifting, hoarding }
