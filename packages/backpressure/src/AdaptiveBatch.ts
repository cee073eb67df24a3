// A batch size that follows latency and queue depth, as a thing of its own.
// Guarantees: the size stays between its bounds, grows from 1, and settles under steady load. It
// gathers nothing itself: ask for `size`, run a batch, tell what was seen.
import * as Effect from "effect/Effect"
import type { Measured } from "./FlowMetrics.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import * as machine from "./internal/adaptiveBatch.ts"
import * as Now from "./internal/now.ts"
import { settled } from "./internal/settings.ts"

/** Bounds and target. */
export type Settings = machine.Settings

/** A change of size, with the numbers that led to it. */
export type Adjustment = machine.Action

/** Where the controller is; the averages are undefined right after a change. */
export interface Statistics {
  readonly size: number
  readonly latencyMs: number | undefined
  readonly fill: number | undefined
  readonly ceiling: number | undefined
  readonly grown: number
  readonly shrunk: number
}

/** A running controller. */
export interface AdaptiveBatch extends Measured {
  /** Records the next batch should have. */
  readonly size: () => number
  /** Tells the latency of a batch and the share of the queue in use. */
  readonly observe: (seen: {
    readonly latencyMs: number
    readonly fill: number
  }) => Effect.Effect<ReadonlyArray<Adjustment>>
  /** Runs a batch, measures it by the Clock and tells what was seen. */
  readonly measure: (
    fill: number
  ) => <A, E, R>(batch: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** One step on advice from outside, within the bounds. */
  readonly advise: (
    direction: "grow" | "shrink",
    reason: string
  ) => Effect.Effect<ReadonlyArray<Adjustment>>
  /** While held it does not grow by what it observes; advice and `restore` still count. */
  readonly hold: (held: boolean) => Effect.Effect<void>
  /** Back up to a size it had, within the bounds. */
  readonly restore: (size: number, reason: string) => Effect.Effect<ReadonlyArray<Adjustment>>
  readonly statistics: () => Statistics
}

const shell = (initial: machine.State): AdaptiveBatch => {
  let state = initial
  const send = (event: machine.Event): ReadonlyArray<Adjustment> => {
    const [next, actions] = machine.transition(state, event)
    state = next
    return actions
  }
  const observe: AdaptiveBatch["observe"] = (seen) =>
    Effect.sync(() => send({ _tag: "Observed", ...seen }))
  return {
    size: () => state.size,
    observe,
    measure: (fill) => (batch) =>
      Effect.flatMap(Now.millis, (before) =>
        Effect.tap(batch, () =>
          Effect.flatMap(Now.millis, (after) => observe({ latencyMs: after - before, fill }))
        )
      ),
    advise: (direction, reason) => Effect.sync(() => send({ _tag: "Advised", direction, reason })),
    hold: (held) => Effect.sync(() => void send({ _tag: "Held", held })),
    restore: (size, reason) => Effect.sync(() => send({ _tag: "Restored", size, reason })),
    statistics: () =>
      Object.freeze({
        size: state.size,
        latencyMs: state.latencyMs,
        fill: state.fill,
        ceiling: state.ceiling?.size,
        grown: state.grownCount,
        shrunk: state.shrunkCount
      }),
    readings: () =>
      (["grow", "shrink"] as const).map((direction) => ({
        name: "adaptive_batch_adjustments",
        kind: "total",
        attributes: { direction },
        value: direction === "grow" ? state.grownCount : state.shrunkCount
      }))
  }
}

/**
 * A controller at `batchInitial`, or `batchMin`.
 *
 * **Errors**: `InvalidSettings` when the bounds cross or the target is not above 0.
 */
export const make = (settings: Settings): Effect.Effect<AdaptiveBatch, InvalidSettings> =>
  settled(() => shell(machine.initial(settings)))
