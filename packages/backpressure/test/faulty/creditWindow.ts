// Credit windows that are wrong on purpose: each must fail a law of its test.
import type { Action, Event, State } from "../../src/internal/creditWindow.ts"
import { transition } from "../../src/internal/creditWindow.ts"

type Transition = (state: State, event: Event) => readonly [State, ReadonlyArray<Action>]

/** Announces at the threshold alone: a request larger than what is left waits for ever. */
const stubborn: Transition = (state, event) => {
  if (event._tag !== "Processed") return transition(state, event)
  const amount = Math.min(event.amount, state.inFlight)
  if (state.returned + amount >= state.settings.replenishThreshold) return transition(state, event)
  return [{ ...state, inFlight: state.inFlight - amount, returned: state.returned + amount }, []]
}

/** Believes a caller who says that more was processed than is in flight. */
const minting: Transition = (state, event) => {
  const [next, actions] = transition(state, event)
  if (event._tag !== "Processed" || event.amount <= state.inFlight) return [next, actions]
  return [{ ...next, available: next.available + event.amount - state.inFlight }, actions]
}

/** Keeps an interrupted waiter in line, and grants to nobody. */
const haunted: Transition = (state, event) =>
  event._tag === "Cancel" ? [state, []] : transition(state, event)

/** Waits without a bound. */
const endless: Transition = (state, event) =>
  transition({ ...state, settings: { ...state.settings, waitersMax: 1_000 } }, event)

export const faults = { stubborn, minting, haunted, endless }
