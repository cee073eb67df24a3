// How engines drive an accumulator: batches in, groups out in slices, timers when nothing comes,
// the rest at the end, and close on every exit.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import * as Streams from "../../src/Streams.ts"
import { batches, collect, collectFailing, engines, numbers, range, sorted } from "../engines.ts"
import type { Group } from "./counting.ts"
import { inThrees } from "./counting.ts"

const day = 86_400_000

const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
})

/** The given numbers, then silence. */
const thenSilent = (...items: ReadonlyArray<number>): Pipeline.Pipeline<number> =>
  Pipeline.source("in", Streams.source(Stream.concat(Stream.fromIterable(items), Stream.never)))

const valuesOf = (groups: ReadonlyArray<Group>): ReadonlyArray<number> =>
  sorted(groups.flatMap((group) => group.values))

describe.each(engines)("$name engine, accumulating", (engine) => {
  it.effect("complete groups leave in slices, the rest at the end", () =>
    Effect.gen(function* () {
      const watched = { closed: 0, hurried: 0 }
      const open = numbers(95, 50).pipe(Pipeline.accumulate("threes", inThrees(day, watched)))
      const { out, result } = yield* collect(engine, open)
      expect(valuesOf(out)).toEqual(range(95))
      expect(
        out.filter((group) => group.reason === "count").every((group) => group.values.length === 3)
      ).toBe(true)
      expect(out.filter((group) => group.reason === "end").length).toBeGreaterThan(0)
      expect(result.accumulators).toMatchObject([
        { stageId: "threes", totals: { fragmentsIn: 95, fragmentsOpen: 0 } }
      ])
      expect(result.finalStates["threes"]).toMatchObject({
        recordsIn: 95,
        recordsOut: out.length,
        inFlight: 0
      })
      expect(watched).toEqual({ closed: 1, hurried: 0 })
    })
  )

  const before: Readonly<Record<string, Pipeline.Pipeline<number>>> = {
    "behind its source": thenSilent(1, 2),
    "behind a buffer": thenSilent(1, 2).pipe(
      Pipeline.map("m", (n: number) => n, { buffer: { capacity: 5 } })
    ),
    "behind a stream function that waits": thenSilent(1, 2).pipe(
      Pipeline.process("p", (input: Stream.Stream<number>) => input)
    ),
    "behind an effect that never ends": thenSilent(1, 2, 3).pipe(
      Pipeline.mapEffect("e", (n: number) => (n === 3 ? Effect.never : Effect.succeed(n)))
    ),
    "behind concurrent effects that never end": thenSilent(1, 2, 3, 4).pipe(
      Pipeline.mapEffect("e", (n: number) => (n > 2 ? Effect.never : Effect.succeed(n)), {
        concurrency: 2
      }),
      Pipeline.map("m", (n: number) => n)
    )
  }
  for (const [where, open] of Object.entries(before)) {
    it.effect(`a timer fires without input, ${where}`, () =>
      Effect.gen(function* () {
        const out: Array<Group> = []
        const closed = open.pipe(
          Pipeline.accumulate("threes", inThrees(5_000)),
          Pipeline.sink("out", Sink.collectInto(out))
        )
        const running = yield* Pipeline.start(closed, { engine: engine.make() })
        yield* settle
        if (engine.name === "async") {
          expect(out).toEqual([])
          yield* TestClock.adjust(4_999)
          yield* settle
          expect(out).toEqual([])
          yield* TestClock.adjust(1)
          yield* settle
        }
        expect(out.toSorted((a, b) => a.key - b.key)).toEqual([
          { key: 1, values: [1], reason: "age" },
          { key: 2, values: [2], reason: "age" }
        ])
        yield* running.stop("abort")
        yield* running.result
      })
    )
  }

  it.effect("groups wait for a slow sink, none is lost", () =>
    Effect.gen(function* () {
      const out: Array<Group> = []
      const slow = Sink.forEachBatch((groups: ReadonlyArray<Group>) =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => out.push(...groups))
        )
      )
      const closed = numbers(400, 100).pipe(
        Pipeline.accumulate("threes", inThrees(day)),
        Pipeline.sink("out", slow, { buffer: { capacity: 1 } })
      )
      yield* Pipeline.run(closed, { engine: engine.make() })
      expect(valuesOf(out)).toEqual(range(400))
    })
  )

  it.effect("a fragment it cannot take follows the error policy, with its key", () =>
    Effect.gen(function* () {
      const open = (onError: Policy.ErrorPolicy) =>
        batches([1, -7, 2]).pipe(Pipeline.accumulate("threes", inThrees(day), { onError }))
      const dead = yield* collect(engine, open(Policy.deadLetter))
      expect(valuesOf(dead.out)).toEqual([1, 2])
      expect(dead.result.deadLetters).toMatchObject([
        { stageId: "threes", payload: -7, key: "none", seqId: 1 }
      ])
      const ignored = yield* collect(engine, open(Policy.ignore))
      expect(ignored.result).toMatchObject({ droppedCount: 1, deadLetterCount: 0 })
      const failed = yield* collectFailing(engine, open(Policy.fail))
      expect(failed.error.failure).toMatchObject({ stageId: "threes", payload: -7 })
    })
  )

  it.effect("an accumulator that breaks fails the run by its name, and is closed", () =>
    Effect.gen(function* () {
      const watched = { closed: 0 }
      const open = batches([1], [-200], [2]).pipe(
        Pipeline.accumulate("threes", inThrees(day, watched), { onError: Policy.deadLetter })
      )
      const { error } = yield* collectFailing(engine, open)
      expect(error.failure).toMatchObject({
        stageId: "threes",
        kind: "catastrophic",
        cause: new Error("broken instance")
      })
      expect(watched.closed).toBe(1)
    })
  )
})

// Under the sync engine time passes as soon as nothing else is to do, so no group waits for a stop.
describe("async engine, accumulating", () => {
  const engine = engines[1] as (typeof engines)[number]

  it.effect("the earliest of several timers is waited for", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<number>()
      const out: Array<Group> = []
      const closed = Pipeline.source("in", Source.fromQueue(queue)).pipe(
        Pipeline.accumulate("first", inThrees(60_000)),
        Pipeline.map("count", (group: Group) => group.values.length),
        Pipeline.accumulate("second", inThrees(1_000)),
        Pipeline.sink("out", Sink.collectInto(out))
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* Queue.offer(queue, 5)
      yield* settle
      yield* Queue.offerAll(queue, [1, 1, 1])
      yield* settle
      yield* TestClock.adjust(1_000)
      yield* settle
      expect(out[0]).toEqual({ key: 3, values: [3], reason: "age" })
      expect(out).toHaveLength(1)
      yield* running.stop("abort")
      yield* running.result
    })
  )

  it.effect("graceful stop lets the rest of the groups out, abort does not; both close", () =>
    Effect.gen(function* () {
      for (const mode of ["graceful", "abort"] as const) {
        const out: Array<Group> = []
        const watched = { closed: 0 }
        const closed = thenSilent(1, 2).pipe(
          Pipeline.accumulate("threes", inThrees(day, watched)),
          Pipeline.sink("out", Sink.collectInto(out))
        )
        const running = yield* Pipeline.start(closed, { engine: engine.make() })
        yield* settle
        yield* running.stop(mode)
        const result = yield* running.result
        expect(valuesOf(out)).toEqual(mode === "graceful" ? [1, 2] : [])
        expect(result.accumulators[0]?.totals.fragmentsOpen).toBe(mode === "graceful" ? 0 : 2)
        expect(watched.closed).toBe(1)
      }
    })
  )
})
