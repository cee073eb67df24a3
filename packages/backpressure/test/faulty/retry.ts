// Retries that are wrong on purpose: each must fail the law of its test.
import type { Action, Event, State } from "../../src/internal/retry.ts"
import { transition } from "../../src/internal/retry.ts"

type Transition = (state: State, event: Event) => readonly [State, ReadonlyArray<Action>]

/** One retry too many. */
const eager: Transition = (state, event) =>
  transition(
    { ...state, settings: { ...state.settings, retriesMax: state.settings.retriesMax + 1 } },
    event
  )

/** Does not look at the deadline. */
const late: Transition = (state, event) =>
  transition({ ...state, settings: { ...state.settings, totalMsMax: 1e12 } }, event)

/** Jitters past the maximum. */
const loose: Transition = (state, event) => {
  const [next, actions] = transition(state, event)
  return [
    next,
    actions.map((action) => (action._tag === "Wait" ? { ...action, ms: action.ms * 1.2 } : action))
  ]
}

export const faults = { eager, late, loose }
