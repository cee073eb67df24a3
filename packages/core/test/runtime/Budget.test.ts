// What the stages of a run share: slots for calls, a ceiling for bytes, a deadline for the run.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policies from "../../src/Policies.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import { engines, numbers, range } from "../engines.ts"

const turnsMax = 20_000

/** Runs to the end while time passes in steps. */
const timed = <A, E, R>(run: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(run)
    for (let turn = 0; turn < turnsMax && fiber.pollUnsafe() === undefined; turn++) {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust(5)
    }
    return yield* Fiber.join(fiber)
  })

/** A call that counts how many of its kind run. */
const counting = () => {
  const seen = { now: 0, most: 0 }
  const call = <A>(value: A, ms = 2): Effect.Effect<A> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        seen.now++
        seen.most = Math.max(seen.most, seen.now)
      }),
      () => Effect.as(Effect.sleep(ms), value),
      () => Effect.sync(() => void seen.now--)
    )
  return { seen, call }
}

/** Chunks of a hundred bytes each. */
const heavy = (chunks: number): Pipeline.Pipeline<number> =>
  Pipeline.source(
    "in",
    Source.make(
      "heavy",
      Effect.sync(() => {
        let at = 0
        return {
          pull: () =>
            at >= chunks ? undefined : { items: [at++], bytes: 100, provenance: undefined }
        }
      })
    )
  )

describe.each(engines)("$name engine, budget of a run", (engine) => {
  it.effect("concurrency: stages and sinks together make no more calls at once", () =>
    Effect.gen(function* () {
      const { seen, call } = counting()
      const out: Array<number> = []
      const closed = numbers(200).pipe(
        Pipeline.mapEffect("read", (n: number) => call(n), { concurrency: 8 }),
        Pipeline.mapEffect("price", (n: number) => call(n), {
          concurrency: 8,
          buffer: { capacity: 20 }
        }),
        Pipeline.sink(
          "store",
          Sink.forEachBatch((items: ReadonlyArray<number>) =>
            Effect.map(call(items), () => void out.push(...items))
          ),
          { buffer: { capacity: 20 } }
        )
      )
      yield* timed(Pipeline.run(closed, { engine: engine.make(), budget: { concurrency: 3 } }))
      expect(out).toEqual(range(200))
      expect(seen.most).toBeLessThanOrEqual(3)
      if (engine.name === "async") expect(seen.most).toBe(3)
    })
  )

  it.effect("concurrency follows the registry while the run goes on", () =>
    Effect.gen(function* () {
      const { seen, call } = counting()
      const policies = yield* Policies.make({ version: 1, resources: { concurrency: 2 } })
      let done = 0
      let mostBefore = 0
      const closed = numbers(200).pipe(
        Pipeline.mapEffect(
          "read",
          (n: number) =>
            Effect.gen(function* () {
              if (++done === 100) {
                mostBefore = seen.most
                yield* policies.update({ version: 1, resources: { concurrency: 6 } })
              }
              return yield* call(n)
            }),
          { concurrency: 16 }
        ),
        Pipeline.sink("store", Sink.drain)
      )
      yield* timed(Pipeline.run(closed, { engine: engine.make(), policies }))
      expect(mostBefore).toBeLessThanOrEqual(2)
      expect(seen.most).toBeLessThanOrEqual(6)
      if (engine.name === "async") expect(seen.most).toBe(6)
    })
  )

  it.effect("memory: sources wait while channels hold more than they may together", () =>
    Effect.gen(function* () {
      const out: Array<number> = []
      let most = 0
      const closed = heavy(100).pipe(
        Pipeline.map("a", (n: number) => n, { buffer: { capacity: 50 } }),
        Pipeline.map("b", (n: number) => n, { buffer: { capacity: 50 } }),
        Pipeline.sink(
          "store",
          Sink.forEachBatch((items: ReadonlyArray<number>) =>
            Effect.map(Effect.sleep(3), () => void out.push(...items))
          ),
          { buffer: { capacity: 50 } }
        )
      )
      const program = Effect.gen(function* () {
        const running = yield* Pipeline.start(closed, {
          engine: engine.make(),
          budget: { bytesMax: 1_000 }
        })
        const result = yield* Effect.forkChild(running.result)
        for (let turn = 0; turn < turnsMax && result.pollUnsafe() === undefined; turn++) {
          const depth = ["a", "b", "store"]
            .map((id) => running.inspect(id)?.inputQueueDepth ?? 0)
            .reduce((sum, held) => sum + held, 0)
          most = Math.max(most, depth)
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          yield* TestClock.adjust(1)
        }
        return yield* Fiber.join(result)
      })
      const result = yield* Effect.scoped(program)
      expect(out).toEqual(range(100))
      expect(most).toBeLessThanOrEqual(10)
      expect(result.finalStates["in"]?.metrics).toMatchObject({ budget_overruns: 0 })
      expect(result.finalStates["in"]?.metrics["budget_waits"]).toBeGreaterThan(0)
      expect(result.finalStates["in"]?.metrics["budget_bytes_peak"]).toBeLessThanOrEqual(1_000)
    })
  )

  it.effect("a record larger than the ceiling goes alone: the run does not stand still", () =>
    Effect.gen(function* () {
      const out: Array<number> = []
      const closed = heavy(10).pipe(
        Pipeline.map("a", (n: number) => n, { buffer: { capacity: 5 } }),
        Pipeline.sink("store", Sink.collectInto(out))
      )
      const run = Pipeline.run(closed, { engine: engine.make(), budget: { bytesMax: 30 } })
      const result = yield* timed(run)
      expect(out).toEqual(range(10))
      expect(result.finalStates["in"]?.metrics["budget_overruns"]).toBeGreaterThan(0)
    })
  )

  const endless = Pipeline.source(
    "in",
    Source.fromIterable(Array.from({ length: 100_000 }, (_, i) => i))
  )

  it.effect("deadline, drain: what was read is delivered, and the run stops", () =>
    Effect.gen(function* () {
      const out: Array<number> = []
      const closed = endless.pipe(
        Pipeline.mapEffect("slow", (n: number) => Effect.as(Effect.sleep(10), n)),
        Pipeline.sink("store", Sink.collectInto(out))
      )
      const run = Pipeline.run(closed, {
        engine: engine.make(),
        batchSize: 4,
        budget: { deadlineMs: 200 }
      })
      const result = yield* timed(run)
      expect(result).toMatchObject({ status: "stopped", success: true })
      expect(result.recordsIn).toBe(out.length)
      expect(out.length).toBeLessThan(300)
      expect(out).toEqual(range(out.length))
    })
  )

  it.effect(
    "deadline, abort: a call that hangs is interrupted, and the error names the deadline",
    () =>
      Effect.gen(function* () {
        let interrupted = false
        const interrupt = (): void => {
          interrupted = true
        }
        const closed = endless.pipe(
          Pipeline.mapEffect("hang", () =>
            Effect.onInterrupt(Effect.never, () => Effect.sync(interrupt))
          ),
          Pipeline.sink("store", Sink.drain)
        )
        const budget = { deadlineMs: 200, onDeadline: "abort" } as const
        const error = yield* Effect.flip(
          timed(Pipeline.run(closed, { engine: engine.make(), budget }))
        )
        expect(error.message).toContain("deadline of 200 ms")
        expect(interrupted).toBe(true)
      })
  )

  it.effect(
    "deadline: one that is moved while it runs counts from the start, one lifted is none",
    () =>
      Effect.gen(function* () {
        for (const [resources, most] of [
          [{ concurrency: 4, deadlineMs: 400 }, 60],
          [{ concurrency: 4, deadlineMs: 100 }, 40],
          [{ concurrency: 4 }, 101]
        ] as const) {
          const policies = yield* Policies.make({
            version: 1,
            resources: { concurrency: 4, deadlineMs: 10_000 }
          })
          const out: Array<number> = []
          const change = policies.update({ version: 1, resources })
          const closed = Pipeline.source("in", Source.fromChunks(range(100).map((n) => [n]))).pipe(
            Pipeline.mapEffect("slow", (n: number) =>
              Effect.andThen(
                n === 20 ? Effect.orDie(change) : Effect.void,
                Effect.as(Effect.sleep(10), n)
              )
            ),
            Pipeline.sink("store", Sink.collectInto(out))
          )
          const run = Pipeline.run(closed, { engine: engine.make(), batchSize: 1, policies })
          const result = yield* timed(run)
          expect(result.status).toBe(!("deadlineMs" in resources) ? "completed" : "stopped")
          expect(result.recordsIn).toBe(out.length)
          expect(out.length).toBeLessThan(most)
          expect(out.length).toBeGreaterThan(20)
        }
      })
  )

  it.effect("a budget that could never hold is refused before anything is opened", () =>
    Effect.gen(function* () {
      let opened = false
      const source = Source.make(
        "watched",
        Effect.sync(() => {
          opened = true
          return { pull: () => undefined }
        })
      )
      const closed = Pipeline.source("in", source).pipe(Pipeline.sink("store", Sink.drain))
      const error = yield* Effect.flip(
        Pipeline.run(closed, { engine: engine.make(), budget: { concurrency: 0 } })
      )
      expect(error.message).toContain("concurrency is 0")
      expect(opened).toBe(false)
    })
  )
})
