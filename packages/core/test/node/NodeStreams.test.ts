// Node streams at both ends: the records in order, no read ahead of the consumer beyond the
// stream's own, failures passed on, and nothing left open, however a run ends.
import { createReadStream } from "node:fs"
import { PassThrough, Readable, Transform, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as NodeStreams from "../../src/node/NodeStreams.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Sink from "../../src/Sink.ts"
import { collect, collectFailing, engines, numbers, range } from "../engines.ts"
import { settle, watchedSource } from "../watchedSource.ts"
import { openFiles, withFiles } from "./drive.ts"

const boom = new Error("boom")

/** Endless objects; tells how many were made. */
const counting = (options: { readonly end?: number; readonly fails?: number } = {}) => {
  const told = { made: 0 }
  const stream = new Readable({
    objectMode: true,
    highWaterMark: 4,
    read() {
      if (told.made === options.fails) this.destroy(boom)
      else this.push(told.made === options.end ? null : { n: told.made++ })
    }
  })
  return { told, stream }
}

/** Keeps what it is given, after `gate`. */
const keeping = (gate: (n: number) => Promise<void> = async () => undefined) => {
  const out: Array<number> = []
  const stream = new Writable({
    objectMode: true,
    highWaterMark: 2,
    write(n: number, _encoding, callback) {
      gate(n).then(
        () => {
          out.push(n)
          callback()
        },
        (error: Error) => callback(error)
      )
    }
  })
  return { out, stream }
}

describe.each(engines)("$name engine, a Readable as source", (engine) => {
  it.effect("objects, texts and buffers, in order", () =>
    Effect.gen(function* () {
      const objects = NodeStreams.source<{ readonly n: number }>(
        () => counting({ end: 600 }).stream
      )
      const { out } = yield* collect(engine, Pipeline.source("in", objects))
      expect(out.map(({ n }) => n)).toEqual(range(600))
      const text = "öäü ".repeat(50_000)
      const at = yield* withFiles({ "a.txt": text })
      const buffers = NodeStreams.source<Buffer>(() => createReadStream(at("a.txt")))
      const read = yield* collect(engine, Pipeline.source("in", buffers))
      expect(Buffer.concat(read.out).toString()).toBe(text)
      expect(read.result.bytesIn).toBe(Buffer.byteLength(text))
      expect(openFiles(at(""))).toEqual([])
    })
  )

  it.effect("a slow sink stops the read at the stream's own mark", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { stream, told } = counting()
      const source = NodeStreams.source<unknown>(() => stream, { chunkRecords: 3 })
      const closed = Pipeline.source("in", source).pipe(
        Pipeline.sink(
          "out",
          Sink.forEachBatch(() => Deferred.await(gate))
        )
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* settle
      expect(told.made).toBeLessThanOrEqual(3 + 4 + 1)
      const before = told.made
      yield* settle
      expect(told.made).toBe(before)
      yield* running.stop("abort")
      yield* running.result
      expect(stream.destroyed).toBe(true)
    })
  )

  it.effect("a failing stream fails the run with its cause, after what it gave", () =>
    Effect.gen(function* () {
      const { stream } = counting({ fails: 3 })
      const source = NodeStreams.source<unknown>(() => stream, { label: "feed" })
      const { error } = yield* collectFailing(engine, Pipeline.source("in", source))
      expect(error.failure).toMatchObject({
        stageId: "in",
        cause: { _tag: "NodeStreamError", operation: "read", label: "feed", cause: boom }
      })
    })
  )

  it.effect("a stream that closes before its end, or flows already, is no end of the input", () =>
    Effect.gen(function* () {
      const cut = new PassThrough({ objectMode: true })
      cut.write(1)
      const source = NodeStreams.source<number>(() => cut)
      const closed = Pipeline.source("in", source).pipe(
        Pipeline.mapEffect("m", (n: number) =>
          Effect.as(
            Effect.sync(() => cut.destroy()),
            n
          )
        ),
        Pipeline.sink("out", Sink.drain)
      )
      const error = yield* Effect.flip(Pipeline.run(closed, { engine: engine.make() }))
      expect(error.message).toContain("the stream closed before its end")
      const flowing = new PassThrough({ objectMode: true }).resume()
      const refused = yield* collectFailing(
        engine,
        Pipeline.source(
          "in",
          NodeStreams.source<number>(() => flowing)
        )
      )
      expect(refused.error.message).toContain(
        "open the node stream: the stream is being read elsewhere, or is over already. Cure: give a"
      )
    })
  )

  for (const mode of ["graceful", "abort"] as const) {
    it.effect(`a stop (${mode}) ends a read that waits and destroys the stream`, () =>
      Effect.gen(function* () {
        const stream = new PassThrough({ objectMode: true })
        stream.write(1)
        const out: Array<number> = []
        const closed = Pipeline.source(
          "in",
          NodeStreams.source<number>(() => stream)
        ).pipe(Pipeline.sink("out", Sink.collectInto(out)))
        const running = yield* Pipeline.start(closed, { engine: engine.make() })
        yield* settle
        yield* running.stop(mode)
        yield* running.result
        expect(out).toEqual([1])
        expect(stream.destroyed).toBe(true)
        expect(stream.listenerCount("readable") + stream.listenerCount("end")).toBe(0)
      })
    )
  }
})

describe.each(engines)("$name engine, a Writable as sink", (engine) => {
  it.effect("writes all in order, ends, and waits until it has finished", () =>
    Effect.gen(function* () {
      const { out, stream } = keeping()
      const closed = numbers(25).pipe(
        Pipeline.sink(
          "out",
          NodeStreams.sink<number>(() => stream)
        )
      )
      const result = yield* Pipeline.run(closed, { engine: engine.make() })
      expect(out).toEqual(range(25))
      expect(result.recordsOut).toBe(25)
      expect(stream.writableFinished).toBe(true)
    })
  )

  it.effect("a slow stream stops the read, and an abort does not wait for it", () =>
    Effect.gen(function* () {
      const { out, stream } = keeping(() => new Promise(() => undefined))
      const { source, told } = watchedSource({ copies: 4 })
      const closed = Pipeline.source("in", source).pipe(
        Pipeline.sink(
          "out",
          NodeStreams.sink<number>(() => stream)
        )
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* settle
      expect(told.pulled).toBe(1)
      expect(stream.writableLength).toBeLessThanOrEqual(2)
      yield* running.stop("abort")
      const result = yield* running.result
      expect(result.status).toBe("aborted")
      expect([out, stream.destroyed]).toEqual([[], true])
    })
  )

  it.effect("a write that fails: those before it were taken, the others are refused", () =>
    Effect.gen(function* () {
      const { out, stream } = keeping(async (n) => {
        if (n === 13) throw boom
      })
      const closed = numbers(20, 20).pipe(
        Pipeline.sink(
          "out",
          NodeStreams.sink<number>(() => stream),
          { onError: Policy.deadLetter }
        )
      )
      const error = yield* Effect.flip(Pipeline.run(closed, { engine: engine.make() }))
      if (error._tag !== "PipelineError") throw error
      expect(out).toEqual(range(13))
      expect(error.result.recordsOut).toBe(13)
      expect(error.result.deadLetters.map(({ payload }) => payload)).toEqual(range(20).slice(13))
      expect(error.failure.cause).toMatchObject({ operation: "end", cause: boom })
    })
  )

  it.effect("preventEnd leaves the stream as it was, on success and on failure", () =>
    Effect.gen(function* () {
      for (const fails of [false, true]) {
        const { out, stream } = keeping()
        const listeners = stream.listenerCount("error")
        const closed = numbers(3).pipe(
          Pipeline.map("m", (n: number) => {
            if (fails && n === 2) throw boom
            return n
          }),
          Pipeline.sink(
            "out",
            NodeStreams.sink<number>(() => stream, { preventEnd: true })
          )
        )
        yield* Effect.exit(Pipeline.run(closed, { engine: engine.make() }))
        expect(out).toEqual(range(fails ? 2 : 3))
        expect([stream.writable, stream.destroyed]).toEqual([true, false])
        expect(stream.listenerCount("error")).toBe(listeners)
      }
    })
  )
})

describe.each(engines)("$name engine, a pipeline as Readable", (engine) => {
  it.effect("goes through Node's own streams", () =>
    Effect.gen(function* () {
      const readable = yield* NodeStreams.readable(numbers(500), { engine: engine.make() })
      const out: Array<number> = []
      const double = new Transform({
        objectMode: true,
        transform(n: number, _encoding, callback) {
          callback(null, n * 2)
        }
      })
      const into = new Writable({
        objectMode: true,
        write(n: number, _encoding, callback) {
          out.push(n)
          callback()
        }
      })
      yield* Effect.promise(() => pipeline(readable, double, into))
      expect(out).toEqual(range(500).map((n) => n * 2))
    })
  )

  it.effect("starts with the first read, stays a few batches ahead, aborts with destroy", () =>
    Effect.gen(function* () {
      const { source, told } = watchedSource()
      const options = { engine: engine.make(), highWaterMark: 2 }
      const readable = yield* NodeStreams.readable(Pipeline.source("in", source), options)
      yield* settle
      expect(told.pulled).toBe(0)
      expect(readable.read()).toBe(null)
      yield* settle
      expect(told.pulled).toBeGreaterThan(0)
      expect(told.pulled).toBeLessThanOrEqual(2 + 9)
      const before = told.pulled
      yield* settle
      expect(told.pulled).toBe(before)
      const gone = new Promise((resolve) => readable.once("close", resolve))
      readable.destroy()
      yield* Effect.promise(() => gone)
      expect(told.closed).toBe(1)
    })
  )

  it.effect("fails as the pipeline does, after the records before; null is no record", () =>
    Effect.gen(function* () {
      const failing = numbers(20, 5).pipe(
        Pipeline.mapEffect("m", (n: number) => (n === 12 ? Effect.fail(boom) : Effect.succeed(n)))
      )
      const nulls = numbers(3).pipe(Pipeline.map("m", (n: number) => (n === 1 ? null : n)))
      const outcome = (readable: Readable) =>
        Effect.promise(async () => {
          const out: Array<unknown> = []
          try {
            for await (const n of readable) out.push(n)
          } catch (cause) {
            return { out, cause }
          }
          return { out, cause: undefined }
        })
      const failed = yield* outcome(yield* NodeStreams.readable(failing, { engine: engine.make() }))
      expect(failed.cause).toBe(boom)
      const nulled = yield* outcome(yield* NodeStreams.readable(nulls, { engine: engine.make() }))
      expect(nulled.cause).toMatchObject({ message: "a record is null or undefined" })
    })
  )
})
