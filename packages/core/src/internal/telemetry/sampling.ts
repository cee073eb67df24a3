// How many batches get a span: a pure machine. The rate stands at its base while nothing is out of
// the ordinary, jumps up at an error or a batch far slower than its like, and comes down step by
// step over calm batches. It draws no random number and reads no clock.

/** Bounds of the rate, and what counts as out of the ordinary. */
export interface SamplingSettings {
  /** Share of batches with a span while all is calm, 0 to 1. */
  readonly rate: number
  /** Share right after an anomaly. */
  readonly rateOnAnomaly: number
  /** Calm batches until the rate is back at its base. */
  readonly calmBatches: number
  /** A batch is slow when it takes this many deviations more than the mean. */
  readonly deviations: number
}

/** Mean and mean deviation are those of the time per record, microseconds. */
export interface SamplingState {
  readonly rate: number
  readonly seen: number
  readonly mean: number
  readonly deviation: number
}

/** A batch that has been processed. */
export interface ProcessedBatch {
  readonly micros: number
  readonly records: number
  readonly failed: boolean
}

/** Batches before a time can count as slow: the first ones teach what is usual. */
const learnedAfter = 16
/** Small batches cost what their set-up costs; they are weighed as if they had so many records. */
const recordsMin = 32
/** Weight of the newest batch in the running mean. */
const weight = 1 / 16

/** Where every stage begins. */
export const initial = (settings: SamplingSettings): SamplingState => ({
  rate: settings.rate,
  seen: 0,
  mean: 0,
  deviation: 0
})

/** The next state, and whether the batch was out of the ordinary. */
export const transition = (
  state: SamplingState,
  batch: ProcessedBatch,
  settings: SamplingSettings
): readonly [SamplingState, anomaly: boolean] => {
  const cost = batch.micros / Math.max(recordsMin, batch.records)
  const distance = Math.abs(cost - state.mean)
  // A clock that stands still, or ticks coarsely, must not make everything slow.
  const tolerance = settings.deviations * Math.max(state.deviation, state.mean / 8)
  const slow = state.seen >= learnedAfter && cost - state.mean > tolerance && cost > 0
  const anomaly = batch.failed || slow
  const step = (settings.rateOnAnomaly - settings.rate) / settings.calmBatches
  const first = state.seen === 0
  return [
    {
      rate: anomaly
        ? Math.max(settings.rateOnAnomaly, settings.rate)
        : Math.max(settings.rate, state.rate - Math.max(0, step)),
      seen: state.seen + 1,
      mean: first ? cost : state.mean + (cost - state.mean) * weight,
      deviation: first ? cost / 4 : state.deviation + (distance - state.deviation) * weight
    },
    anomaly
  ]
}
