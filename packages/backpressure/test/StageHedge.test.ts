// Hedged calls of a stage, on both engines: within the stage's permits, first success wins, losers
// are interrupted.
import { describe, expect, it } from "@effect/vitest"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as Channel from "@sluice/core/Channel"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Validate from "@sluice/core/Validate"
import * as Effect from "effect/Effect"
import * as CircuitBreaker from "../src/CircuitBreaker.ts"
import { range, timed } from "./timed.ts"

const engines = [
  { name: "sync", make: () => SyncEngine.make() },
  { name: "async", make: () => AsyncEngine.make() }
]

/** Each record's first call takes `firstMs`, its others `furtherMs`; what ran is counted. */
const service = (firstMs: (n: number) => number, furtherMs: number) => {
  const seen = { begun: 0, running: 0, most: 0, interrupted: 0 }
  const asked = new Set<number>()
  const call = (n: number): Effect.Effect<number> =>
    Effect.suspend(() => {
      const ms = asked.has(n) ? furtherMs : firstMs(n)
      asked.add(n)
      seen.begun++
      seen.running++
      seen.most = Math.max(seen.most, seen.running)
      return Effect.as(Effect.sleep(ms), n)
    }).pipe(
      Effect.onInterrupt(() => Effect.sync(() => void seen.interrupted++)),
      Effect.onExit(() => Effect.sync(() => void seen.running--))
    )
  return { seen, call }
}

const run = (
  engine: (typeof engines)[number],
  count: number,
  call: (n: number) => Effect.Effect<number, string>,
  options: Pipeline.EffectOptions<number, number>
) => {
  const out: Array<number> = []
  const closed = Pipeline.source("in", Source.fromIterable(range(count))).pipe(
    Pipeline.mapEffect("call", call, options),
    Pipeline.sink("out", Sink.collectInto(out))
  )
  return Effect.map(timed(Pipeline.run(closed, { engine: engine.make() })), (result) => ({
    out,
    result,
    metrics: result.finalStates["call"]!.metrics
  }))
}

const hedge = { afterMs: 20 }

describe.each(engines)("$name engine, hedged calls", (engine) => {
  it.effect("a slow call is hedged, the first success wins, the loser is interrupted", () =>
    Effect.gen(function* () {
      const { seen, call } = service((n) => (n === 0 ? 10_000 : 5), 5)
      const { out, metrics, result } = yield* run(engine, 4, call, { concurrency: 2, hedge })
      expect(out).toEqual(range(4))
      expect(result.durationMs).toBeLessThan(1_000)
      expect(seen).toMatchObject({ running: 0, interrupted: metrics["hedgeWins"] })
      expect(metrics["hedgeWins"]).toBeGreaterThan(0)
      expect(seen.most).toBeLessThanOrEqual(2)
    })
  )

  it.effect("a call that is quick, or fails before, is not repeated", () =>
    Effect.gen(function* () {
      const { seen, call } = service(() => 10, 10)
      const { metrics } = yield* run(engine, 5, call, { concurrency: 4, hedge })
      expect(seen.begun).toBe(5)
      expect(metrics["hedges"]).toBe(0)
      let calls = 0
      const failing = () => Effect.suspend(() => Effect.fail(`down ${++calls}`))
      const onError = Policy.deadLetter
      const failed = yield* run(engine, 5, failing, { concurrency: 4, hedge, onError })
      expect(calls).toBe(5)
      expect(failed.result.deadLetterCount).toBe(5)
    })
  )

  it.effect("fails once all its calls have, with what the first failed with", () =>
    Effect.gen(function* () {
      let calls = 0
      const failing = () =>
        Effect.suspend(() => {
          const n = ++calls
          return Effect.andThen(Effect.sleep(n === 1 ? 50 : 10), Effect.fail(`down ${n}`))
        })
      const onError = Policy.deadLetter
      const { result, metrics } = yield* run(engine, 1, failing, { concurrency: 2, hedge, onError })
      expect(result.deadLetters.map(({ cause }) => cause)).toEqual(["down 1"])
      expect(metrics).toMatchObject({ hedges: 1, hedgeWins: 0 })
    })
  )

  it.effect("makes at most attemptsMax calls, and none beyond what a bulkhead has room for", () =>
    Effect.gen(function* () {
      const three = service(() => 1_000, 1_000)
      yield* run(engine, 1, three.call, { concurrency: 8, hedge: { afterMs: 20, attemptsMax: 3 } })
      expect(three.seen.begun).toBe(3)
      const narrow = service(() => 100, 5)
      const bulkhead = { name: "one", concurrency: 1 }
      const { metrics } = yield* run(engine, 3, narrow.call, { concurrency: 4, hedge, bulkhead })
      expect(narrow.seen).toMatchObject({ begun: 3, most: 1 })
      expect(metrics).toMatchObject({ hedges: 0 })
    })
  )

  it.effect("a circuit counts one call for a record, however many were made", () =>
    Effect.gen(function* () {
      const { call } = service((n) => (n === 0 ? 1_000 : 5), 5)
      const breaker = CircuitBreaker.stage({ latencyMsThreshold: 500, throughputMin: 1 })
      const { result, out } = yield* run(engine, 6, call, { concurrency: 2, hedge, breaker })
      expect(out).toEqual(range(6))
      expect(result.finalStates["call"]?.circuit).toBe("closed")
    })
  )

  it.effect("is refused, with the cure, where it could never be made", () =>
    Effect.gen(function* () {
      const { call } = service(() => 1, 1)
      const alone = yield* Effect.flip(run(engine, 1, call, { hedge }))
      expect(String(alone)).toMatch(/one call at a time.*concurrency of 2 or more/s)
      const never = { concurrency: 2, hedge: { afterMs: 0, attemptsMax: 1 } }
      const wrong = yield* Effect.flip(run(engine, 1, call, never))
      expect(String(wrong)).toMatch(/starts after 0 ms.*makes 1 calls at most/s)
      const graph = Pipeline.graph(
        Pipeline.source("in", Source.fromIterable([1])).pipe(
          Pipeline.map("double", (n: number) => n * 2),
          Pipeline.sink("out", Sink.drain)
        )
      )
      const nodes = graph.nodes.map((node) =>
        node.id === "double" ? { ...node, controls: { hedge } } : node
      )
      const [refusal] = Validate.validate({ ...graph, nodes })
      expect(`${refusal?.reason}; ${refusal?.cure}`).toMatch(
        /a Map makes no calls for single records.*mapPromise/s
      )
    })
  )
})

describe("async engine, hedges and records", () => {
  it.effect("a record that needs a permit takes it from a hedge", () =>
    Effect.gen(function* () {
      const { seen, call } = service((n) => (n === 0 ? 500 : 5), 400)
      const out: Array<number> = []
      const wait = (n: number) => Effect.as(Effect.sleep(n * 60), n)
      const closed = Pipeline.source("in", Source.fromIterable(range(3))).pipe(
        // The second record comes while the first is hedged.
        Pipeline.mapEffect("wait", wait),
        Pipeline.mapEffect("call", call, { concurrency: 2, hedge, ordering: Channel.unordered }),
        Pipeline.sink("out", Sink.collectInto(out))
      )
      const result = yield* timed(Pipeline.run(closed, { engine: AsyncEngine.make() }))
      expect([...out].sort()).toEqual(range(3))
      expect(seen.most).toBeLessThanOrEqual(2)
      expect(result.finalStates["call"]?.metrics["hedgesGivenUp"]).toBeGreaterThan(0)
    })
  )
})
