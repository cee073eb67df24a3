// The seam of flow control: what limits the records on their way into one stage. Core asks and
// waits; a strategy decides, by a pure machine of its own, and never waits, forks or keeps records.
// Strategies are in `@sluice/backpressure`, as `Flow`; core itself knows only bounded channels.
import * as Context from "effect/Context"
import type * as Batching from "./Batching.ts"
import type * as Policy from "./Policy.ts"

/** A batch, or the rest of one, that asks to be let through. */
export interface Offer {
  /** At least 1. */
  readonly records: number
  /** All of them together, in the strategy's `unit`; what is not known weighs nothing. */
  readonly weight: number
}

/** What a strategy counts in. */
export type FlowUnit = "records" | "bytes" | "cost"

/** What the stages of a run hold and do, as far as a strategy may want to know. */
export interface Pressure {
  /** Bytes that accumulators hold open. */
  readonly pendingBytes: number
  /** Spills being written or read now, over all accumulators: their `spillsActive`. */
  readonly spills: number
  /** Share of the accumulators' limits in use, 0 to 1; the fullest one counts. */
  readonly fill: number
  /** Keys that were completed, and keys that were opened, since the run began. */
  readonly keysCompleted: number
  readonly keysOpened: number
  /** How hard memory presses, 0 to 1: the level of `Pressure`; 0 where nobody measures. */
  readonly gcShare: number
  /** Share of the run's time in which the stage waited for input, 0 to 1. */
  readonly idleShare: number
}

/** What a strategy is given to act through. */
export interface FlowHost {
  readonly pipelineId: string
  readonly stageId: string
  /** Monotonic time of the run's Clock, nanoseconds. */
  readonly nowNanos: () => bigint
  /** Has whoever was answered 0 ask again; may be called at any time, any number of times. */
  readonly wake: () => void
  readonly pressure: () => Pressure
}

/** One entry of a strategy's bounded log: what it changed by itself, and why. */
export interface FlowDecision {
  readonly atMs: number
  readonly action: string
  readonly reason: string
}

/**
 * One running strategy in front of one stage of one run.
 *
 * Shape: `admit` answers how many of the offered records may pass now, from 0 to all of them, and
 * counts them as in flight; `settled` tells of records that the stage has processed, or that a full
 * channel discarded. What was admitted is settled exactly once, in portions of any size.
 * Flow: after a 0 the engine waits for `wake`, or for the time that `dueNanos` tells, and asks
 * again. With nothing in flight and no due time, `admit` answers more than 0: else the pipeline
 * would stand still for ever.
 * Limits: all calls are synchronous and come one at a time; they are made once or twice a batch.
 * Errors: a call that throws is a defect and ends the run.
 */
export interface FlowStrategy {
  /** Name of the strategy in metrics, e.g. `credit`. */
  readonly kind: string
  readonly unit: FlowUnit
  /**
   * Where the engine asks: `send` before a batch enters the channel, so that what is under way is
   * limited; `take` between channel and stage, so that what the stage gets is.
   */
  readonly side: "send" | "take"
  readonly admit: (offer: Offer) => number
  readonly settled: (records: number) => void
  /** After `admit` answered 0: when it will answer more; undefined when only `wake` can tell. */
  readonly dueNanos: (offer: Offer) => bigint | undefined
  /** Regroups the batches the stage gets; absent where they pass as they come. */
  readonly sizer?: Batching.BatchSizer
  /** Told of the time the stage took for a batch, where the strategy wants to know. */
  readonly observe?: (seen: Batching.ObservedBatch) => void
  /**
   * Takes over other settings with everything in flight kept; false when it cannot, and another
   * strategy must take its place.
   */
  readonly change: (descriptor: Policy.BackpressureStrategy) => boolean
  /** Figures as plain numbers, by name; reading them changes nothing. */
  readonly statistics: () => Readonly<Record<string, number>>
  /** The last decisions of a strategy that adjusts itself, oldest first. */
  readonly decisions?: () => ReadonlyArray<FlowDecision>
}

/**
 * Makes running strategies of descriptors.
 *
 * Errors: throws when the descriptor cannot work; its message has the value and the cure.
 */
export type FlowImplementation = (
  descriptor: Policy.BackpressureStrategy,
  host: FlowHost
) => FlowStrategy

/** A strategy as an option of a stage: what is wanted as plain data, and who carries it out. */
export interface Flow {
  readonly descriptor: Policy.BackpressureStrategy
  readonly implementation: FlowImplementation
}

/**
 * Who carries out descriptors of stages that name no implementation of their own: graphs read from
 * JSON, and policies from a file. None by default; `Flow.layer` of `@sluice/backpressure` is one.
 */
export const Implementation: Context.Reference<FlowImplementation | undefined> = Context.Reference<
  FlowImplementation | undefined
>("@sluice/core/FlowImplementation", {
  defaultValue: () => undefined
})

/** What `inspect` tells of a stage's strategy. */
export interface FlowState {
  readonly kind: string
  readonly statistics: Readonly<Record<string, number>>
  readonly decisions: ReadonlyArray<FlowDecision>
}
