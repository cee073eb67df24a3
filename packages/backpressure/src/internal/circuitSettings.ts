// Settings of the circuit breaker: those of core's policy, each resolved and judged.
// A threshold that is absent is no condition; at least one must be given.
import type * as Policy from "@sluice/core/Policy"
import * as Check from "./settings.ts"

/** When it opens and how it closes: the figures of `CircuitBreakerPolicy`, under their names. */
export type Settings = Omit<Policy.CircuitBreakerPolicy, "whenOpen">

type Threshold = "errorThreshold" | "latencyMsThreshold" | "deadlocks"

/** Settings with nothing left open; an absent threshold is no condition. */
export interface Resolved extends Required<Omit<Settings, Threshold>> {
  readonly errorThreshold: number | undefined
  readonly latencyMsThreshold: number | undefined
  readonly deadlocks: number | undefined
}

const problems = (s: Resolved): ReadonlyArray<Check.Problem> => [
  Check.unless(
    (s.errorThreshold ?? s.latencyMsThreshold ?? s.deadlocks) !== undefined,
    "nothing could open it: give errorThreshold, latencyMsThreshold or deadlocks"
  ),
  s.errorThreshold === undefined
    ? undefined
    : Check.ratio("errorThreshold", s.errorThreshold, true),
  s.latencyMsThreshold === undefined
    ? undefined
    : Check.positive("latencyMsThreshold", s.latencyMsThreshold),
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

/** The settings with their defaults; throws `InvalidSettings`. */
export const resolved = (given: Settings): Resolved => {
  const cooldownMs = given.cooldownMs ?? 10_000
  const settings: Resolved = {
    windowMs: given.windowMs ?? 10_000,
    throughputMin: given.throughputMin ?? 20,
    cooldownMs,
    cooldownFactor: given.cooldownFactor ?? 2,
    cooldownMsMax: given.cooldownMsMax ?? Math.max(cooldownMs, 120_000),
    closedMsMin: given.closedMsMin ?? 0,
    trials: given.trials ?? 5,
    trialRatio: given.trialRatio ?? 0.8,
    trialMsMax: given.trialMsMax ?? 60_000,
    errorThreshold: given.errorThreshold,
    latencyMsThreshold: given.latencyMsThreshold,
    deadlocks: given.deadlocks
  }
  Check.accept("circuit breaker", problems(settings))
  return settings
}

/** Good trials that close the circuit: 3 of 5 at 0.6, and not 4 because 0.6 × 5 is inexact. */
export const goodNeeded = ({ trials, trialRatio }: Resolved): number =>
  Math.max(1, Math.ceil(trials * trialRatio - 1e-9))
