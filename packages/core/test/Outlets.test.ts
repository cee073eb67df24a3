// Queues and AsyncIterables at both ends: what comes in goes out, no faster than it is taken, and
// whoever waits at the other end learns how the run ended.
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as Pipeline from "../src/Pipeline.ts"
import * as Policy from "../src/Policy.ts"
import * as Sink from "../src/Sink.ts"
import * as Source from "../src/Source.ts"
import * as Streams from "../src/Streams.ts"
import { engines, numbers, range } from "./engines.ts"

const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
})

const boom = new Error("boom")

/** Endless numbers, ten at a time; tells how many were pulled and how often it was closed. */
const endless = () => {
  const told = { pulled: 0, closed: 0 }
  const source = Source.make(
    "endless",
    Effect.as(
      Effect.acquireRelease(Effect.void, () => Effect.sync(() => void told.closed++)),
      {
        pull: () => {
          const items = range(10).map((i) => told.pulled + i)
          told.pulled += 10
          return { items, bytes: 0, provenance: undefined }
        }
      }
    )
  )
  return { told, open: Pipeline.source("in", source) }
}

class Factor extends Context.Service<Factor, number>()("test/outlets/Factor") {}

describe.each(engines)("$name engine, a queue as sink", (engine) => {
  it.effect("gives every record, then ends", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.bounded<number, Cause.Done>(7)
      const taking = yield* Effect.forkChild(Stream.runCollect(Stream.fromQueue(queue)))
      const closed = numbers(100).pipe(Pipeline.sink("out", Sink.intoQueue(queue)))
      const result = yield* Pipeline.run(closed, { engine: engine.make() })
      expect(result.recordsOut).toBe(100)
      expect(yield* Fiber.join(taking)).toEqual(range(100))
    })
  )

  it.effect(
    "a full queue stops the read; an abort interrupts its takers after what was offered",
    () =>
      Effect.gen(function* () {
        const queue = yield* Queue.bounded<number, Cause.Done>(25)
        const { told, open } = endless()
        const closed = open.pipe(Pipeline.sink("out", Sink.intoQueue(queue)))
        const running = yield* Pipeline.start(closed, { engine: engine.make() })
        yield* settle
        expect(told.pulled).toBe(30)
        yield* running.stop("abort")
        yield* running.result
        const taken: Array<number> = []
        for (;;) {
          const exit = yield* Effect.exit(Queue.take(queue))
          if (Exit.isSuccess(exit)) taken.push(exit.value)
          else {
            expect(Cause.hasInterruptsOnly(exit.cause)).toBe(true)
            break
          }
        }
        expect(taken).toEqual(range(taken.length))
        expect(taken.length).toBeGreaterThanOrEqual(25)
      })
  )

  it.effect("a queue that has ended refuses the rest by name; one may be left open", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<number, Cause.Done>()
      const keep = Sink.intoQueue(queue, { end: false })
      yield* Pipeline.run(numbers(3).pipe(Pipeline.sink("out", keep)), { engine: engine.make() })
      expect(yield* Queue.takeAll(queue)).toEqual([0, 1, 2])
      yield* Queue.end(queue)
      const closed = numbers(4).pipe(
        Pipeline.sink("out", Sink.intoQueue(queue), { onError: Policy.deadLetter })
      )
      const result = yield* Pipeline.run(closed, { engine: engine.make() })
      expect(result.deadLetters.map(({ payload }) => payload)).toEqual(range(4))
      expect(result.recordsOut).toBe(0)
    })
  )
})

describe.each(engines)("$name engine, a pipeline as AsyncIterable", (engine) => {
  it.effect("every iteration is a run; services come from where it was made", () =>
    Effect.gen(function* () {
      const open = numbers(25).pipe(
        Pipeline.mapEffect("m", (n: number) => Effect.map(Factor, (factor) => n * factor))
      )
      const iterable = yield* Streams.asyncIterable(open, { engine: engine.make() }).pipe(
        Effect.provideService(Factor, 3)
      )
      for (let turn = 0; turn < 2; turn++) {
        const out: Array<number> = []
        yield* Effect.promise(async () => {
          for await (const n of iterable) out.push(n)
        })
        expect(out).toEqual(range(25).map((n) => n * 3))
      }
    })
  )

  it.effect("a slow reader stops the read; leaving early aborts the run", () =>
    Effect.gen(function* () {
      const { told, open } = endless()
      const iterable = yield* Streams.asyncIterable(open, { engine: engine.make() })
      const iterator = iterable[Symbol.asyncIterator]()
      yield* settle
      expect(told.pulled).toBe(0)
      expect(yield* Effect.promise(() => iterator.next())).toEqual({ done: false, value: 0 })
      yield* settle
      // Four batches taken, four waiting, one being handed over.
      expect(told.pulled).toBeLessThanOrEqual(90)
      yield* Effect.promise(async () => iterator.return?.())
      expect(told.closed).toBe(1)
    })
  )

  it.effect("rejects as the pipeline fails, after the records before", () =>
    Effect.gen(function* () {
      const open = numbers(20, 5).pipe(
        Pipeline.mapEffect("m", (n: number) => (n === 12 ? Effect.fail(boom) : Effect.succeed(n)))
      )
      const iterable = yield* Streams.asyncIterable(open, { engine: engine.make() })
      const out: Array<number> = []
      const failure = yield* Effect.promise(async () => {
        try {
          for await (const n of iterable) out.push(n)
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
