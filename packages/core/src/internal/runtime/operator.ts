// A stage, or a fused run of stages, as the engine drives it. Operators form a chain; batches are
// pushed down it synchronously where possible. An operator belongs to one segment fiber; nobody
// else touches it.

import type * as Effect from "effect/Effect"
import type * as Batch from "../../Batch.ts"
import type { Wait } from "./wait.ts"

/**
 * How the input ended: `drain` releases what is held by policy, `failed` only lets siblings of the
 * failure through.
 */
export type EndMode = "drain" | "failed"

/** One link of the chain. */
export interface Operator {
  /** Takes a batch. The caller waits for the returned Effect, if any, before the next call. */
  readonly push: (batch: Batch.Batch<unknown>) => Wait
  /** Does what has become possible without new input: delivers finished work, fires due timers. */
  readonly poll: () => Wait
  /** Earliest Clock time (ms) at which `poll` has something to do; Infinity when none. */
  readonly deadline: () => number
  /**
   * Nothing more is there now: lets go of what waited for company only. Present where an operator
   * gathers; "nothing" when it held none.
   */
  readonly rest?: () => Wait | "nothing"
  /** No more input: releases everything, then ends the next operator. */
  readonly end: (mode: EndMode) => Wait
  /** Lets go of running work after an abort; must not fail. */
  readonly close: Effect.Effect<void>
}
