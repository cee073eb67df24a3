// What leaves a stage that gathers: how many records at once, when, and what each still knows of
// itself; on both engines, on clocks that only the test or the engine moves.
import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Batch from "../../src/Batch.ts"
import * as Batching from "../../src/Batching.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import * as Streams from "../../src/Streams.ts"
import type { EngineCase } from "../engines.ts"
import { batches, engines, numbers, range } from "../engines.ts"

const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
})

interface Seen<A> {
  readonly items: ReadonlyArray<A>
  readonly atMs: number
}

/** Keeps the batches as they come, with the time of the run's clock. */
const recorder = <A>(): { readonly seen: Array<Seen<A>>; readonly sink: Sink.Sink<A> } => {
  const seen: Array<Seen<A>> = []
  const sink = Sink.forEachBatch((items: ReadonlyArray<A>) =>
    Effect.map(Clock.currentTimeMillis, (atMs) => seen.push({ items, atMs }))
  )
  return { seen, sink }
}

const sizes = (seen: ReadonlyArray<Seen<unknown>>): ReadonlyArray<number> =>
  seen.map(({ items }) => items.length)

const run = <A>(
  engine: EngineCase,
  open: Pipeline.Pipeline<A>,
  options: { readonly batchSize?: number } = {}
) =>
  Effect.gen(function* () {
    const { seen, sink } = recorder<A>()
    const closed = open.pipe(Pipeline.sink("out", sink))
    const result = yield* Pipeline.run(closed, { ...options, engine: engine.make() })
    return { seen, result }
  })

/** Records at given times: pairs of a pause before it, in milliseconds, and a record. */
const timed = (...steps: ReadonlyArray<readonly [number, number]>): Pipeline.Pipeline<number> =>
  Pipeline.source(
    "in",
    Streams.source(
      Stream.fromIterable(steps).pipe(
        Stream.mapEffect(([pause, n]) => Effect.as(Effect.sleep(pause), n))
      )
    )
  )

/** Runs to the end, on a clock that the test moves where the engine does not move its own. */
const inTime = <A, E, R>(engine: EngineCase, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    for (let turn = 0; turn < 2_000 && fiber.pollUnsafe() === undefined; turn++) {
      yield* settle
      if (engine.name === "async") yield* TestClock.adjust(1)
    }
    if (fiber.pollUnsafe() === undefined) return yield* Effect.die(new Error("the run hangs"))
    return yield* Fiber.join(fiber)
  })

/** What is asked for and how large the batches are that 25 records make. */
const cuts: ReadonlyArray<readonly [string, Batching.Batching, ReadonlyArray<number>]> = [
  ["record", Batching.record, range(25).map(() => 1)],
  ["fixed", Batching.fixed(7), [7, 7, 7, 4]],
  ["fixed and held", Batching.fixed(7, { incomplete: "hold" }), [7, 7, 7, 4]],
  ["hybrid", Batching.hybrid(10, "1 hour"), [10, 10, 5]],
  ["larger than all", Batching.fixed(1_000), [25]],
  ["a window never closed", Batching.timeWindow("1 hour"), [25]],
  ["a window with a count", Batching.timeWindow("1 hour", { countMax: 20 }), [20, 5]]
]

describe.each(engines)("$name engine, batching", (engine) => {
  for (const [name, batching, expected] of cuts) {
    it.effect(`${name}: ${Batching.describe(batching)}`, () =>
      Effect.gen(function* () {
        const { seen, result } = yield* run(engine, numbers(25).pipe(Pipeline.batch("b", batching)))
        expect(sizes(seen)).toEqual(expected)
        expect(seen.flatMap(({ items }) => items)).toEqual(range(25))
        expect(result.finalStates["b"]).toMatchObject({
          recordsIn: 25,
          recordsOut: 25,
          inFlight: 0,
          metrics: { batchesOut: expected.length }
        })
      })
    )
  }

  it.effect("a rule of the user's ends a batch with the record that completes it", () =>
    Effect.gen(function* () {
      const words = ["a", "b.", "c.", "d", "e", "f.", "g"]
      const sentence = Batching.accumulated({
        initial: "",
        add: (_, word: string) => word,
        complete: (last) => last.endsWith("."),
        window: "Infinity"
      })
      const { seen } = yield* run(engine, batches(words).pipe(Pipeline.batch("b", sentence)))
      expect(seen.map(({ items }) => items.join(" "))).toEqual(["a b.", "c.", "d e f.", "g"])
    })
  )

  it.effect("a record whose rule throws follows the error policy, alone", () =>
    Effect.gen(function* () {
      const rule = Batching.accumulated({
        initial: 0,
        add: (total, n: number) => {
          if (n === 4) throw new Error("no four")
          return total + n
        },
        complete: (total) => total >= 10,
        window: "Infinity"
      })
      const open = numbers(8).pipe(Pipeline.batch("b", rule, { onError: Policy.deadLetter }))
      const { seen, result } = yield* run(engine, open)
      expect(seen.map(({ items }) => items)).toEqual([
        [0, 1, 2, 3, 5],
        [6, 7]
      ])
      expect(result.deadLetters).toMatchObject([{ stageId: "b", seqId: 4, payload: 4 }])
    })
  )

  it.effect("a lone record does not wait when nothing more is there", () =>
    Effect.gen(function* () {
      const open = timed([0, 1], [50, 2], [50, 3]).pipe(Pipeline.batch("b", Batching.fixed(100)))
      const { seen } = yield* inTime(engine, run(engine, open))
      expect(seen).toEqual([
        { items: [1], atMs: 0 },
        { items: [2], atMs: 50 },
        { items: [3], atMs: 100 }
      ])
    })
  )

  it.effect("a lone record waits for company where that is asked for", () =>
    Effect.gen(function* () {
      const hold = Batching.fixed(2, { incomplete: "hold" })
      const open = timed([0, 1], [50, 2], [50, 3]).pipe(Pipeline.batch("b", hold))
      const { seen } = yield* inTime(engine, run(engine, open))
      expect(seen).toEqual([
        { items: [1, 2], atMs: 50 },
        { items: [3], atMs: 100 }
      ])
    })
  )

  it.effect("hybrid: a window after the first record, or the count before that", () =>
    Effect.gen(function* () {
      const open = timed([3, 1], [4, 2], [20, 3], [1, 4], [1, 5], [1, 6]).pipe(
        Pipeline.batch("b", Batching.hybrid(3, 10))
      )
      const { seen } = yield* inTime(engine, run(engine, open))
      expect(seen).toEqual([
        { items: [1, 2], atMs: 13 },
        { items: [3, 4, 5], atMs: 29 },
        { items: [6], atMs: 30 }
      ])
    })
  )

  it.effect("time windows end at whole multiples of their length", () =>
    Effect.gen(function* () {
      const open = timed([3, 1], [4, 2], [6, 3], [12, 4], [10, 5]).pipe(
        Pipeline.batch("b", Batching.timeWindow(10))
      )
      const { seen } = yield* inTime(engine, run(engine, open))
      expect(seen).toEqual([
        { items: [1, 2], atMs: 10 },
        { items: [3], atMs: 20 },
        { items: [4], atMs: 30 },
        { items: [5], atMs: 35 }
      ])
    })
  )

  it.effect("a window ends while effects before the stage still run", () =>
    Effect.gen(function* () {
      const open = timed([0, 1], [0, 2]).pipe(
        Pipeline.mapEffect("slow", (n: number) => Effect.as(Effect.sleep(n === 2 ? 500 : 0), n), {
          concurrency: 4
        }),
        Pipeline.batch("b", Batching.hybrid(3, 10))
      )
      const { seen } = yield* inTime(engine, run(engine, open))
      expect(seen).toEqual([
        { items: [1], atMs: 10 },
        { items: [2], atMs: 500 }
      ])
    })
  )

  it.effect("an adaptive size is asked for each batch and told what became of it", () =>
    Effect.gen(function* () {
      const told: Array<Batching.ObservedBatch> = []
      const sizesAsked = [2, 5, 0, Number.NaN, 1_000]
      const batching = Batching.adaptive({
        countMax: 6,
        make: () => ({
          size: () => sizesAsked.shift() ?? 4,
          observe: (seen) => void told.push(seen)
        })
      })
      const slow = Sink.forEachBatch((items: ReadonlyArray<number>) =>
        Effect.sleep(items.length * 10)
      )
      const closed = numbers(24, 100).pipe(
        Pipeline.batch("b", batching),
        Pipeline.sink("out", slow)
      )
      yield* inTime(engine, Pipeline.run(closed, { engine: engine.make(), batchSize: 1_000 }))
      expect(told.map(({ count }) => count).slice(0, 5)).toEqual([2, 5, 1, 1, 6])
      expect(told.map(({ latencyMs }) => latencyMs).slice(0, 2)).toEqual([20, 50])
      expect(told.every(({ fill }) => fill >= 0 && fill <= 1)).toBe(true)
      expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(24)
    })
  )

  it.effect("records of several inputs keep their numbers, origins and places", () =>
    Effect.gen(function* () {
      const chunk = (name: string, base: number, ...items: ReadonlyArray<string>) => ({
        items,
        bytes: items.length * 10,
        provenance: { name, base }
      })
      const source = (id: string, chunks: ReadonlyArray<Source.Chunk<string>>) => {
        const left = [...chunks]
        const reader = Effect.sync(() => ({ pull: () => left.shift() }))
        return Pipeline.source(id, Source.make(id, reader))
      }
      const first = source("first", [chunk("a.txt", 0, "a1", "a2"), chunk("a.txt", 5, "a6", "a7")])
      const second = source("second", [chunk("b.txt", 2, "b3")])
      const where: Array<string> = []
      const open = Pipeline.merge("both", [first, second]).pipe(
        Pipeline.batch("b", Batching.fixed(100, { incomplete: "hold" })),
        Pipeline.mapBatch(
          "fails",
          (): ReadonlyArray<string> => {
            throw new Error("no")
          },
          { onError: Policy.deadLetter }
        )
      )
      const { result } = yield* run(engine, open)
      for (const { payload, origin, location, seqId } of result.deadLetters) {
        where.push(`${payload} ${origin} ${location} ${seqId}`)
      }
      expect(where.toSorted()).toEqual([
        "a1 first a.txt:1 0",
        "a2 first a.txt:2 1",
        "a6 first a.txt:6 2",
        "a7 first a.txt:7 3",
        "b3 second b.txt:3 0"
      ])
    })
  )

  it.effect("what a failure finds waiting is delivered, and counted", () =>
    Effect.gen(function* () {
      const { seen, sink } = recorder<number>()
      const fails = (n: number): number => {
        if (n === 12) throw new Error("twelve")
        return n
      }
      const closed = numbers(25).pipe(
        Pipeline.map("m", fails),
        Pipeline.batch("b", Batching.fixed(100, { incomplete: "hold" })),
        Pipeline.sink("out", sink)
      )
      const error = yield* Effect.flip(Pipeline.run(closed, { engine: engine.make() }))
      if (error._tag !== "PipelineError") throw error
      expect(seen.flatMap(({ items }) => items)).toEqual(range(12))
      expect(error.result.finalStates["b"]).toMatchObject({ recordsIn: 12, recordsOut: 12 })
    })
  )

  it.effect("a stop hands over what waits; an abort counts it as in flight", () =>
    Effect.gen(function* () {
      for (const mode of ["graceful", "abort"] as const) {
        const { seen, sink } = recorder<number>()
        const queue = yield* Queue.unbounded<number>()
        yield* Queue.offerAll(queue, [1, 2, 3])
        const closed = Pipeline.source("in", Source.fromQueue(queue)).pipe(
          Pipeline.batch("b", Batching.fixed(100, { incomplete: "hold" })),
          Pipeline.sink("out", sink)
        )
        const running = yield* Pipeline.start(closed, { engine: engine.make() })
        yield* settle
        expect(running.inspect("b")).toMatchObject({ recordsIn: 3, recordsOut: 0, inFlight: 3 })
        yield* running.stop(mode)
        const result = yield* running.result
        const out = mode === "graceful" ? [1, 2, 3] : []
        expect(seen.flatMap(({ items }) => items)).toEqual(out)
        expect(result.finalStates["b"]).toMatchObject({ inFlight: 3 - out.length })
      }
    })
  )

  it.effect("behind a slow sink no more than one batch waits, and the read stops", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      let pulled = 0
      const source = Source.make(
        "counting",
        Effect.succeed({
          pull: () => {
            const items = range(10).map((i) => pulled + i)
            pulled += 10
            return { items, bytes: 0, provenance: undefined }
          }
        })
      )
      const closed = Pipeline.source("in", source).pipe(
        Pipeline.batch("b", Batching.fixed(35)),
        Pipeline.sink(
          "out",
          Sink.forEachBatch(() => Deferred.await(gate))
        )
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* settle
      expect(pulled).toBe(40)
      yield* running.stop("abort")
    })
  )
})

describe("batching", () => {
  it("names what would wait for ever or grow without bound", () => {
    const bad: ReadonlyArray<readonly [Batching.Batching, ReadonlyArray<string>]> = [
      [Batching.fixed(0), ["count is 0"]],
      [Batching.fixed(Batch.sizeMax + 1), ["count is 65537"]],
      [Batching.hybrid(1.5, 0), ["count is 1.5", "window is 0 ms"]],
      [Batching.timeWindow("Infinity"), ["window is Infinity ms"]]
    ]
    for (const [batching, starts] of bad) {
      const closed = numbers(1).pipe(Pipeline.batch("b", batching), Pipeline.sink("o", Sink.drain))
      const built = Pipeline.build(closed)
      if (!Result.isFailure(built)) throw new Error("was not refused")
      const reasons = built.failure.issues.map(({ reason, stageId }) => `${stageId}: ${reason}`)
      expect(reasons.length).toBe(starts.length)
      for (const [i, start] of starts.entries()) expect(reasons[i]).toContain(start)
    }
  })
})
