// Sinks that fail, as a whole or record by record, at the end, at opening; what reached them
// before.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Batch from "../../src/Batch.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import type * as PipelineResult from "../../src/PipelineResult.ts"
import * as Policy from "../../src/Policy.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import { batches, engines, range, sorted } from "../engines.ts"
import { boom } from "./failingStages.ts"

type Write = (batch: Batch.Batch<number>) => void | Effect.Effect<void, unknown>

const rejectThrees = (
  batch: Batch.Batch<number>,
  taken: Array<number>
): Sink.RecordsRejected | undefined => {
  const records = batch.items.flatMap((n, index) => (n === 3 ? [{ index, cause: boom }] : []))
  taken.push(...batch.items.filter((n) => n !== 3))
  return records.length === 0 ? undefined : { _tag: "RecordsRejected", records }
}

/** Sinks that cannot take the record 3, each in another way; `taken` is what they took. */
const sinks: ReadonlyArray<
  readonly [string, (taken: Array<number>) => Sink.Sink<number, unknown>]
> = [
  [
    "a function that throws",
    (taken) =>
      Sink.forEach((n: number) => {
        if (n === 3) throw boom
        taken.push(n)
      })
  ],
  [
    "an effect for each record",
    (taken) =>
      Sink.forEachEffect((n: number) =>
        n === 3
          ? Effect.fail(boom)
          : Effect.andThen(
              Effect.yieldNow,
              Effect.sync(() => taken.push(n))
            )
      )
  ],
  [
    "a writer that throws the names of the records",
    (taken) =>
      writer((batch) => {
        const rejected = rejectThrees(batch, taken)
        if (rejected !== undefined) throw rejected
      })
  ],
  [
    "a writer that fails with the names of the records",
    (taken) =>
      writer((batch) => {
        const rejected = rejectThrees(batch, taken)
        return rejected === undefined
          ? Effect.void
          : Effect.andThen(Effect.yieldNow, Effect.fail(rejected))
      })
  ]
]

const writer = (write: Write): Sink.Sink<number, unknown> =>
  Sink.make("writer", Effect.succeed({ write: write as Sink.SinkWriter<number, unknown>["write"] }))

const numbersTo10 = batches(range(10))

const others = range(10).filter((n) => n !== 3)

describe.each(engines)("$name engine, sinks that fail", (engine) => {
  const run = (sink: Sink.Sink<number, unknown>, onError: Policy.ErrorPolicy) =>
    Pipeline.run(numbersTo10.pipe(Pipeline.sink("out", sink, { onError })), {
      engine: engine.make(),
      batchSize: 10
    })

  const failing = (sink: Sink.Sink<number, unknown>, onError: Policy.ErrorPolicy = Policy.fail) =>
    Effect.map(Effect.flip(run(sink, onError)), (error) => error as PipelineResult.PipelineError)

  describe.each(sinks)("%s", (_, make) => {
    it.effect("dead letter: only the record it could not take is set aside", () =>
      Effect.gen(function* () {
        const taken: Array<number> = []
        const result = yield* run(make(taken), Policy.deadLetter)
        expect(taken).toEqual(others)
        expect(result.deadLetters).toMatchObject([
          { stageId: "out", payload: 3, seqId: 3, cause: boom, attempts: 1 }
        ])
        expect(result).toMatchObject({
          recordsIn: 10,
          recordsOut: 9,
          deadLetterCount: 1,
          errorCount: 1
        })
      })
    )

    it.effect("ignore: drops and counts it", () =>
      Effect.gen(function* () {
        const taken: Array<number> = []
        const result = yield* run(make(taken), Policy.ignore)
        expect(taken).toEqual(others)
        expect(result).toMatchObject({ recordsOut: 9, droppedCount: 1, errorCount: 1 })
      })
    )

    it.effect("retry: no record is written twice", () =>
      Effect.gen(function* () {
        const taken: Array<number> = []
        const policy = Policy.retry({ retriesMax: 2, backoffMs: 0, exhausted: Policy.deadLetter })
        const result = yield* run(make(taken), policy)
        expect(taken).toEqual(others)
        expect(result.deadLetters).toMatchObject([{ payload: 3, cause: boom, attempts: 3 }])
        expect(result.recordsOut).toBe(9)
      })
    )

    it.effect("fail: ends the run with the record", () =>
      Effect.gen(function* () {
        const taken: Array<number> = []
        const error = yield* failing(make(taken))
        expect(error.failure).toMatchObject({ stageId: "out", payload: 3, cause: boom })
        expect(taken.slice(0, 3)).toEqual([0, 1, 2])
        expect(error.result.recordsOut).toBe(taken.length)
      })
    )
  })

  it.effect("retry: what fails at first and works later is written once and is no error", () =>
    Effect.gen(function* () {
      const taken: Array<number> = []
      let attempts = 0
      const sink = Sink.forEachEffect((n: number) =>
        Effect.suspend(() => {
          if (n === 3 && attempts++ < 2) return Effect.fail(boom)
          return Effect.sync(() => taken.push(n))
        })
      )
      const result = yield* run(sink, Policy.retry({ retriesMax: 5, backoffMs: 0 }))
      expect(sorted(taken)).toEqual(range(10))
      expect(taken.at(-1) === 3 || engine.name === "sync").toBe(true)
      expect(result).toMatchObject({ recordsOut: 10, errorCount: 0, deadLetterCount: 0 })
    })
  )

  it.effect("a writer that refuses the whole batch sets every record of it aside", () =>
    Effect.gen(function* () {
      const all = writer(() => Effect.fail(boom))
      const result = yield* run(all, Policy.deadLetter)
      expect(result.deadLetters.map((letter) => letter.payload)).toEqual(range(10))
      expect(result.recordsOut).toBe(0)
    })
  )

  it.effect("a sink that cannot be opened fails the run before anything is read", () =>
    Effect.gen(function* () {
      let pulled = 0
      const pull = (): undefined => {
        pulled++
      }
      const open = Pipeline.source(
        "in",
        Source.make<number, never, never>("counting", Effect.succeed({ pull }))
      )
      const sink: Sink.Sink<number, Error> = Sink.make("closed", Effect.fail(boom))
      const error = yield* Effect.flip(
        Pipeline.run(open.pipe(Pipeline.sink("out", sink)), { engine: engine.make() })
      )
      expect(error).toMatchObject({
        _tag: "PipelineError",
        failure: { stageId: "out", cause: boom }
      })
      expect(pulled).toBe(0)
    })
  )

  it.effect("a sink that fails at its end fails the run", () =>
    Effect.gen(function* () {
      const sink = Sink.make(
        "flushing",
        Effect.succeed({ write: () => undefined, end: Effect.fail(boom) })
      )
      const error = yield* failing(sink)
      expect(error.failure).toMatchObject({ stageId: "out", cause: boom })
    })
  )

  it.effect("a sink does not end when the run failed before it", () =>
    Effect.gen(function* () {
      let ended = false
      const sink = Sink.make(
        "ending",
        Effect.succeed({
          write: () => undefined,
          end: Effect.sync(() => {
            ended = true
          })
        })
      )
      const open = numbersTo10.pipe(
        Pipeline.map("bad", (n: number): number => {
          if (n === 3) throw boom
          return n
        }),
        Pipeline.sink("out", sink, { buffer: { capacity: 4 } })
      )
      yield* Effect.flip(Pipeline.run(open, { engine: engine.make() }))
      expect(ended).toBe(false)
    })
  )

  it.effect(
    "a failing output does not keep the others of a broadcast from finishing what was read",
    () =>
      Effect.gen(function* () {
        const taken: Array<number> = []
        const { good, bad } = batches(...range(10).map((n) => [n])).pipe(
          Pipeline.broadcast("both", ["good", "bad"])
        )
        const closed = Pipeline.all([
          good.pipe(Pipeline.sink("good-out", Sink.collectInto(taken))),
          bad.pipe(Pipeline.sink("bad-out", sinks[0]?.[1]([]) as Sink.Sink<number, unknown>))
        ])
        const error = yield* Effect.flip(Pipeline.run(closed, { engine: engine.make() }))
        expect(error).toMatchObject({ failure: { stageId: "bad-out", payload: 3 } })
        const read = (error as PipelineResult.PipelineError).result.recordsIn
        expect(taken).toEqual(range(read))
      })
  )
})
