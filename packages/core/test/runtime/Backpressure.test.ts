// A slow stage stops the read; a channel that drops says what; an early end lets go of the source.
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as Pipeline from "../../src/Pipeline.ts"
import type * as Policy from "../../src/Policy.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import * as Streams from "../../src/Streams.ts"
import { collect, engines, numbers, range, sorted } from "../engines.ts"

const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
})

/** Numbers in batches of ten that counts what was pulled. */
class Counting {
  pulled = 0
  closed = false
  readonly pipeline = Pipeline.source(
    "in",
    Source.make(
      "counting",
      Effect.as(
        Effect.acquireRelease(Effect.void, () =>
          Effect.sync(() => {
            this.closed = true
          })
        ),
        {
          pull: () => {
            const items = range(10).map((i) => this.pulled + i)
            this.pulled += 10
            return { items, bytes: 0, provenance: undefined }
          }
        }
      )
    )
  )
}

/** A sink that takes nothing before the gate opens. */
const gated = (gate: Deferred.Deferred<void>, out: Array<number> = []): Sink.Sink<number> =>
  Sink.forEachBatch((items: ReadonlyArray<number>) =>
    Effect.andThen(
      Deferred.await(gate),
      Effect.sync(() => out.push(...items))
    )
  )

describe.each(engines)("$name engine, backpressure", (engine) => {
  it.effect("a sink that does not take stops the read: one batch is all it holds", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const source = new Counting()
      const closed = source.pipeline.pipe(Pipeline.sink("out", gated(gate)))
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* settle
      expect(source.pulled).toBe(10)
      yield* settle
      expect(source.pulled).toBe(10)
      yield* running.stop("abort")
    })
  )

  it.effect("behind buffers the read stops at what they hold and a batch for each stage", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const source = new Counting()
      const closed = source.pipeline.pipe(
        Pipeline.map("a", (n: number) => n, { buffer: { capacity: 40 } }),
        Pipeline.mapEffect("b", (n: number) => Effect.succeed(n), { buffer: { capacity: 20 } }),
        Pipeline.sink("out", gated(gate))
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* settle
      const held = 40 + 20
      expect(source.pulled).toBeGreaterThanOrEqual(held)
      expect(source.pulled).toBeLessThanOrEqual(held + 3 * 10)
      expect(running.inspect("a")?.inputQueueDepth).toBeLessThanOrEqual(40)
      expect(running.inspect("b")?.inputQueueDepth).toBeLessThanOrEqual(20)
      yield* running.stop("abort")
    })
  )

  it.effect("a slow output of a broadcast sets the pace for all", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const source = new Counting()
      const [fast, slow]: [Array<number>, Array<number>] = [[], []]
      const outputs = source.pipeline.pipe(Pipeline.broadcast("both", ["fast", "slow"]))
      const closed = Pipeline.all([
        outputs.fast.pipe(Pipeline.sink("fast-out", Sink.collectInto(fast))),
        outputs.slow.pipe(
          Pipeline.sink("slow-out", gated(gate, slow), { buffer: { capacity: 30 } })
        )
      ])
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* settle
      expect(source.pulled).toBeLessThanOrEqual(30 + 3 * 10)
      expect(fast.length).toBeGreaterThanOrEqual(30)
      yield* running.stop("graceful")
      yield* Deferred.succeed(gate, undefined)
      yield* running.result
      expect(slow).toEqual(fast)
    })
  )

  for (const onFull of ["drop-oldest", "drop-newest"] as const) {
    it.effect(
      `${onFull}: what does not fit is handed over and counted, nothing is lost silently`,
      () =>
        Effect.gen(function* () {
          const gate = yield* Deferred.make<void>()
          const out: Array<number> = []
          const dropped: Array<number> = []
          const buffer: Policy.BufferPolicy = { capacity: 15, onFull }
          const closed = numbers(200, 10).pipe(
            Pipeline.map("same", (n: number) => n),
            Pipeline.sink("out", gated(gate, out), { buffer })
          )
          const onDropped = (stageId: string, payloads: ReadonlyArray<unknown>): void => {
            expect(stageId).toBe("out")
            dropped.push(...(payloads as ReadonlyArray<number>))
          }
          const running = yield* Pipeline.start(closed, { engine: engine.make(), onDropped })
          yield* settle
          yield* Deferred.succeed(gate, undefined)
          const result = yield* running.result
          expect(dropped.length).toBeGreaterThan(100)
          expect(sorted([...out, ...dropped])).toEqual(range(200))
          expect(out).toEqual(sorted(out))
          expect(result).toMatchObject({
            recordsIn: 200,
            recordsOut: out.length,
            droppedCount: dropped.length
          })
          expect(result.finalStates["out"]?.dropped).toBe(dropped.length)
          if (onFull === "drop-oldest") expect(out.slice(-15)).toEqual(range(200).slice(-15))
          else expect(out.slice(0, 15)).toEqual(range(15))
        })
    )
  }

  it.effect("an endless source ends when the stream function has taken enough", () =>
    Effect.gen(function* () {
      const source = new Counting()
      const { out, result } = yield* collect(
        engine,
        source.pipeline.pipe(
          Pipeline.process("first", (input: Stream.Stream<number>) => Stream.take(input, 25))
        )
      )
      expect(out).toEqual(range(25))
      expect(source.closed).toBe(true)
      expect(result.status).toBe("completed")
    })
  )

  it.effect("a stream function that ends early does not hold up what feeds it", () =>
    Effect.gen(function* () {
      const rest: Array<number> = []
      const { some, all } = numbers(5_000, 10).pipe(Pipeline.broadcast("both", ["some", "all"]))
      const few: Array<number> = []
      const closed = Pipeline.all([
        some.pipe(
          Pipeline.process("few", (input: Stream.Stream<number>) => Stream.take(input, 3), {
            buffer: { capacity: 10 }
          }),
          Pipeline.sink("few-out", Sink.collectInto(few))
        ),
        all.pipe(Pipeline.sink("all-out", Sink.collectInto(rest)))
      ])
      yield* Pipeline.run(closed, { engine: engine.make() })
      expect(few).toEqual(range(3))
      expect(rest).toEqual(range(5_000))
    })
  )

  it.effect("a stream function that fails early does not hold up what feeds it", () =>
    Effect.gen(function* () {
      const source = new Counting()
      const closed = source.pipeline.pipe(
        Pipeline.process("bad", (input: Stream.Stream<number>) =>
          Stream.concat(Stream.take(input, 3), Stream.fail("enough" as const))
        ),
        Pipeline.sink("out", Sink.drain)
      )
      const error = yield* Effect.flip(Pipeline.run(closed, { engine: engine.make() }))
      expect(error).toMatchObject({ failure: { stageId: "bad", cause: "enough" } })
      expect(source.closed).toBe(true)
    })
  )

  it.effect("a source that again and again has nothing lets the others run", () =>
    Effect.gen(function* () {
      let asked = 0
      const idle = Source.make(
        "idle",
        Effect.succeed({
          pull: () =>
            ++asked > 100_000
              ? undefined
              : { items: [] as Array<number>, bytes: 0, provenance: undefined }
        })
      )
      const seen: Array<number> = []
      const closed = Pipeline.merge("both", [Pipeline.source("idle", idle), numbers(5)]).pipe(
        Pipeline.sink(
          "out",
          Sink.forEach(() => seen.push(asked))
        )
      )
      yield* Pipeline.run(closed, { engine: engine.make() })
      expect(seen).toHaveLength(5)
      expect(seen[0]).toBeLessThan(100_000)
    })
  )

  it.effect("a merge keeps the order of each of its inputs", () =>
    Effect.gen(function* () {
      const inputs = range(5).map((k) =>
        Pipeline.source(`s${k}`, Source.fromChunks(range(40).map((i) => [k * 1_000 + i])))
      )
      const { out } = yield* collect(
        engine,
        Pipeline.merge("all", inputs, { buffer: { capacity: 3 } }),
        { seed: 7 }
      )
      for (const k of range(5)) {
        expect(out.filter((n) => Math.floor(n / 1_000) === k)).toEqual(
          range(40).map((i) => k * 1_000 + i)
        )
      }
    })
  )

  it.effect("batches are at most `batchSize` records", () =>
    Effect.gen(function* () {
      const sizes: Array<number> = []
      const closed = numbers(1_000, 1_000).pipe(
        Pipeline.sink(
          "out",
          Sink.forEachBatch((items: ReadonlyArray<number>) =>
            Effect.sync(() => sizes.push(items.length))
          )
        )
      )
      yield* Pipeline.run(closed, { engine: engine.make(), batchSize: 64 })
      expect(Math.max(...sizes)).toBeLessThanOrEqual(64)
      expect(sizes.reduce((a, b) => a + b, 0)).toBe(1_000)
    })
  )

  it.effect("a stream of a pipeline pulls no further ahead than a few batches", () =>
    Effect.gen(function* () {
      const source = new Counting()
      const fiber = yield* Effect.forkChild(
        Streams.stream(source.pipeline, { engine: engine.make() }).pipe(
          Stream.runForEach((n) => (n < 20 ? Effect.void : Effect.never))
        )
      )
      yield* settle
      expect(source.pulled).toBeLessThanOrEqual(20 + 8 * 10)
      yield* Fiber.interrupt(fiber)
      expect(source.closed).toBe(true)
    })
  )
})
