// How records are gathered to batches in front of a stage: by count, by time, by either, by a rule
// of the user's, or by a size that adapts. Plain data but for the functions of the last two; what
// carries it out is the stage that `Pipeline.batch` makes. It bounds what waits and changes no
// record.
import * as Duration from "effect/Duration"
import { sizeMax } from "./Batch.ts"

/**
 * Decides how large the next batch should be, from what became of the ones before: the seam for
 * adaptive batching. One belongs to one stage of one run; the engine calls it synchronously, once
 * or twice for each batch.
 */
export interface BatchSizer {
  /** Records the next batch should have; the engine rounds, and keeps it from 1 to `countMax`. */
  readonly size: () => number
  /** Told of each batch once the stages behind it, up to the next channel, have taken it. */
  readonly observe: (seen: ObservedBatch) => void
}

/** What a `BatchSizer` is told. */
export interface ObservedBatch {
  /** Records in the batch. */
  readonly count: number
  /** Time the stages behind took for it, by the run's Clock. */
  readonly latencyMs: number
  /** Share of the queue in front of the stage that was in use afterwards, 0 to 1. */
  readonly fill: number
}

/** A rule that says when a batch is complete: a fold over its records. */
export interface CompletionFold {
  /** The state of an empty batch. */
  readonly initial: unknown
  readonly add: (state: never, payload: never) => unknown
  readonly complete: (state: never) => boolean
}

/** How a stage gathers its batches. `countMax` and `count` bound what waits, in records. */
export type Batching =
  | { readonly _tag: "Record" }
  | {
      readonly _tag: "Fixed"
      readonly count: number
      /** What an incomplete batch does when nothing more is there: leave, or wait for the rest. */
      readonly incomplete: "release" | "hold"
    }
  | { readonly _tag: "TimeWindow"; readonly windowMs: number; readonly countMax: number }
  | { readonly _tag: "Hybrid"; readonly count: number; readonly windowMs: number }
  | {
      readonly _tag: "Accumulated"
      readonly label: string
      readonly fold: CompletionFold
      readonly countMax: number
      /** Infinity: an incomplete batch waits until the input ends. */
      readonly windowMs: number
    }
  | {
      readonly _tag: "Adaptive"
      readonly label: string
      readonly countMax: number
      readonly make: () => BatchSizer
    }

const millis = (duration: Duration.Input): number =>
  Duration.toMillis(Duration.fromInputUnsafe(duration))

/** Each record by itself: the least latency, and the greatest cost for each record. */
export const record: Batching = { _tag: "Record" }

/**
 * Batches of `count` records.
 *
 * Flow: waits only while more is there: when the input falls silent, an incomplete batch leaves at
 * once, so a lone record does not wait. With `incomplete: "hold"` every batch but the last one has
 * `count` records, however long that takes.
 * Limits: `count` from 1 to 65,536.
 */
export const fixed = (
  count: number,
  options: { readonly incomplete?: "release" | "hold" } = {}
): Batching => ({ _tag: "Fixed", count, incomplete: options.incomplete ?? "release" })

/**
 * What arrives between two boundaries, whole multiples of `window` by the Clock: every stage and
 * every run with the same window cuts at the same instants.
 *
 * Flow: a record waits for the boundary, at most `window`. Limits: a batch that reaches `countMax`
 * (default 65,536) leaves before it.
 */
export const timeWindow = (
  window: Duration.Input,
  options: { readonly countMax?: number } = {}
): Batching => ({
  _tag: "TimeWindow",
  windowMs: millis(window),
  countMax: options.countMax ?? sizeMax
})

/**
 * Whichever comes first: `count` records, or `window` after the first of them came.
 *
 * Flow: a lone record waits for the whole window: the price for fuller batches. Limits: `count`
 * from 1 to 65,536.
 */
export const hybrid = (count: number, window: Duration.Input): Batching => ({
  _tag: "Hybrid",
  count,
  windowMs: millis(window)
})

/**
 * A batch that leaves when a rule of its own says that it is complete: a number of bytes, the last
 * line of an order, a total.
 *
 * Flow: `add` is called once for each record with the state so far (not to be changed in place),
 * `complete` with the new state; the record that completes a batch leaves with it.
 * Limits: an incomplete batch leaves with `countMax` records (default 65,536), `window` after its
 * first record, or at the end. `window: "Infinity"` waives the time bound: a record may then wait
 * for ever.
 * Errors: a function that throws ends the run, naming the stage.
 *
 * @example
 * ```ts
 * import * as Batching from "@sluice/core/Batching"
 *
 * const mebibyte = Batching.accumulated({
 *   initial: 0,
 *   add: (characters: number, line: string) => characters + line.length,
 *   complete: (characters) => characters >= 1_048_576,
 *   window: "2 seconds"
 * })
 * ```
 */
export const accumulated = <A, S>(options: {
  readonly initial: S
  readonly add: (state: S, payload: A) => S
  readonly complete: (state: S) => boolean
  readonly window: Duration.Input
  readonly countMax?: number
  /** Shown by `explain`. Default "rule". */
  readonly label?: string
}): BatchingOf<A> => ({
  _tag: "Accumulated",
  label: options.label ?? "rule",
  fold: { initial: options.initial, add: options.add, complete: options.complete },
  countMax: options.countMax ?? sizeMax,
  windowMs: millis(options.window)
})

/**
 * Batches whose size follows what is observed; `make` is called once for each run.
 *
 * Flow: as `fixed`, with the size asked for when a batch starts; an incomplete batch leaves when
 * nothing more is there.
 */
export const adaptive = (options: {
  readonly make: () => BatchSizer
  /** Shown by `explain`. Default "adaptive". */
  readonly label?: string
  /** Default 65,536. */
  readonly countMax?: number
}): Batching => ({
  _tag: "Adaptive",
  label: options.label ?? "adaptive",
  countMax: options.countMax ?? sizeMax,
  make: options.make
})

/** A batching whose rule knows the payload type; what `Pipeline.batch` takes. */
export type BatchingOf<A> = Batching & { readonly _A?: (payload: A) => void }

/** In a few words, for plans and drawings. */
export const describe = (batching: Batching): string => {
  switch (batching._tag) {
    case "Record":
      return "one record"
    case "Fixed":
      return batching.incomplete === "hold"
        ? `exactly ${batching.count} records`
        : `${batching.count} records`
    case "TimeWindow":
      return `every ${batching.windowMs} ms`
    case "Hybrid":
      return `${batching.count} records or ${batching.windowMs} ms`
    case "Accumulated":
      return batching.windowMs === Number.POSITIVE_INFINITY
        ? batching.label
        : `${batching.label} or ${batching.windowMs} ms`
    case "Adaptive":
      return batching.label
  }
}

const notCount = (name: string, value: number): ReadonlyArray<string> =>
  Number.isSafeInteger(value) && value >= 1 && value <= sizeMax
    ? []
    : [`${name} is ${value}, a whole number from 1 to ${sizeMax} is expected`]

const notWindow = (value: number, infinite: boolean): ReadonlyArray<string> =>
  value > 0 && (Number.isFinite(value) || infinite)
    ? []
    : [`its window is ${value} ms, a finite time above 0 is expected`]

/** What would make a batching wait for ever or grow without bound; empty when it is sound. */
export const problems = (batching: Batching): ReadonlyArray<string> => {
  switch (batching._tag) {
    case "Record":
      return []
    case "Fixed":
      return notCount("count", batching.count)
    case "TimeWindow":
      return [...notWindow(batching.windowMs, false), ...notCount("countMax", batching.countMax)]
    case "Hybrid":
      return [...notCount("count", batching.count), ...notWindow(batching.windowMs, false)]
    case "Accumulated":
      return [...notCount("countMax", batching.countMax), ...notWindow(batching.windowMs, true)]
    case "Adaptive":
      return notCount("countMax", batching.countMax)
  }
}
