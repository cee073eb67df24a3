// The options of an accumulator with defaults filled in and durations in milliseconds, and
// everything that is wrong with them. It never throws: a bad value becomes an issue with its cure,
// and building the pipeline refuses it.
import type * as Policy from "@sluice/core/Policy"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** What is wrong with a description, and what to change. */
export interface Issue {
  readonly reason: string
  readonly cure: string
}

/** Options about bounds and endings, shared by all ways to describe an accumulator. */
export interface BoundOptions {
  readonly limits?: {
    readonly items?: number
    readonly bytes?: number
    readonly keys?: number
    readonly slots?: number
    readonly emit?: "partial" | "discard"
  }
  readonly expire?: {
    readonly idle?: Duration.Input
    readonly age?: Duration.Input
    readonly emit?: "partial" | "discard"
  }
  readonly timeBoundWaived?: string
  readonly atEnd?: "partial" | "discard"
  readonly late?: "drop" | "reopen"
  readonly tombstones?: { readonly max?: number; readonly age?: Duration.Input }
  readonly progressWeights?: Readonly<Record<string, number>>
}

/** The machine's parameters. */
export interface Settings {
  readonly itemsMax: number
  readonly bytesMax: number
  readonly keysMax: number
  readonly slotsMax: number
  readonly limitEmit: "partial" | "discard"
  readonly idleMs: number
  readonly ageMs: number
  readonly expireEmit: "partial" | "discard"
  readonly atEnd: "partial" | "discard"
  readonly late: "drop" | "reopen"
  readonly tombstones: { readonly max: number; readonly ageMs: number }
}

/** Open keys allowed unless said otherwise: about 300 MB of small states. */
export const keysDefault = 1_000_000

/** Slots of one key unless said otherwise; a key with more is rather a wrong key function. */
export const slotsDefault = 10_000

/** Closed keys remembered unless said otherwise: about 20 MB. */
export const tombstonesDefault = 100_000

/** How long a closed key is remembered unless said otherwise. */
export const tombstoneAgeDefault = 600_000

const unbounded = Number.POSITIVE_INFINITY

const wholeFrom = (
  issues: Array<Issue>,
  name: string,
  value: number | undefined,
  min: number,
  ifAbsent: number
): number => {
  if (value === undefined) return ifAbsent
  if (Number.isSafeInteger(value) && value >= min) return value
  issues.push({
    reason: `${name} is ${value}`,
    cure: `set ${name} to a whole number from ${min} on`
  })
  return ifAbsent
}

const millis = (
  issues: Array<Issue>,
  name: string,
  value: Duration.Input | undefined,
  ifAbsent: number
): number => {
  if (value === undefined) return ifAbsent
  const ms = Option.match(Duration.fromInput(value), {
    onNone: () => Number.NaN,
    onSome: Duration.toMillis
  })
  if (ms > 0 && ms < unbounded) return ms
  issues.push({
    reason: `${name} is ${String(value)}`,
    cure: `set ${name} to a positive, finite duration such as "30 seconds"`
  })
  return ifAbsent
}

const timeBoundIssues = (options: BoundOptions, issues: Array<Issue>): void => {
  const waiver = options.timeBoundWaived
  const bounded = options.expire?.idle !== undefined || options.expire?.age !== undefined
  if (!bounded && waiver === undefined) {
    issues.push({
      reason: "a key may wait for ever: neither expire.idle nor expire.age is set",
      cure:
        'set expire: { idle: "30 seconds" }, or waive it by name, e.g. ' +
        'timeBoundWaived: "the input is a finite file"'
    })
  }
  if (waiver !== undefined && waiver.trim() === "") {
    issues.push({
      reason: "timeBoundWaived gives no reason",
      cure: "say in it why no key can wait for ever"
    })
  }
  if (options.expire !== undefined && !bounded && waiver !== undefined) {
    issues.push({
      reason: "expire is given without idle or age",
      cure: "set expire.idle or expire.age, or leave expire out"
    })
  }
}

/** Fills in the options and finds what is wrong with them. */
export const settingsOf = (
  options: BoundOptions
): { readonly settings: Settings; readonly issues: Array<Issue> } => {
  const issues: Array<Issue> = []
  timeBoundIssues(options, issues)
  const { limits, expire, tombstones } = options
  for (const [slot, weight] of Object.entries(options.progressWeights ?? {})) {
    if (weight > 0 && weight < unbounded) continue
    issues.push({
      reason: `progressWeights gives "${slot}" the weight ${weight}`,
      cure: "weights are positive numbers; leave a slot out to give it the weight 1"
    })
  }
  const settings: Settings = {
    itemsMax: wholeFrom(issues, "limits.items", limits?.items, 1, unbounded),
    bytesMax: wholeFrom(issues, "limits.bytes", limits?.bytes, 1, unbounded),
    keysMax: wholeFrom(issues, "limits.keys", limits?.keys, 1, keysDefault),
    slotsMax: wholeFrom(issues, "limits.slots", limits?.slots, 1, slotsDefault),
    limitEmit: limits?.emit ?? "partial",
    idleMs: millis(issues, "expire.idle", expire?.idle, unbounded),
    ageMs: millis(issues, "expire.age", expire?.age, unbounded),
    expireEmit: expire?.emit ?? "partial",
    atEnd: options.atEnd ?? "partial",
    late: options.late ?? "drop",
    tombstones: {
      max: wholeFrom(issues, "tombstones.max", tombstones?.max, 0, tombstonesDefault),
      ageMs: millis(issues, "tombstones.age", tombstones?.age, tombstoneAgeDefault)
    }
  }
  return { settings, issues }
}

/** The same as the graph's descriptor: plain data. */
export const descriptorOf = (
  options: BoundOptions,
  settings: Settings
): Policy.AccumulationDescriptor => ({
  policy: {
    ...(settings.itemsMax < unbounded && { itemsMax: settings.itemsMax }),
    ...(settings.bytesMax < unbounded && { bytesMax: settings.bytesMax }),
    ...(settings.ageMs < unbounded && { ageMs: settings.ageMs }),
    ...(settings.idleMs < unbounded && { idleMs: settings.idleMs }),
    ...(options.timeBoundWaived !== undefined && { timeBoundWaived: options.timeBoundWaived }),
    keysMax: settings.keysMax,
    partialFlush: settings.expireEmit === "partial",
    spillAllowed: false
  },
  engineHint: { _tag: "Sequential" },
  progressWeights: options.progressWeights ?? {}
})

const duration = (ms: number): string => Duration.format(Duration.millis(ms))

/** The bounds in words, for `explain`. */
export const boundsText = (settings: Settings): string => {
  const parts: Array<string> = []
  if (settings.idleMs < unbounded) parts.push(`idle ${duration(settings.idleMs)}`)
  if (settings.ageMs < unbounded) parts.push(`age ${duration(settings.ageMs)}`)
  if (parts.length === 0) parts.push("no time bound")
  if (settings.itemsMax < unbounded) parts.push(`at most ${settings.itemsMax} items`)
  if (settings.bytesMax < unbounded) parts.push(`at most ${settings.bytesMax} bytes`)
  parts.push(`at end ${settings.atEnd}`)
  return parts.join(", ")
}
