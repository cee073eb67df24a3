// The pure credit window: a receiver grants `initial` credits, a sender spends them, what was
// processed comes back in announcements of at least `replenishThreshold`.
// Invariants: available + inFlight + returned = limit; no waiter while its request would be
// granted.
// No deadlock: credits are also announced when nothing is in flight, whatever the threshold, and a
// request above the limit is granted alone.
import * as Check from "./settings.ts"
import type { Waiters } from "./waiters.ts"
import { waitersMaxDefault, without } from "./waiters.ts"

/** What one credit stands for. */
export type CreditUnit = "records" | "bytes" | "cost"

/** Settings of a window. */
export interface Settings {
  readonly initial: number
  readonly replenishThreshold: number
  readonly unit?: CreditUnit
  readonly waitersMax?: number
}

/** Totals since the start. */
export interface Totals {
  readonly requests: number
  readonly granted: number
  readonly waits: number
  readonly refused: number
  readonly cancelled: number
  readonly replenishments: number
}

/** State of a window. `available` is negative while a request above the limit is in flight. */
export interface State {
  readonly settings: Settings
  readonly limit: number
  readonly available: number
  readonly inFlight: number
  readonly returned: number
  readonly waiters: Waiters
  readonly totals: Totals
}

/** What may happen to a window. */
export type Event =
  | {
      readonly _tag: "Request"
      readonly id: number
      readonly amount: number
      readonly wait: boolean
    }
  | { readonly _tag: "Cancel"; readonly id: number }
  | { readonly _tag: "Processed"; readonly amount: number }
  | { readonly _tag: "Resize"; readonly limit: number }

/** Why a request was refused. */
export type Refusal = "no-credit" | "line-full"

/** What a window says. */
export type Action =
  | { readonly _tag: "Grant"; readonly id: number; readonly amount: number }
  | { readonly _tag: "Refuse"; readonly id: number; readonly reason: Refusal }
  | { readonly _tag: "Wait"; readonly id: number }
  | { readonly _tag: "Replenish"; readonly amount: number }

type Step = readonly [State, ReadonlyArray<Action>]

const none: ReadonlyArray<Action> = []

/** The window at its start; throws `InvalidSettings`. */
export const initial = (settings: Settings): State => {
  const { initial: credits, replenishThreshold: threshold } = settings
  Check.accept("credit window", [
    Check.count("initial", credits),
    Check.count("replenishThreshold", threshold),
    Check.count("waitersMax", settings.waitersMax ?? waitersMaxDefault, 0),
    Check.unless(
      !(threshold > credits),
      `replenishThreshold ${threshold} is above the ${credits} initial credits, ` +
        "so it could never be reached: give at most the initial credits"
    )
  ])
  return {
    settings,
    limit: credits,
    available: credits,
    inFlight: 0,
    returned: 0,
    waiters: [],
    totals: { requests: 0, granted: 0, waits: 0, refused: 0, cancelled: 0, replenishments: 0 }
  }
}

/** A request above the limit needs the whole window, and then overdraws it. */
const covers = (state: State, amount: number): boolean =>
  state.available >= Math.min(amount, state.limit)

const spend = (state: State, amount: number): State => ({
  ...state,
  available: state.available - amount,
  inFlight: state.inFlight + amount,
  totals: { ...state.totals, granted: state.totals.granted + amount }
})

const counted = (state: State, key: keyof Totals): State => ({
  ...state,
  totals: { ...state.totals, [key]: state.totals[key] + 1 }
})

/** Grants from the front of the line as far as the credits go. */
const serve = (state: State, actions: ReadonlyArray<Action>): Step => {
  let current = state
  let served = 0
  const granted: Array<Action> = [...actions]
  for (const { id, amount } of state.waiters) {
    if (!covers(current, amount)) break
    current = spend(current, amount)
    granted.push({ _tag: "Grant", id, amount })
    served++
  }
  return [served === 0 ? current : { ...current, waiters: state.waiters.slice(served) }, granted]
}

const announce = (state: State): Step => {
  const { returned, settings, inFlight, limit } = state
  const threshold = Math.min(settings.replenishThreshold, limit)
  if (returned === 0 || (returned < threshold && inFlight > 0)) return [state, none]
  const replenished = counted(
    { ...state, available: state.available + returned, returned: 0 },
    "replenishments"
  )
  return serve(replenished, [{ _tag: "Replenish", amount: returned }])
}

const request = (state: State, event: Extract<Event, { _tag: "Request" }>): Step => {
  const { id, amount } = event
  const asked = counted(state, "requests")
  if (state.waiters.length === 0 && covers(state, amount))
    return [spend(asked, amount), [{ _tag: "Grant", id, amount }]]
  if (!event.wait) return [counted(asked, "refused"), [{ _tag: "Refuse", id, reason: "no-credit" }]]
  if (state.waiters.length >= (state.settings.waitersMax ?? waitersMaxDefault))
    return [counted(asked, "refused"), [{ _tag: "Refuse", id, reason: "line-full" }]]
  const waiting = { ...asked, waiters: [...state.waiters, { id, amount }] }
  return [counted(waiting, "waits"), [{ _tag: "Wait", id }]]
}

/** The one transition; the sum of credits never changes but by `Resize`. */
export const transition = (state: State, event: Event): Step => {
  switch (event._tag) {
    case "Request":
      return request(state, event)
    case "Cancel": {
      const waiters = without(state.waiters, event.id)
      if (waiters.length === state.waiters.length) return [state, none]
      return serve(counted({ ...state, waiters }, "cancelled"), none)
    }
    case "Processed": {
      // More than is in flight cannot have been processed: it must not mint credits.
      const amount = Math.min(event.amount, state.inFlight)
      const inFlight = state.inFlight - amount
      return announce({ ...state, inFlight, returned: state.returned + amount })
    }
    case "Resize": {
      const limit = Math.max(1, event.limit)
      const available = state.available + limit - state.limit
      const [resized, actions] = announce({ ...state, limit, available })
      return serve(resized, actions)
    }
  }
}

/** Throws when the state contradicts the header. */
export const assertInvariants = (state: State): void => {
  const { available, inFlight, returned, limit, waiters, settings } = state
  const first = waiters[0]
  Check.claim("credit window", [
    [
      available + inFlight + returned === limit,
      `available ${available} + in flight ${inFlight} + returned ${returned} is not ${limit}`
    ],
    [inFlight >= 0 && returned >= 0, `in flight ${inFlight}, returned ${returned} below 0`],
    [available <= limit, `${available} available of ${limit}`],
    [waiters.length <= (settings.waitersMax ?? waitersMaxDefault), `${waiters.length} waiters`],
    [
      first === undefined || !covers(state, first.amount),
      `request ${first?.id} waits for ${first?.amount} of ${available} credits`
    ],
    [inFlight > 0 || returned === 0, `${returned} credits held back while nothing is in flight`]
  ])
}
