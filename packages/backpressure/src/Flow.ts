// Flow control as a setting of a stage: `flow: Flow.credit({ … })` on any stage of a pipeline.
// Each value is a plain description and the one implementation that carries all of them out; both
// engines drive it through core's `FlowStrategy`. The same protocols without a pipeline are
// `CreditWindow`, `TokenBucket`, `ReactivePull`, `AdaptiveBatch` and `EffectiveQueue`.
import * as Batching from "@sluice/core/Batching"
import * as FlowStrategy from "@sluice/core/FlowStrategy"
import * as FunctionRef from "@sluice/core/FunctionRef"
import type * as Policy from "@sluice/core/Policy"
import * as Layer from "effect/Layer"
import { adaptive as adaptiveStrategy, settingsOf, sizer } from "./internal/flow/adaptive.ts"
import { aware } from "./internal/flow/aware.ts"
import { credit as creditStrategy } from "./internal/flow/credit.ts"
import { pull } from "./internal/flow/pull.ts"
import { rate as rateStrategy } from "./internal/flow/rate.ts"
import { regulated as regulatedStrategy } from "./internal/flow/regulated.ts"

const make = (
  descriptor: Policy.BackpressureStrategy,
  host: FlowStrategy.FlowHost
): FlowStrategy.FlowStrategy => {
  switch (descriptor._tag) {
    case "CreditBased":
      return creditStrategy(descriptor, host)
    case "RateShaping":
      return rateStrategy(descriptor, host)
    case "ReactivePull":
      return pull(descriptor, host)
    case "Adaptive":
      return adaptiveStrategy(descriptor)
    case "AccumulatorAware": {
      const { inner } = descriptor
      return aware(descriptor, host, inner === undefined ? undefined : make(inner, host))
    }
    case "Regulated":
      return regulatedStrategy(descriptor, host)
    case "Bounded":
      throw new Error("a Bounded channel is core's own: it needs no strategy")
  }
}

/**
 * Carries out every strategy of this package.
 *
 * Errors: throws `InvalidSettings` for settings that could not work.
 */
export const implementation: FlowStrategy.FlowImplementation = FunctionRef.make(
  "@sluice/backpressure/Flow",
  "implementation",
  make
)

/**
 * Carries out the strategies of stages that describe them as plain data: graphs read from JSON, and
 * policies from a file.
 */
export const layer: Layer.Layer<never> = Layer.succeed(FlowStrategy.Implementation)(implementation)

/** A setting whose kind is known, so that it may stand inside another. */
export interface FlowOf<D extends Policy.BackpressureStrategy> extends FlowStrategy.Flow {
  readonly descriptor: D
}

const flow = <D extends Policy.BackpressureStrategy>(descriptor: D): FlowOf<D> => ({
  descriptor,
  implementation
})

type Settings<D> = Omit<D, "_tag">

/** A bounded channel in front of the stage; what it does when full. Core's own, named here too. */
export const bounded = (settings: {
  readonly capacity: number
  /** Default `block`. */
  readonly onFull?: Policy.DropPolicy
}): FlowStrategy.Flow =>
  flow({ _tag: "Bounded", capacity: settings.capacity, onFull: settings.onFull ?? "block" })

/**
 * Credits of the stage: at most `initial` units are under way to it or in it.
 *
 * Flow: stages before wait for credits; they come back, in portions of at least
 * `replenishThreshold`, once the stage has processed what they paid for.
 * Limits: units are records (default), bytes as the source tells them, or cost (the sum of
 * `cpuHint`). One record that weighs more than all credits goes alone.
 *
 * @example
 * ```ts
 * import * as Flow from "@sluice/backpressure/Flow"
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Sink from "@sluice/core/Sink"
 * import * as Source from "@sluice/core/Source"
 *
 * export const pipeline = Pipeline.source("rows", Source.fromIterable([1, 2, 3])).pipe(
 *   Pipeline.sink("store", Sink.drain, {
 *     flow: Flow.credit({ initial: 1_000_000, replenishThreshold: 250_000, unit: "bytes" })
 *   })
 * )
 * ```
 */
export const credit = (settings: Settings<Policy.CreditBased>): FlowOf<Policy.CreditBased> =>
  flow({ _tag: "CreditBased", ...settings })

/**
 * A rate: the stage never gets more than `ratePerSecond` × t + `burst` units in any time t.
 *
 * Flow: the stage's queue fills meanwhile and then stops the read. Portions are let through about a
 * hundred times a second.
 * Limits: timers have milliseconds, so tokens of a burst below some 5 ms of the rate are lost while
 * nobody is awake to take them: the rate is then kept, but not reached.
 */
export const rate = (settings: Settings<Policy.RateShaping>): FlowOf<Policy.RateShaping> =>
  flow({ _tag: "RateShaping", ...settings })

/**
 * A pull window: at most `window` records asked for and not yet processed, for pull-based input.
 */
export const reactivePull = (
  settings: Settings<Policy.ReactivePull>
): FlowOf<Policy.ReactivePull> => flow({ _tag: "ReactivePull", ...settings })

/**
 * Batches of the stage grow and shrink with the time it takes for one, and with the queue before
 * it: half as much again below 70 % of the target with the queue above 50 %, half above the target
 * or with the queue below 20 %.
 *
 * Flow: waits for nothing: a batch has at most this size, and is filled from what is there.
 * Limits: from `batchMin` to `batchMax` records; `latencyMsTarget` (100) is for one batch.
 */
export const adaptive = (settings: Settings<Policy.Adaptive>): FlowStrategy.Flow =>
  flow({ _tag: "Adaptive", ...settings })

/**
 * Counts what accumulators hold as queue: `records under way + bytes held / bytesUnit + spills ×
 * spillPenalty`, shut at `capacity` and open again below three quarters of it.
 *
 * Flow: around `inner`, or alone. When nothing is under way one batch passes all the same, since
 * only input can complete what is held.
 */
export const accumulatorAware = (
  settings: Omit<Settings<Policy.AccumulatorAware>, "inner"> & {
    readonly inner?: FlowOf<NonNullable<Policy.AccumulatorAware["inner"]>>
  }
): FlowStrategy.Flow => {
  const { inner, ...gate } = settings
  const descriptor: Policy.AccumulatorAware = { _tag: "AccumulatorAware", ...gate }
  return flow(inner === undefined ? descriptor : { ...descriptor, inner: inner.descriptor })
}

/**
 * Batch size and credits under one regulator, by the interaction table of the specification: high
 * fill with few completions makes batches smaller, completions with an idle CPU larger, spilling
 * under rising GC pressure makes batches smaller and credits slower.
 *
 * Flow: fill, completions and running spills are what accumulators tell in their totals
 * (`spillsActive`); GC pressure is the level of `Pressure.Current`; idle is the time the stage
 * waited for input. While a row asks for smaller batches they do not grow back by themselves.
 *
 * Limits: looks every `sampleMs` (1,000) when records move; each decision stands, with its numbers,
 * in a log of 100 that `inspect` shows as `flow.decisions`.
 */
export const regulated = (settings: {
  readonly batch: Settings<Policy.Adaptive>
  readonly credits: Settings<Policy.CreditBased>
  readonly sampleMs?: number
  readonly slowedShare?: number
}): FlowStrategy.Flow =>
  flow({
    _tag: "Regulated",
    ...settings,
    batch: { _tag: "Adaptive", ...settings.batch },
    credits: { _tag: "CreditBased", ...settings.credits }
  })

/**
 * The adaptive mode of `Pipeline.batch`: batches gathered to a size that follows the stages behind.
 *
 * @example
 * ```ts
 * import * as Flow from "@sluice/backpressure/Flow"
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Source from "@sluice/core/Source"
 *
 * export const totals = Pipeline.source("rows", Source.fromIterable([1, 2, 3])).pipe(
 *   Pipeline.batch("gather", Flow.batching({ batchMin: 1, batchMax: 4_096, latencyMsTarget: 20 })),
 *   Pipeline.mapBatch("total", (items) => [items.reduce((sum, n) => sum + n, 0)])
 * )
 * ```
 */
export const batching = (settings: Settings<Policy.Adaptive>): Batching.Batching => {
  const descriptor: Policy.Adaptive = { _tag: "Adaptive", ...settings }
  return Batching.adaptive({
    label: `adaptive, ${settings.batchMin} to ${settings.batchMax} records`,
    countMax: settings.batchMax,
    make: () => sizer(settingsOf(descriptor))
  })
}
