// The metrics of the specification, read off the counters of the stages when somebody scrapes. The
// one file that registers with Effect's Metric.
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import { circuitStateNumber } from "../../Breaker.ts"
import type { StageSeries } from "./stageSeries.ts"

type Labels = Readonly<Record<string, string>>

const microsPerSecond = 1_000_000

/** Bucket `i` of a stage's histogram holds times up to `2^i` microseconds; told in seconds. */
const secondsOf = (bucket: number): number => 2 ** bucket / microsPerSecond

const ignore = (): void => undefined

/** Registers a gauge that is read at scrape. */
export const gauge = (
  context: Context.Context<never>,
  labels: Labels,
  name: string,
  description: string,
  get: () => number
): void => {
  const metric = Metric.gauge(name, { description, attributes: labels })
  const hooks = { get: () => ({ value: get() }), update: ignore, modify: ignore }
  Metric.registerUnsafe(metric, context, hooks)
}

/** Registers a counter that is read at scrape. */
export const counter = (
  context: Context.Context<never>,
  labels: Labels,
  name: string,
  description: string,
  get: () => number
): void => {
  const metric = Metric.counter(name, { description, incremental: true, attributes: labels })
  const get_ = () => ({ count: get(), incremental: true })
  Metric.registerUnsafe(metric, context, { get: get_, update: ignore, modify: ignore })
}

const histogramOf = (series: StageSeries): Metric.HistogramState => {
  const { latency, latencyMicros, latencyMicrosMax } = series.totals()
  let count = 0
  const buckets: Array<[number, number]> = []
  latency.forEach((inBucket, i) => {
    count += inBucket
    // The last bucket has no upper bound: it is the difference to the count.
    if (i < latency.length - 1) buckets.push([secondsOf(i), count])
  })
  const first = latency.findIndex((inBucket) => inBucket > 0)
  return {
    buckets,
    count,
    // The exact minimum is not kept; no batch was quicker than the bucket below.
    min: first <= 0 ? 0 : secondsOf(first - 1),
    max: latencyMicrosMax / microsPerSecond,
    sum: latencyMicros / microsPerSecond
  }
}

const latency = (context: Context.Context<never>, labels: Labels, series: StageSeries): void => {
  const boundaries = Array.from({ length: 31 }, (_, i) => secondsOf(i))
  const metric = Metric.histogram("stage_latency", {
    description: "Time of a batch in a stage, seconds; read as stage_latency_bucket",
    boundaries,
    attributes: { ...labels, unit: "s" }
  })
  const get = (): Metric.HistogramState => histogramOf(series)
  Metric.registerUnsafe(metric, context, { get, update: ignore, modify: ignore })
}

/** Figures that accumulators tell, by the name under which they are known outside. */
const figures: ReadonlyArray<
  readonly [figure: string, name: string, counting: boolean, description: string]
> = [
  ["keysOpen", "accumulator_active_keys", false, "Keys resident in memory"],
  ["bytesOpen", "accumulator_memory_bytes", false, "Memory held by the state of open keys, bytes"],
  ["keysPartial", "accumulator_partial_flush_total", true, "Keys emitted incomplete"],
  ["keysEvicted", "accumulator_evicted_total", true, "Keys that had to go to make room"]
]

/** Figures of flow control, likewise. */
const flowFigures: typeof figures = [
  ["backpressure_events_total", "backpressure_events_total", true, "Times records were held back"],
  ["credit_tokens_available", "credit_tokens_available", false, "Credits that may be spent now"],
  ["adaptive_batch_adjustments", "adaptive_batch_adjustments", true, "Changes of the batch size"],
  ["effective_queue_size", "effective_queue_size", false, "Queue with what accumulators hold"]
]

const perStage = (context: Context.Context<never>, labels: Labels, series: StageSeries): void => {
  const g = (name: string, description: string, get: () => number): void =>
    gauge(context, labels, name, description, get)
  const c = (name: string, description: string, get: () => number): void =>
    counter(context, labels, name, description, get)
  g("stage_throughput", "Records out per second, lately", () => series.recent().perSecond)
  g("stage_input_queue_depth", "Records waiting in front of the stage", () =>
    series.sum((stats) => stats.inputDepth())
  )
  g("stage_output_queue_depth", "Records waiting behind the stage", () =>
    series.sum((stats) => stats.outputDepth())
  )
  g("stage_error_rate", "Errors by records in, since the first run", () => {
    const { errors, recordsIn } = series.totals()
    return recordsIn === 0 ? 0 : errors / recordsIn
  })
  g("stage_batch_size", "Records out per batch, lately", () => series.recent().perBatch)
  c("stage_records_in_total", "Records taken in", () => series.totals().recordsIn)
  c("stage_records_out_total", "Records handed on", () => series.totals().recordsOut)
  c("stage_errors_total", "Records or calls that failed", () => series.totals().errors)
  c("stage_dropped_total", "Records given up by a rule", () => series.totals().dropped)
  c("stage_blocked_seconds_total", "Time others waited for this stage", () => {
    return series.totals().blockedMicros / microsPerSecond
  })
  latency(context, labels, series)
}

/** Registers the series of one stage; the labels name pipeline, stage, kind and engine. */
export const registerStage = (
  context: Context.Context<never>,
  labels: Labels,
  series: StageSeries
): void => {
  perStage(context, labels, series)
  if (series.kind === "accumulator") registerFigures(context, labels, series, figures)
}

const registerFigures = (
  context: Context.Context<never>,
  labels: Labels,
  series: StageSeries,
  list: typeof figures
): void => {
  for (const [figure, name, counting, description] of list) {
    const get = (): number => series.figure(figure, counting)
    const register = counting ? counter : gauge
    register(context, labels, name, description, get)
  }
}

/** Registers what a stage's flow control tells; a figure its strategy does not have is 0. */
export const registerFlow = (
  context: Context.Context<never>,
  labels: Labels,
  series: StageSeries
): void => registerFigures(context, labels, series, flowFigures)

/** Registers the state of a stage's circuit: 0 closed, 1 half open, 2 open. */
export const registerCircuit = (
  context: Context.Context<never>,
  labels: Labels,
  series: StageSeries
): void =>
  gauge(context, labels, "stage_circuit_state", "0 closed, 1 half open, 2 open", () =>
    series.max((stats) => circuitStateNumber[stats.circuit() ?? "closed"])
  )
