// Under the sync engine a run is a function of graph, input and seed, byte for byte.
import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import fc from "fast-check"
import type * as Engine from "../../src/Engine.ts"
import * as Observer from "../../src/Observer.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Source from "../../src/Source.ts"
import { collect, engines, numbers, range, sorted } from "../engines.ts"

const [sync, async] = engines as [(typeof engines)[number], (typeof engines)[number]]

/** Three sources that meet; effects that sleep, draw random numbers, fail and are retried. */
const busy = (): Pipeline.Pipeline<number, string> =>
  Pipeline.merge(
    "all",
    range(3).map((k) =>
      Pipeline.source(`s${k}`, Source.fromIterable(range(30).map((n) => k * 100 + n)))
    )
  ).pipe(
    Pipeline.mapEffect(
      "draws",
      (n: number) =>
        Effect.flatMap(Random.next, (draw) =>
          draw < 0.2 ? Effect.fail("unlucky") : Effect.as(Effect.sleep(draw * 1_000), n)
        ),
      { onError: Policy.retry({ retriesMax: 20, backoffMs: 5 }), concurrency: 4 }
    ),
    Pipeline.filter("even", (n: number) => n % 2 === 0, { buffer: { capacity: 10 } })
  )

const traced = (options: Engine.ExecutionOptions) =>
  Effect.gen(function* () {
    let trace = ""
    const observer = Observer.lines((line) => {
      trace += line
    })
    const { out, result } = yield* collect(sync, busy(), { ...options, observer })
    return { out, trace, result }
  })

describe("sync engine, determinism", () => {
  it.effect("the same seed gives the same trace, byte for byte, and the same results", () =>
    Effect.gen(function* () {
      for (const seed of ["a", "b", 7]) {
        const first = yield* traced({ seed })
        const second = yield* traced({ seed })
        expect(first.trace.length).toBeGreaterThan(1_000)
        expect(second.trace).toBe(first.trace)
        expect(second.out).toEqual(first.out)
        expect(second.result).toEqual(first.result)
      }
    })
  )

  it.effect("another seed gives another interleaving of the same records", () =>
    Effect.gen(function* () {
      const runs = yield* Effect.forEach(range(8), (seed) => traced({ seed }))
      expect(new Set(runs.map((run) => run.trace)).size).toBe(8)
      expect(new Set(runs.map((run) => run.out.join())).size).toBeGreaterThan(4)
      for (const run of runs) expect(sorted(run.out)).toEqual(sorted(runs[0]?.out ?? []))
    })
  )

  it.effect("without a seed runs are equal too", () =>
    Effect.gen(function* () {
      expect((yield* traced({})).trace).toBe((yield* traced({})).trace)
    })
  )

  it.effect("the trace of any run ends every stage and then the run", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.string(), fc.integer({ min: 1, max: 64 }), async (seed, batchSize) => {
          const { trace, result } = await Effect.runPromise(traced({ seed, batchSize }))
          const events = trace
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as Observer.PipelineEvent)
          expect(events.at(-1)).toMatchObject({ _tag: "RunEnded", status: "completed" })
          const stages = Object.keys(result.finalStates)
          for (const tag of ["StageStarted", "StageEnded"]) {
            const named = events.flatMap((event) =>
              event._tag === tag && "stageId" in event ? [event.stageId] : []
            )
            expect(named.toSorted()).toEqual(stages.toSorted())
          }
          const times = events.map((event) => event.atMs)
          expect(times).toEqual(sorted(times))
        }),
        { numRuns: 20 }
      )
    )
  )

  it.effect("virtual time starts where it is told and passes only in sleeps", () =>
    Effect.gen(function* () {
      const seen = yield* collect(
        sync,
        numbers(3).pipe(
          Pipeline.mapEffect("t", () =>
            Effect.andThen(Effect.sleep("1 day"), Clock.currentTimeMillis)
          )
        )
      )
      expect(seen.out).toEqual([1, 2, 3].map((n) => n * 86_400_000))
    })
  )

  it.effect("random numbers are those of the seed", () =>
    Effect.gen(function* () {
      const draws = (seed: string) =>
        collect(sync, numbers(5).pipe(Pipeline.mapEffect("r", () => Random.next)), { seed })
      expect((yield* draws("x")).out).toEqual((yield* draws("x")).out)
      expect((yield* draws("x")).out).not.toEqual((yield* draws("y")).out)
      const there = (seed: string) =>
        collect(async, numbers(5).pipe(Pipeline.mapEffect("r", () => Random.next)), { seed })
      expect((yield* there("x")).out).toEqual((yield* there("x")).out)
    })
  )

  it.effect(
    "a seed shuffles how the sources of the async engine interleave, and nothing else",
    () =>
      Effect.gen(function* () {
        const merged = () =>
          Pipeline.merge(
            "all",
            range(4).map((k) =>
              Pipeline.source(`s${k}`, Source.fromIterable(range(200).map((n) => k * 1_000 + n)))
            )
          )
        const outs = yield* Effect.forEach(range(6), (seed) => collect(async, merged(), { seed }))
        expect(new Set(outs.map(({ out }) => out.join())).size).toBeGreaterThan(3)
        for (const { out } of outs) expect(sorted(out)).toEqual(sorted(outs[0]?.out ?? []))
      })
  )
})
