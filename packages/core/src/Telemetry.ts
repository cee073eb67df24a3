// What a run tells while it runs: metrics, spans, structured logs, observers. Switched on for the
// runs of a context by a layer; without it a run keeps its counters and tells nobody.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Envelope from "./Envelope.ts"
import type { Run } from "./internal/runtime/run.ts"
import { PoolTable } from "./internal/telemetry/poolMetrics.ts"
import { SeriesTable } from "./internal/telemetry/seriesTable.ts"
import type * as Observer from "./Observer.ts"
import type * as PoolStatistics from "./PoolStatistics.ts"

/**
 * How many batches get a span.
 *
 * Limits: shares are from 0 to 1. A batch with an error, or far slower than its like, has one
 * always.
 */
export interface SpanSampling {
  /** Share of batches while nothing is out of the ordinary; default 0.01. */
  readonly rate?: number
  /** Share right after an anomaly, coming down over `calmBatches`; default 1. */
  readonly rateOnAnomaly?: number
  /** Default 256. */
  readonly calmBatches?: number
  /** A batch is slow when its time per record lies so many mean deviations above; default 8. */
  readonly deviations?: number
}

/** What is told. */
export interface TelemetryOptions {
  /** The stage metrics, registered with Effect's Metric and read at scrape; default true. */
  readonly metrics?: boolean
  /** A span `pipeline.run`, and `stage.process` spans for batches; default false. */
  readonly spans?: boolean | SpanSampling
  /** Log lines for lives, failures and drops, and annotations on what stages log; default false. */
  readonly logs?: boolean
  /** Told of every run, beside the one of the run's options. */
  readonly observers?: ReadonlyArray<Observer.PipelineObserver>
  /** Labels on every metric, for instance the environment. */
  readonly labels?: Readonly<Record<string, string>>
  /** Baggage of every trace; default: the pipeline's `domainId` in its metadata, else its id. */
  readonly domainId?: string
}

/** The telemetry of a context. */
export interface Telemetry {
  readonly options: TelemetryOptions
  /** Adds a run's counters to the series of its stages; returns what to call when it is over. */
  readonly join: (run: Run) => () => void
  /** Adds a pool to the series of its name; returns what to call when it is gone. */
  readonly pool: (statistics: () => PoolStatistics.PoolStatistics) => () => void
}

/** The telemetry of runs started in this context; undefined: none. */
export const Current: Context.Reference<Telemetry | undefined> = Context.Reference<
  Telemetry | undefined
>("@sluice/core/Telemetry", { defaultValue: () => undefined })

/**
 * Switches telemetry on for every run started under it.
 *
 * Shape: per stage `stage_throughput`, `stage_input_queue_depth`, `stage_output_queue_depth`,
 * `stage_latency_bucket`, `stage_error_rate` and `stage_batch_size`, counters of records, and
 * `stage_circuit_state` where it has a circuit; labels `pipelineId`, `stageId`, `stageKind`,
 * `engineType`. Spans have the attributes `stageId`, `engineType`, `batchSize`, `queueDepthIn`,
 * `queueDepthOut` and the baggage `pipelineId`, `domainId`, `parallelismHint`.
 * An accumulator has spans `accumulator.update` beside, with the events `accumulator.complete`,
 * `accumulator.flush`, `accumulator.drop` and `accumulator.evict` and the attributes `trigger`,
 * `outputs`, `keysOpen`, `completenessScore` and `spill`.
 * Flow: counters are read when somebody scrapes, so metrics cost a run nothing; they add up over
 * the runs of a pipeline. Spans tell the run's clock: under the sync engine virtual time. Within a
 * segment they are nested; the first one behind a channel links
 * to the span whose batch it got. Exporters come from `telemetry/Otlp` and `telemetry/Prometheus`.
 * Limits: at most 10,000 stages have series; of further ones nothing is told. Sampling draws one
 * number from Random when an unseeded run starts.
 * Errors: dies with a RangeError for a sampling that makes no sense.
 *
 * @example
 * ```ts
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Sink from "@sluice/core/Sink"
 * import * as Source from "@sluice/core/Source"
 * import * as Telemetry from "@sluice/core/Telemetry"
 * import * as Effect from "effect/Effect"
 *
 * const pipeline = Pipeline.source("numbers", Source.fromIterable([1, 2, 3])).pipe(
 *   Pipeline.sink("out", Sink.drain)
 * )
 * const observed = Pipeline.run(pipeline).pipe(
 *   Effect.provide(Telemetry.layer({ spans: true, logs: true }))
 * )
 * ```
 */
export const layer = (options: TelemetryOptions = {}): Layer.Layer<never> =>
  Layer.effect(
    Current,
    Effect.map(Effect.context<never>(), (context) => {
      if (typeof options.spans === "object") check(options.spans)
      const labels = options.labels ?? {}
      const stages = new SeriesTable(context, labels)
      const pools = new PoolTable(context, labels)
      return {
        options,
        join: (run: Run) => stages.join(run),
        pool: (statistics) => pools.join(statistics)
      }
    })
  )

const check = ({ rate, rateOnAnomaly, calmBatches, deviations }: SpanSampling): void => {
  const shares = [rate ?? 0, rateOnAnomaly ?? 1]
  const sound = shares.every((share) => share >= 0 && share <= 1)
  if (sound && (calmBatches ?? 1) >= 1 && (deviations ?? 1) > 0) return
  throw new RangeError(
    `spans ${JSON.stringify({ rate, rateOnAnomaly, calmBatches, deviations })}: rates are ` +
      "shares from 0 to 1, calmBatches is at least 1, deviations is above 0"
  )
}

/**
 * Tells of a pool until the scope closes, where telemetry with metrics is on: `pool_rented`,
 * `pool_bytes_outstanding`, `pool_reuse_ratio`, `pool_fragmentation`, `pool_rents_total` and more,
 * with the label `pool`. Pools of one name add up.
 */
export const watchPool = (
  statistics: () => PoolStatistics.PoolStatistics
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(Current, (telemetry) =>
    telemetry === undefined || telemetry.options.metrics === false
      ? Effect.void
      : Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => telemetry.pool(statistics)),
            (leave) => Effect.sync(leave)
          )
        )
  )

/**
 * A trace as W3C headers, for a call that a stage makes: `traceparent` and `baggage`; none where
 * the record is not traced.
 */
export const traceHeaders = (trace: Envelope.TraceContext): Readonly<Record<string, string>> => {
  if (trace.spanId === "") return {}
  const traceId = trace.traceId.padStart(32, "0")
  const baggage = Object.entries(trace.baggage).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`
  )
  return { traceparent: `00-${traceId}-${trace.spanId}-01`, baggage: baggage.join(",") }
}
