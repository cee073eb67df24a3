// The pure circuit breaker. Trips at (error rate AND p95 latency) OR a surge of deadlocks.
// Invariants: at most `trials` trials run or are judged in one half-open state; a closed circuit
// was never opened before `closedMsMin`, nor an open one left before its cool-down; results carry
// the epoch of their admission and count in that epoch alone. A hung trial counts as bad after
// `trialMsMax`, so half-open always ends. It never calls anything and knows no clock.
import type { Counts, Rolling } from "./rollingWindow.ts"
import { added, empty, isP95Slow, totals } from "./rollingWindow.ts"
import * as Check from "./settings.ts"

/** Settings; of `errorRate`, `latencyMs` and `deadlocks` at least one must be given. */
export interface Settings {
  /** Share of failed calls at or above which the circuit may open. */
  readonly errorRate?: number
  /** p95 at or above which it may open; slow calls count whether they fail or not. */
  readonly latencyMs?: number
  /** Accumulator deadlocks in one window at or above which it opens, whatever the calls do. */
  readonly deadlocks?: number
  readonly windowMs?: number
  /** Calls in the window below which rates say nothing. */
  readonly throughputMin?: number
  /** First cool-down; each reopening multiplies it by `cooldownFactor` up to `cooldownMsMax`. */
  readonly cooldownMs?: number
  readonly cooldownFactor?: number
  readonly cooldownMsMax?: number
  /** A circuit stays closed at least this long. */
  readonly closedMsMin?: number
  /** Calls a half-open circuit lets through. */
  readonly trials?: number
  /** Share of good trials that closes it. */
  readonly trialRatio?: number
  readonly trialMsMax?: number
}

/** Settings with nothing left open; an absent threshold is no condition. */
export interface Resolved
  extends Required<Omit<Settings, "errorRate" | "latencyMs" | "deadlocks">> {
  readonly errorRate: number | undefined
  readonly latencyMs: number | undefined
  readonly deadlocks: number | undefined
}

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
  /** Raised by every change of phase; results of another epoch are ignored. */
  readonly epoch: number
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
export interface Ticket {
  readonly epoch: number
  readonly id: number
}

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

/** What a circuit says. */
export type Action =
  | { readonly _tag: "Admit"; readonly ticket: Ticket; readonly trial: boolean }
  | {
      readonly _tag: "Reject"
      readonly phase: "Open" | "HalfOpen" | "Isolated"
      /** Undefined when only a trial or an operator can tell. */
      readonly retryAfterMs: number | undefined
    }
  | { readonly _tag: "Ignore"; readonly ticket: Ticket }
  | {
      readonly _tag: "Change"
      readonly from: Phase["_tag"]
      readonly to: Phase["_tag"]
      readonly atMs: number
      readonly reason: string
    }

/** A state and what was said. */
export type Step = readonly [State, ReadonlyArray<Action>]

const resolve = (given: Settings): Resolved => {
  const cooldownMs = given.cooldownMs ?? 10_000
  return {
    windowMs: 10_000,
    throughputMin: 20,
    cooldownFactor: 2,
    cooldownMsMax: Math.max(cooldownMs, 120_000),
    closedMsMin: 0,
    trials: 5,
    trialRatio: 0.8,
    trialMsMax: 60_000,
    ...given,
    cooldownMs,
    errorRate: given.errorRate,
    latencyMs: given.latencyMs,
    deadlocks: given.deadlocks
  }
}

const problems = (s: Resolved): ReadonlyArray<Check.Problem> => [
  Check.unless(
    s.errorRate !== undefined || s.latencyMs !== undefined || s.deadlocks !== undefined,
    "nothing could open it: give errorRate, latencyMs or deadlocks"
  ),
  s.errorRate === undefined ? undefined : Check.ratio("errorRate", s.errorRate, true),
  s.latencyMs === undefined ? undefined : Check.positive("latencyMs", s.latencyMs),
  s.deadlocks === undefined ? undefined : Check.count("deadlocks", s.deadlocks),
  Check.positive("windowMs", s.windowMs),
  Check.count("throughputMin", s.throughputMin),
  Check.positive("cooldownMs", s.cooldownMs),
  Check.atLeast("cooldownFactor", s.cooldownFactor, 1),
  Check.atLeast("cooldownMsMax", s.cooldownMsMax, s.cooldownMs),
  Check.atLeast("closedMsMin", s.closedMsMin, 0),
  Check.count("trials", s.trials),
  Check.ratio("trialRatio", s.trialRatio, true),
  Check.positive("trialMsMax", s.trialMsMax)
]

/** A closed circuit; throws `InvalidSettings`. */
export const initial = (given: Settings, atMs: number): State => {
  const settings = resolve(given)
  Check.accept("circuit breaker", problems(settings))
  return {
    settings,
    phase: { _tag: "Closed", rolling: empty(settings.windowMs) },
    epoch: 0,
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

/** Good trials that close the circuit: 3 of 5 at 0.6, and not 4 because 0.6 × 5 is inexact. */
export const goodNeeded = ({ trials, trialRatio }: Resolved): number =>
  Math.max(1, Math.ceil(trials * trialRatio - 1e-9))

const change = (state: State, phase: Phase, reason: string): Step => [
  { ...state, phase, epoch: state.epoch + 1, sinceMs: state.atMs },
  [{ _tag: "Change", from: state.phase._tag, to: phase._tag, atMs: state.atMs, reason }]
]

/** Opens; `growing` after a failed recovery, fresh when the circuit was well for long enough. */
const open = (state: State, reason: string): Step => {
  const { settings, atMs, cooldownMs, phase, sinceMs } = state
  const relapsed = phase._tag === "HalfOpen"
  const recovered = !relapsed && atMs - sinceMs >= cooldownMs
  const used = recovered ? settings.cooldownMs : cooldownMs
  const untilMs = atMs + used
  const next = Math.min(settings.cooldownMsMax, used * settings.cooldownFactor)
  return change(
    { ...state, cooldownMs: next, openedCount: state.openedCount + 1 },
    { _tag: "Open", untilMs },
    reason
  )
}

const close = (state: State, reason: string): Step =>
  change(state, { _tag: "Closed", rolling: empty(state.settings.windowMs) }, reason)

/** Why a closed circuit with these counts should open, if it should. */
const tripReason = (settings: Resolved, counts: Counts): string | undefined => {
  const { errorRate, latencyMs, deadlocks, throughputMin } = settings
  if (deadlocks !== undefined && counts.deadlocks >= deadlocks)
    return `${counts.deadlocks} accumulator deadlocks, threshold ${deadlocks}`
  if (errorRate === undefined && latencyMs === undefined) return undefined
  if (counts.calls < throughputMin) return undefined
  const failing = errorRate === undefined || counts.failed >= errorRate * counts.calls - 1e-9
  const slow = latencyMs === undefined || isP95Slow(counts)
  if (!failing || !slow) return undefined
  const parts = [
    ...(errorRate === undefined ? [] : [`${counts.failed} of ${counts.calls} calls failed`]),
    ...(latencyMs === undefined ? [] : [`p95 at or above ${latencyMs} ms`])
  ]
  return parts.join(" and ")
}

const counted = (state: State, rolling: Rolling, counts: Counts): Step => {
  const { atMs, settings, sinceMs } = state
  const next = added(rolling, atMs, counts)
  const known: State = { ...state, phase: { _tag: "Closed", rolling: next } }
  if (atMs - sinceMs < settings.closedMsMin) return [known, []]
  const reason = tripReason(settings, totals(next, atMs))
  return reason === undefined ? [known, []] : open(known, reason)
}

const judged = (state: State, phase: Extract<Phase, { _tag: "HalfOpen" }>): Step => {
  const { settings } = state
  const needed = goodNeeded(settings)
  const verdict = `${phase.good} of ${phase.good + phase.bad} trials were good, ${needed} needed`
  if (phase.good >= needed) return close(state, verdict)
  if (phase.bad > settings.trials - needed) return open(state, verdict)
  return [{ ...state, phase }, []]
}

/** Brings the state to this time: an open circuit whose cool-down is over is half-open. */
const arrived = (before: State, atMs: number): Step => {
  const state = atMs > before.atMs ? { ...before, atMs } : before
  const { phase, settings } = state
  if (phase._tag === "Open" && state.atMs >= phase.untilMs)
    return change(
      state,
      { _tag: "HalfOpen", running: [], good: 0, bad: 0, deadlocks: 0 },
      "the cool-down is over"
    )
  if (phase._tag !== "HalfOpen") return [state, []]
  const running = phase.running.filter((trial) => state.atMs - trial.atMs < settings.trialMsMax)
  const hung = phase.running.length - running.length
  return hung === 0 ? [state, []] : judged(state, { ...phase, running, bad: phase.bad + hung })
}

const reject = (state: State, retryAfterMs: number | undefined): Step => {
  const phase = state.phase._tag
  if (phase === "Closed") return [state, []]
  return [
    { ...state, rejectedCount: state.rejectedCount + 1 },
    [{ _tag: "Reject", phase, retryAfterMs }]
  ]
}

const admit = (state: State, trial: boolean): Step => {
  const ticket: Ticket = { epoch: state.epoch, id: state.nextId }
  const admitted = { ...state, nextId: ticket.id + 1, admittedCount: state.admittedCount + 1 }
  return [admitted, [{ _tag: "Admit", ticket, trial }]]
}

const request = (state: State): Step => {
  const { phase, settings, atMs } = state
  switch (phase._tag) {
    case "Closed":
      return admit(state, false)
    case "Open":
      return reject(state, phase.untilMs - atMs)
    case "Isolated":
      return reject(state, undefined)
    case "HalfOpen": {
      if (phase.running.length + phase.good + phase.bad >= settings.trials)
        return reject(state, undefined)
      const running = [...phase.running, { id: state.nextId, atMs }]
      return admit({ ...state, phase: { ...phase, running } }, true)
    }
  }
}

const ignore = (state: State, ticket: Ticket): Step => [
  { ...state, ignoredCount: state.ignoredCount + 1 },
  [{ _tag: "Ignore", ticket }]
]

const result = (state: State, event: Extract<Event, { _tag: "Result" }>): Step => {
  const { phase, settings } = state
  const { ticket, ok } = event
  const slow = settings.latencyMs !== undefined && event.latencyMs >= settings.latencyMs
  if (ticket.epoch !== state.epoch) return ignore(state, ticket)
  if (phase._tag === "Closed") {
    const counts = { calls: 1, failed: ok ? 0 : 1, slow: slow ? 1 : 0, deadlocks: 0 }
    return counted(state, phase.rolling, counts)
  }
  if (phase._tag !== "HalfOpen") return ignore(state, ticket)
  const running = phase.running.filter(({ id }) => id !== ticket.id)
  if (running.length === phase.running.length) return ignore(state, ticket)
  const good = ok && !slow
  return judged(state, {
    ...phase,
    running,
    good: phase.good + (good ? 1 : 0),
    bad: phase.bad + (good ? 0 : 1)
  })
}

const cancelled = (state: State, ticket: Ticket): Step => {
  const { phase } = state
  if (ticket.epoch !== state.epoch || phase._tag !== "HalfOpen") return ignore(state, ticket)
  const running = phase.running.filter(({ id }) => id !== ticket.id)
  return [{ ...state, phase: { ...phase, running } }, []]
}

const deadlocked = (state: State, count: number): Step => {
  const { phase, settings } = state
  if (phase._tag === "Closed")
    return counted(state, phase.rolling, { calls: 0, failed: 0, slow: 0, deadlocks: count })
  if (phase._tag !== "HalfOpen" || settings.deadlocks === undefined) return [state, []]
  const deadlocks = phase.deadlocks + count
  const known: State = { ...state, phase: { ...phase, deadlocks } }
  if (deadlocks < settings.deadlocks) return [known, []]
  return open(known, `${deadlocks} accumulator deadlocks while half-open`)
}

/**
 * Other settings, phase kept: an open circuit stays open as long as they allow, trials start anew,
 * since those that run were promised another judgement, and so does a window of another length.
 */
const reconfigured = (state: State, given: Settings): Step => {
  const { settings } = initial(given, state.atMs)
  const { phase, sinceMs } = state
  const { cooldownMs: least, cooldownMsMax: most } = settings
  const cooldownMs = Math.min(most, Math.max(least, state.cooldownMs))
  const known: State = { ...state, settings, cooldownMs }
  if (phase._tag === "Closed" && settings.windowMs !== state.settings.windowMs)
    return [{ ...known, phase: { _tag: "Closed", rolling: empty(settings.windowMs) } }, []]
  if (phase._tag === "Open") {
    const untilMs = Math.max(sinceMs + least, Math.min(phase.untilMs, sinceMs + most))
    return [{ ...known, phase: { _tag: "Open", untilMs } }, []]
  }
  if (phase._tag !== "HalfOpen") return [known, []]
  const fresh = { _tag: "HalfOpen", running: [], good: 0, bad: 0, deadlocks: 0 } as const
  return [{ ...known, epoch: state.epoch + 1, phase: fresh }, []]
}

const decide = (state: State, event: Event): Step => {
  switch (event._tag) {
    case "Request":
      return request(state)
    case "Result":
      return result(state, event)
    case "Cancelled":
      return cancelled(state, event.ticket)
    case "Deadlocked":
      return deadlocked(state, event.count)
    case "Isolate":
      if (state.phase._tag === "Isolated") return [state, []]
      return change(state, { _tag: "Isolated" }, "isolated by hand")
    case "Reset":
      return close({ ...state, cooldownMs: state.settings.cooldownMs }, "reset by hand")
    case "Tick":
      return [state, []]
    case "Reconfigured":
      return reconfigured(state, event.settings)
  }
}

/** The one transition. */
export const transition = (state: State, event: Event): Step => {
  const [now, before] = arrived(state, event.atMs)
  const [next, after] = decide(now, event)
  return [next, before.length === 0 ? after : [...before, ...after]]
}

/** Counts of the window; zero unless closed. */
export const windowCounts = (state: State): Counts =>
  state.phase._tag === "Closed"
    ? totals(state.phase.rolling, state.atMs)
    : { calls: 0, failed: 0, slow: 0, deadlocks: 0 }

/** Throws when the state contradicts the header. */
export const assertInvariants = (state: State): void => {
  const { phase, settings, sinceMs, atMs } = state
  Check.claim("circuit breaker", [
    [sinceMs <= atMs, `since ${sinceMs} is after ${atMs}`],
    [state.cooldownMs <= settings.cooldownMsMax, `cool-down ${state.cooldownMs} above its maximum`]
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
