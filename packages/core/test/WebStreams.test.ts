// Web Streams at both ends: the records in order, no read ahead of the consumer, failures passed
// on, and no lock or open stream left behind, however a run ends.
import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Pipeline from "../src/Pipeline.ts"
import * as Policy from "../src/Policy.ts"
import * as Sink from "../src/Sink.ts"
import * as WebStreams from "../src/WebStreams.ts"
import { collect, collectFailing, engines, numbers, range } from "./engines.ts"
import { settle, watchedSource } from "./watchedSource.ts"

const boom = new Error("boom")

/** A stream of numbers that tells what was asked of it. */
const counting = (options: { readonly end?: number; readonly fails?: number } = {}) => {
  const told = { pulled: 0, cancelled: [] as Array<unknown> }
  const stream = new ReadableStream<number>(
    {
      pull: (controller) => {
        if (told.pulled === options.fails) return controller.error(boom)
        if (told.pulled === options.end) return controller.close()
        controller.enqueue(told.pulled++)
      },
      cancel: (reason) => void told.cancelled.push(reason)
    },
    { highWaterMark: 0 }
  )
  return { told, stream }
}

/** A stream that keeps what it is given; `gate` holds each write back. */
const keeping = (gate: () => Promise<void> = async () => undefined, highWaterMark = 1) => {
  const told = { out: [] as Array<number>, closed: 0, aborted: [] as Array<unknown> }
  const stream = new WritableStream<number>(
    {
      write: async (n) => {
        await gate()
        if (n === 13) throw boom
        told.out.push(n)
      },
      close: () => void told.closed++,
      abort: (reason) => void told.aborted.push(reason)
    },
    { highWaterMark }
  )
  return { told, stream }
}

describe.each(engines)("$name engine, a ReadableStream as source", (engine) => {
  it.effect("every chunk is a record, in order; bytes are counted", () =>
    Effect.gen(function* () {
      const text = "some text, öäü"
      const open = Pipeline.source(
        "in",
        WebStreams.source(() => new Blob([text]).stream())
      )
      const { out, result } = yield* collect(engine, open)
      expect(Buffer.concat(out).toString()).toBe(text)
      expect(result.bytesIn).toBe(Buffer.byteLength(text))
      const { stream, told } = counting({ end: 50 })
      const all = yield* collect(
        engine,
        Pipeline.source(
          "in",
          WebStreams.source(() => stream)
        )
      )
      expect(all.out).toEqual(range(50))
      expect(told.cancelled).toEqual([])
      expect(stream.locked).toBe(false)
    })
  )

  it.effect("a slow sink stops the read", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { stream, told } = counting()
      const closed = Pipeline.source(
        "in",
        WebStreams.source(() => stream)
      ).pipe(
        Pipeline.sink(
          "out",
          Sink.forEachBatch(() => Deferred.await(gate))
        )
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* settle
      expect(told.pulled).toBe(1)
      yield* running.stop("abort")
      yield* running.result
      expect(told.cancelled).toMatchObject([{ message: "the run ended before this stream did" }])
      expect(stream.locked).toBe(false)
    })
  )

  it.effect("a failing stream fails the run with its cause, after what it gave", () =>
    Effect.gen(function* () {
      const { stream } = counting({ fails: 3 })
      const open = Pipeline.source(
        "in",
        WebStreams.source(() => stream, { label: "body" })
      )
      const { out, error } = yield* collectFailing(engine, open)
      expect(out).toEqual([0, 1, 2])
      expect(error.failure).toMatchObject({
        stageId: "in",
        cause: { _tag: "WebStreamError", operation: "read", label: "body", cause: boom }
      })
      expect(stream.locked).toBe(false)
    })
  )

  it.effect("a locked stream is refused with a cure", () =>
    Effect.gen(function* () {
      const { stream } = counting()
      stream.getReader()
      const open = Pipeline.source(
        "in",
        WebStreams.source(() => stream)
      )
      const { error } = yield* collectFailing(engine, open)
      expect(error.message).toContain("Cure: give a stream that nobody else reads")
    })
  )

  for (const mode of ["graceful", "abort"] as const) {
    it.effect(`a stop (${mode}) ends a read that waits; what comes later stays in the stream`, () =>
      Effect.gen(function* () {
        let give: ((n: number) => void) | undefined
        const cancelled: Array<unknown> = []
        const stream = new ReadableStream<number>({
          start: (controller) => {
            give = (n) => controller.enqueue(n)
          },
          cancel: (reason) => void cancelled.push(reason)
        })
        const source = WebStreams.source(() => stream, { preventCancel: true })
        const out: Array<number> = []
        const closed = Pipeline.source("in", source).pipe(
          Pipeline.sink("out", Sink.collectInto(out))
        )
        const running = yield* Pipeline.start(closed, { engine: engine.make() })
        give?.(1)
        yield* settle
        yield* running.stop(mode)
        yield* running.result
        give?.(2)
        expect(out).toEqual([1])
        expect(cancelled).toEqual([])
        const rest = yield* Effect.promise(() => stream.getReader().read())
        expect(rest).toEqual({ done: false, value: 2 })
      })
    )
  }
})

describe.each(engines)("$name engine, a WritableStream as sink", (engine) => {
  it.effect("writes all in order and closes", () =>
    Effect.gen(function* () {
      const { stream, told } = keeping()
      const closed = numbers(12, 5).pipe(
        Pipeline.sink(
          "out",
          WebStreams.sink(() => stream)
        )
      )
      const result = yield* Pipeline.run(closed, { engine: engine.make() })
      expect(told).toEqual({ out: range(12), closed: 1, aborted: [] })
      expect(result.recordsOut).toBe(12)
      expect(stream.locked).toBe(false)
    })
  )

  it.effect("a slow stream stops the read", () =>
    Effect.gen(function* () {
      const { stream, told } = keeping(() => new Promise(() => undefined))
      const input = watchedSource()
      const closed = Pipeline.source("in", input.source).pipe(
        Pipeline.sink(
          "out",
          WebStreams.sink(() => stream)
        )
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* settle
      expect(input.told.pulled).toBe(1)
      yield* running.stop("abort")
      const result = yield* running.result
      expect(result.status).toBe("aborted")
      expect(told.closed).toBe(0)
      expect(stream.locked).toBe(false)
    })
  )

  it.effect("no more is handed over than the stream asks for", () =>
    Effect.gen(function* () {
      const written: Array<number> = []
      const resolves: Array<() => void> = []
      const stream = new WritableStream<number>(
        {
          write: (n) => {
            written.push(n)
            return new Promise((resolve) => resolves.push(resolve))
          }
        },
        { highWaterMark: 1 }
      )
      const closed = numbers(5, 5).pipe(
        Pipeline.sink(
          "out",
          WebStreams.sink(() => stream)
        )
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make(), batchSize: 5 })
      yield* settle
      expect(written).toEqual([0])
      while (written.length < 5) {
        resolves.shift()?.()
        yield* settle
      }
      resolves.shift()?.()
      const result = yield* running.result
      expect(result.recordsOut).toBe(5)
    })
  )

  it.effect(
    "a chunk that breaks the stream: those before it were taken, those behind are refused",
    () =>
      Effect.gen(function* () {
        const { stream, told } = keeping()
        const closed = numbers(20, 20).pipe(
          Pipeline.sink(
            "out",
            WebStreams.sink(() => stream),
            { onError: Policy.deadLetter }
          )
        )
        const failed = Effect.flip(Pipeline.run(closed, { engine: engine.make() }))
        const error = yield* failed
        if (error._tag !== "PipelineError") throw error
        expect(told.out).toEqual(range(13))
        expect(error.result.recordsOut).toBe(13)
        expect(error.result.deadLetters.map(({ payload }) => payload)).toEqual([
          13, 14, 15, 16, 17, 18, 19
        ])
        expect(told.closed).toBe(0)
      })
  )

  it.effect("a failed run aborts the stream, or only lets go of it", () =>
    Effect.gen(function* () {
      for (const preventAbort of [false, true]) {
        const { stream, told } = keeping()
        const fails = (n: number): number => {
          if (n === 7) throw boom
          return n
        }
        const closed = numbers(10).pipe(
          Pipeline.map("m", fails),
          Pipeline.sink(
            "out",
            WebStreams.sink(() => stream, { preventAbort })
          )
        )
        yield* Effect.flip(Pipeline.run(closed, { engine: engine.make() }))
        expect(told.out).toEqual(range(7))
        expect(told.closed).toBe(0)
        expect(told.aborted.length).toBe(preventAbort ? 0 : 1)
        expect(stream.locked).toBe(false)
      }
    })
  )

  it.effect("preventClose leaves the stream open", () =>
    Effect.gen(function* () {
      const { stream, told } = keeping()
      const closed = numbers(3).pipe(
        Pipeline.sink(
          "out",
          WebStreams.sink(() => stream, { preventClose: true })
        )
      )
      yield* Pipeline.run(closed, { engine: engine.make() })
      const writer = stream.getWriter()
      yield* Effect.promise(() => writer.write(99))
      expect(told).toEqual({ out: [0, 1, 2, 99], closed: 0, aborted: [] })
    })
  )
})

class Factor extends Context.Service<Factor, number>()("test/Factor") {}

describe.each(engines)("$name engine, a pipeline as ReadableStream", (engine) => {
  it.effect("gives every record and ends; services come from where it was made", () =>
    Effect.gen(function* () {
      const open = numbers(25).pipe(
        Pipeline.mapEffect("m", (n: number) => Effect.map(Factor, (factor) => n * factor))
      )
      const readable = yield* WebStreams.readable(open, { engine: engine.make() }).pipe(
        Effect.provideService(Factor, 3)
      )
      const out: Array<number> = []
      yield* Effect.promise(async () => {
        for await (const n of readable) out.push(n)
      })
      expect(out).toEqual(range(25).map((n) => n * 3))
    })
  )

  it.effect("starts with the first read, stays a few batches ahead, and aborts with cancel", () =>
    Effect.gen(function* () {
      const { source, told } = watchedSource()
      const open = Pipeline.source("in", source)
      const readable = yield* WebStreams.readable(open, { engine: engine.make() })
      yield* settle
      expect(told.pulled).toBe(0)
      const reader = readable.getReader()
      expect(yield* Effect.promise(() => reader.read())).toEqual({ done: false, value: 1 })
      yield* settle
      // Four batches in the reader's hand, four waiting, one being handed over.
      expect(told.pulled).toBeLessThanOrEqual(9)
      const before = told.pulled
      yield* settle
      expect(told.pulled).toBe(before)
      yield* Effect.promise(() => reader.cancel())
      expect(told.closed).toBe(1)
      yield* settle
      expect(told.pulled).toBe(before)
    })
  )

  it.effect("cancel ends a read that waits", () =>
    Effect.gen(function* () {
      const { source, told } = watchedSource({ silent: true })
      const readable = yield* WebStreams.readable(Pipeline.source("in", source), {
        engine: engine.make()
      })
      const reader = readable.getReader()
      const read = reader.read()
      yield* settle
      yield* Effect.promise(() => reader.cancel())
      expect(yield* Effect.promise(() => read)).toEqual({ done: true, value: undefined })
      expect(told.closed).toBe(1)
    })
  )

  it.effect("fails as the pipeline does, after the records before", () =>
    Effect.gen(function* () {
      const open = numbers(20, 5).pipe(
        Pipeline.mapEffect("m", (n: number) => (n === 12 ? Effect.fail(boom) : Effect.succeed(n)))
      )
      const readable = yield* WebStreams.readable(open, { engine: engine.make() })
      const out: Array<number> = []
      const failure = yield* Effect.promise(async () => {
        try {
          for await (const n of readable) out.push(n)
        } catch (cause) {
          return cause
        }
        return undefined
      })
      expect(failure).toBe(boom)
      expect(out).toEqual(range(12))
    })
  )
})
