// What a run tells, as it arrives at a real receiver over HTTP: OTLP decoded, Prometheus parsed.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as MetricsServer from "../../src/node/MetricsServer.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Redaction from "../../src/Redaction.ts"
import * as Telemetry from "../../src/Telemetry.ts"
import * as Otlp from "../../src/telemetry/Otlp.ts"
import { batches, collect, engines, numbers } from "../engines.ts"
import { decoded, parsePrometheus, receiver, spansInProtobuf } from "./receiver.ts"

const isolated = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, Metric.MetricRegistry, new Map())

const async = engines.find(({ name }) => name === "async") as (typeof engines)[number]

const failing = numbers(100).pipe(
  Pipeline.map(
    "m",
    (n: number) => {
      if (n % 10 === 3) throw new Error(`no ${n}`)
      return n
    },
    { onError: Policy.deadLetter }
  ),
  Pipeline.mapEffect("far", (n: number) => Effect.as(Effect.logInfo(`at ${n}`), n), {
    concurrency: 2
  })
)

describe("OTLP", () => {
  it.live("spans, metrics and logs of a run arrive and decode", () =>
    Effect.gen(function* () {
      const { url, received } = yield* receiver
      const observed = Layer.mergeAll(
        Telemetry.layer({ spans: { rate: 1 }, logs: true }),
        Otlp.layer({
          url,
          serviceName: "orders",
          serviceVersion: "1.2.3",
          format: "json",
          compression: "gzip",
          headers: { authorization: "Bearer abc" },
          interval: "1 hour"
        })
      )
      yield* collect(async, failing).pipe(Effect.provide(observed), isolated)
      expect(new Set(received.map(({ headers }) => headers.authorization))).toEqual(
        new Set(["Bearer abc"])
      )
      const { spans, metrics, logs, resources } = decoded(received)
      expect(resources[0]).toMatchObject({ "service.name": "orders", "service.version": "1.2.3" })
      const root = spans.find((span) => span.name === "pipeline.run")
      const own = spans.filter((span) => span.name === "stage.process")
      const sizes = own
        .filter((span) => span.attributes["stageId"] === "far")
        .map((span) => span.attributes["batchSize"] as number)
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(90)
      const ids = new Set(spans.map((span) => span.spanId))
      for (const span of own) {
        expect(span.traceId).toBe(root?.traceId)
        expect(ids.has(span.parentSpanId ?? "")).toBe(true)
        for (const link of span.links) expect(ids.has(link)).toBe(true)
      }
      const records = metrics.find(
        ({ name, attributes }) =>
          name === "stage_records_out_total" && attributes["stageId"] === "far"
      )
      expect(records).toMatchObject({ value: 90, attributes: { engineType: "async" } })
      expect(metrics.find(({ name }) => name === "stage_latency")).toMatchObject({ unit: "s" })
      expect(logs.filter(({ text }) => /"at \d+"/.test(text)).length).toBe(90)
      expect(logs.find(({ text }) => text.includes('\\"m\\" failed'))?.attributes).toMatchObject({
        stageId: "m",
        pipelineId: "pipeline"
      })
    })
  )

  it.live("protobuf is the default and carries the same names", () =>
    Effect.gen(function* () {
      const { url, received } = yield* receiver
      const observed = Layer.mergeAll(Telemetry.layer({ spans: { rate: 1 } }), Otlp.layer({ url }))
      yield* collect(async, numbers(10)).pipe(Effect.provide(observed), isolated)
      const traces = received.filter(({ path }) => path === "/v1/traces")
      expect(traces[0]?.headers["content-type"]).toBe("application/x-protobuf")
      const spans = traces.flatMap(({ body }) => spansInProtobuf(body))
      expect(spans.filter(({ name }) => name === "pipeline.run").length).toBe(1)
      const batch = spans.find(({ name }) => name === "stage.process")
      expect(batch?.traceId).toMatch(/^[0-9a-f]{32}$/)
      expect(batch?.attributes).toEqual(
        expect.arrayContaining(["engineType", "batchSize", "queueDepthIn", "queueDepthOut"])
      )
    })
  )

  it.live("a collector that is not there does not harm the run", () =>
    Effect.gen(function* () {
      const observed = Layer.mergeAll(
        Telemetry.layer({ spans: true, logs: true }),
        Otlp.layer({ url: "http://127.0.0.1:1", shutdownTimeout: "50 millis" })
      )
      const { out } = yield* collect(async, numbers(10)).pipe(Effect.provide(observed), isolated)
      expect(out.length).toBe(10)
    })
  )

  it.live("a secret of a record reaches no exporter", () =>
    Effect.gen(function* () {
      const { url, received } = yield* receiver
      const observed = Layer.mergeAll(
        Telemetry.layer({ spans: { rate: 1 }, logs: true, labels: { token: "label-secret-1" } }),
        Redaction.layer({ fields: ["password", "token"] }),
        Otlp.layer({ url, format: "json" })
      )
      const open = batches([{ password: "hunter2-secret" }]).pipe(
        Pipeline.mapEffect(
          "use",
          (record: { readonly password: string }) =>
            Effect.gen(function* () {
              yield* Effect.logInfo("using", record)
              yield* Effect.annotateCurrentSpan("password", record.password)
              return yield* Effect.fail(new Error(`cannot log in with ${record.password}`))
            }).pipe(
              Effect.withSpan("login", { attributes: { ...record } }),
              Effect.annotateLogs(record)
            ),
          { onError: Policy.deadLetter }
        )
      )
      yield* collect(async, open).pipe(Effect.provide(observed), isolated)
      const { spans, logs, metrics } = decoded(received)
      const all = Buffer.concat(received.map(({ body }) => body)).toString()
      expect(spans.map((span) => span.name)).toContain("login")
      expect(logs.length).toBeGreaterThan(1)
      expect(metrics[0]?.attributes).toMatchObject({ token: "[redacted]" })
      expect(all).toContain("cannot log in with [redacted]")
      expect(all).not.toMatch(/hunter2|label-secret/)
    })
  )
})

describe("MetricsServer", () => {
  it.live("serves the stage metrics as Prometheus reads them, and closes with its scope", () =>
    Effect.gen(function* () {
      const scrape = (at: string) => Effect.promise(async () => (await fetch(at)).text())
      const url = yield* Effect.scoped(
        Effect.gen(function* () {
          const at = yield* MetricsServer.serve({ port: 0 })
          yield* collect(async, failing)
          const samples = parsePrometheus(yield* scrape(at))
          const of = (name: string, stageId: string) =>
            samples.filter((sample) => sample.name === name && sample.labels["stageId"] === stageId)
          for (const name of [
            "stage_throughput",
            "stage_input_queue_depth",
            "stage_output_queue_depth",
            "stage_error_rate",
            "stage_batch_size"
          ]) {
            expect(of(name, "m").length).toBe(1)
          }
          expect(of("stage_error_rate", "m")[0]?.value).toBe(0.1)
          expect(of("stage_records_in_total", "far")[0]?.value).toBe(90)
          const buckets = of("stage_latency_bucket", "m")
          expect(buckets.at(-1)?.labels["le"]).toBe("+Inf")
          expect(buckets.at(-1)?.value).toBe(of("stage_latency_count", "m")[0]?.value)
          const counts = buckets.map(({ value }) => value)
          expect(counts).toEqual(counts.toSorted((a, b) => a - b))
          const elsewhere = yield* Effect.promise(() => fetch(at.replace("/metrics", "/")))
          expect(elsewhere.status).toBe(404)
          const posted = yield* Effect.promise(() => fetch(at, { method: "POST" }))
          expect(posted.status).toBe(405)
          return at
        })
      )
      const gone = yield* Effect.exit(
        Effect.tryPromise({ try: () => fetch(url), catch: (cause) => cause })
      )
      expect(gone._tag).toBe("Failure")
    }).pipe(Effect.provide(Telemetry.layer()), isolated)
  )

  it.live("a port that is taken is refused with the place and the cure", () =>
    Effect.gen(function* () {
      const url = yield* MetricsServer.serve({ port: 0 })
      const port = Number(new URL(url).port)
      const error = yield* Effect.flip(MetricsServer.serve({ port }))
      expect(error.message).toBe(
        `cannot serve metrics on 127.0.0.1:${port}: another program listens there; ` +
          "choose another port, or 0 for a free one"
      )
    })
  )
})
