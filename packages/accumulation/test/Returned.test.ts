// Accumulators return the memory of their tables, however the run ends: asked after each test.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "@effect/vitest"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Engine from "@sluice/core/Engine"
import * as Fields from "@sluice/core/Fields"
import * as Format from "@sluice/core/Format"
import * as Records from "@sluice/core/node/Records"
import * as Pipeline from "@sluice/core/Pipeline"
import * as PoolTracker from "@sluice/core/PoolTracker"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Telemetry from "@sluice/core/Telemetry"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Accumulate from "../src/Accumulate.ts"
import * as Aggregate from "../src/Aggregate.ts"
import * as Complete from "../src/Complete.ts"
import { memoryOf } from "../src/internal/stateMemory.ts"

const tracker = PoolTracker.afterEachTest(afterEach)
let renters: Array<string> = []
const counting: PoolTracker.PoolTracker = Object.create(tracker, {
  rented: {
    value: (item: object, pool: string, renter: string) => {
      renters.push(`${pool} ${renter}`)
      tracker.rented(item, pool, renter)
    }
  }
})

const keys = 3_000
const perKey = Accumulate.make({
  key: (n: number) => n % keys,
  complete: (is) => is.items(2),
  output: ({ key, fragments }) => `${key} ${fragments}`,
  expire: { idle: "1 hour" }
})

const numbers = (count: number) => Source.fromIterable(Array.from({ length: count }, (_, i) => i))

const watched = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    renters = []
    return Effect.provideService(effect, PoolTracker.Current, counting)
  })

const engines: ReadonlyArray<{ readonly name: string; readonly make: () => Engine.Engine }> = [
  { name: "sync", make: () => SyncEngine.make() },
  { name: "async", make: () => AsyncEngine.make() }
]

describe.each(engines)("$name engine, memory of keys", ({ make }) => {
  const accumulated = <E>(source: Source.Source<number, E>) =>
    Pipeline.source("in", source).pipe(Pipeline.accumulate("pairs", perKey))

  it.effect("is returned after a complete run, and grows by larger blocks", () =>
    Effect.gen(function* () {
      const closed = accumulated(numbers(2 * keys)).pipe(Pipeline.sink("out", Sink.drain))
      const result = yield* Pipeline.run(closed, { engine: make() })
      expect(result.recordsOut).toBe(keys)
      expect(renters).toEqual(Array(4).fill("accumulator-states pairs"))
    }).pipe(watched)
  )

  it.effect("is returned after a run that a record ended with keys open", () =>
    Effect.gen(function* () {
      const failing = Accumulate.make({
        key: (n: number) => {
          if (n === 1_000) throw new Error("enough")
          return n
        },
        complete: (is) => is.items(2),
        output: ({ key }) => key,
        expire: { idle: "1 hour" }
      })
      const closed = Pipeline.source("in", numbers(2_000)).pipe(
        Pipeline.accumulate("keys", failing),
        Pipeline.sink("out", Sink.drain)
      )
      const result = yield* Effect.exit(Pipeline.run(closed, { engine: make() }))
      expect(result._tag).toBe("Failure")
      expect(renters.length).toBeGreaterThan(0)
    }).pipe(watched)
  )

  it.effect("is returned after an abort in the middle", () =>
    Effect.gen(function* () {
      const closed = accumulated(numbers(keys + 500)).pipe(
        Pipeline.mapEffect("stuck", () => Effect.never),
        Pipeline.sink("out", Sink.drain)
      )
      const fiber = yield* Effect.forkChild(Pipeline.run(closed, { engine: make() }))
      yield* Effect.promise(async () => {
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      })
      expect(tracker.leaks().length).toBeGreaterThan(0)
      yield* Fiber.interrupt(fiber)
    }).pipe(watched)
  )

  it.effect("kept as bytes is returned, and the report still names the open keys", () =>
    Effect.gen(function* () {
      const directory = mkdtempSync(join(tmpdir(), "sluice-returned-"))
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
      )
      const format = Format.delimited({ key: Format.text(), value: Format.integer() })
      const path = join(directory, "in.tsv")
      writeFileSync(path, Array.from({ length: 20_000 }, (_, i) => `k${i}\t${i}\n`).join(""))
      const totals = Accumulate.make({
        ...Aggregate.of({ key: Aggregate.key, total: Aggregate.sum("value") }),
        key: Fields.joined("key"),
        complete: Complete.never,
        timeBoundWaived: "the input ends",
        atEnd: "discard"
      })
      const closed = Pipeline.source("in", Records.files(path, format)).pipe(
        Pipeline.accumulate("totals", totals),
        Pipeline.sink("out", Sink.drain)
      )
      const result = yield* Pipeline.run(closed, { engine: make(), openKeysMax: 3 })
      expect(result.accumulators[0]?.openKeys.map(({ key }) => key)).toEqual(["k0", "k1", "k2"])
      // States and their index are in one block, which so many keys outgrow once.
      const rents = renters.filter((renter) => renter === "accumulator-states totals")
      expect(rents.length).toBe(2)
    }).pipe(Effect.scoped, watched)
  )

  it.effect("is told as a pool while the run goes on", () =>
    Effect.gen(function* () {
      let seen: number | undefined
      const closed = accumulated(numbers(keys + 1)).pipe(
        Pipeline.mapEffect("look", (text: string) =>
          Effect.map(Metric.snapshot, (snapshots) => {
            const rented = snapshots.find(({ id }) => id === "pool_rented")
            seen = (rented?.state as { readonly value: number } | undefined)?.value
            return text
          })
        ),
        Pipeline.sink("out", Sink.drain)
      )
      yield* Pipeline.run(closed, { engine: make() })
      expect(seen).toBe(1)
    }).pipe(
      Effect.provide(Telemetry.layer()),
      Effect.provideService(Metric.MetricRegistry, new Map()),
      watched
    )
  )
})

describe("the check", () => {
  it("finds an accumulator that keeps its memory", () => {
    const leaky = new PoolTracker.PoolTracker()
    const host = {
      pipelineId: "p",
      stageId: "careless",
      now: () => 0,
      failed: () => true,
      pools: { tracker: leaky, watch: () => () => undefined }
    }
    const { memory, close } = memoryOf(host, () => 0)
    memory.rent(1_024)
    expect(leaky.report()).toContain("careless")
    close()
    leaky.assertReturned()
  })
})
