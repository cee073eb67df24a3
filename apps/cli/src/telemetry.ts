// What a run tells besides its progress: metrics to Prometheus, everything to a collector, and what
// it must not tell. What is not asked for is not loaded.
import * as Redaction from "@sluice/core/Redaction"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { RunInvocation } from "./commandLine/invocation.ts"
import type { CliFailure } from "./failure.ts"
import { failed } from "./failure.ts"

const exported = async (url: string): Promise<Layer.Layer<never>> => {
  const Otlp = await import("@sluice/core/telemetry/Otlp")
  return Otlp.layer({ url })
}

const served = async (
  { host, port }: NonNullable<RunInvocation["metrics"]>,
  say: (text: string) => void
): Promise<Layer.Layer<never, CliFailure>> => {
  const MetricsServer = await import("@sluice/core/node/MetricsServer")
  return Layer.effectDiscard(
    MetricsServer.serve({ host, port }).pipe(
      Effect.tap((url) => Effect.sync(() => say(`sluice: metrics at ${url}\n`))),
      Effect.mapError((error) => failed(error.message, error))
    )
  )
}

/** The services a run is started with, as its flags ask; `say` is told where metrics are served. */
export const telemetryOf = (
  invocation: RunInvocation,
  say: (text: string) => void
): Effect.Effect<Layer.Layer<never, CliFailure>> =>
  Effect.promise(async () => {
    const { metrics, otlp, redact } = invocation
    const redaction = redact.length === 0 ? Layer.empty : Redaction.layer({ fields: redact })
    if (metrics === undefined && otlp === undefined) return redaction
    const Telemetry = await import("@sluice/core/Telemetry")
    const told = otlp !== undefined
    return Layer.mergeAll(
      redaction,
      Telemetry.layer({ spans: told, logs: told }),
      ...(otlp === undefined ? [] : [await exported(otlp)]),
      ...(metrics === undefined ? [] : [await served(metrics, say)])
    )
  })
