// What an accumulator tells: spans per call, within sampling; the hook and the metrics agree with
// them, and no key and no payload is among it.
import { describe, expect, it } from "@effect/vitest"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Engine from "@sluice/core/Engine"
import type * as Observer from "@sluice/core/Observer"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Telemetry from "@sluice/core/Telemetry"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Tracer from "effect/Tracer"
import * as Accumulate from "../src/Accumulate.ts"

const engines: ReadonlyArray<{ readonly name: string; readonly make: () => Engine.Engine }> = [
  { name: "sync", make: () => SyncEngine.make() },
  { name: "async", make: () => AsyncEngine.make() }
]

const secret = "a-key-nobody-should-see"

/** Pairs of 0..9 complete; of 30 keys more only 20 have room; the rest ends with the input. */
const keys = [
  ...Array.from({ length: 20 }, (_, i) => `${secret} ${i % 10}`),
  ...Array.from({ length: 30 }, (_, i) => `${secret} open ${i}`)
]

const pairs = Accumulate.make({
  key: (key: string) => key,
  complete: (is) => is.items(2),
  output: ({ key }) => key,
  expire: { idle: "1 hour" },
  limits: { keys: 20 }
})

interface Told {
  readonly spans: ReadonlyArray<Tracer.NativeSpan>
  readonly events: ReadonlyArray<Observer.AccumulatorEvent>
  readonly lines: ReadonlyArray<string>
  readonly metrics: ReadonlyArray<Metric.Metric.Snapshot>
  readonly out: ReadonlyArray<string>
}

const run = (engine: Engine.Engine, options: Telemetry.TelemetryOptions): Effect.Effect<Told> =>
  Effect.gen(function* () {
    const spans: Array<Tracer.NativeSpan> = []
    const events: Array<Observer.AccumulatorEvent> = []
    const lines: Array<string> = []
    const out: Array<string> = []
    const tracer = Tracer.make({
      span: (made) => {
        const span = new Tracer.NativeSpan(made)
        spans.push(span)
        return span
      }
    })
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    const observer = {
      onAccumulatorEvent: (_: string, event: Observer.AccumulatorEvent) => void events.push(event)
    }
    const closed = Pipeline.source("in", Source.fromIterable(keys)).pipe(
      Pipeline.accumulate("pairs", pairs),
      Pipeline.sink("out", Sink.collectInto(out))
    )
    yield* Pipeline.run(closed, { engine, observer }).pipe(
      Effect.provide(Telemetry.layer(options)),
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provide(Logger.layer([logger]))
    )
    const metrics = yield* Metric.snapshot
    return { spans, events, lines, metrics, out }
  }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()), Effect.orDie)

const count = (span: Tracer.NativeSpan, event: string): number =>
  span.events
    .filter(([name]) => name === event)
    .reduce((sum, [, , attributes]) => sum + Number(attributes["keys"]), 0)

const total = (spans: ReadonlyArray<Tracer.NativeSpan>, event: string): number =>
  spans.reduce((sum, span) => sum + count(span, event), 0)

describe.each(engines)("$name engine, an accumulator", ({ make }) => {
  it.effect("tells the same by spans, by its hook and by metrics", () =>
    Effect.gen(function* () {
      const told = yield* run(make(), { spans: { rate: 1 }, logs: true })
      const updates = told.spans.filter(({ name }) => name === "accumulator.update")
      const sum = (of: (event: Observer.AccumulatorEvent) => number): number =>
        told.events.reduce((all, event) => all + of(event), 0)
      expect(total(updates, "accumulator.complete")).toBe(10)
      expect(sum(({ completed }) => completed)).toBe(10)
      expect(total(updates, "accumulator.flush")).toBe(30)
      expect(sum(({ flushed }) => flushed)).toBe(30)
      expect(total(updates, "accumulator.evict")).toBe(10)
      expect(sum(({ evicted }) => evicted)).toBe(10)
      expect(sum(({ outputs }) => outputs)).toBe(told.out.length)
      const evicted = told.metrics.find(({ id }) => id === "accumulator_evicted_total")
      expect(evicted?.state).toMatchObject({ count: 10 })
      expect(told.lines.filter((line) => line.includes("to make room")).length).toBeGreaterThan(0)
    })
  )

  it.effect("says where, how much and how complete, within the span of the batch", () =>
    Effect.gen(function* () {
      const { spans } = yield* run(make(), { spans: { rate: 1 }, domainId: "d" })
      const updates = spans.filter((span) => span.attributes.get("trigger") === "batch")
      const sizes = updates.map((span) => Number(span.attributes.get("batchSize")))
      expect(sizes.reduce((sum, size) => sum + size)).toBe(keys.length)
      const update = updates.find((span) => Number(span.attributes.get("outputs")) > 0)
      expect(Object.fromEntries(update?.attributes ?? [])).toMatchObject({
        stageId: "pairs",
        completenessScore: 1,
        spill: false,
        pipelineId: "pipeline",
        domainId: "d",
        parallelismHint: "Sequential"
      })
      const parent = update?.parent._tag === "Some" ? update.parent.value.spanId : ""
      const around = spans.find(({ spanId }) => spanId === parent)
      expect(around?.attributes.get("stageId")).toBe("pairs")
      const end = spans.find((span) => span.attributes.get("trigger") === "end")
      expect(end?.attributes.get("completenessScore")).toBe(0.5)
    })
  )

  it.effect("has no span where none is asked for; what makes room always has", () =>
    Effect.gen(function* () {
      expect((yield* run(make(), {})).spans).toEqual([])
      const { spans } = yield* run(make(), { spans: { rate: 0 } })
      const updates = spans.filter(({ name }) => name === "accumulator.update")
      expect(updates.length).toBeGreaterThan(0)
      expect(updates.every((span) => span.attributes.get("anomaly") === "evictions")).toBe(true)
    })
  )

  it.effect("tells counts, and no key", () =>
    Effect.gen(function* () {
      const { spans, events, lines } = yield* run(make(), { spans: { rate: 1 }, logs: true })
      const shown = spans.map(({ attributes, events: told }) => [[...attributes], told])
      const texts = JSON.stringify([shown, events, lines], (_, value: unknown) =>
        typeof value === "bigint" ? String(value) : value
      )
      expect(texts).toContain("pairs")
      expect(texts).not.toContain(secret)
    })
  )
})
