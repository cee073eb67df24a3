// Metrics, spans, logs and hooks of a run, on both engines; and that looking on changes nothing.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import type * as Envelope from "../../src/Envelope.ts"
import * as Observer from "../../src/Observer.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import { Pool } from "../../src/Pool.ts"
import * as Telemetry from "../../src/Telemetry.ts"
import { collect, engines, numbers } from "../engines.ts"
import { boom } from "../runtime/failingStages.ts"

const fails =
  (every: number) =>
  (n: number): number => {
    if (n % every === 3) throw boom
    return n
  }

/** A tracer that keeps its spans. */
const recorder = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer }
}

const isolated = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, Metric.MetricRegistry, new Map())

const valueOf = (
  snapshots: ReadonlyArray<Metric.Metric.Snapshot>,
  id: string,
  stageId: string
): unknown =>
  snapshots.find((entry) => entry.id === id && entry.attributes?.["stageId"] === stageId)?.state

describe.each(engines)("$name engine, telemetry", (engine) => {
  it.effect("metrics of the specification are there for each stage and agree with the counts", () =>
    Effect.gen(function* () {
      const open = numbers(100).pipe(
        Pipeline.map("m", fails(10), { onError: Policy.deadLetter }),
        Pipeline.filter("f", (n: number) => n % 2 === 0)
      )
      yield* collect(engine, open)
      const snapshots = yield* Metric.snapshot
      const ids = new Set(snapshots.map((entry) => entry.id))
      for (const id of [
        "stage_throughput",
        "stage_input_queue_depth",
        "stage_output_queue_depth",
        "stage_latency",
        "stage_error_rate",
        "stage_batch_size"
      ]) {
        expect(ids).toContain(id)
      }
      expect(valueOf(snapshots, "stage_error_rate", "m")).toEqual({ value: 0.1 })
      expect(valueOf(snapshots, "stage_records_in_total", "f")).toMatchObject({ count: 90 })
      expect(valueOf(snapshots, "stage_records_out_total", "f")).toMatchObject({ count: 50 })
      expect(valueOf(snapshots, "stage_errors_total", "m")).toMatchObject({ count: 10 })
      const size = valueOf(snapshots, "stage_batch_size", "m") as { readonly value: number }
      expect(size.value).toBeGreaterThan(0)
      const latency = valueOf(snapshots, "stage_latency", "m") as Metric.HistogramState
      expect(latency.count).toBeGreaterThan(0)
      expect(latency.buckets.at(-1)?.[1]).toBe(latency.count)
      expect(
        snapshots.find((entry) => entry.attributes?.["stageId"] === "f")?.attributes
      ).toMatchObject({
        pipelineId: "pipeline",
        stageKind: "transform",
        engineType: engine.name,
        region: "eu"
      })
    }).pipe(Effect.provide(Telemetry.layer({ labels: { region: "eu" } })), isolated)
  )

  it.effect("counters add up over the runs of a pipeline and never go back", () =>
    Effect.gen(function* () {
      const count = Effect.map(Metric.snapshot, (snapshots) =>
        valueOf(snapshots, "stage_records_in_total", "in")
      )
      yield* collect(engine, numbers(30))
      expect(yield* count).toMatchObject({ count: 30 })
      yield* Effect.all([collect(engine, numbers(10)), collect(engine, numbers(2))], {
        concurrency: 2
      })
      expect(yield* count).toMatchObject({ count: 42 })
    }).pipe(Effect.provide(Telemetry.layer()), isolated)
  )

  it.effect("without the layer nothing is registered", () =>
    Effect.gen(function* () {
      yield* collect(engine, numbers(10))
      expect(yield* Metric.snapshot).toEqual([])
    }).pipe(isolated)
  )

  it.effect("each batch has a span at rate 1, with attributes and baggage, under the run's", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const open = numbers(40).pipe(
        Pipeline.map("a", (n: number) => n + 1),
        Pipeline.mapBatch("b", (items: ReadonlyArray<number>) => Effect.succeed(items))
      )
      yield* collect(engine, open, { batchSize: 10 }).pipe(
        Effect.provide(Telemetry.layer({ spans: { rate: 1 }, domainId: "sales" })),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      const root = spans.find((span) => span.name === "pipeline.run")
      expect(root?.status._tag).toBe("Ended")
      expect(Object.fromEntries(root?.attributes ?? [])).toMatchObject({
        pipelineId: "pipeline",
        status: "completed",
        recordsIn: 40,
        recordsOut: 40
      })
      const batchSpans = spans.filter((span) => span.name === "stage.process")
      for (const stageId of ["a", "b"]) {
        const own = batchSpans.filter((span) => span.attributes.get("stageId") === stageId)
        const sizes = own.map((span) => span.attributes.get("batchSize") as number)
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(40)
        for (const span of own) {
          expect(span.status._tag).toBe("Ended")
          expect(span.traceId).toBe(root?.traceId)
          expect(Object.fromEntries(span.attributes)).toMatchObject({
            engineType: engine.name,
            queueDepthIn: expect.any(Number),
            queueDepthOut: expect.any(Number),
            pipelineId: "pipeline",
            domainId: "sales",
            parallelismHint: "Sequential"
          })
        }
      }
    })
  )

  it.effect("the span behind a channel links to the one whose batch it got", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const open = numbers(20).pipe(
        Pipeline.map("a", (n: number) => n),
        Pipeline.mapEffect("far", (n: number) => Effect.succeed(n), {
          concurrency: 2,
          buffer: { capacity: 100 }
        })
      )
      yield* collect(engine, open).pipe(
        Effect.provide(Telemetry.layer({ spans: { rate: 1 } })),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      const ids = (stageId: string): ReadonlyArray<string> =>
        spans
          .filter((span) => span.attributes.get("stageId") === stageId)
          .map((span) => span.spanId)
      const near = new Set(ids("a"))
      const far = spans.filter((span) => span.attributes.get("stageId") === "far")
      expect(far.length).toBeGreaterThan(0)
      for (const span of far) {
        const from = span.links.map((link) => link.span.spanId)
        expect(from.length).toBe(1)
        expect(near.has(from[0] ?? "")).toBe(true)
      }
    })
  )

  it.effect("a batch with an error has a span though none was drawn, and sampling rises", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const open = numbers(1_000, 10).pipe(
        Pipeline.map("m", (n: number) => (n === 503 ? fails(10)(n) : n), {
          onError: Policy.deadLetter
        })
      )
      const settings = { rate: 0, calmBatches: 20, deviations: 1e9 }
      yield* collect(engine, open, { batchSize: 10 }).pipe(
        Effect.provide(Telemetry.layer({ spans: settings })),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      const own = spans.filter((span) => span.attributes.get("stageId") === "m")
      expect(own[0]?.attributes.get("anomaly")).toBe("errors")
      expect(own[0]?.events[0]?.[2]).toEqual({ message: "no 3" })
      expect(own.length).toBeGreaterThan(2)
      expect(own.length).toBeLessThan(30)
    })
  )

  it.effect("a stage sees the trace of its batch, and can hand it on as headers", () =>
    Effect.gen(function* () {
      const { tracer, spans } = recorder()
      const traces: Array<Envelope.TraceContext> = []
      const open = numbers(5).pipe(
        Pipeline.mapEnvelope("see", (envelope: Envelope.Envelope<number>) => {
          traces.push(envelope.spanCtx)
          return envelope
        })
      )
      yield* collect(engine, open).pipe(
        Effect.provide(Telemetry.layer({ spans: { rate: 1 }, domainId: "a b" })),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      const known = new Set(spans.map((span) => span.spanId))
      expect(traces.length).toBe(5)
      for (const trace of traces) {
        expect(known.has(trace.spanId)).toBe(true)
        expect(Telemetry.traceHeaders(trace)).toEqual({
          traceparent: `00-${trace.traceId}-${trace.spanId}-01`,
          baggage: "pipelineId=pipeline,domainId=a%20b,parallelismHint=Sequential"
        })
      }
      expect(Telemetry.traceHeaders({ traceId: "", spanId: "", baggage: {} })).toEqual({})
    })
  )

  it.effect(
    "log lines name pipeline, stage and engine, also those that a stage's effects write",
    () =>
      Effect.gen(function* () {
        const lines: Array<{
          readonly message: unknown
          readonly fields: Record<string, unknown>
        }> = []
        const logger = Logger.make(({ message, fiber }) => {
          const fields = { ...fiber.getRef(References.CurrentLogAnnotations) }
          lines.push({ message: String(message), fields })
        })
        const open = numbers(100).pipe(
          Pipeline.mapEffect("say", (n: number) => Effect.as(Effect.logInfo(`at ${n}`), n), {
            concurrency: 4
          }),
          Pipeline.map("bad", fails(2), { onError: Policy.ignore }),
          Pipeline.mapBatch("quiet", (items: ReadonlyArray<number>) =>
            Effect.as(Effect.logInfo("batch"), items)
          ),
          Pipeline.map(
            "odd",
            (n: number): number => {
              throw new Error(`odd ${n}`)
            },
            { onError: Policy.ignore }
          )
        )
        yield* collect(engine, open).pipe(
          Effect.provide(Telemetry.layer({ logs: true })),
          Effect.provide(Logger.layer([logger]))
        )
        const own = lines.filter(({ message }) => String(message).startsWith("at "))
        expect(own.length).toBe(100)
        const of = (stageId: string) => ({
          pipelineId: "pipeline",
          stageId,
          engineType: engine.name
        })
        for (const { fields } of own) expect(fields).toEqual(of("say"))
        for (const { fields } of lines.filter(({ message }) => message === "batch")) {
          expect(fields).toEqual(of("quiet"))
        }
        const failures = lines.filter(({ message }) => String(message).includes('"odd" failed'))
        // The 1st, 2nd, 4th, … of a hundred.
        expect(failures.length).toBe(7)
        expect(failures.at(-1)?.fields).toMatchObject({ ...of("odd"), failures: 64, attempts: 1 })
        expect(lines.at(-1)).toMatchObject({
          message: 'pipeline "pipeline" completed',
          fields: { status: "completed", pipelineId: "pipeline" }
        })
      })
  )

  it.effect("with everything on, a seeded run gives the same output and the same trace", () =>
    Effect.gen(function* () {
      const { tracer } = recorder()
      const once = Effect.gen(function* () {
        const lines: Array<string> = []
        const observer = Observer.lines((line) => void lines.push(line))
        const open = numbers(200).pipe(
          Pipeline.map("m", fails(50), { onError: Policy.deadLetter }),
          Pipeline.mapEffect("e", (n: number) => Effect.as(Effect.yieldNow, n), { concurrency: 3 })
        )
        const { out } = yield* collect(engine, open, { observer, seed: 7 })
        return { out, trace: engine.name === "sync" ? lines.join("") : "" }
      })
      const plain = yield* once
      const looked = yield* once.pipe(
        Effect.provide(Telemetry.layer({ spans: { rate: 0.5 }, logs: true })),
        Effect.provideService(Tracer.Tracer, tracer),
        Effect.provide(Logger.layer([])),
        isolated
      )
      expect(looked).toEqual(plain)
    })
  )
})

describe("Telemetry", () => {
  it.effect("pools are told of while they live, add up by name, and stay counted", () =>
    Effect.gen(function* () {
      const pools = [1, 2].map(
        () =>
          new Pool<Uint8Array>({
            name: "segments",
            make: (size) => new Uint8Array(size),
            bytesOf: ({ byteLength }) => byteLength
          })
      )
      const figures = Effect.map(Metric.snapshot, (snapshots) =>
        Object.fromEntries(
          snapshots
            .filter((entry) => entry.attributes?.["pool"] === "segments")
            .map((entry) => [entry.id, Object.values(entry.state)[0]])
        )
      )
      yield* Effect.scoped(
        Effect.gen(function* () {
          for (const pool of pools) yield* Telemetry.watchPool(() => pool.statistics())
          for (const pool of pools) pool.give(pool.rent("a", 10), 10)
          for (const pool of pools) pool.rent("b", 10)
          expect(yield* figures).toEqual({
            pool_rented: 2,
            pool_rented_max: 1,
            pool_bytes_outstanding: 20,
            pool_reuse_ratio: 0.5,
            pool_fragmentation: 0,
            pool_rents_total: 4,
            pool_allocated_total: 2
          })
        })
      )
      const after = yield* figures
      expect(after).toMatchObject({
        pool_rented: 0,
        pool_bytes_outstanding: 0,
        pool_rents_total: 4
      })
    }).pipe(Effect.provide(Telemetry.layer()), isolated)
  )

  it.effect("a sampling that makes no sense is refused with what would", () =>
    Effect.gen(function* () {
      for (const spans of [{ rate: 2 }, { rateOnAnomaly: -1 }, { calmBatches: 0 }]) {
        const exit = yield* Effect.exit(Effect.provide(Effect.void, Telemetry.layer({ spans })))
        expect(String(exit)).toContain("rates are shares from 0 to 1")
      }
    })
  )
})
