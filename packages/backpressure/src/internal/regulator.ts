// The pure regulator: the interaction table of adaptive batches, accumulators and credits.
// It looks at a sample, decides with hysteresis, and explains each decision with its numbers.
// Invariants: the log is bounded; credits are slowed once and restored once, in turn, and the batch
// size with them, since the third row is for a while; no two steps
// closer than `settleSamples`. It changes nothing itself.
import * as Check from "./settings.ts"

/** What is measured at one moment; shares are between 0 and 1. */
export interface Sample {
  readonly atMs: number
  /** Share of the accumulators' limits in use. */
  readonly fill: number
  /** Keys completed for each key touched since the last sample. */
  readonly completionRate: number
  readonly cpuIdle: number
  readonly activeSpillCount: number
  /** Share of the time spent in garbage collection. */
  readonly gcPressure: number
  /** Whether the batch size could go down, or up, any further; default that it could. */
  readonly canShrink?: boolean
  readonly canGrow?: boolean
}

/** Thresholds; a condition that holds ends only past `hysteresis` beyond its threshold. */
export interface Settings {
  readonly fillHigh?: number
  readonly completionLow?: number
  readonly completionHigh?: number
  readonly idleHigh?: number
  /** Garbage collection counts as pressure from here on, when it rises. */
  readonly gcHigh?: number
  readonly hysteresis?: number
  /** Samples a condition must hold before the first step, and between two steps. */
  readonly settleSamples?: number
  readonly logMax?: number
}

/** The rows of the table, most urgent first. */
export type Rule = "spill-and-gc" | "filling" | "idle"

/** Why something was decided. */
export interface Decision {
  readonly atMs: number
  readonly rule: Rule
  readonly action: Action["_tag"]
  readonly reason: string
}

/** What should be done. */
export type Action =
  | { readonly _tag: "ShrinkBatch"; readonly reason: string }
  | { readonly _tag: "GrowBatch"; readonly reason: string }
  | { readonly _tag: "SlowCredits"; readonly reason: string }
  | { readonly _tag: "RestoreBatch"; readonly reason: string }
  | { readonly _tag: "RestoreCredits"; readonly reason: string }

/** State of a regulator. */
export interface State {
  readonly settings: Required<Settings>
  /** The row that holds now and for how many samples it has. */
  readonly rule: Rule | undefined
  readonly heldSamples: number
  readonly gcPressure: number | undefined
  readonly credits: "normal" | "slowed"
  readonly log: ReadonlyArray<Decision>
  readonly decisionCount: number
}

type Step = readonly [State, ReadonlyArray<Action>]

/** A regulator that has seen nothing; throws `InvalidSettings`. */
export const initial = (given: Settings = {}): State => {
  const settings: Required<Settings> = {
    fillHigh: 0.8,
    completionLow: 0.2,
    completionHigh: 0.5,
    idleHigh: 0.5,
    gcHigh: 0.1,
    hysteresis: 0.1,
    settleSamples: 3,
    logMax: 100,
    ...given
  }
  const shares = ["fillHigh", "completionLow", "completionHigh", "idleHigh", "gcHigh"] as const
  Check.accept("regulator", [
    ...shares.map((name) => Check.ratio(name, settings[name])),
    Check.ratio("hysteresis", settings.hysteresis),
    Check.unless(
      settings.completionLow < settings.completionHigh,
      `completionLow ${settings.completionLow} is not below completionHigh`
    ),
    Check.count("settleSamples", settings.settleSamples),
    Check.count("logMax", settings.logMax)
  ])
  return {
    settings,
    rule: undefined,
    heldSamples: 0,
    gcPressure: undefined,
    credits: "normal",
    log: [],
    decisionCount: 0
  }
}

/** The row of the table that applies; one that holds already is given up later. */
const ruleOf = (state: State, sample: Sample): Rule | undefined => {
  const { settings: s, rule, gcPressure } = state
  const slack = (of: Rule): number => (rule === of ? s.hysteresis : 0)
  const gcRises = gcPressure === undefined || sample.gcPressure > gcPressure
  const gcHolds = rule === "spill-and-gc" || gcRises
  const gcHigh = sample.gcPressure >= s.gcHigh - slack("spill-and-gc")
  if (sample.activeSpillCount > 0 && gcHigh && gcHolds) return "spill-and-gc"
  const full = sample.fill >= s.fillHigh - slack("filling")
  if (full && sample.completionRate <= s.completionLow + slack("filling")) return "filling"
  const idle = sample.cpuIdle >= s.idleHigh - slack("idle")
  return idle && sample.completionRate >= s.completionHigh - slack("idle") ? "idle" : undefined
}

/**
 * Whether batches should not grow by themselves: a controller that knows nothing of the table would
 * undo each step at once.
 */
export const holdsDown = ({ rule, credits }: State): boolean =>
  credits === "slowed" || rule === "spill-and-gc" || rule === "filling"

const percent = (share: number): string => `${Math.round(share * 100)} %`

const reasonOf = (rule: Rule, sample: Sample): string => {
  const gcPressure = percent(sample.gcPressure)
  const completing = `completion rate ${percent(sample.completionRate)}`
  switch (rule) {
    case "spill-and-gc":
      return `${sample.activeSpillCount} spills while GC pressure is at ${gcPressure}`
    case "filling":
      return `accumulators ${percent(sample.fill)} full, ${completing}`
    case "idle":
      return `${completing}, CPU ${percent(sample.cpuIdle)} idle`
  }
}

/** Only what has an effect: a log of steps that changed nothing would hide those that did. */
const actionsOf = (state: State, rule: Rule, sample: Sample): ReadonlyArray<Action> => {
  const { canGrow = true, canShrink = true } = sample
  const reason = reasonOf(rule, sample)
  if (rule === "idle") return canGrow ? [{ _tag: "GrowBatch", reason }] : []
  const slow = rule === "spill-and-gc" && state.credits === "normal"
  return [
    ...(canShrink ? [{ _tag: "ShrinkBatch", reason } as const] : []),
    ...(slow ? [{ _tag: "SlowCredits", reason } as const] : [])
  ]
}

const decided = (state: State, rule: Rule, atMs: number, actions: ReadonlyArray<Action>): Step => {
  const entries = actions.map(({ _tag: action, reason }) => ({ atMs, rule, action, reason }))
  let { credits } = state
  for (const { _tag } of actions) {
    if (_tag === "SlowCredits") credits = "slowed"
    if (_tag === "RestoreCredits") credits = "normal"
  }
  const log = [...state.log, ...entries].slice(-state.settings.logMax)
  return [{ ...state, credits, log, decisionCount: state.decisionCount + entries.length }, actions]
}

/** Credits come back once the row that slowed them has not held for as long as it took to act. */
const relaxed = (state: State, sample: Sample): Step => {
  if (state.credits === "normal" || state.heldSamples < state.settings.settleSamples)
    return [state, []]
  const spilling = sample.activeSpillCount > 0 ? "GC pressure fell" : "spilling is over"
  const reason = `${spilling}, GC pressure at ${percent(sample.gcPressure)}`
  return decided(state, "spill-and-gc", sample.atMs, [
    { _tag: "RestoreCredits", reason },
    { _tag: "RestoreBatch", reason }
  ])
}

/** The one transition. */
export const transition = (before: State, sample: Sample): Step => {
  const rule = ruleOf(before, sample)
  const heldSamples = rule === before.rule ? before.heldSamples + 1 : 1
  const state = { ...before, rule, heldSamples, gcPressure: sample.gcPressure }
  if (rule !== "spill-and-gc" && state.credits === "slowed") {
    const [next, actions] = relaxed(state, sample)
    if (actions.length > 0 || rule === undefined) return [next, actions]
  }
  if (rule === undefined || heldSamples % state.settings.settleSamples !== 0) return [state, []]
  return decided(state, rule, sample.atMs, actionsOf(state, rule, sample))
}

/** Throws when the state contradicts the header. */
export const assertInvariants = (state: State): void => {
  const { log, settings, decisionCount, credits, rule } = state
  Check.claim("regulator", [
    [log.length <= settings.logMax, `${log.length} entries of ${settings.logMax}`],
    [decisionCount >= log.length, `${decisionCount} decisions, ${log.length} in the log`],
    [
      credits === "normal" || decisionCount > 0,
      `credits are ${credits} under ${rule} though nothing was decided`
    ]
  ])
}
