// Metrics, spans and logs to an OpenTelemetry collector over HTTP. The one file that knows Effect's
// unstable OTLP exporters.
import type * as Duration from "effect/Duration"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Otlp from "effect/observability/Otlp"

/** Where to export to, and how. */
export interface OtlpOptions {
  /**
   * Base URL of the collector, for instance `http://localhost:4318`; `/v1/traces` and so on follow.
   */
  readonly url: string
  /** `service.name` of the resource; default `sluice`. */
  readonly serviceName?: string
  readonly serviceVersion?: string
  /** Further attributes of the resource. */
  readonly attributes?: Readonly<Record<string, string>>
  /** For instance a token; never logged. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default `protobuf`. */
  readonly format?: "protobuf" | "json"
  readonly compression?: "gzip" | "none"
  /** Time between two exports; default that of the exporters: logs 1 s, spans 5 s, metrics 10 s. */
  readonly interval?: Duration.Input
  /** Default `cumulative`. */
  readonly temporality?: "cumulative" | "delta"
  /** Longest wait for the last export when the layer is closed; default 3 s. */
  readonly shutdownTimeout?: Duration.Input
}

/**
 * Exports what is told under it; what `Telemetry.layer` switches on among the rest.
 *
 * Flow: exports run in the background and once more when the layer is closed, so provide it outside
 * the runs. Loggers that are there stay.
 * Errors: a collector that cannot be reached costs the data, never the run: an export is tried four
 * times, then the exporter pauses for a minute.
 *
 * @example
 * ```ts
 * import * as Otlp from "@sluice/core/telemetry/Otlp"
 * import * as Telemetry from "@sluice/core/Telemetry"
 * import * as Layer from "effect/Layer"
 *
 * const observed = Layer.mergeAll(
 *   Telemetry.layer({ spans: true, logs: true }),
 *   Otlp.layer({ url: "http://localhost:4318", serviceName: "orders" })
 * )
 * ```
 */
export const layer = (options: OtlpOptions): Layer.Layer<never> => {
  const { url, serviceName = "sluice", serviceVersion, attributes, headers, interval } = options
  const make = options.format === "json" ? Otlp.layerJson : Otlp.layerProtobuf
  const exporters = make({
    baseUrl: url,
    resource: { serviceName, serviceVersion, attributes: { ...attributes } },
    headers,
    compression: options.compression,
    loggerExportInterval: interval,
    loggerMergeWithExisting: true,
    metricsExportInterval: interval,
    metricsTemporality: options.temporality,
    tracerExportInterval: interval,
    shutdownTimeout: options.shutdownTimeout
  })
  return exporters.pipe(Layer.provide(FetchHttpClient.layer)) as Layer.Layer<never>
}
