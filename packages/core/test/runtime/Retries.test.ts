// Timeouts and retries: how often, after which waits, by the run's own clock.
import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { backoffMs } from "../../src/internal/operators/attempt.ts"
import type * as Pipeline_ from "../../src/Pipeline.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Sink from "../../src/Sink.ts"
import { batches, collect, engines, numbers, range } from "../engines.ts"
import { boom } from "./failingStages.ts"

/** Runs to the end; the clock moves a second at a time while the run has not ended. */
const drive = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    for (let turn = 0; turn < 2_000 && fiber.pollUnsafe() === undefined; turn++)
      yield* TestClock.adjust(1_000)
    if (fiber.pollUnsafe() === undefined) return yield* Effect.die(new Error("the run hangs"))
    return yield* Fiber.join(fiber)
  })

/** How a stage that is retried may be made. */
type Make = (
  f: (n: number) => Effect.Effect<number, Error>,
  options: Pipeline_.EffectOptions<number, number>
) => (self: Pipeline.Pipeline<number>) => Pipeline.Pipeline<number, Error>

const stages: ReadonlyArray<readonly [string, Make]> = [
  ["one at a time", (f, options) => Pipeline.mapEffect("work", f, options)],
  ["four at a time", (f, options) => Pipeline.mapEffect("work", f, { ...options, concurrency: 4 })]
]

describe("backoff", () => {
  it("doubles up to its bound", () => {
    const policy = Policy.retry({ retriesMax: 9, backoffMs: 100, backoffMsMax: 1_000 })
    expect([1, 2, 3, 4, 5, 6].map((n) => backoffMs(policy, n))).toEqual([
      100, 200, 400, 800, 1_000, 1_000
    ])
    const tripling = Policy.retry({ retriesMax: 9, backoffMs: 1, factor: 3 })
    expect([1, 2, 3].map((n) => backoffMs(tripling, n))).toEqual([1, 3, 9])
    const endless = Policy.retry({ retriesMax: 9, backoffMs: 50_000 })
    expect(backoffMs(endless, 5)).toBe(60_000)
  })
})

describe.each(engines)("$name engine, retries and timeouts", (engine) => {
  describe.each(stages)("%s", (_, make) => {
    it.effect("a record is tried again after growing, jittered waits", () =>
      Effect.gen(function* () {
        const calls: Array<number> = []
        const f = (n: number) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            calls.push(now)
            return calls.length < 5 ? Effect.fail(boom) : Effect.succeed(n)
          })
        const onError = Policy.retry({ retriesMax: 4, backoffMs: 100_000, backoffMsMax: 400_000 })
        const { out, result } = yield* drive(
          collect(engine, batches([7]).pipe(make(f, { onError })))
        )
        expect(out).toEqual([7])
        expect(result.errorCount).toBe(0)
        const waits = calls.slice(1).map((at, i) => at - (calls[i] as number))
        for (const [i, base] of [100_000, 200_000, 400_000, 400_000].entries()) {
          expect(waits[i]).toBeGreaterThanOrEqual(base * 0.8)
          // The test clock moves by whole seconds.
          expect(waits[i]).toBeLessThanOrEqual(base * 1.2 + 1_000)
        }
      })
    )

    it.effect("retries end after their number", () =>
      Effect.gen(function* () {
        let calls = 0
        const f = () =>
          Effect.suspend(() => {
            calls++
            return Effect.fail(boom)
          })
        const onError = Policy.retry({ retriesMax: 3, backoffMs: 1, exhausted: Policy.deadLetter })
        const { result } = yield* drive(collect(engine, batches([1, 2]).pipe(make(f, { onError }))))
        expect(calls).toBe(8)
        expect(result.deadLetters).toMatchObject([
          { payload: 1, attempts: 4, kind: "recoverable" },
          { payload: 2, attempts: 4 }
        ])
      })
    )

    it.effect("a call that takes too long is interrupted and fails by name", () =>
      Effect.gen(function* () {
        let interrupted = 0
        const f = (n: number) =>
          n === 3
            ? Effect.onInterrupt(Effect.never, () =>
                Effect.sync(() => {
                  interrupted++
                })
              )
            : Effect.as(Effect.sleep("10 seconds"), n)
        const options = { timeout: "20 seconds", onError: Policy.deadLetter } as const
        const { out, result } = yield* drive(collect(engine, numbers(5).pipe(make(f, options))))
        expect(out).toEqual([0, 1, 2, 4])
        expect(interrupted).toBe(1)
        expect(`${result.deadLetters[0]?.cause}`).toMatch(/stage "work" took longer than 20000 ms/)
      })
    )

    it.effect("the timeout bounds each attempt, not all of them", () =>
      Effect.gen(function* () {
        let calls = 0
        const f = (n: number) =>
          Effect.suspend(() => (++calls < 3 ? Effect.never : Effect.succeed(n)))
        const options = {
          timeout: "5 seconds",
          onError: Policy.retry({ retriesMax: 2, backoffMs: 1 })
        } as const
        const { out } = yield* drive(collect(engine, batches([1]).pipe(make(f, options))))
        expect(out).toEqual([1])
        expect(calls).toBe(3)
      })
    )
  })

  it.effect("a promise that settles is not timed out, one that never does is", () =>
    Effect.gen(function* () {
      for (const concurrency of [1, 4]) {
        const f = async (n: number): Promise<number> =>
          n === 3 ? new Promise(() => undefined) : await later(n)
        const options = { timeout: "1 minute", onError: Policy.deadLetter, concurrency } as const
        const { out, result } = yield* drive(
          collect(engine, numbers(6).pipe(Pipeline.mapPromise("work", f, options)))
        )
        expect(out).toEqual([0, 1, 2, 4, 5])
        expect(result.deadLetters).toMatchObject([{ payload: 3 }])
      }
    })
  )

  it.effect("a batch function is retried as a whole and bounded by its timeout", () =>
    Effect.gen(function* () {
      let calls = 0
      const f = (ns: ReadonlyArray<number>) =>
        Effect.suspend(() => {
          calls++
          if (calls === 1) return Effect.fail(boom)
          return calls === 2 ? Effect.never : Effect.succeed(ns)
        })
      const onError = Policy.retry({ retriesMax: 2, backoffMs: 500 })
      const open = batches([1]).pipe(
        Pipeline.mapBatch("work", f, { onError, timeout: "3 seconds" })
      )
      const { out, result } = yield* drive(collect(engine, open))
      expect(out).toEqual([1])
      expect(calls).toBe(3)
      expect(result.errorCount).toBe(0)
    })
  )

  it.effect("a sink is bounded by its timeout, and retried", () =>
    Effect.gen(function* () {
      let writes = 0
      const taken: Array<number> = []
      const sink = Sink.forEachBatch((ns: ReadonlyArray<number>) =>
        Effect.suspend(() => (++writes === 1 ? Effect.never : Effect.sync(() => taken.push(...ns))))
      )
      const onError = Policy.retry({ retriesMax: 1, backoffMs: 500 })
      const closed = batches([1]).pipe(
        Pipeline.sink("out", sink, { onError, timeout: "3 seconds" })
      )
      const result = yield* drive(Pipeline.run(closed, { engine: engine.make() }))
      expect([writes, taken]).toEqual([2, [1]])
      expect(result).toMatchObject({ recordsOut: 1, errorCount: 0 })
      writes = 0
      const once = batches([1]).pipe(Pipeline.sink("out", sink, { timeout: "3 seconds" }))
      const error = yield* drive(Effect.flip(Pipeline.run(once, { engine: engine.make() })))
      expect(error.message).toMatch(/stage "out" .* took longer than 3000 ms/)
    })
  )

  it.effect("map, filter and flatMap are retried too", () =>
    Effect.gen(function* () {
      const tries = new Map<string, number>()
      const flaky = <A>(stage: string, value: A): A => {
        const n = (tries.get(stage) ?? 0) + 1
        tries.set(stage, n)
        if (n % 3 !== 0) throw boom
        return value
      }
      const onError = Policy.retry({ retriesMax: 2, backoffMs: 1_000 })
      const open = numbers(4).pipe(
        Pipeline.map("m", (n: number) => flaky("m", n + 1), { onError }),
        Pipeline.filter("f", (n: number) => flaky("f", n > 1), { onError }),
        Pipeline.flatMap("fm", (n: number) => flaky("fm", [n, n]), { onError })
      )
      const { out } = yield* drive(collect(engine, open))
      expect(out).toEqual([2, 2, 3, 3, 4, 4])
      expect(Object.fromEntries(tries)).toEqual({ m: 12, f: 12, fm: 9 })
    })
  )

  it.effect("hours of sleep take no time under the sync engine", () =>
    Effect.gen(function* () {
      if (engine.name !== "sync") return
      const open = numbers(24).pipe(
        Pipeline.mapEffect("slow", (n: number) =>
          Effect.andThen(Effect.sleep("1 hour"), Clock.currentTimeMillis)
        )
      )
      const { out, result } = yield* collect(engine, open)
      expect(out).toEqual(range(24).map((n) => (n + 1) * 3_600_000))
      expect(result.durationMs).toBe(24 * 3_600_000)
    })
  )
})

const later = async (n: number): Promise<number> => {
  for (let i = 0; i < 5; i++) await Promise.resolve()
  return n
}
