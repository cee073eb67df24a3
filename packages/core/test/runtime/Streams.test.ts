// An open pipeline as an Effect Stream: order, laziness, errors as they were typed, early ends.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Pipeline from "../../src/Pipeline.ts"
import * as PipelineResult from "../../src/PipelineResult.ts"
import * as Policy from "../../src/Policy.ts"
import * as Source from "../../src/Source.ts"
import * as Streams from "../../src/Streams.ts"
import { engines, numbers, range } from "../engines.ts"
import { boom } from "./failingStages.ts"

/** A failure a stage declares. */
interface Declared {
  readonly _tag: "Declared"
  readonly n: number
}

const declared = (n: number): Declared => ({ _tag: "Declared", n })

describe.each(engines)("$name engine, pipeline as stream", (engine) => {
  const streamOf = <A, E, R>(open: Pipeline.Pipeline<A, E, R>) =>
    Streams.stream(open, { engine: engine.make() })

  const failureOf = <A, E>(open: Pipeline.Pipeline<A, E>) =>
    Effect.flip(Stream.runDrain(streamOf(open)))

  it.effect("emits what the last stage emits, in order, each time it is run", () =>
    Effect.gen(function* () {
      const stream = streamOf(numbers(1_000).pipe(Pipeline.map("double", (n: number) => n * 2)))
      const expected = range(1_000).map((n) => n * 2)
      expect(yield* Stream.runCollect(stream)).toEqual(expected)
      expect(yield* Stream.runCollect(stream)).toEqual(expected)
    })
  )

  it.effect("a pipeline of a stream of a pipeline is a pipeline", () =>
    Effect.gen(function* () {
      const inner = streamOf(numbers(100).pipe(Pipeline.map("plus", (n: number) => n + 1)))
      const outer = Pipeline.source("inner", Streams.source(inner)).pipe(
        Pipeline.map("times", (n: number) => n * 2)
      )
      expect(yield* Stream.runCollect(streamOf(outer))).toEqual(range(100).map((n) => (n + 1) * 2))
    })
  )

  it.effect("reads four batches ahead of the puller, and not one more", () =>
    Effect.gen(function* () {
      let read = 0
      const counting = Source.fromIterable(range(100)).open.pipe(
        Effect.map(
          (): Source.SourceReader<number> => ({
            pull: () => ({ items: [read++], bytes: 0, provenance: undefined })
          })
        )
      )
      const open = Pipeline.source("in", Source.make("counting", counting))
      const seen: Array<number> = []
      yield* streamOf(open).pipe(
        Stream.tap(() =>
          Effect.promise(async () => {
            for (let turn = 0; turn < 20; turn++) {
              await new Promise((resolve) => setImmediate(resolve))
            }
            seen.push(read)
          })
        ),
        Stream.take(3),
        Stream.runDrain
      )
      // One was taken, three are in the queue, one waits for room.
      expect(seen).toEqual([5, 6, 7])
    })
  )

  const typed: ReadonlyArray<readonly [string, Pipeline.Pipeline<number, Declared>]> = [
    [
      "mapEffect",
      numbers(10).pipe(
        Pipeline.mapEffect("bad", (n: number) =>
          n === 3 ? Effect.fail(declared(n)) : Effect.succeed(n)
        )
      )
    ],
    [
      "concurrent mapEffect",
      numbers(10).pipe(
        Pipeline.mapEffect(
          "bad",
          (n: number) => (n === 3 ? Effect.fail(declared(n)) : Effect.succeed(n)),
          { concurrency: 4 }
        )
      )
    ],
    [
      "retried mapEffect",
      numbers(10).pipe(
        Pipeline.mapEffect(
          "bad",
          (n: number) => (n === 3 ? Effect.fail(declared(n)) : Effect.succeed(n)),
          {
            onError: Policy.retry({ retriesMax: 1, backoffMs: 0 })
          }
        )
      )
    ],
    [
      "mapBatch",
      numbers(10).pipe(
        Pipeline.mapBatch("bad", (_: ReadonlyArray<number>) => Effect.fail(declared(3)))
      )
    ],
    [
      "process",
      numbers(10).pipe(
        Pipeline.process("bad", (_: Stream.Stream<number>) => Stream.fail(declared(3)))
      )
    ],
    ["source", Pipeline.source("bad", Streams.source(Stream.fail(declared(3))))]
  ]
  it.effect.each(typed)("a failure that %s declares comes as it is", ([, open]) =>
    Effect.gen(function* () {
      expect(yield* failureOf(open)).toEqual(declared(3))
    })
  )

  const thrown: ReadonlyArray<readonly [string, Pipeline.Pipeline<number>]> = [
    [
      "a map that throws",
      numbers(10).pipe(
        Pipeline.map("bad", (): number => {
          throw boom
        })
      )
    ],
    ["an effect that dies", numbers(10).pipe(Pipeline.mapEffect("bad", () => Effect.die(boom)))],
    [
      "a concurrent effect that dies",
      numbers(10).pipe(Pipeline.mapEffect("bad", () => Effect.die(boom), { concurrency: 4 }))
    ],
    [
      "an effect function that throws",
      numbers(10).pipe(
        Pipeline.mapEffect("bad", (): Effect.Effect<number> => {
          throw boom
        })
      )
    ],
    [
      "a promise that rejects",
      numbers(10).pipe(Pipeline.mapPromise("bad", () => Promise.reject(boom)))
    ],
    [
      "a concurrent promise that rejects",
      numbers(10).pipe(Pipeline.mapPromise("bad", () => Promise.reject(boom), { concurrency: 4 }))
    ],
    [
      "a map that throws until retries are used up",
      numbers(10).pipe(
        Pipeline.map(
          "bad",
          (): number => {
            throw boom
          },
          { onError: Policy.retry({ retriesMax: 1, backoffMs: 0 }) }
        )
      )
    ],
    [
      "a stream function that dies",
      numbers(10).pipe(Pipeline.process("bad", (_: Stream.Stream<number>) => Stream.die(boom)))
    ]
  ]
  it.effect.each(thrown)("%s is a PipelineError: nobody declared it", ([, open]) =>
    Effect.gen(function* () {
      const error = yield* failureOf(open)
      expect(error).toBeInstanceOf(PipelineResult.PipelineError)
      expect(error).toMatchObject({ failure: { stageId: "bad", cause: boom } })
    })
  )

  it.effect("a call that takes too long is a PipelineError: nobody declared it", () =>
    Effect.gen(function* () {
      if (engine.name === "async") return
      const error = yield* failureOf(
        numbers(2).pipe(Pipeline.mapEffect("slow", () => Effect.never, { timeout: 10 }))
      )
      expect(error).toMatchObject({ _tag: "PipelineError", failure: { stageId: "slow" } })
    })
  )

  it.effect("records before a failure are emitted before it", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const open = numbers(10).pipe(
        Pipeline.mapEffect("bad", (n: number) =>
          n === 7 ? Effect.fail(declared(n)) : Effect.succeed(n)
        )
      )
      yield* Effect.flip(Stream.runForEach(streamOf(open), (n) => Effect.sync(() => seen.push(n))))
      expect(seen).toEqual(range(7))
    })
  )

  it.effect("a graph that is refused is the stream's failure", () =>
    Effect.gen(function* () {
      const twice = numbers(1).pipe(
        Pipeline.map("same", (n: number) => n),
        Pipeline.map("same", (n: number) => n)
      )
      expect(yield* failureOf(twice)).toMatchObject({ _tag: "GraphError" })
    })
  )

  it.effect("an iterator is returned when the reader has enough, once", () =>
    Effect.gen(function* () {
      const returned: Array<string> = []
      const counting = function* (name: string) {
        try {
          for (let n = 0; ; n++) yield n
        } finally {
          returned.push(name)
        }
      }
      const asyncCounting = async function* (name: string) {
        yield* counting(name)
      }
      const sources: ReadonlyArray<Source.Source<unknown, unknown>> = [
        Source.fromIterable(counting("iterable")),
        Source.fromChunks(
          (function* () {
            for (const n of counting("chunks")) yield [n]
          })()
        ),
        Source.fromAsyncIterable(asyncCounting("async"))
      ]
      for (const source of sources) {
        const taken = yield* Stream.runCollect(
          Stream.take(streamOf(Pipeline.source("in", source)), 3)
        )
        expect(taken).toEqual([0, 1, 2])
      }
      expect(returned).toEqual(["iterable", "chunks", "async"])
    })
  )

  it.effect("an iterator whose return throws harms nobody", () =>
    Effect.gen(function* () {
      const rude: Iterable<number> = {
        [Symbol.iterator]: () => ({
          next: () => ({ done: false, value: 1 }),
          return: () => {
            throw boom
          }
        })
      }
      const taken = yield* Stream.runCollect(
        Stream.take(streamOf(Pipeline.source("in", Source.fromIterable(rude))), 2)
      )
      expect(taken).toEqual([1, 1])
    })
  )
})
