// Metrics as Prometheus reads them. The one file that knows Effect's unstable exporter for it; the
// server that answers scrapes is `node/MetricsServer`.
import type * as Context from "effect/Context"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"

/** What a scrape is answered with. */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

/**
 * Every metric of the context's registry in the text format of Prometheus, those of the stages and
 * your own.
 *
 * Flow: counters are read now. `stage_latency` comes out as `stage_latency_bucket`, `_sum` and
 * `_count`, in seconds.
 */
export const formatUnsafe = (context: Context.Context<never>): string =>
  PrometheusMetrics.formatUnsafe(context)
