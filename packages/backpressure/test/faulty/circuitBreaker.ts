// Circuit breakers that are wrong on purpose: each must fail a law of its test.
import { transition } from "../../src/internal/circuitBreaker.ts"
import type { Action, Event, State } from "../../src/internal/circuitState.ts"

type Transition = (state: State, event: Event) => readonly [State, ReadonlyArray<Action>]

const close = (state: State, atMs: number): readonly [State, ReadonlyArray<Action>] =>
  transition(state, { _tag: "Reset", atMs })

/** Closes on the first good trial. */
const hasty: Transition = (state, event) => {
  const [next, actions] = transition(state, event)
  if (event._tag !== "Result" || !event.ok || next.phase._tag !== "HalfOpen") return [next, actions]
  const [closed, changes] = close(next, event.atMs)
  return [closed, [...actions, ...changes]]
}

/** Lets everything through while half-open. */
const porous: Transition = (state, event) => {
  const [next, actions] = transition(state, event)
  if (event._tag !== "Request" || actions.at(-1)?._tag !== "Reject") return [next, actions]
  if (next.phase._tag !== "HalfOpen") return [next, actions]
  const running = [...next.phase.running, { id: next.nextId, atMs: next.atMs }]
  return [
    { ...next, nextId: next.nextId + 1, phase: { ...next.phase, running } },
    [{ _tag: "Admit", ticket: next.nextId, trial: true }]
  ]
}

/** Forgets to free the slot of a cancelled trial. */
const leaking: Transition = (state, event) =>
  event._tag === "Cancelled"
    ? transition(state, { _tag: "Tick", atMs: event.atMs })
    : transition(state, event)

/** Counts results whatever the epoch they belong to. */
const gullible: Transition = (state, event) =>
  event._tag === "Result" && state.phase._tag === "HalfOpen"
    ? transition(state, {
        ...event,
        ticket: state.phase.running[0]?.id ?? event.ticket
      })
    : transition(state, event)

/** Half-open before the cool-down is over. */
const restless: Transition = (state, event) =>
  transition(
    state.phase._tag === "Open" ? { ...state, phase: { ...state.phase, untilMs: 0 } } : state,
    event
  )

export const faults = { hasty, porous, leaking, gullible, restless }
