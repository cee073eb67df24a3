// What can be seen of a run: counters while it runs and after, events, totals, and that looking on
// harms nobody.
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Observer from "../../src/Observer.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import { batches, collect, collectFailing, engines, numbers, range } from "../engines.ts"
import { boom } from "./failingStages.ts"

const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
})

const recording = () => {
  const events: Array<Observer.PipelineEvent> = []
  return {
    events,
    observer: { onEvent: (event: Observer.PipelineEvent) => void events.push(event) }
  }
}

describe.each(engines)("$name engine, observation", (engine) => {
  it.effect("counters of every stage add up: in = out + dropped + failed", () =>
    Effect.gen(function* () {
      const fails =
        (stage: number) =>
        (n: number): number => {
          if (n % 20 === stage) throw boom
          return n
        }
      const open = numbers(1_000).pipe(
        Pipeline.map("m", fails(1), { onError: Policy.deadLetter }),
        Pipeline.filter("f", (n: number) => n % 2 === 0),
        Pipeline.mapEffect("e", (n: number) => Effect.sync(() => fails(2)(n)), {
          onError: Policy.ignore,
          concurrency: 4
        }),
        Pipeline.flatMap("fm", (n: number) => (n % 3 === 0 ? [n, n] : [n]))
      )
      const { out, result } = yield* collect(engine, open)
      const { m, f, e, fm } = result.finalStates
      expect([m?.recordsIn, m?.recordsOut, m?.deadLetters]).toEqual([1_000, 950, 50])
      expect([f?.recordsIn, f?.recordsOut]).toEqual([950, 500])
      expect([e?.recordsIn, e?.recordsOut, e?.dropped, e?.errors]).toEqual([500, 450, 50, 50])
      expect([fm?.recordsIn, fm?.recordsOut]).toEqual([450, out.length])
      const made = [m, f, e, fm].map((state) => state?.recordsMade)
      expect(made).toEqual([0, -450, 0, out.length - 450])
      expect(result).toMatchObject({
        pipelineId: "pipeline",
        engine: engine.name,
        seed: undefined,
        recordsIn: 1_000,
        recordsOut: out.length,
        errorCount: 100,
        droppedCount: 50,
        deadLetterCount: 50
      })
      for (const state of Object.values(result.finalStates)) {
        expect(state).toMatchObject({ status: "completed", inFlight: 0, inputQueueDepth: 0 })
      }
    })
  )

  it.effect("a stage can be inspected while it runs", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const closed = numbers(100, 10).pipe(
        Pipeline.map("before", (n: number) => n),
        Pipeline.mapEffect(
          "work",
          (n: number) => Effect.as(n < 25 ? Effect.void : Deferred.await(gate), n),
          {
            buffer: { capacity: 20 },
            concurrency: 2
          }
        ),
        Pipeline.sink("out", Sink.drain)
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      yield* settle
      expect(running.inspect("work")).toMatchObject({
        stageId: "work",
        kind: "transform",
        status: "running"
      })
      expect(running.inspect("work")?.recordsIn).toBeGreaterThanOrEqual(25)
      expect(running.inspect("work")?.inputQueueDepth).toBeGreaterThan(0)
      expect(running.inspect("before")?.outputQueueDepth).toBe(
        running.inspect("work")?.inputQueueDepth
      )
      expect(running.inspect("nobody")).toBeUndefined()
      expect(Object.keys(running.inspectAll()).toSorted()).toEqual(["before", "in", "out", "work"])
      yield* Deferred.succeed(gate, undefined)
      yield* running.result
      expect(running.inspect("work")).toMatchObject({
        status: "completed",
        recordsIn: 100,
        recordsOut: 100
      })
    })
  )

  it.effect("events tell the life of each stage and of the run, in order", () =>
    Effect.gen(function* () {
      const { events, observer } = recording()
      const open = numbers(50).pipe(
        Pipeline.filter(
          "bad",
          (n: number) => {
            if (n === 3) throw boom
            return true
          },
          { onError: Policy.deadLetter }
        )
      )
      yield* collect(engine, open, { observer })
      for (const stageId of ["in", "bad", "out"]) {
        const life = events
          .filter((event) => "stageId" in event && event.stageId === stageId)
          .map((event) => event._tag)
        expect(life[0]).toBe("StageStarted")
        expect(life.at(-1)).toBe("StageEnded")
      }
      expect(events).toContainEqual(
        expect.objectContaining({ _tag: "RecordFailed", stageId: "bad", seqId: 3, message: "no 3" })
      )
      expect(events.at(-1)).toMatchObject({ _tag: "RunEnded", status: "completed" })
      const seen = events.flatMap((event) =>
        event._tag === "BatchProcessed" && event.stageId.includes("bad") ? [event] : []
      )
      expect(seen.reduce((sum, event) => sum + event.recordsIn, 0)).toBe(50)
      expect(seen.reduce((sum, event) => sum + event.recordsOut, 0)).toBe(49)
    })
  )

  it.effect("batch events of effectful stages tell what left, not a running total", () =>
    Effect.gen(function* () {
      const { events, observer } = recording()
      const open = numbers(40, 10).pipe(
        Pipeline.mapEffect("work", (n: number) => Effect.as(Effect.yieldNow, n))
      )
      yield* collect(engine, open, { observer })
      const seen = events.flatMap((event) =>
        event._tag === "BatchProcessed" && event.stageId === "work" ? [event] : []
      )
      expect(seen.reduce((sum, event) => sum + event.recordsIn, 0)).toBe(40)
      expect(seen.reduce((sum, event) => sum + event.recordsOut, 0)).toBe(40)
    })
  )

  it.effect("an observer that throws is cut off and the run goes on", () =>
    Effect.gen(function* () {
      for (const after of [0, 1, 5]) {
        let events = 0
        const observer = {
          onEvent: () => {
            if (events++ === after) throw boom
          }
        }
        const { out } = yield* collect(engine, numbers(50), { observer })
        expect(out).toEqual(range(50))
        expect(events).toBe(after + 1)
      }
    })
  )

  it.effect("a receiver of drops that throws ends the run with an error, not with a hang", () =>
    Effect.gen(function* () {
      const closed = numbers(50).pipe(
        Pipeline.branch("route", { few: (n: number) => n < 3 }),
        ({ few }) => few.pipe(Pipeline.sink("out", Sink.drain))
      )
      const onDropped = (): void => {
        throw boom
      }
      const error = yield* Effect.flip(Pipeline.run(closed, { engine: engine.make(), onDropped }))
      expect(error).toMatchObject({ _tag: "PipelineError", failure: { cause: boom } })
    })
  )

  it.effect("a branch without a matching route drops the record, counts it and hands it over", () =>
    Effect.gen(function* () {
      const dropped: Array<unknown> = []
      const { low } = numbers(10).pipe(Pipeline.branch("route", { low: (n: number) => n < 4 }))
      const { out, result } = yield* collect(engine, low, {
        onDropped: (stageId, payloads) => {
          expect(stageId).toBe("route")
          dropped.push(...payloads)
        }
      })
      expect(out).toEqual([0, 1, 2, 3])
      expect(dropped).toEqual([4, 5, 6, 7, 8, 9])
      expect(result.finalStates["route"]).toMatchObject({
        recordsIn: 10,
        recordsOut: 4,
        dropped: 6,
        errors: 0
      })
    })
  )

  it.effect("records in front of a stage that has enough are dropped with that reason", () =>
    Effect.gen(function* () {
      const { events, observer } = recording()
      const dropped: Array<unknown> = []
      const first = (input: Stream.Stream<number>) => Stream.take(input, 3)
      const open = numbers(10).pipe(Pipeline.process("first", first))
      const { out, result } = yield* collect(engine, open, {
        observer,
        batchSize: 4,
        onDropped: (stageId, payloads) => void dropped.push(stageId, ...payloads)
      })
      const { recordsIn = 0, metrics } = result.finalStates["first"] ?? {}
      const gone = metrics?.["dropped.gone"] ?? 0
      expect([out, result.status]).toEqual([[0, 1, 2], "completed"])
      expect([recordsIn + gone, gone > 0]).toEqual([result.recordsIn, true])
      expect(dropped.filter((one) => one !== "first").length).toBe(gone)
      const told = events.filter(({ _tag }) => _tag === "RecordsDropped")
      expect(told.every((event) => "reason" in event && event.reason === "gone")).toBe(true)
      expect(told.length).toBeGreaterThan(0)
    })
  )

  it.effect("bytes and locations are those the source gave", () =>
    Effect.gen(function* () {
      const chunks = [0, 1].map((k) => ({
        items: range(10).map((i) => k * 10 + i),
        bytes: 100,
        provenance: { name: "data.txt", base: k * 10 }
      }))
      const source = Source.make(
        "located",
        Effect.sync(() => {
          const left = [...chunks]
          return { pull: () => left.shift() }
        })
      )
      const open = Pipeline.source("in", source).pipe(
        Pipeline.map(
          "bad",
          (n: number) => {
            if (n === 13) throw boom
            return n
          },
          { onError: Policy.deadLetter }
        )
      )
      for (const batchSize of [100, 3, 1]) {
        const { result } = yield* collect(engine, open, { batchSize })
        expect(result.bytesIn).toBe(200)
        expect(result.deadLetters[0]).toMatchObject({
          location: "data.txt:14",
          seqId: 13,
          payload: 13
        })
      }
    })
  )

  it.effect("the message of a failed run names stage, place, attempts, cause and value", () =>
    Effect.gen(function* () {
      const open = batches([{ id: 7 }]).pipe(
        Pipeline.map(
          "parse",
          (): number => {
            throw new TypeError("no number")
          },
          { onError: Policy.retry({ retriesMax: 1, backoffMs: 0 }) }
        )
      )
      const { error } = yield* collectFailing(engine, open)
      expect(error.message).toBe(
        'pipeline "pipeline": stage "parse" failed on record in#0 after 2 attempts: ' +
          'no number (value {"id":7})'
      )
    })
  )

  it.effect("several closed pipelines run as one", () =>
    Effect.gen(function* () {
      const [a, b]: [Array<number>, Array<number>] = [[], []]
      const one = Pipeline.source("a", Source.fromIterable(range(5))).pipe(
        Pipeline.sink("a-out", Sink.collectInto(a))
      )
      const two = Pipeline.source("b", Source.fromIterable(range(3))).pipe(
        Pipeline.sink("b-out", Sink.collectInto(b))
      )
      const both = Pipeline.all([one, two]).pipe(Pipeline.named("both", { owner: "me" }))
      const result = yield* Pipeline.run(both, { engine: engine.make() })
      expect([a, b]).toEqual([range(5), range(3)])
      expect(result).toMatchObject({ pipelineId: "both", recordsIn: 8, recordsOut: 8 })
    })
  )
})
