// What each error policy promises, on every kind of stage, on every engine.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as DeadLetter from "../../src/DeadLetter.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import type * as Policy from "../../src/Policy.ts"
import { deadLetter, fail, ignore, retry } from "../../src/Policy.ts"
import { batches, collect, collectFailing, engines, numbers, range, sorted } from "../engines.ts"
import { boom, failingStages } from "./failingStages.ts"

const others = range(10).filter((n) => n !== 3)

/**
 * Stages whose function is called again by a retry policy; the rest work on whole batches or
 * routes.
 */
const retried = failingStages.filter(({ name }) => !/mapEnvelope|branch|partition/.test(name))

describe.each(engines)("$name engine, error policies", (engine) => {
  describe.each(failingStages)("$name", ({ name, stage, concurrent }) => {
    const interrupted = name.includes("interrupts")
    const isCause = (cause: unknown): boolean => interrupted || cause === boom

    it.effect("fail: delivers what came before, then ends the run", () =>
      Effect.gen(function* () {
        const { out, error } = yield* collectFailing(engine, numbers(10, 10).pipe(stage(fail)))
        expect(error.failure).toMatchObject({
          stageId: "bad",
          seqId: 3,
          origin: "in",
          payload: 3,
          attempts: 1
        })
        expect(isCause(error.failure.cause)).toBe(true)
        expect(error.message).toMatch(/stage "bad" failed on record in#3: .* \(value 3\)/)
        expect(sorted(out).slice(0, 3)).toEqual([0, 1, 2])
        if (concurrent === undefined) expect(out).toHaveLength(3)
        expect(error.result).toMatchObject({ success: false, status: "failed" })
        expect(error.result.finalStates["bad"]).toMatchObject({ status: "failed", errors: 1 })
      })
    )

    it.effect("fail: ends the run although sources and stages behind have more to do", () =>
      Effect.gen(function* () {
        const open = numbers(50_000, 100).pipe(
          stage(fail),
          Pipeline.mapEffect("after", (n: number) => Effect.as(Effect.yieldNow, n), {
            buffer: { capacity: 8 }
          })
        )
        const { error } = yield* collectFailing(engine, open)
        expect(error.failure.stageId).toBe("bad")
      })
    )

    it.effect("dead letter: sets the record aside with its context", () =>
      Effect.gen(function* () {
        const received: Array<DeadLetter.DeadLetter> = []
        const onDeadLetters = (letters: ReadonlyArray<DeadLetter.DeadLetter>) =>
          Effect.sync(() => void received.push(...letters))
        const open = numbers(10, 4).pipe(stage(deadLetter))
        const { out, result } = yield* collect(engine, open, { onDeadLetters })
        expect(sorted(out)).toEqual(others)
        expect(result.deadLetters).toHaveLength(1)
        expect(received).toEqual(result.deadLetters)
        const [letter] = received
        expect(letter).toMatchObject({
          stageId: "bad",
          seqId: 3,
          origin: "in",
          payload: 3,
          attempts: 1
        })
        expect(isCause(letter?.cause)).toBe(true)
        expect(result).toMatchObject({
          status: "completed",
          deadLetterCount: 1,
          errorCount: 1,
          recordsOut: 9
        })
        expect(result.finalStates["bad"]).toMatchObject({
          errors: 1,
          deadLetters: 1,
          dropped: 0,
          recordsIn: 10
        })
      })
    )

    it.effect("ignore: drops the record and counts it", () =>
      Effect.gen(function* () {
        const { out, result } = yield* collect(engine, numbers(10, 4).pipe(stage(ignore)))
        expect(sorted(out)).toEqual(others)
        expect(result).toMatchObject({ deadLetterCount: 0, errorCount: 1, droppedCount: 1 })
        expect(result.finalStates["bad"]).toMatchObject({ errors: 1, dropped: 1 })
      })
    )
  })

  describe.each(retried)("$name", ({ stage }) => {
    const policy = (exhausted: Exclude<Policy.KindPolicy, Policy.RetryPolicy>) =>
      retry({ retriesMax: 2, backoffMs: 0, exhausted })

    it.effect("retry: tries again, then follows `exhausted`", () =>
      Effect.gen(function* () {
        const letters = yield* collect(engine, numbers(10, 4).pipe(stage(policy(deadLetter))))
        expect(sorted(letters.out)).toEqual(others)
        expect(letters.result.deadLetters[0]).toMatchObject({ payload: 3, attempts: 3 })
        const ignored = yield* collect(engine, numbers(10, 4).pipe(stage(policy(ignore))))
        expect(sorted(ignored.out)).toEqual(others)
        const failed = yield* collectFailing(engine, numbers(10, 10).pipe(stage(policy(fail))))
        expect(failed.error.message).toMatch(/after 3 attempts/)
      })
    )
  })

  it.effect("fallback replaces what a stage would have made", () =>
    Effect.gen(function* () {
      const bad = (n: number): number => {
        if (n === 3) throw boom
        return n
      }
      const onError = { fallback: (n: number, cause: unknown) => (cause === boom ? -n : 0) }
      const list = { fallback: (n: number) => [-n, -n] }
      const keep = { fallback: () => true }
      const expected = range(5).map((n) => (n === 3 ? -3 : n))
      const stages: ReadonlyArray<readonly [ReturnType<typeof numbers>, ReadonlyArray<number>]> = [
        [numbers(5).pipe(Pipeline.map("bad", bad, { onError })), expected],
        [
          numbers(5).pipe(Pipeline.filter("bad", (n: number) => bad(n) >= 0, { onError: keep })),
          range(5)
        ],
        [
          numbers(5).pipe(Pipeline.flatMap("bad", (n: number) => [bad(n)], { onError: list })),
          [0, 1, 2, -3, -3, 4]
        ],
        [
          numbers(5).pipe(Pipeline.mapPromise("bad", async (n: number) => bad(n), { onError })),
          expected
        ],
        [
          numbers(5).pipe(
            Pipeline.mapPromise("bad", async (n: number) => bad(n), { onError, concurrency: 3 })
          ),
          expected
        ],
        [
          numbers(5).pipe(
            Pipeline.mapBatch("bad", (ns: ReadonlyArray<number>) => ns.map(bad), { onError })
          ),
          [0, 0, 0, 0, 0]
        ]
      ]
      for (const [open, out] of stages) {
        const seen = yield* collect(engine, open)
        if (out.every((n) => n === 0)) expect(seen.out).toHaveLength(5)
        else expect(seen.out).toEqual(out)
        expect(seen.result.finalStates["bad"]?.errors).toBeGreaterThan(0)
      }
    })
  )

  it.effect("a fallback that throws fails its record", () =>
    Effect.gen(function* () {
      const onError = {
        fallback: (): number => {
          throw new Error("no fallback")
        }
      }
      const bad = (n: number): number => {
        if (n === 3) throw boom
        return n
      }
      for (const concurrency of [1, 4]) {
        const open = numbers(10).pipe(
          Pipeline.mapEffect("bad", (n: number) => Effect.sync(() => bad(n)), {
            onError,
            concurrency
          })
        )
        const { error } = yield* collectFailing(engine, open)
        expect(error.failure).toMatchObject({ payload: 3, cause: new Error("no fallback") })
      }
      const { error } = yield* collectFailing(
        engine,
        numbers(10).pipe(Pipeline.map("bad", bad, { onError }))
      )
      expect(error.failure).toMatchObject({ payload: 3, cause: new Error("no fallback") })
    })
  )

  it.effect("a failing mapBatch concerns every record of the batch", () =>
    Effect.gen(function* () {
      const open = batches([1], [2, 3], [4]).pipe(
        Pipeline.mapBatch(
          "bad",
          (ns: ReadonlyArray<number>) => (ns.includes(3) ? Effect.fail(boom) : Effect.succeed(ns)),
          { onError: deadLetter }
        )
      )
      const { out, result } = yield* collect(engine, open)
      expect(result.deadLetters.length + out.length).toBe(4)
      expect(result.deadLetters.map((letter) => letter.payload)).toContain(3)
      expect(out).toContain(1)
      expect(out).toContain(4)
    })
  )

  it.effect("mapBatch refuses what is no array", () =>
    Effect.gen(function* () {
      const wrong = ((): unknown => 7) as () => ReadonlyArray<number>
      const { error } = yield* collectFailing(
        engine,
        numbers(2).pipe(Pipeline.mapBatch("bad", wrong))
      )
      expect(error.message).toMatch(/mapBatch "bad" must return an array, got number/)
    })
  )

  it.effect("an expansion beyond a million records is an error, with and without retry", () =>
    Effect.gen(function* () {
      const endless = function* (n: number) {
        for (;;) yield n
      }
      for (const onError of [
        deadLetter,
        retry({ retriesMax: 1, backoffMs: 0, exhausted: deadLetter })
      ]) {
        const { out, result } = yield* collect(
          engine,
          batches([1]).pipe(Pipeline.flatMap("endless", endless, { onError }))
        )
        expect(out).toEqual([])
        expect(`${result.deadLetters[0]?.cause}`).toMatch(/more than 1000000 records/)
      }
    })
  )

  it.effect("the result keeps `deadLettersMax` letters, the receiver gets all of them", () =>
    Effect.gen(function* () {
      let received = 0
      const open = numbers(500).pipe(
        Pipeline.filter(
          "bad",
          (): boolean => {
            throw boom
          },
          { onError: deadLetter }
        )
      )
      const { result } = yield* collect(engine, open, {
        deadLettersMax: 7,
        onDeadLetters: (letters) =>
          Effect.sync(() => {
            received += letters.length
          })
      })
      expect(result.deadLetters.map((letter) => letter.seqId)).toEqual(range(7))
      expect(result.deadLetterCount).toBe(500)
      expect(received).toBe(500)
    })
  )

  it.effect("dead letters before the failure that ends the run are handed over too", () =>
    Effect.gen(function* () {
      const received: Array<unknown> = []
      const bad =
        (at: number) =>
        (n: number): number => {
          if (n === at) throw boom
          return n
        }
      const open = numbers(10, 10).pipe(
        Pipeline.map("hard", bad(5)),
        Pipeline.map("soft", bad(2), { onError: deadLetter })
      )
      const { out, error } = yield* collectFailing(engine, open, {
        onDeadLetters: (letters) => Effect.sync(() => received.push(...letters))
      })
      expect(error.failure).toMatchObject({ stageId: "hard", payload: 5 })
      expect(out.every((n) => n < 5 && n !== 2)).toBe(true)
      expect(received).toEqual(error.result.deadLetters)
      expect(error.result.deadLetterCount).toBe(received.length)
      if (engine.name === "async") expect(received).toHaveLength(1)
    })
  )

  it.effect("the payload of a dead letter is the record as it entered the failing stage", () =>
    Effect.gen(function* () {
      const open = numbers(5).pipe(
        Pipeline.map("times", (n: number) => n * 10),
        Pipeline.map("plus", (n: number) => n + 1),
        Pipeline.map(
          "bad",
          (n: number): number => {
            if (n === 31) throw boom
            return n
          },
          { onError: deadLetter }
        )
      )
      const { result } = yield* collect(engine, open)
      expect(result.deadLetters[0]).toMatchObject({ payload: 31, seqId: 3 })
    })
  )
})
