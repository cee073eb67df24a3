// Where a circuit is, what may happen to it, and what it says.
// Invariants: at most `trials` trials run or are judged in one half-open phase; an open circuit
// stays so for its cool-down; tickets below `firstId` belong to an earlier phase.
import type { Resolved, Settings } from "./circuitSettings.ts"
import { goodNeeded, resolved } from "./circuitSettings.ts"
import type { Counts } from "./rollingWindow.ts"
import { Rolling } from "./rollingWindow.ts"
import * as Check from "./settings.ts"

/** Where the circuit is. */
export type Phase =
  | { readonly _tag: "Closed"; readonly rolling: Rolling }
  | { readonly _tag: "Open"; readonly untilMs: number }
  | {
      readonly _tag: "HalfOpen"
      readonly running: ReadonlyArray<{ readonly id: number; readonly atMs: number }>
      readonly good: number
      readonly bad: number
      readonly deadlocks: number
    }
  | { readonly _tag: "Isolated" }

/** State of one circuit. */
export interface State {
  readonly settings: Resolved
  readonly phase: Phase
  /** Raised by every change of phase. */
  readonly epoch: number
  /** The first ticket of this phase: results of earlier ones are ignored. */
  readonly firstId: number
  readonly sinceMs: number
  /** Latest time seen, so that a clock that steps back changes nothing. */
  readonly atMs: number
  readonly cooldownMs: number
  readonly nextId: number
  readonly admittedCount: number
  readonly rejectedCount: number
  readonly ignoredCount: number
  readonly openedCount: number
}

/** What an admitted call must bring back. */
export type Ticket = number

/** What may happen to a circuit. */
export type Event =
  | { readonly _tag: "Request"; readonly atMs: number }
  | {
      readonly _tag: "Result"
      readonly atMs: number
      readonly ticket: Ticket
      readonly ok: boolean
      readonly latencyMs: number
    }
  | { readonly _tag: "Cancelled"; readonly atMs: number; readonly ticket: Ticket }
  | { readonly _tag: "Deadlocked"; readonly atMs: number; readonly count: number }
  | { readonly _tag: "Isolate"; readonly atMs: number }
  | { readonly _tag: "Reset"; readonly atMs: number }
  | { readonly _tag: "Tick"; readonly atMs: number }
  | { readonly _tag: "Reconfigured"; readonly atMs: number; readonly settings: Settings }

/** A change of phase and why. */
export interface Change {
  readonly _tag: "Change"
  readonly from: Phase["_tag"]
  readonly to: Phase["_tag"]
  readonly atMs: number
  readonly reason: string
}

/** Why a call is not let through. */
export interface Rejection {
  readonly _tag: "Reject"
  readonly phase: "Open" | "HalfOpen" | "Isolated"
  /** Undefined when only a trial or an operator can tell. */
  readonly retryAfterMs: number | undefined
}

/** What a circuit says. */
export type Action =
  | { readonly _tag: "Admit"; readonly ticket: Ticket; readonly trial: boolean }
  | Rejection
  | { readonly _tag: "Ignore"; readonly ticket: Ticket }
  | Change

/** A half-open phase in which nothing was tried yet. */
export const untried = {
  _tag: "HalfOpen",
  running: [],
  good: 0,
  bad: 0,
  deadlocks: 0
} as const satisfies Phase

/** A closed phase in which nothing was counted yet. */
export const uncounted = ({ windowMs }: Resolved): Phase => ({
  _tag: "Closed",
  rolling: Rolling.empty(windowMs)
})

/** A closed circuit; throws `InvalidSettings`. */
export const initial = (given: Settings, atMs: number): State => {
  const settings = resolved(given)
  return {
    settings,
    phase: uncounted(settings),
    epoch: 0,
    firstId: 0,
    sinceMs: atMs,
    atMs,
    cooldownMs: settings.cooldownMs,
    nextId: 0,
    admittedCount: 0,
    rejectedCount: 0,
    ignoredCount: 0,
    openedCount: 0
  }
}

/** The same state, of which no part changes when this one does. */
export const copy = (state: State): State => {
  const { phase } = state
  return phase._tag === "Closed"
    ? { ...state, phase: { _tag: "Closed", rolling: phase.rolling.copy() } }
    : { ...state }
}

/** Counts of the window; zero unless closed. */
export const windowCounts = ({ phase, atMs }: State): Counts => {
  if (phase._tag !== "Closed") return { calls: 0, failed: 0, slow: 0, deadlocks: 0 }
  phase.rolling.advance(atMs)
  const { calls, failed, slow, deadlocks } = phase.rolling
  return { calls, failed, slow, deadlocks }
}

/** Throws when the state contradicts the header. */
export const assertInvariants = (state: State): void => {
  const { phase, settings, sinceMs, atMs } = state
  Check.claim("circuit breaker", [
    [sinceMs <= atMs, `since ${sinceMs} is after ${atMs}`],
    [state.cooldownMs <= settings.cooldownMsMax, `cool-down ${state.cooldownMs} above its maximum`],
    [state.firstId <= state.nextId, `first ticket ${state.firstId} was not given out yet`]
  ])
  if (phase._tag === "Open")
    Check.claim("circuit breaker", [
      [phase.untilMs - sinceMs >= settings.cooldownMs, `open for ${phase.untilMs - sinceMs} ms`]
    ])
  if (phase._tag !== "HalfOpen") return
  const used = phase.running.length + phase.good + phase.bad
  Check.claim("circuit breaker", [
    [used <= settings.trials, `${used} trials of ${settings.trials}`],
    [phase.good < goodNeeded(settings), `half-open with ${phase.good} good trials`],
    [phase.bad <= settings.trials - goodNeeded(settings), `half-open with ${phase.bad} bad trials`]
  ])
}
