// The pure pull window: downstream asks for records, the source delivers what was asked for.
// Invariants: nothing is demanded beyond the window, and demanded + outstanding <= window but for
// what was on its way when the window shrank; a refused delivery changes nothing but its counter;
// when both fall to half the window the rest is demanded anew, so demand never dries up.
import * as Check from "./settings.ts"

/** Settings of a window. */
export interface Settings {
  readonly window: number
}

/** State: `demanded` was asked for and not delivered, `outstanding` delivered and not processed. */
export interface State {
  readonly window: number
  readonly demanded: number
  readonly outstanding: number
  readonly deliveredCount: number
  readonly refusedCount: number
  readonly pullCount: number
}

/** What may happen to a window. */
export type Event =
  | { readonly _tag: "Start" }
  | { readonly _tag: "Deliver"; readonly amount: number }
  | { readonly _tag: "Processed"; readonly amount: number }
  | { readonly _tag: "Resize"; readonly window: number }

/** What a window says. */
export type Action =
  | { readonly _tag: "Pull"; readonly amount: number }
  | { readonly _tag: "Accept"; readonly amount: number }
  | { readonly _tag: "Refuse"; readonly amount: number; readonly demanded: number }

type Step = readonly [State, ReadonlyArray<Action>]

/** The window before its first demand; throws `InvalidSettings`. */
export const initial = (settings: Settings): State => {
  Check.accept("reactive pull", [Check.count("window", settings.window)])
  return {
    window: settings.window,
    demanded: 0,
    outstanding: 0,
    deliveredCount: 0,
    refusedCount: 0,
    pullCount: 0
  }
}

const pull = (state: State, before: ReadonlyArray<Action>): Step => {
  const { window, demanded, outstanding } = state
  if (demanded + outstanding > Math.floor(window / 2)) return [state, before]
  const amount = window - demanded - outstanding
  return [
    { ...state, demanded: demanded + amount, pullCount: state.pullCount + 1 },
    [...before, { _tag: "Pull", amount }]
  ]
}

/** The one transition. */
export const transition = (state: State, event: Event): Step => {
  switch (event._tag) {
    case "Start":
      return pull(state, [])
    case "Deliver": {
      const { amount } = event
      const { demanded, outstanding } = state
      if (amount > demanded)
        return [
          { ...state, refusedCount: state.refusedCount + 1 },
          [{ _tag: "Refuse", amount, demanded }]
        ]
      const deliveredCount = state.deliveredCount + amount
      return [
        {
          ...state,
          demanded: demanded - amount,
          outstanding: outstanding + amount,
          deliveredCount
        },
        [{ _tag: "Accept", amount }]
      ]
    }
    case "Processed": {
      const outstanding = state.outstanding - Math.min(event.amount, state.outstanding)
      return pull({ ...state, outstanding }, [])
    }
    case "Resize": {
      // A demand above the new window is taken back as far as it was not met yet.
      const room = Math.max(0, event.window - state.outstanding)
      const demanded = Math.min(state.demanded, room)
      return pull({ ...state, window: event.window, demanded }, [])
    }
  }
}

/** Throws when the state contradicts the header. */
export const assertInvariants = (state: State): void => {
  const { window, demanded, outstanding, pullCount } = state
  const half = Math.floor(window / 2)
  Check.claim("reactive pull", [
    [demanded >= 0 && outstanding >= 0, `demanded ${demanded}, outstanding ${outstanding}`],
    [
      demanded === 0 || demanded + outstanding <= window,
      `${demanded} + ${outstanding} above the window ${window}`
    ],
    [pullCount === 0 || demanded + outstanding > half || demanded > 0, "nothing is demanded"]
  ])
}
