// Sources that fail midway or at opening: what they gave before is delivered, then the run fails.
import { describe, expect, it } from "@effect/vitest"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Source from "../../src/Source.ts"
import * as Streams from "../../src/Streams.ts"
import { collect, collectFailing, engines, range, sorted } from "../engines.ts"
import { boom } from "./failingStages.ts"

const throwsAfter = function* (count: number): Generator<number> {
  yield* range(count)
  throw boom
}

const rejectsAfter = async function* (count: number): AsyncGenerator<number> {
  yield* range(count)
  throw boom
}

const stopsAfter = (count: number): Source.Source<number, Error> =>
  Streams.source(Stream.concat(Stream.fromIterable(range(count)), Stream.fail(boom)))

/** Sources that give the numbers below a count and then fail with boom. */
const failingSources: ReadonlyArray<
  readonly [string, (count: number) => Source.Source<number, unknown>]
> = [
  ["an iterable", (count) => Source.fromIterable(throwsAfter(count))],
  ["an async iterable", (count) => Source.fromAsyncIterable(rejectsAfter(count))],
  ["a stream", stopsAfter]
]

describe.each(engines)("$name engine, sources that fail", (engine) => {
  describe.each(failingSources)("%s", (_, make) => {
    it.effect("delivers every record before its failure", () =>
      Effect.gen(function* () {
        for (const count of [0, 1, 255, 300]) {
          const { out, error } = yield* collectFailing(engine, Pipeline.source("in", make(count)))
          expect(out).toEqual(range(count))
          expect(error.failure).toMatchObject({ stageId: "in", payload: undefined })
          const { cause } = error.failure
          expect((cause as { cause?: unknown }).cause ?? cause).toBe(boom)
          expect(error.result.finalStates["in"]).toMatchObject({
            status: "failed",
            errors: 1,
            recordsOut: count
          })
        }
      })
    )

    it.effect("lets what is in flight behind it finish", () =>
      Effect.gen(function* () {
        const open = Pipeline.source("in", make(100)).pipe(
          Pipeline.mapEffect("slow", (n: number) => Effect.as(Effect.yieldNow, n), {
            concurrency: 8,
            buffer: { capacity: 16 }
          })
        )
        const { out } = yield* collectFailing(engine, open)
        expect(out).toEqual(range(100))
      })
    )
  })

  it.effect("one failing source of a merge ends the run, and what the others gave arrives", () =>
    Effect.gen(function* () {
      const good = Pipeline.source("good", Source.fromChunks(range(1_000).map((n) => [n + 1_000])))
      const open = Pipeline.merge("both", [Pipeline.source("bad", stopsAfter(3)), good])
      const { out, error } = yield* collectFailing(engine, open)
      expect(error.failure.stageId).toBe("bad")
      expect(sorted(out).slice(0, 3)).toEqual([0, 1, 2])
      expect(out.length).toBe(error.result.recordsIn)
    })
  )

  it.effect("the first failure is the one reported, whatever fails while the run ends", () =>
    Effect.gen(function* () {
      const open = Pipeline.source("in", stopsAfter(3)).pipe(
        Pipeline.mapEffect(
          "after",
          () => Effect.andThen(Effect.sleep("1 hour"), Effect.fail("later")),
          {
            buffer: { capacity: 9 }
          }
        )
      )
      const fiber = yield* Effect.forkChild(collectFailing(engine, open))
      while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 hour")
      const { error } = yield* Fiber.join(fiber)
      expect(error.failure).toMatchObject({ stageId: "in", cause: boom })
      expect(error.result.finalStates["after"]).toMatchObject({
        status: "failed",
        lastError: "later"
      })
    })
  )

  it.effect("a source that cannot be opened fails the run and names itself", () =>
    Effect.gen(function* () {
      const closed: Source.Source<number, Error> = Source.make("closed", Effect.fail(boom))
      const { error } = yield* collectFailing(engine, Pipeline.source("in", closed))
      expect(error.failure).toMatchObject({ stageId: "in", cause: boom })
      expect(error.result.finalStates["in"]?.status).toBe("failed")
    })
  )

  it.effect("a pull that interrupts itself is a failure, not an end", () =>
    Effect.gen(function* () {
      const open = Pipeline.source(
        "in",
        Source.make(
          "gone",
          Effect.succeed({ pull: () => Effect.andThen(Effect.yieldNow, Effect.interrupt) })
        )
      )
      const { error } = yield* collectFailing(engine, open)
      expect(error.failure.stageId).toBe("in")
    })
  )

  it.effect("a queue is read until it ends, and fails as it fails", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<number, Error | Cause.Done>()
      yield* Queue.offerAll(queue, range(5))
      yield* Queue.end(queue)
      const { out } = yield* collect(engine, Pipeline.source("in", Source.fromQueue(queue)))
      expect(out).toEqual(range(5))
      const failing = yield* Queue.unbounded<number, Error | Cause.Done>()
      yield* Queue.offerAll(failing, range(5))
      yield* Queue.fail(failing, boom)
      const failed = yield* collectFailing(engine, Pipeline.source("in", Source.fromQueue(failing)))
      expect(failed.out).toEqual(range(5))
      expect(failed.error.failure.cause).toBe(boom)
    })
  )
})
