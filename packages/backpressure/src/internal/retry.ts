// The pure retry decision: after a failure, wait how long, or give up why.
// Invariants: at most `retriesMax` retries; no wait above `backoffMsMax`, none that would end after
// the deadline. The random number is part of the event, so the machine is a function.
import * as Check from "./settings.ts"

/** How a wait is spread. `proportional`: ±20 %; `full`: anywhere from 0 to the wait. */
export type Jitter = "none" | "proportional" | "full" | "decorrelated"

/** Settings of a retry. */
export interface Settings {
  readonly retriesMax: number
  readonly backoffMs: number
  readonly factor?: number
  readonly backoffMsMax?: number
  readonly jitter?: Jitter
  /** From the first attempt on: no retry starts later. */
  readonly totalMsMax?: number
}

/** State of one retried call. */
export interface State {
  readonly settings: Required<Settings>
  readonly startedMs: number
  readonly attempts: number
  readonly lastWaitMs: number
  readonly phase: "running" | "waiting" | "ended"
}

/** What may happen to a call. */
export type Event =
  | {
      readonly _tag: "Failed"
      readonly atMs: number
      readonly retryable: boolean
      /** From 0 up to, but not including, 1. */
      readonly random: number
      /** What the other side asked for; a longer wait than ours wins. */
      readonly retryAfterMs?: number
    }
  | { readonly _tag: "Resumed" }
  | { readonly _tag: "Succeeded" }

/** Why no further attempt is made. */
export type GiveUp = "not-retryable" | "attempts" | "deadline"

/** What is decided. */
export type Action =
  | { readonly _tag: "Wait"; readonly ms: number; readonly attempt: number }
  | { readonly _tag: "GiveUp"; readonly reason: GiveUp; readonly attempts: number }

type Step = readonly [State, ReadonlyArray<Action>]

/** The settings with their defaults; throws `InvalidSettings`. */
export const resolve = (given: Settings): Required<Settings> => {
  const settings: Required<Settings> = {
    factor: 2,
    backoffMsMax: Math.max(30_000, given.backoffMs),
    jitter: "proportional",
    totalMsMax: Number.MAX_SAFE_INTEGER,
    ...given
  }
  Check.accept("retry", [
    Check.count("retriesMax", settings.retriesMax, 0),
    Check.atLeast("backoffMs", settings.backoffMs, 0),
    Check.atLeast("factor", settings.factor, 1),
    Check.atLeast("backoffMsMax", settings.backoffMsMax, settings.backoffMs),
    Check.positive("totalMsMax", settings.totalMsMax)
  ])
  return settings
}

/** A call before its first attempt. */
export const started = (settings: Required<Settings>, atMs: number): State => ({
  settings,
  startedMs: atMs,
  attempts: 1,
  lastWaitMs: settings.backoffMs,
  phase: "running"
})

/** A call before its first attempt, by settings as they are given; throws `InvalidSettings`. */
export const initial = (given: Settings, atMs: number): State => started(resolve(given), atMs)

/** The wait before the n-th retry without jitter. */
export const backoffMs = (settings: Required<Settings>, retry: number): number =>
  Math.min(settings.backoffMsMax, settings.backoffMs * settings.factor ** (retry - 1))

const jittered = (state: State, random: number): number => {
  const { settings, attempts, lastWaitMs } = state
  const plain = backoffMs(settings, attempts)
  const bounded = (ms: number): number => Math.min(settings.backoffMsMax, ms)
  switch (settings.jitter) {
    case "none":
      return plain
    case "proportional":
      return bounded(plain * (0.8 + 0.4 * random))
    case "full":
      return plain * random
    case "decorrelated":
      return bounded(settings.backoffMs + random * Math.max(0, lastWaitMs * 3 - settings.backoffMs))
  }
}

const giveUp = (state: State, reason: GiveUp): Step => [
  { ...state, phase: "ended" },
  [{ _tag: "GiveUp", reason, attempts: state.attempts }]
]

const failed = (state: State, event: Extract<Event, { _tag: "Failed" }>): Step => {
  const { settings, attempts, startedMs } = state
  if (!event.retryable) return giveUp(state, "not-retryable")
  if (attempts > settings.retriesMax) return giveUp(state, "attempts")
  const ms = Math.max(jittered(state, event.random), event.retryAfterMs ?? 0)
  if (event.atMs - startedMs + ms >= settings.totalMsMax) return giveUp(state, "deadline")
  return [
    { ...state, attempts: attempts + 1, lastWaitMs: ms, phase: "waiting" },
    [{ _tag: "Wait", ms, attempt: attempts + 1 }]
  ]
}

/** The one transition; events that do not fit the phase change nothing. */
export const transition = (state: State, event: Event): Step => {
  if (event._tag === "Resumed")
    return [state.phase === "waiting" ? { ...state, phase: "running" } : state, []]
  if (state.phase !== "running") return [state, []]
  return event._tag === "Failed" ? failed(state, event) : [{ ...state, phase: "ended" }, []]
}

/** Throws when the state contradicts the header. */
export const assertInvariants = (state: State): void => {
  const { attempts, settings } = state
  Check.claim("retry", [
    [attempts <= settings.retriesMax + 1, `${attempts} attempts, ${settings.retriesMax} retries`]
  ])
}
