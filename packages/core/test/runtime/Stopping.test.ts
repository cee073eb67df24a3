// Stop, graceful and abort, at the places where a run waits: a pull that never answers, an effect
// that never ends, a sink that never takes, a resource that never opens.
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Engine from "../../src/Engine.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import type * as PipelineResult from "../../src/PipelineResult.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import * as Streams from "../../src/Streams.ts"
import { engines, numbers, range } from "../engines.ts"

/** Gives the numbers below a count, then waits for ever. */
const thenSilent = (count: number): Source.Source<number> =>
  Streams.source(Stream.concat(Stream.fromIterable(range(count)), Stream.never))

const silentAsync = async function* (count: number): AsyncGenerator<number> {
  yield* range(count)
  await new Promise(() => undefined)
}

/** Lets everything that can run do so. */
const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
})

describe.each(engines)("$name engine, stop", (engine) => {
  /** Starts a pipeline, lets it settle, stops it, and waits for its result. */
  const stopped = (closed: Pipeline.Closed<unknown>, mode: Engine.StopMode) =>
    Effect.gen(function* () {
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* settle
      yield* running.stop(mode)
      return yield* running.result as Effect.Effect<
        PipelineResult.PipelineResult,
        PipelineResult.PipelineError
      >
    })

  const silentSources = {
    "a stream": thenSilent(3),
    "an async generator": Source.fromAsyncIterable(silentAsync(3))
  }
  for (const [name, source] of Object.entries(silentSources)) {
    it.effect(`graceful: ends a pull of ${name} that never answers, and keeps what was read`, () =>
      Effect.gen(function* () {
        const out: Array<number> = []
        const open = Pipeline.source("in", source).pipe(
          Pipeline.mapEffect("work", (n: number) => Effect.as(Effect.yieldNow, n), {
            concurrency: 2
          })
        )
        const result = yield* stopped(
          open.pipe(Pipeline.sink("out", Sink.collectInto(out))),
          "graceful"
        )
        expect(out).toEqual([0, 1, 2])
        expect(result).toMatchObject({
          status: "stopped",
          success: true,
          recordsIn: 3,
          recordsOut: 3
        })
      })
    )
  }

  it.effect("graceful: waits for effects in flight, and reads no more", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const out: Array<number> = []
      const closed = numbers(1_000, 1).pipe(
        Pipeline.mapEffect("work", (n: number) => Effect.as(Deferred.await(gate), n), {
          buffer: { capacity: 3 }
        }),
        Pipeline.sink("out", Sink.collectInto(out))
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* settle
      yield* running.stop("graceful")
      yield* settle
      expect(out).toEqual([])
      expect(running.inspect("work")?.status).toBe("draining")
      yield* Deferred.succeed(gate, undefined)
      const result = yield* running.result
      expect(result.status).toBe("stopped")
      expect(out).toEqual(range(result.recordsIn))
      expect(result.recordsIn).toBeLessThan(10)
    })
  )

  it.effect("abort: interrupts effects in flight and says so", () =>
    Effect.gen(function* () {
      let interrupted = 0
      const forever = Effect.onInterrupt(Effect.never, () =>
        Effect.sync(() => {
          interrupted++
        })
      )
      for (const concurrency of [1, 3]) {
        interrupted = 0
        const closed = numbers(10, 1).pipe(
          Pipeline.mapEffect("work", (_: number) => forever, { concurrency }),
          Pipeline.sink("out", Sink.drain)
        )
        const result = yield* stopped(closed, "abort")
        expect(interrupted).toBe(engine.name === "sync" ? 1 : concurrency)
        expect(result).toMatchObject({ status: "aborted", success: false })
        expect(result.finalStates["work"]?.status).toBe("aborted")
      }
    })
  )

  it.effect("abort: does not end the sink", () =>
    Effect.gen(function* () {
      let ended = false
      const end = Effect.sync(() => {
        ended = true
      })
      const sink = Sink.make("ending", Effect.succeed({ write: () => Effect.never, end }))
      const result = yield* stopped(numbers(10, 1).pipe(Pipeline.sink("out", sink)), "abort")
      expect(result.status).toBe("aborted")
      expect(ended).toBe(false)
    })
  )

  it.effect("either way gives up a source that never opens", () =>
    Effect.gen(function* () {
      for (const [mode, status] of [
        ["graceful", "stopped"],
        ["abort", "aborted"]
      ] as const) {
        let released = 0
        const first = Sink.make(
          "opened",
          Effect.as(
            Effect.acquireRelease(Effect.void, () =>
              Effect.sync(() => {
                released++
              })
            ),
            { write: () => undefined }
          )
        )
        const closed = Pipeline.source(
          "in",
          Source.make<number, never, never>("never", Effect.never)
        ).pipe(Pipeline.sink("out", first))
        const result = yield* stopped(closed, mode)
        expect(result).toMatchObject({ status, recordsIn: 0 })
        expect(released).toBe(1)
      }
    })
  )

  it.effect("stopping twice, or after the end, changes nothing", () =>
    Effect.gen(function* () {
      const running = yield* Pipeline.start(numbers(3).pipe(Pipeline.sink("out", Sink.drain)), {
        engine: engine.make()
      })
      const result = yield* running.result
      yield* running.stop("abort")
      yield* running.stop("graceful")
      expect(result.status).toBe("completed")
      expect((yield* running.result).recordsOut).toBe(3)
      const waiting = yield* Pipeline.start(
        Pipeline.source("in", thenSilent(1)).pipe(Pipeline.sink("out", Sink.drain)),
        { engine: engine.make() }
      )
      yield* waiting.stop("graceful")
      yield* waiting.stop("graceful")
      expect((yield* waiting.result).status).toBe("stopped")
    })
  )

  it.effect("a stage may stop its own run, gracefully or not", () =>
    Effect.gen(function* () {
      for (const mode of ["graceful", "abort"] as const) {
        let running: Engine.RunningPipeline | undefined
        const closed = Pipeline.source("in", thenSilent(5)).pipe(
          Pipeline.mapEffect("work", (n: number) =>
            n === 2
              ? Effect.as(
                  Effect.suspend(() => running?.stop(mode) ?? Effect.void),
                  n
                )
              : Effect.succeed(n)
          ),
          Pipeline.sink("out", Sink.drain)
        )
        running = yield* Pipeline.start(closed, { engine: engine.make() })
        const result = yield* running.result
        expect(result.status).toBe(mode === "graceful" ? "stopped" : "aborted")
      }
    })
  )

  it.effect("closing the scope aborts the run and waits until everything is closed", () =>
    Effect.gen(function* () {
      const closed: Array<string> = []
      const resource = (name: string) =>
        Effect.acquireRelease(Effect.void, () =>
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => closed.push(name))
          )
        )
      const source = Source.make(
        "held",
        Effect.as(resource("source"), { pull: () => Effect.never })
      )
      const sink = Sink.make("held", Effect.as(resource("sink"), { write: () => undefined }))
      const scope = yield* Scope.make()
      const pipeline = Pipeline.source("in", source).pipe(Pipeline.sink("out", sink))
      const running = yield* Scope.provide(
        Pipeline.start(pipeline, { engine: engine.make() }),
        scope
      )
      const waiting = yield* Effect.forkChild(running.result)
      yield* settle
      yield* Scope.close(scope, Exit.void)
      expect(closed.toSorted()).toEqual(["sink", "source"])
      // The result is known by now, whatever it is: nobody waits for ever.
      yield* Fiber.await(waiting)
    })
  )

  it.effect("a queue that was read keeps what was not read", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<number>()
      yield* Queue.offerAll(queue, range(5))
      const out: Array<number> = []
      const closed = Pipeline.source("in", Source.fromQueue(queue)).pipe(
        Pipeline.sink("out", Sink.collectInto(out))
      )
      yield* stopped(closed, "graceful")
      yield* Queue.offerAll(queue, [5, 6])
      expect(out).toEqual(range(5))
      expect(yield* Queue.clear(queue)).toEqual([5, 6])
    })
  )
})
