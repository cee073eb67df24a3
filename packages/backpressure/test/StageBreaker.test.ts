// Circuits, bulkheads and deadlines as settings of a stage, on both engines.
import { describe, expect, it } from "@effect/vitest"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Breaker from "@sluice/core/Breaker"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as CircuitBreaker from "../src/CircuitBreaker.ts"
import { countedCalls, givingUp, range, timed } from "./timed.ts"

const engines = [
  { name: "sync", make: () => SyncEngine.make() },
  { name: "async", make: () => AsyncEngine.make() }
]

const numbers = (count: number): Pipeline.Pipeline<number> =>
  Pipeline.source("in", Source.fromIterable(range(count)))

const watching = () => {
  const changes: Array<Breaker.CircuitChange & { readonly stageId: string }> = []
  const observer = {
    onCircuitChange: (stageId: string, change: Breaker.CircuitChange) =>
      void changes.push({ stageId, ...change })
  }
  return { changes, observer }
}

const policy: Policy.CircuitBreakerPolicy = {
  errorThreshold: 0.5,
  throughputMin: 4,
  windowMs: 1_000,
  cooldownMs: 100,
  trials: 2,
  trialRatio: 1
}

/** A service that is down for the first `downMs` milliseconds; it counts the calls it gets. */
const service = (downMs: number) => {
  const seen = { calls: 0 }
  const call = (n: number) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      seen.calls++
      return now < downMs ? Effect.fail("down" as const) : Effect.as(Effect.sleep(1), n)
    })
  return { seen, call }
}

describe.each(engines)("$name engine, circuit of a stage", (engine) => {
  it.effect("open: records fail without a call, and follow onError", () =>
    Effect.gen(function* () {
      const { seen, call } = service(Number.POSITIVE_INFINITY)
      const { changes, observer } = watching()
      const closed = numbers(100).pipe(
        Pipeline.mapEffect("price", call, {
          breaker: CircuitBreaker.stage({ ...policy, cooldownMs: 60_000 }),
          onError: Policy.deadLetter
        }),
        Pipeline.sink("out", Sink.drain)
      )
      const result = yield* timed(Pipeline.run(closed, { engine: engine.make(), observer }))
      expect(seen.calls).toBe(4)
      expect(result.deadLetterCount).toBe(100)
      expect(result.deadLetters[50]?.cause).toMatchObject({ _tag: "CircuitOpen", state: "open" })
      expect(result.finalStates["price"]?.circuit).toBe("open")
      expect(changes).toEqual([
        { stageId: "price", from: "closed", to: "open", reason: "4 of 4 calls failed" }
      ])
    })
  )

  for (const concurrency of [1, 8]) {
    it.effect(`wait: with ${concurrency} in flight, no record is lost and it closes again`, () =>
      Effect.gen(function* () {
        const { seen, call } = service(250)
        const { changes, observer } = watching()
        const out: Array<number> = []
        const closed = numbers(60).pipe(
          Pipeline.mapEffect("price", call, {
            breaker: CircuitBreaker.stage({ ...policy, whenOpen: "wait" }),
            onError: Policy.retry({ retriesMax: 50, backoffMs: 1, backoffMsMax: 5 }),
            concurrency
          }),
          Pipeline.sink("out", Sink.collectInto(out))
        )
        yield* timed(Pipeline.run(closed, { engine: engine.make(), observer }))
        expect(out).toEqual(range(60))
        expect(changes.map(({ to }) => to).slice(0, 2)).toEqual(["open", "half-open"])
        expect(changes.at(-1)).toMatchObject({ from: "half-open", to: "closed" })
        // A few calls opened it, two trials for each reopening, and the sixty that went through.
        expect(seen.calls).toBeLessThan(60 + 8 + 2 * changes.length)
      })
    )
  }

  it.effect("a sink's writes are calls too: it waits, and every record arrives once", () =>
    Effect.gen(function* () {
      const out: Array<number> = []
      const sink = Sink.forEachBatch((items: ReadonlyArray<number>) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          now < 150 ? Effect.fail("down") : Effect.sync(() => void out.push(...items))
        )
      )
      const closed = numbers(1_000).pipe(
        Pipeline.sink("store", sink, {
          breaker: CircuitBreaker.stage({ ...policy, throughputMin: 1, whenOpen: "wait" }),
          onError: Policy.retry({ retriesMax: 9, backoffMs: 1 })
        })
      )
      yield* timed(Pipeline.run(closed, { engine: engine.make(), batchSize: 100 }))
      expect(out).toEqual(range(1_000))
    })
  )

  it.effect("a breaker without an implementation is refused, with the layer it works", () =>
    Effect.gen(function* () {
      const closed = numbers(10).pipe(
        Pipeline.mapEffect("price", (n: number) => Effect.succeed(n), { breaker: policy }),
        Pipeline.sink("out", Sink.drain)
      )
      const refused = yield* Effect.flip(Pipeline.run(closed, { engine: engine.make() }))
      expect(refused.message).toContain("provide CircuitBreaker.layer")
      const run = Pipeline.run(closed, { engine: engine.make() })
      const result = yield* Effect.provide(run, CircuitBreaker.layer)
      expect(result.finalStates["price"]?.circuit).toBe("closed")
    })
  )

  it.effect("isolated by hand, it holds the stage's calls until it is reset", () =>
    Effect.gen(function* () {
      const { changes, observer } = watching()
      const out: Array<number> = []
      const closed = numbers(50).pipe(
        Pipeline.mapEffect("price", (n: number) => Effect.as(Effect.sleep(1), n), {
          breaker: CircuitBreaker.stage({ ...policy, whenOpen: "wait" })
        }),
        Pipeline.sink("out", Sink.collectInto(out))
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make(), observer })
      const circuit = running.circuit("price")
      expect(running.circuit("out")).toBeUndefined()
      yield* circuit?.isolate ?? Effect.die("no circuit")
      const result = yield* Effect.forkChild(running.result)
      for (let turn = 0; turn < 42; turn++) {
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        yield* TestClock.adjust(50)
      }
      expect(out).toEqual([])
      expect(running.inspect("price")?.circuit).toBe("isolated")
      const before = yield* Clock.currentTimeMillis
      yield* circuit?.reset ?? Effect.void
      yield* timed(Fiber.join(result))
      // At once, and not when held records would have asked again by themselves.
      expect((yield* Clock.currentTimeMillis) - before).toBeLessThan(600)
      expect(out).toEqual(range(50))
      expect(changes.map(({ to }) => to)).toEqual(["isolated", "closed"])
    })
  )

  it.effect("a bulkhead bounds the calls of all stages that name it", () =>
    Effect.gen(function* () {
      const { running, call } = countedCalls(2)
      const bulkhead = { name: "database", concurrency: 3 }
      const out: Array<number> = []
      const closed = numbers(100).pipe(
        Pipeline.mapEffect("read", call, { concurrency: 8, bulkhead }),
        Pipeline.mapEffect("write", call, { concurrency: 8, bulkhead, buffer: { capacity: 50 } }),
        Pipeline.sink("out", Sink.collectInto(out))
      )
      yield* timed(Pipeline.run(closed, { engine: engine.make() }))
      expect(out).toEqual(range(100))
      expect(running.most).toBeLessThanOrEqual(3)
      if (engine.name === "async") expect(running.most).toBe(3)
    })
  )

  it.effect("a deadline bounds all attempts of a record together", () =>
    Effect.gen(function* () {
      let attempts = 0
      const closed = numbers(1).pipe(
        Pipeline.mapEffect(
          "hang",
          () => {
            attempts++
            return Effect.andThen(Effect.sleep(20), Effect.fail("down"))
          },
          {
            deadline: 100,
            onError: Policy.retry({ retriesMax: 100, backoffMs: 10, exhausted: Policy.deadLetter })
          }
        ),
        Pipeline.sink("out", Sink.drain)
      )
      const result = yield* timed(Pipeline.run(closed, { engine: engine.make() }))
      expect(attempts).toBeGreaterThan(1)
      expect(attempts).toBeLessThan(6)
      expect(result.deadLetters[0]?.cause).toMatchObject({ name: "TimedOut" })
      expect(result.durationMs).toBeLessThan(200)
    })
  )

  it.effect("a surge of keys that accumulators gave up opens it", () =>
    Effect.gen(function* () {
      const { changes, observer } = watching()
      const closed = numbers(200).pipe(
        Pipeline.accumulate("group", givingUp),
        Pipeline.mapEffect("price", (n: number) => Effect.succeed(n), {
          breaker: CircuitBreaker.stage({ deadlocks: 50, cooldownMs: 60_000 }),
          onError: Policy.deadLetter
        }),
        Pipeline.sink("out", Sink.drain)
      )
      const result = yield* Pipeline.run(closed, { engine: engine.make(), observer, batchSize: 20 })
      expect(changes[0]?.reason).toContain("accumulator deadlocks")
      expect(result.deadLetterCount).toBeGreaterThan(0)
    })
  )
})
