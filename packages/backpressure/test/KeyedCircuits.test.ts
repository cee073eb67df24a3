// A circuit for each key of a stage's records, and circuits that outlive a run, on both engines.
import { describe, expect, it } from "@effect/vitest"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Breaker from "@sluice/core/Breaker"
import * as FunctionRef from "@sluice/core/FunctionRef"
import * as GraphJson from "@sluice/core/GraphJson"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as CircuitBreaker from "../src/CircuitBreaker.ts"
import { range, timed } from "./timed.ts"

const engines = [
  { name: "sync", make: () => SyncEngine.make() },
  { name: "async", make: () => AsyncEngine.make() }
]

const policy: Policy.CircuitBreakerPolicy = {
  errorThreshold: 0.5,
  throughputMin: 4,
  cooldownMs: 60_000
}

interface Order {
  readonly host: string
  readonly n: number
}

const host = (order: Order): string => order.host

/** Orders of each host in turn. */
const orders = (hosts: ReadonlyArray<string>, each: number): ReadonlyArray<Order> =>
  range(each).flatMap((n) => hosts.map((name) => ({ host: name, n })))

/** Hosts that are down, and the calls each host got. */
const service = (down: ReadonlyArray<string>) => {
  const calls: Record<string, number> = {}
  const call = (order: Order) =>
    Effect.suspend(() => {
      calls[order.host] = (calls[order.host] ?? 0) + 1
      return down.includes(order.host) ? Effect.fail("down" as const) : Effect.succeed(order)
    })
  return { calls, call }
}

const pipeline = (
  given: ReadonlyArray<Order>,
  call: (order: Order) => Effect.Effect<Order, "down">,
  options: Partial<CircuitBreaker.StageOptions<Order>>
) =>
  Pipeline.source("orders", Source.fromIterable(given)).pipe(
    Pipeline.mapEffect("load", call, {
      breaker: CircuitBreaker.stage({ ...policy, ...options }),
      onError: Policy.deadLetter
    }),
    Pipeline.sink("out", Sink.drain)
  )

describe.each(engines)("$name engine, circuits by key", (engine) => {
  it.effect("one host that is down opens its own circuit and no other", () =>
    Effect.gen(function* () {
      const { calls, call } = service(["down.example"])
      const changes: Array<Breaker.CircuitChange> = []
      const result = yield* timed(
        Pipeline.run(pipeline(orders(["down.example", "up.example"], 50), call, { key: host }), {
          engine: engine.make(),
          observer: { onCircuitChange: (_, change) => void changes.push(change) }
        })
      )
      expect(calls).toEqual({ "down.example": 4, "up.example": 50 })
      expect(result.deadLetterCount).toBe(50)
      const reason = "4 of 4 calls failed"
      expect(changes).toEqual([{ key: "down.example", from: "closed", to: "open", reason }])
      expect(result.finalStates["load"]?.circuit).toBe("open")
      expect(result.finalStates["load"]?.metrics).toMatchObject({ circuitKeys: 2 })
    })
  )

  it.effect("keeps at most keysMax, forgets closed ones first, and counts", () =>
    Effect.gen(function* () {
      const { calls, call } = service(["down.example"])
      const hosts = range(20).map((n) => `${n}.example`)
      const given = [
        ...orders(["down.example"], 4),
        ...orders(hosts, 2),
        ...orders(["down.example"], 9)
      ]
      const result = yield* timed(
        Pipeline.run(pipeline(given, call, { key: host, keysMax: 3 }), { engine: engine.make() })
      )
      // The open one outlived all the others: nothing more was called there.
      expect(calls["down.example"]).toBe(4)
      expect(result.finalStates["load"]?.metrics).toMatchObject({
        circuitKeys: 3,
        circuitKeysEvicted: 38,
        circuitKeysEvictedOpen: 0
      })
    })
  )

  it.effect("where all are open the least recently used one goes, and is counted as open", () =>
    Effect.gen(function* () {
      const hosts = ["a", "b", "c"]
      const { calls, call } = service(hosts)
      const given = hosts.flatMap((name) => orders([name], 6))
      const result = yield* timed(
        Pipeline.run(pipeline([...given, ...orders(["a"], 1)], call, { key: host, keysMax: 2 }), {
          engine: engine.make()
        })
      )
      expect(calls).toEqual({ a: 5, b: 4, c: 4 })
      expect(result.finalStates["load"]?.metrics).toMatchObject({ circuitKeysEvictedOpen: 2 })
    })
  )

  it.effect("a key function that throws fails its record and no other", () =>
    Effect.gen(function* () {
      const { calls, call } = service([])
      const key = (order: Order): string => {
        if (order.n === 1) throw new Error("no host")
        return order.host
      }
      const result = yield* timed(
        Pipeline.run(pipeline(orders(["up.example"], 3), call, { key }), { engine: engine.make() })
      )
      expect(calls).toEqual({ "up.example": 2 })
      expect(result.deadLetters.map(({ cause }) => String(cause))).toEqual(["Error: no host"])
    })
  )

  it.effect("what a run saved the next goes on with, by key", () =>
    Effect.gen(function* () {
      const first = service(["down.example"])
      const saved = yield* timed(
        Effect.scoped(
          Effect.gen(function* () {
            const given = orders(["down.example", "up.example"], 10)
            const closed = pipeline(given, first.call, { key: host })
            const running = yield* Pipeline.start(closed, { engine: engine.make() })
            yield* running.result
            const circuit = running.circuit("load")!
            expect(yield* circuit.keys).toEqual({ "down.example": "open", "up.example": "closed" })
            return yield* circuit.save
          })
        )
      )
      // Plain data: it goes through a file.
      const restore = JSON.parse(JSON.stringify(saved)) as Breaker.SavedCircuits
      const second = service([])
      const given = orders(["down.example", "up.example"], 5)
      yield* timed(
        Pipeline.run(pipeline(given, second.call, { key: host, restore }), {
          engine: engine.make()
        })
      )
      expect(second.calls).toEqual({ "up.example": 5 })
    })
  )

  it.effect("the one circuit of a stage is saved and restored; other data is refused", () =>
    Effect.gen(function* () {
      const { calls, call } = service([])
      const open = { phase: "Open", sinceMsAgo: 0, openMsLeft: 50_000, cooldownMs: 60_000 }
      const stage = { ...open, epoch: 1, good: 0, bad: 0 }
      const given = orders(["up.example"], 5)
      const result = yield* timed(
        Pipeline.run(pipeline(given, call, { restore: { stage } }), { engine: engine.make() })
      )
      expect(calls).toEqual({})
      expect(result.deadLetterCount).toBe(5)
      const wrong = pipeline(given, call, { restore: { stage: { phase: "Ajar" } } })
      const refusal = yield* timed(Effect.flip(Pipeline.run(wrong, { engine: engine.make() })))
      expect(String(refusal)).toMatch(/stage "load" was given a circuit to restore that no circuit/)
    })
  )

  it.effect("keys where whole batches are called for, or too few, are refused with the cure", () =>
    Effect.gen(function* () {
      const sink = Pipeline.source("orders", Source.fromIterable(orders(["a"], 1))).pipe(
        Pipeline.sink("store", Sink.drain, {
          breaker: CircuitBreaker.stage({ ...policy, key: (): string => "one" })
        })
      )
      const refusal = yield* Effect.flip(Pipeline.run(sink, { engine: engine.make() }))
      expect(String(refusal)).toMatch(/a Sink calls for whole batches.*leave the key out/s)
      const none = pipeline([], service([]).call, { key: host, keysMax: 0 })
      const fault = yield* Effect.flip(Pipeline.run(none, { engine: engine.make() }))
      expect(String(fault)).toMatch(/it keeps 0 circuits/)
    })
  )
})

describe("circuits by key as JSON", () => {
  it("the key travels by reference, the bound and what was saved as data", () => {
    const named = FunctionRef.make("functions", "host", host)
    const restore = { keys: { "down.example": { phase: "Isolated" } } }
    const closed = pipeline([], service([]).call, { key: named, keysMax: 7, restore })
    const document = JSON.parse(JSON.stringify(GraphJson.encode(Pipeline.graph(closed))))
    const controls = {
      circuitKey: { $ref: { module: "functions", export: "host" } },
      circuitKeysMax: 7,
      circuitRestore: restore
    }
    const [, load] = document.nodes
    expect(load.controls).toMatchObject(controls)
    const f = { $ref: { module: "functions", export: "host" } }
    const kept = { ...load, operation: { ...load.operation, f } }
    const decoded = GraphJson.decode(
      { ...document, nodes: [kept], edges: [] },
      { resolve: (ref) => (ref.module === "functions" ? named : CircuitBreaker.implementation) }
    )
    const graph = Result.getOrThrow(decoded)
    expect(graph.nodes[0]?.controls).toMatchObject({
      ...controls,
      circuitKey: named,
      circuit: CircuitBreaker.implementation
    })
  })
})
