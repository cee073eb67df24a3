// The seam between core and accumulation packages: how an engine drives keyed state.
// Core knows no completion rule and no key table; it hands over batches and time, and takes batches
// back.
import type * as Batch from "./Batch.ts"
import type * as DeadLetter from "./DeadLetter.ts"
import type * as Policy from "./Policy.ts"
import type * as PoolStatistics from "./PoolStatistics.ts"
import type { PoolTracker } from "./PoolTracker.ts"
import type * as Views from "./Views.ts"

/** Why a key left the state; the name stands on the output as `acc.reason`. */
export type CompletionReason = string

/** A key that is still open, for end-of-run reports. */
export interface OpenKey {
  readonly key: unknown
  readonly fragments: number
  /** 0..1, share of what the rule asks for that is there. */
  readonly completeness: number
  /** What it waits for, named, e.g. slots; bounded by the implementation. */
  readonly missing: ReadonlyArray<string>
}

/**
 * Running totals. At any moment `fragmentsIn = fragmentsCompleted + fragmentsPartial +
 * fragmentsDropped + fragmentsFailed + fragmentsOpen`.
 */
export interface AccumulatorTotals {
  readonly fragmentsIn: number
  /** Fragments that left in a complete output. */
  readonly fragmentsCompleted: number
  /** Fragments that left in a partial output. */
  readonly fragmentsPartial: number
  /**
   * Fragments given up, with the reason counted in `dropsByReason` (late, discarded at end,
   * evicted, …).
   */
  readonly fragmentsDropped: number
  /** Fragments handed to the error policy. */
  readonly fragmentsFailed: number
  readonly fragmentsOpen: number
  readonly keysOpen: number
  readonly keysCompleted: number
  readonly keysPartial: number
  readonly keysDropped: number
  /** Keys whose output could not be made: their fragments are among the failed. */
  readonly keysFailed?: number
  /** Keys that had to go to make room; counted besides how they left. */
  readonly keysEvicted?: number
  /** Fragments that came for what was there already; counted besides where they went. */
  readonly duplicates?: number
  readonly bytesOpen: number
  /**
   * Spills that are being written or read now: they count in the effective queue, and while memory
   * presses besides the regulator slows credits and makes batches smaller. Absent: it spills
   * nothing.
   */
  readonly spillsActive?: number
  readonly dropsByReason: Readonly<Record<string, number>>
  readonly completedByReason: Readonly<Record<string, number>>
}

/** What a run asks of the pools that are made in it. */
export interface PoolHost {
  /** Development mode: whoever rents is named, and must return. */
  readonly tracker: PoolTracker | undefined
  /** Tells of a pool, where somebody asks for metrics; returns what to call when it is gone. */
  readonly watch: (statistics: () => PoolStatistics.PoolStatistics) => () => void
}

/** What the engine gives an instance to act through. */
export interface AccumulatorHost {
  readonly pipelineId: string
  readonly stageId: string
  /** Milliseconds since the epoch, from the run's Clock. */
  readonly now: () => number
  /** How hard memory presses, 0 to 1: when to hold less, or to spill. */
  readonly pressure?: () => number
  /** For pools of its own; absent: it is watched by nobody. */
  readonly pools?: PoolHost
  /**
   * A fragment could not be taken, or a group could not be handed on. Returns true when the error
   * policy set it aside (carry on), false when the run must end (stop processing the batch and
   * return). `index` is the position in the batch being processed, -1 when no record caused it;
   * `payload` is what to keep instead of that record.
   */
  readonly failed: (
    index: number,
    key: unknown,
    cause: unknown,
    kind: DeadLetter.FailureKind,
    payload?: unknown
  ) => boolean
}

/** Outputs of one call; undefined where nothing was completed. */
export type Emitted<Out> = Batch.Batch<Out> | undefined

/**
 * One running accumulator, owned by one fiber at a time.
 *
 * Flow: the engine calls `process` per batch, `fire` when `deadline` has passed and between
 * batches, and `end` after the last batch. Each returns at most `batchSize` outputs; while
 * `pending` is true the engine delivers what it got and calls `fire` again before it hands over new
 * input, so due timers never starve the input nor exceed memory.
 */
export interface AccumulatorInstance<in In, out Out> {
  readonly process: (batch: Batch.Batch<In>) => Emitted<Out>
  readonly fire: (now: number) => Emitted<Out>
  /** Earliest time at which `fire` has something to do; Infinity when none. */
  readonly deadline: () => number
  /** True while due work is left that did not fit into the last result. */
  readonly pending: () => boolean
  /**
   * No more input. `drain` follows the stage's end policy (partials or discard); call again while
   * it returns a batch.
   */
  readonly end: () => Emitted<Out>
  readonly totals: () => AccumulatorTotals
  /**
   * At most `limit` open keys with what each waits for; after `end` the keys that were given up or
   * left as partials.
   */
  readonly openKeys: (limit: number) => ReadonlyArray<OpenKey>
  /** Called once when the stage is closed, however the run ended. */
  readonly close?: () => void
}

/** How an accumulator takes its fragments: as objects, or as views with what it needs of them. */
export type FragmentShape =
  | { readonly _tag: "Objects"; readonly reason: string }
  | {
      readonly _tag: "Views"
      /** What it needs of each layout, in the order it was asked about them. */
      readonly needs: ReadonlyArray<Views.Needs>
      /** Layout of its outputs. */
      readonly output: Views.Layout
      /** The instance; its outputs are views where `emitViews` is true. */
      readonly make: (
        host: AccumulatorHost,
        emitViews: boolean
      ) => AccumulatorInstance<unknown, unknown>
    }

/** A described accumulator, as it stands in the graph. */
export interface AccumulatorSpec<in In, out Out> {
  readonly _tag: "AccumulatorSpec"
  /** Shown by `explain`, e.g. `slots (discovered), idle 30 s`. */
  readonly label: string
  readonly descriptor: Policy.AccumulationDescriptor
  /**
   * What would make it wait for ever or grow without bound, found at build time; empty when sound.
   */
  readonly issues: ReadonlyArray<{ readonly reason: string; readonly cure: string }>
  readonly make: (host: AccumulatorHost) => AccumulatorInstance<In, Out>
  /** The same with other limits, for policies taken by name; absent where it has none. */
  readonly withPolicy?: (policy: Policy.AccumulatorPolicy) => AccumulatorSpec<In, Out>
  /** Asked when every input has views of these layouts; absent: it takes objects. */
  readonly shapeFor?: (layouts: ReadonlyArray<Views.Layout>) => FragmentShape
}
