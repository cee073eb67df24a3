// Batch controllers, pull windows, gates, admissions and buffers that are wrong on purpose: each
// must fail a law of its test.
import * as Adaptive from "../../src/internal/adaptiveBatch.ts"
import * as Admission from "../../src/internal/admission.ts"
import type { Offered } from "../../src/internal/bounded.ts"
import { Bounded } from "../../src/internal/bounded.ts"
import * as Gate from "../../src/internal/effectiveQueue.ts"
import * as Pull from "../../src/internal/reactivePull.ts"

/** Forgets its ceiling at once: grows into the size that was too slow again and again. */
const amnesiac: typeof Adaptive.transition = (state, event) => {
  const [next, actions] = Adaptive.transition(state, event)
  return [{ ...next, ceiling: undefined }, actions]
}

/** Grows by a truncated half, as the first code did: 1 stays 1. */
const truncating: typeof Adaptive.transition = (state, event) => {
  const [next, actions] = Adaptive.transition(state, event)
  const half = Math.floor(state.size * 1.5)
  return next.size > state.size && half < next.size
    ? [{ ...next, size: half }, []]
    : [next, actions]
}

export const adaptiveFaults = { amnesiac, truncating }

/** Counts refused deliveries as outstanding, as the first code did. */
const leaking: typeof Pull.transition = (state, event) => {
  const [next, actions] = Pull.transition(state, event)
  return event._tag === "Deliver" && event.amount > state.demanded
    ? [{ ...next, outstanding: next.outstanding + event.amount }, actions]
    : [next, actions]
}

/** Demands only when everything is processed and nothing is owed, and then forgets to. */
const silent: typeof Pull.transition = (state, event) =>
  event._tag === "Processed"
    ? [{ ...state, outstanding: Math.max(0, state.outstanding - event.amount) }, []]
    : Pull.transition(state, event)

export const pullFaults = { leaking, silent }

/** Never lets anybody through while held bytes fill the queue. */
const strict: typeof Gate.transition = (state, event) => {
  const [next, actions] = Gate.transition(state, event)
  const forced = state.gate === "shut" && next.gate === "shut"
  const granted = actions.some(({ _tag }) => _tag === "Grant")
  return forced && granted && event._tag === "Request"
    ? [
        { ...state, waiters: [...state.waiters, { id: event.id, amount: event.amount }] },
        [{ _tag: "Wait", id: event.id }]
      ]
    : [next, actions]
}

/** Opens as soon as it is one below capacity. */
const flapping: typeof Gate.transition = (state, event) =>
  Gate.transition(
    { ...state, settings: { ...state.settings, reopenAt: state.settings.capacity } },
    event
  )

export const gateFaults = { strict, flapping }

/** Lets the small overtake the large, so that the large starves above the limit. */
const overcommitting: typeof Admission.transition = (state, event) =>
  Admission.transition(
    { ...state, settings: { ...state.settings, slotsMax: state.settings.slotsMax + 1 } },
    event
  )

/** Forgets to serve the line when a waiter at its front leaves. */
const stuck: typeof Admission.transition = (state, event) => {
  if (event._tag !== "Cancel") return Admission.transition(state, event)
  const waiters = state.waiters.filter(({ id }) => id !== event.id)
  return [{ ...state, waiters }, []]
}

/** Waits for what can never fit. */
const hopeless: typeof Admission.transition = (state, event) => {
  const [next, actions] = Admission.transition(state, event)
  const never = actions.some((action) => action._tag === "Refuse" && action.reason === "never-fits")
  return never && event._tag === "Request"
    ? [{ ...state, waiters: [...state.waiters, { ...event.need, id: event.id }] }, []]
    : [next, actions]
}

export const admissionFaults = { overcommitting, stuck, hopeless }

/** Drops without saying what. */
class Silent<A> extends Bounded<A> {
  override offer(records: ReadonlyArray<A>): Offered<A> {
    const offered = super.offer(records)
    return offered._tag === "Drop" ? { _tag: "Drop", dropped: [] } : offered
  }
}

/** Takes what it has no room for. */
class Unbounded<A> extends Bounded<A> {
  override offer(records: ReadonlyArray<A>): Offered<A> {
    const offered = super.offer(records)
    return offered._tag === "Full" ? { _tag: "Accept" } : offered
  }
}

export const bufferFaults = { Silent, Unbounded }
