// The pure admission of work that needs slots and bytes: behind bulkheads and budgets.
// Invariants: slots <= slotsMax and bytes <= bytesMax always; the line is bounded and nobody waits
// who would fit. What can never fit is refused at once, so nobody waits for ever.
import * as Check from "./settings.ts"
import { without } from "./waiters.ts"

/** Limits; `bytesMax` absent means that bytes are not counted. */
export interface Settings {
  readonly slotsMax: number
  readonly bytesMax?: number
  readonly waitersMax: number
}

/** What a piece of work needs. */
export interface Need {
  readonly slots: number
  readonly bytes: number
}

/** State of an admission. */
export interface State {
  readonly settings: Settings
  readonly slots: number
  readonly bytes: number
  readonly waiters: ReadonlyArray<Need & { readonly id: number }>
  readonly admittedCount: number
  readonly waitCount: number
  readonly refusedCount: number
  readonly cancelledCount: number
  readonly slotsPeak: number
  readonly bytesPeak: number
}

/** What may happen. */
export type Event =
  | { readonly _tag: "Request"; readonly id: number; readonly need: Need; readonly wait: boolean }
  | { readonly _tag: "Cancel"; readonly id: number }
  | { readonly _tag: "Release"; readonly need: Need }

/** Why work was refused. */
export type Refusal = "full" | "line-full" | "never-fits"

/** What is decided. */
export type Action =
  | { readonly _tag: "Grant"; readonly id: number }
  | { readonly _tag: "Wait"; readonly id: number }
  | { readonly _tag: "Refuse"; readonly id: number; readonly reason: Refusal }

type Step = readonly [State, ReadonlyArray<Action>]

/** Nothing admitted yet; throws `InvalidSettings` in the name of `what`. */
export const initial = (what: string, settings: Settings): State => {
  Check.accept(what, [
    Check.count("slotsMax", settings.slotsMax),
    Check.count("waitersMax", settings.waitersMax, 0),
    settings.bytesMax === undefined ? undefined : Check.count("bytesMax", settings.bytesMax)
  ])
  return {
    settings,
    slots: 0,
    bytes: 0,
    waiters: [],
    admittedCount: 0,
    waitCount: 0,
    refusedCount: 0,
    cancelledCount: 0,
    slotsPeak: 0,
    bytesPeak: 0
  }
}

const bytesMaxOf = ({ bytesMax }: Settings): number => bytesMax ?? Number.POSITIVE_INFINITY

const fits = ({ settings, slots, bytes }: State, need: Need): boolean =>
  slots + need.slots <= settings.slotsMax && bytes + need.bytes <= bytesMaxOf(settings)

const hold = (state: State, need: Need): State => {
  const slots = state.slots + need.slots
  const bytes = state.bytes + need.bytes
  return {
    ...state,
    slots,
    bytes,
    admittedCount: state.admittedCount + 1,
    slotsPeak: Math.max(state.slotsPeak, slots),
    bytesPeak: Math.max(state.bytesPeak, bytes)
  }
}

const serve = (state: State): Step => {
  let current = state
  const actions: Array<Action> = []
  while (current.waiters.length > 0 && fits(current, current.waiters[0]!)) {
    const [first, ...waiters] = current.waiters
    current = hold({ ...current, waiters }, first!)
    actions.push({ _tag: "Grant", id: first!.id })
  }
  return [current, actions]
}

const refusalOf = (state: State, need: Need, wait: boolean): Refusal | undefined => {
  const { settings, waiters } = state
  if (need.slots > settings.slotsMax || need.bytes > bytesMaxOf(settings)) return "never-fits"
  if (!wait) return "full"
  return waiters.length >= settings.waitersMax ? "line-full" : undefined
}

const request = (state: State, event: Extract<Event, { _tag: "Request" }>): Step => {
  const { id, need } = event
  if (state.waiters.length === 0 && fits(state, need))
    return [hold(state, need), [{ _tag: "Grant", id }]]
  const reason = refusalOf(state, need, event.wait)
  if (reason !== undefined)
    return [{ ...state, refusedCount: state.refusedCount + 1 }, [{ _tag: "Refuse", id, reason }]]
  const waiters = [...state.waiters, { ...need, id }]
  return [{ ...state, waiters, waitCount: state.waitCount + 1 }, [{ _tag: "Wait", id }]]
}

/** The one transition. */
export const transition = (state: State, event: Event): Step => {
  switch (event._tag) {
    case "Request":
      return request(state, event)
    case "Cancel": {
      const waiters = without(state.waiters, event.id)
      if (waiters.length === state.waiters.length) return [state, []]
      return serve({ ...state, waiters, cancelledCount: state.cancelledCount + 1 })
    }
    case "Release":
      return serve({
        ...state,
        slots: Math.max(0, state.slots - event.need.slots),
        bytes: Math.max(0, state.bytes - event.need.bytes)
      })
  }
}

/** Throws when the state contradicts the header. */
export const assertInvariants = (state: State): void => {
  const { slots, bytes, waiters, settings } = state
  Check.claim("admission", [
    [slots >= 0 && slots <= settings.slotsMax, `${slots} slots of ${settings.slotsMax}`],
    [bytes >= 0 && bytes <= bytesMaxOf(settings), `${bytes} bytes of ${settings.bytesMax}`],
    [waiters.length <= settings.waitersMax, `${waiters.length} of ${settings.waitersMax} wait`],
    [waiters.length === 0 || !fits(state, waiters[0]!), "somebody waits who would fit"]
  ])
}
