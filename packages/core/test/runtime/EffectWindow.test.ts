// Effects in flight: how many at once, in which order results leave, and that a failing record
// takes nobody along. Time is the test clock; the sync engine runs effects one by one by
// definition.
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import fc from "fast-check"
import * as Channel from "../../src/Channel.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import { batches, collect, collectFailing, engines, numbers, range, sorted } from "../engines.ts"
import { boom } from "./failingStages.ts"

const async = engines[1] as (typeof engines)[number]

/** Counts calls that run at once; `running` and `most` are read by tests. */
class Gauge {
  running = 0
  most = 0
  started = 0
  readonly around = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      this.started++
      this.running++
      this.most = Math.max(this.most, this.running)
      return Effect.ensuring(
        effect,
        Effect.sync(() => {
          this.running--
        })
      )
    })
}

const orderings = {
  ordered: Channel.ordered,
  unordered: Channel.unordered,
  keyed: Channel.partitionOrdered((n: number) => n % 7)
} as const

/** A duration that differs from record to record, so that completion order is not input order. */
const delayOf = (n: number): number => (n * 7919) % 13

/** For each key the values in the order given. */
const byKey = (
  values: ReadonlyArray<number>,
  key: (n: number) => number
): ReadonlyMap<number, ReadonlyArray<number>> => Map.groupBy(values, key)

/** Runs until the pipeline has ended, moving the clock while it has not. */
const drive = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    for (let turn = 0; turn < 5_000 && fiber.pollUnsafe() === undefined; turn++)
      yield* TestClock.adjust(13)
    if (fiber.pollUnsafe() === undefined) return yield* Effect.die(new Error("the run hangs"))
    return yield* Fiber.join(fiber)
  })

describe("effects in flight", () => {
  for (const [name, ordering] of Object.entries(orderings)) {
    it.effect(`${name}: runs exactly as many at once as it may, never more`, () =>
      Effect.gen(function* () {
        for (const concurrency of [2, 5, 64]) {
          const gauge = new Gauge()
          const f = (n: number) => gauge.around(Effect.as(Effect.sleep(delayOf(n) + 1), n))
          const open = numbers(400, 90).pipe(
            Pipeline.mapEffect("work", f, { concurrency, ordering })
          )
          const { out } = yield* drive(collect(async, open))
          expect(sorted(out)).toEqual(range(400))
          expect(gauge.most).toBe(name === "keyed" ? Math.min(7, concurrency) : concurrency)
        }
      })
    )

    it.effect(`${name}: holds a bounded number of records however slow the first one is`, () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const gauge = new Gauge()
        const f = (n: number) =>
          gauge.around(n === 0 ? Effect.as(Deferred.await(gate), n) : Effect.succeed(n))
        const open = numbers(5_000, 100).pipe(
          Pipeline.mapEffect("work", f, { concurrency: 4, ordering })
        )
        const fiber = yield* Effect.forkChild(collect(async, open))
        yield* TestClock.adjust(1_000)
        if (name === "ordered") expect(gauge.started).toBeLessThanOrEqual(512)
        yield* Deferred.succeed(gate, undefined)
        const { out } = yield* Fiber.join(fiber)
        expect(sorted(out)).toEqual(range(5_000))
      })
    )

    it.effect(`${name}: a failing record loses no sibling that was in flight`, () =>
      Effect.gen(function* () {
        const started = new Set<number>()
        const f = (n: number) =>
          Effect.suspend(() => {
            started.add(n)
            const slept = Effect.as(Effect.sleep(delayOf(n) + 1), n)
            return n === 50 ? Effect.andThen(slept, Effect.fail(boom)) : slept
          })
        const open = numbers(300, 100).pipe(
          Pipeline.mapEffect("work", f, { concurrency: 16, ordering }),
          Pipeline.map("after", (n: number) => n, { buffer: { capacity: 4 } })
        )
        const { out, error } = yield* drive(collectFailing(async, open))
        expect(error.failure).toMatchObject({ stageId: "work", payload: 50, cause: boom })
        started.delete(50)
        expect(sorted(out)).toEqual(sorted([...started]))
        // Left are the record that failed, and those the stage took and did not begin.
        const { recordsIn = 0, recordsOut = 0, inFlight } = error.result.finalStates["work"] ?? {}
        expect([recordsOut, inFlight]).toEqual([out.length, recordsIn - out.length])
      })
    )
  }

  it.effect("after a failure no further record is started", () =>
    Effect.gen(function* () {
      for (const ordering of Object.values(orderings)) {
        const gauge = new Gauge()
        const f = (n: number) =>
          gauge.around(n === 5 ? Effect.fail(boom) : Effect.as(Effect.sleep(1), n))
        const open = numbers(4_000, 4_000).pipe(
          Pipeline.mapEffect("work", f, { concurrency: 4, ordering })
        )
        yield* drive(collectFailing(async, open))
        expect(gauge.started).toBeLessThan(600)
      }
    })
  )

  it.effect("ordered results leave in the order of the input", () =>
    Effect.gen(function* () {
      const f = (n: number) => Effect.as(Effect.sleep(delayOf(n)), n)
      const open = numbers(500, 64).pipe(Pipeline.mapEffect("work", f, { concurrency: 16 }))
      expect((yield* drive(collect(async, open))).out).toEqual(range(500))
    })
  )

  it.effect("unordered results leave as they finish", () =>
    Effect.gen(function* () {
      const f = (n: number) => Effect.as(Effect.sleep(100 - n), n)
      const open = numbers(4, 4).pipe(
        Pipeline.mapEffect("work", f, { concurrency: 4, ordering: Channel.unordered })
      )
      expect((yield* drive(collect(async, open))).out).toEqual([3, 2, 1, 0])
    })
  )

  it.effect("by key: order within a key, keys in parallel, far more keys than calls", () =>
    Effect.gen(function* () {
      const key = (n: number) => n % 3_000
      const gauge = new Gauge()
      const f = (n: number) => gauge.around(Effect.as(Effect.sleep(delayOf(n)), n))
      const ordering = Channel.partitionOrdered(key)
      const open = numbers(9_000, 1_000).pipe(
        Pipeline.mapEffect("work", f, { concurrency: 8, ordering })
      )
      const { out } = yield* drive(collect(async, open))
      expect(byKey(out, key)).toEqual(
        byKey(
          out.toSorted((a, b) => a - b),
          key
        )
      )
      expect(sorted(out)).toEqual(range(9_000))
      expect(gauge.most).toBe(8)
    })
  )

  it.effect("by key: never runs two records of one key at once", () =>
    Effect.gen(function* () {
      const running = new Set<number>()
      const clashes: Array<number> = []
      const f = (n: number) =>
        Effect.suspend(() => {
          if (running.has(n % 3)) clashes.push(n)
          running.add(n % 3)
          return Effect.as(Effect.sleep(delayOf(n)), n)
        }).pipe(Effect.tap(() => Effect.sync(() => running.delete(n % 3))))
      const ordering = Channel.partitionOrdered((n: number) => n % 3)
      const open = numbers(200, 50).pipe(
        Pipeline.mapEffect("work", f, { concurrency: 8, ordering })
      )
      yield* drive(collect(async, open))
      expect(clashes).toEqual([])
    })
  )

  it.effect("a key function that throws fails its record alone", () =>
    Effect.gen(function* () {
      const ordering = Channel.partitionOrdered((n: number) => {
        if (n === 3) throw boom
        return n % 2
      })
      const f = (n: number) => Effect.as(Effect.sleep(1), n)
      const options = { concurrency: 4, ordering, onError: Policy.deadLetter }
      const { out, result } = yield* drive(
        collect(async, numbers(10).pipe(Pipeline.mapEffect("work", f, options)))
      )
      expect(sorted(out)).toEqual(range(10).filter((n) => n !== 3))
      expect(result.deadLetters).toMatchObject([{ payload: 3, cause: boom }])
    })
  )

  it.effect("dead letters of a keyed stage carry the key", () =>
    Effect.gen(function* () {
      const ordering = Channel.partitionOrdered((n: number) => `k${n % 2}`)
      const f = (n: number) => (n === 3 ? Effect.fail(boom) : Effect.succeed(n))
      const options = { concurrency: 4, ordering, onError: Policy.deadLetter }
      const { result } = yield* collect(
        async,
        numbers(10).pipe(Pipeline.mapEffect("work", f, options))
      )
      expect(result.deadLetters).toMatchObject([{ payload: 3, key: "k1" }])
    })
  )

  it.effect(
    "several windows in one segment keep order and lose nothing, whatever finishes when",
    () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.array(fc.nat({ max: 20 }), { maxLength: 60 }),
            fc.integer({ min: 2, max: 6 }),
            fc.integer({ min: 2, max: 6 }),
            fc.integer({ min: 1, max: 20 }),
            async (delays, first, second, size) => {
              const wait = (turns: number): Effect.Effect<void> =>
                turns === 0
                  ? Effect.void
                  : Effect.repeat(Effect.yieldNow, { times: turns - 1 }).pipe(Effect.asVoid)
              const open = numbers(delays.length, size).pipe(
                Pipeline.mapEffect("a", (n: number) => Effect.as(wait(delays[n] ?? 0), n), {
                  concurrency: first
                }),
                Pipeline.mapPromise("b", async (n: number) => n, { concurrency: second }),
                Pipeline.mapEffect("c", (n: number) => Effect.as(wait(20 - (delays[n] ?? 0)), n), {
                  concurrency: second
                })
              )
              const { out } = await Effect.runPromise(collect(async, open))
              expect(out).toEqual(range(delays.length))
            }
          ),
          { numRuns: 60 }
        )
      )
  )

  it.effect("a stage that fails between two others lets those behind it finish", () =>
    Effect.gen(function* () {
      const slow = (millis: number) => (n: number) => Effect.as(Effect.sleep(millis), n)
      const open = numbers(100, 100).pipe(
        Pipeline.mapEffect("a", slow(2), { concurrency: 10 }),
        Pipeline.mapEffect("b", (n: number) => (n === 5 ? Effect.fail(boom) : Effect.succeed(n)), {
          concurrency: 3
        }),
        Pipeline.mapEffect("c", slow(100), { concurrency: 20 }),
        Pipeline.map("d", (n: number) => n, { buffer: { capacity: 5 } })
      )
      const { out, error } = yield* drive(collectFailing(async, open))
      expect(error.failure).toMatchObject({ stageId: "b", payload: 5 })
      expect(out.slice(0, 5)).toEqual([0, 1, 2, 3, 4])
    })
  )

  it.effect("the latency of calls in flight is sampled", () =>
    Effect.gen(function* () {
      const f = (n: number) => Effect.as(Effect.sleep(10), n)
      const open = numbers(320, 100).pipe(Pipeline.mapEffect("work", f, { concurrency: 16 }))
      const { result } = yield* drive(collect(async, open))
      const latency = result.finalStates["work"]?.latency
      expect(latency?.counts.reduce((a, b) => a + b, 0)).toBe(320)
      expect(latency?.p50Micros).toBeGreaterThanOrEqual(10_000)
      expect(latency?.p50Micros).toBeLessThanOrEqual(16_384)
    })
  )

  it.effect("mapPromise gets a signal that is aborted with the run", () =>
    Effect.gen(function* () {
      let signal: AbortSignal | undefined
      const open = batches([1]).pipe(
        Pipeline.mapPromise(
          "work",
          (_: number, given) => {
            signal = given
            return new Promise<number>(() => undefined)
          },
          { concurrency: 2 }
        )
      )
      const fiber = yield* Effect.forkChild(collect(async, open))
      while (signal === undefined) yield* Effect.yieldNow
      expect(signal?.aborted).toBe(false)
      yield* Fiber.interrupt(fiber)
      expect(signal?.aborted).toBe(true)
    })
  )
})
