// Runs that read bytes return every segment, however they end: asked after each test, as users can.
import { afterEach, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Format from "../../src/Format.ts"
import * as Records from "../../src/node/Records.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as PoolTracker from "../../src/PoolTracker.ts"
import * as Redaction from "../../src/Redaction.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import { collect, collectFailing, engines } from "../engines.ts"
import * as drive from "../node/drive.ts"

const tracker = PoolTracker.afterEachTest(afterEach)
let rents = 0
let columns: Array<string> = []
const counting: PoolTracker.PoolTracker = Object.create(tracker, {
  rented: {
    value: (...rent: Parameters<PoolTracker.PoolTracker["rented"]>) => {
      rents++
      if (rent[1].startsWith("batch-index")) columns.push(rent[2])
      tracker.rented(...rent)
    }
  }
})

const pairs = Format.delimited({ name: Format.text(), value: Format.integer() })

const text = Array.from({ length: 2_000 }, (_, i) => `record ${i}\t${i}\n`).join("")

const records = (contents: string) =>
  Effect.map(drive.withFiles({ a: contents }), (at) =>
    Pipeline.source("in", Records.files(at("a"), pairs, { chunkBytes: 512 }))
  )

const watched = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.provideService(effect, PoolTracker.Current, counting))

describe.each(engines)("$name engine, index columns", (engine) => {
  const closed = Pipeline.source("in", Source.fromChunks([[1], Array(2_000).fill(2), [3]])).pipe(
    Pipeline.filter("odd", (n: number) => n % 2 === 1),
    Pipeline.mapEffect("wait", (n: number) => (n === 3 ? Effect.never : Effect.succeed(n))),
    Pipeline.map("last", (n: number) => n),
    Pipeline.sink("out", Sink.drain)
  )
  const start = Effect.suspend(() => {
    columns = []
    return Effect.forkChild(Pipeline.run(closed, { engine: engine.make() }))
  })
  const settle = Effect.promise(async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  })

  it.effect("are rented by kernels, larger ones as batches grow, and returned after an abort", () =>
    Effect.gen(function* () {
      const fiber = yield* start
      yield* settle
      expect(tracker.leaks().map(({ renter }) => renter)).toContain("odd")
      yield* Fiber.interrupt(fiber)
      expect(columns.filter((renter) => renter === "odd").length).toBe(2)
    }).pipe(watched)
  )
})

describe.each(engines)("$name engine, segments", (engine) => {
  it.effect("are all returned after a complete run", () =>
    Effect.gen(function* () {
      rents = 0
      const open = (yield* records(text)).pipe(
        Pipeline.filter("even", ({ value }) => value % 2 === 0)
      )
      const { out } = yield* collect(engine, open)
      expect(out.length).toBe(1_000)
      expect(rents).toBeGreaterThan(10)
    }).pipe(watched)
  )

  it.effect("are all returned after a run that a record ended", () =>
    Effect.gen(function* () {
      const open = (yield* records(text)).pipe(
        Pipeline.map(
          "m",
          ({ value }): number => {
            if (value === 1_500) throw new Error("enough")
            return value
          },
          { onError: Policy.fail }
        )
      )
      const { error } = yield* collectFailing(engine, open)
      expect(error._tag).toBe("PipelineError")
    }).pipe(watched)
  )

  it.effect("are all returned after a source that broke", () =>
    Effect.gen(function* () {
      const { out } = yield* collectFailing(engine, yield* records(`${text}no number\tx\n`))
      expect(out.length).toBe(2_000)
    }).pipe(watched)
  )

  it.effect("are all returned after an abort in the middle", () =>
    Effect.gen(function* () {
      const stuck = (yield* records(text)).pipe(
        Pipeline.mapEffect(
          "stuck",
          (record: { readonly value: number }) =>
            record.value < 700 ? Effect.succeed(record) : Effect.never,
          { concurrency: 2 }
        ),
        Pipeline.sink("out", Sink.drain)
      )
      const fiber = yield* Effect.forkChild(Pipeline.run(stuck, { engine: engine.make() }))
      yield* Effect.promise(async () => {
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      })
      yield* Fiber.interrupt(fiber)
    }).pipe(watched)
  )

  it.effect("are all returned where a redaction remembers what is under way", () =>
    Effect.gen(function* () {
      rents = 0
      const at = yield* drive.withFiles({ a: text })
      const logins = Format.delimited({ user: Format.text(), password: Format.text() })
      const closed = Pipeline.source(
        "in",
        Records.files(at("a"), logins, { chunkBytes: 512 })
      ).pipe(Pipeline.sink("out", Records.ndjsonSink(at("out.ndjson"))))
      const run = Effect.scoped(
        Effect.gen(function* () {
          const running = yield* Pipeline.start(closed, { engine: engine.make() })
          return yield* running.result
        })
      )
      const result = yield* Effect.provide(run, Redaction.layer({ fields: ["password"] }))
      expect(result.recordsOut).toBe(2_000)
      expect(rents).toBeGreaterThan(10)
    }).pipe(watched)
  )
})
