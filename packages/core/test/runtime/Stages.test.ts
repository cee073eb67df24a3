// Each stage kind on each engine: what it emits, in which order, and what its counters say.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Batch from "../../src/Batch.ts"
import * as Channel from "../../src/Channel.ts"
import type * as Envelope from "../../src/Envelope.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import type * as Stage from "../../src/Stage.ts"
import * as Streams from "../../src/Streams.ts"
import { batches, collect, engines, numbers, range, sorted } from "../engines.ts"

const counts = (state: Stage.StageRuntimeState | undefined) => [state?.recordsIn, state?.recordsOut]

describe.each(engines)("$name engine, stages", (engine) => {
  it.effect("map, filter and flatMap keep the order", () =>
    Effect.gen(function* () {
      const { out, result } = yield* collect(
        engine,
        numbers(100).pipe(
          Pipeline.map("double", (n: number) => n * 2),
          Pipeline.filter("thirds", (n: number) => n % 3 === 0),
          Pipeline.flatMap("twice", (n: number) => [n, -n]),
          Pipeline.map("text", (n: number) => `${n}`)
        )
      )
      const expected = range(100)
        .map((n) => n * 2)
        .filter((n) => n % 3 === 0)
        .flatMap((n) => [n, -n])
      expect(out).toEqual(expected.map((n) => `${n}`))
      expect(counts(result.finalStates["thirds"])).toEqual([100, 34])
      expect(counts(result.finalStates["twice"])).toEqual([34, 68])
      expect(counts(result.finalStates["out"])).toEqual([68, 68])
      expect(result).toMatchObject({
        status: "completed",
        success: true,
        recordsIn: 100,
        recordsOut: 68
      })
    })
  )

  it.effect("flatMap takes any iterable", () =>
    Effect.gen(function* () {
      const { out } = yield* collect(
        engine,
        numbers(4).pipe(
          Pipeline.flatMap("up", function* (n: number) {
            for (let i = 0; i < n; i++) yield n
          }),
          Pipeline.flatMap("set", (n: number) => new Set([n, n]))
        )
      )
      expect(out).toEqual([1, 2, 2, 3, 3, 3])
    })
  )

  it.effect("a cursor knows sequence number, origin and order of each record", () =>
    Effect.gen(function* () {
      const { out } = yield* collect(
        engine,
        numbers(30).pipe(
          Pipeline.filter("odd", (n: number) => n % 2 === 1),
          Pipeline.map("seen", (n: number, cursor) => [n, cursor.seqId, cursor.origin] as const)
        )
      )
      expect(out).toEqual(
        range(30)
          .filter((n) => n % 2 === 1)
          .map((n) => [n, n, "in"])
      )
    })
  )

  it.effect("sequence numbers survive a batch that grew beyond 65,536 records", () =>
    Effect.gen(function* () {
      const { out } = yield* collect(
        engine,
        batches(range(300)).pipe(
          Pipeline.flatMap("many", (n: number) =>
            Array.from({ length: 1_000 }, (_, i) => [n, i] as const)
          ),
          Pipeline.filter("some", ([, i]: readonly [number, number]) => i % 2 === 0),
          Pipeline.filter("wrong", ([n]: readonly [number, number], cursor) => cursor.seqId !== n)
        )
      )
      expect(out.length).toBe(0)
    })
  )

  it.effect("mapEnvelope reads and writes metadata", () =>
    Effect.gen(function* () {
      const { out } = yield* collect(
        engine,
        numbers(3).pipe(
          Pipeline.mapEnvelope("mark", (envelope: Envelope.Envelope<number>) => ({
            ...envelope,
            payload: envelope.payload + 1,
            headers: { ...envelope.headers, n: `${envelope.payload}` },
            attrs: { odd: envelope.payload % 2 === 1 },
            cost: { bytes: 8, cpuHint: 2 }
          })),
          Pipeline.filter("rest", (n: number) => n > 1),
          Pipeline.map("read", (n: number, { headers, attrs, cost, seqId }) => [
            n,
            headers["n"],
            attrs["odd"],
            cost.bytes,
            seqId
          ])
        )
      )
      expect(out).toEqual([
        [2, "1", true, 8, 1],
        [3, "2", false, 8, 2]
      ])
    })
  )

  it.effect("mapBatch may change the number of records, at once or as an effect", () =>
    Effect.gen(function* () {
      const { out } = yield* collect(
        engine,
        batches([1, 2, 3], [4]).pipe(
          Pipeline.mapBatch("sum", (items: ReadonlyArray<number>) => [
            items.reduce((a, b) => a + b, 0)
          ]),
          Pipeline.mapBatch("twice", (items: ReadonlyArray<number>) =>
            Effect.succeed([...items, ...items])
          )
        ),
        { batchSize: 4 }
      )
      const total = out.reduce((a, b) => a + b, 0)
      expect(total).toBe(20)
      if (engine.name === "async") expect(out).toEqual([6, 6, 4, 4])
    })
  )

  it.effect("a batch function's results stand for its records, surplus ones for the last", () =>
    Effect.gen(function* () {
      const { out } = yield* collect(
        engine,
        batches([10, 11, 12]).pipe(
          Pipeline.mapBatch("more", (items: ReadonlyArray<number>) => [...items, 98, 99]),
          Pipeline.map("seen", (n: number, { seqId }) => [n, seqId] as const)
        ),
        { batchSize: 3 }
      )
      const known = out.filter(([n]) => n < 90)
      expect(known).toEqual([
        [10, 0],
        [11, 1],
        [12, 2]
      ])
      const lasts = out.filter(([n]) => n > 90)
      if (engine.name === "async") expect(lasts.map(([, seqId]) => seqId)).toEqual([2, 2])
      for (const [, seqId] of lasts) expect([0, 1, 2]).toContain(seqId)
    })
  )

  it.effect("mapEffect and mapPromise keep the order of the input by default", () =>
    Effect.gen(function* () {
      const { out, result } = yield* collect(
        engine,
        numbers(200).pipe(
          Pipeline.mapEffect(
            "yields",
            (n: number) => (n % 3 === 0 ? Effect.as(Effect.yieldNow, n) : Effect.succeed(n)),
            {
              concurrency: 8
            }
          ),
          Pipeline.mapPromise(
            "later",
            async (n: number) => (n % 2 === 0 ? n : await Promise.resolve(n)),
            {
              concurrency: 4
            }
          ),
          Pipeline.mapEffect("one", (n: number) => Effect.as(Effect.yieldNow, n + 1))
        )
      )
      expect(out).toEqual(range(200).map((n) => n + 1))
      for (const stage of ["yields", "later", "one"]) {
        expect(counts(result.finalStates[stage])).toEqual([200, 200])
      }
    })
  )

  it.effect("unordered mapEffect emits the same records", () =>
    Effect.gen(function* () {
      const { out } = yield* collect(
        engine,
        numbers(200).pipe(
          Pipeline.mapEffect(
            "some",
            (n: number) => (n % 3 === 0 ? Effect.as(Effect.yieldNow, n) : Effect.succeed(n)),
            {
              concurrency: 8,
              ordering: Channel.unordered
            }
          )
        )
      )
      expect(sorted(out)).toEqual(range(200))
    })
  )

  it.effect("process is any stream function", () =>
    Effect.gen(function* () {
      const { out } = yield* collect(
        engine,
        numbers(50).pipe(
          Pipeline.process("grouped", (input: Stream.Stream<number>) =>
            input.pipe(
              Stream.filter((n) => n % 2 === 0),
              Stream.grouped(5),
              Stream.map((group) => group.length)
            )
          ),
          Pipeline.map("plus", (n: number) => n + 1)
        )
      )
      expect(out).toEqual([6, 6, 6, 6, 6])
    })
  )

  it.effect("process may buffer, so that it pulls from another fiber than it writes from", () =>
    Effect.gen(function* () {
      const { out } = yield* collect(
        engine,
        numbers(3_000, 7).pipe(
          Pipeline.process("buffered", (input: Stream.Stream<number>) =>
            input.pipe(
              Stream.mapEffect((n) => Effect.as(Effect.yieldNow, n), { concurrency: 4 }),
              Stream.buffer({ capacity: 16 })
            )
          ),
          Pipeline.mapEffect("slow", (n: number) => Effect.as(Effect.yieldNow, n), {
            buffer: { capacity: 4 }
          })
        )
      )
      expect(out).toEqual(range(3_000))
    })
  )

  it.effect("a custom stage gets init, its config, envelopes, and close", () =>
    Effect.gen(function* () {
      const calls: Array<string> = []
      const custom: Stage.Stage<number, string> = {
        init: (context) =>
          Effect.sync(() =>
            calls.push(`init ${context.pipelineId}/${context.stageId} ${context.config["unit"]}`)
          ),
        process: (input) =>
          Stream.map(input, (envelope) => ({
            ...envelope,
            payload: `${envelope.payload}@${envelope.seqId}`
          })),
        close: Effect.sync(() => calls.push("close"))
      }
      const { out } = yield* collect(
        engine,
        batches([10, 20]).pipe(Pipeline.stage("custom", custom, { config: { unit: "kg" } }))
      )
      expect(out).toEqual(["10@0", "20@1"])
      expect(calls).toEqual(["init pipeline/custom kg", "close"])
    })
  )

  it.effect("effects see the services of the caller", () =>
    Effect.gen(function* () {
      const { out } = yield* collect(
        engine,
        batches([1, 2]).pipe(
          Pipeline.mapEffect("clock", (n: number) => Effect.map(Effect.fiberId, () => n))
        )
      )
      expect(out).toEqual([1, 2])
    })
  )

  it.effect("zero records complete a run", () =>
    Effect.gen(function* () {
      const { out, result } = yield* collect(
        engine,
        batches<number>().pipe(Pipeline.map("m", (n: number) => n))
      )
      expect(out).toEqual([])
      expect(result).toMatchObject({
        status: "completed",
        recordsIn: 0,
        recordsOut: 0,
        errorCount: 0
      })
    })
  )

  it.effect("empty batches are no records", () =>
    Effect.gen(function* () {
      const { out } = yield* collect(engine, batches([], [1], [], [2], []))
      expect(out).toEqual([1, 2])
    })
  )

  it.effect("a record of 50 MB passes like any other", () =>
    Effect.gen(function* () {
      const big = "x".repeat(50_000_000)
      const { out } = yield* collect(
        engine,
        batches(["a", big, "b"]).pipe(
          Pipeline.map("length", (text: string) => text.length),
          Pipeline.process("through", (input: Stream.Stream<number>) => input)
        )
      )
      expect(out).toEqual([1, 50_000_000, 1])
    })
  )

  it.effect("a sink gets whole batches in order and ends once", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const sink = Sink.make(
        "recording",
        Effect.succeed({
          write: (batch: Batch.Batch<number>) => Effect.sync(() => seen.push(batch.items.join())),
          end: Effect.sync(() => seen.push("end"))
        })
      )
      const closed = batches([1, 2], [3]).pipe(Pipeline.sink("out", sink))
      const result = yield* Pipeline.run(closed, { engine: engine.make() })
      expect(seen.join(",")).toBe("1,2,3,end")
      expect(result.recordsOut).toBe(3)
    })
  )

  it.effect("sources of every form are read to their end", () =>
    Effect.gen(function* () {
      const iterable = yield* collect(
        engine,
        Pipeline.source("in", Source.fromIterable(new Set(range(600))))
      )
      expect(iterable.out).toEqual(range(600))
      const async = (async function* () {
        for (const n of range(5)) yield n
      })()
      expect(
        (yield* collect(engine, Pipeline.source("in", Source.fromAsyncIterable(async)))).out
      ).toEqual(range(5))
      const stream = Stream.fromIterable(range(5)).pipe(Stream.rechunk(2))
      expect((yield* collect(engine, Pipeline.source("in", Streams.source(stream)))).out).toEqual(
        range(5)
      )
    })
  )
})
