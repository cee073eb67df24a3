// The seven kinds of failure, each provoked, each with a policy of its own; and the quarantine of a
// stage: what still comes for it is set aside, the rest runs.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Accumulator from "../../src/Accumulator.ts"
import type * as Batch from "../../src/Batch.ts"
import type * as DeadLetter from "../../src/DeadLetter.ts"
import type * as Envelope from "../../src/Envelope.ts"
import type * as Observer from "../../src/Observer.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Quarantine from "../../src/Quarantine.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import { batches, collect, collectFailing, engines, numbers, range } from "../engines.ts"

const quick = { retriesMax: 2, backoffMs: 0 } as const

/** Policies as the specification recommends them. */
const recommended = Policy.byKind(
  {
    recoverable: Policy.retry({ ...quick, exhausted: Policy.deadLetter }),
    "non-recoverable": Policy.deadLetter,
    catastrophic: Policy.fail,
    "completeness-deadlock": Policy.deadLetter,
    "key-explosion": Policy.ignore,
    "spill-failure": Policy.deadLetter,
    serialization: Policy.quarantine({ failures: 2 })
  },
  Policy.fail
)

/** An accumulator that fails every tenth fragment in a given way, and passes the others on. */
const failing = (kind: DeadLetter.FailureKind): Accumulator.AccumulatorSpec<number, number> => ({
  _tag: "AccumulatorSpec",
  label: "fails",
  descriptor: {
    policy: { partialFlush: true, spillAllowed: true, timeBoundWaived: "holds nothing" },
    engineHint: Policy.parallelism.sequential,
    progressWeights: {}
  },
  issues: [],
  make: (host) => {
    const totals = { in: 0, failed: 0 }
    return {
      process: (batch) => {
        const kept: Array<number> = []
        for (const [index, n] of batch.items.entries()) {
          totals.in++
          if (n % 10 !== 3) {
            kept.push(n)
            continue
          }
          totals.failed++
          if (!host.failed(index, n, new Error(`key ${n}`), kind)) break
        }
        return { ...batch, items: kept, index: undefined } as Batch.Batch<number>
      },
      fire: () => undefined,
      deadline: () => Number.POSITIVE_INFINITY,
      pending: () => false,
      end: () => undefined,
      openKeys: () => [],
      totals: () => ({
        fragmentsIn: totals.in,
        fragmentsCompleted: totals.in - totals.failed,
        fragmentsPartial: 0,
        fragmentsDropped: 0,
        fragmentsFailed: totals.failed,
        fragmentsOpen: 0,
        keysOpen: 0,
        keysCompleted: totals.in - totals.failed,
        keysPartial: 0,
        keysDropped: 0,
        bytesOpen: 0,
        dropsByReason: {},
        completedByReason: {}
      })
    }
  }
})

const without3 = range(100).filter((n) => n % 10 !== 3)

describe.each(engines)("$name engine, kinds of failure", (engine) => {
  it.effect("recoverable: a failed effect is tried again, then set aside", () =>
    Effect.gen(function* () {
      let calls = 0
      const { out, result } = yield* collect(
        engine,
        numbers(20).pipe(
          Pipeline.mapEffect(
            "call",
            (n: number) => {
              calls++
              return n === 7 ? Effect.fail("down") : Effect.succeed(n)
            },
            { onError: recommended }
          )
        )
      )
      expect(out).toEqual(range(20).filter((n) => n !== 7))
      expect(calls).toBe(22)
      expect(result.deadLetters).toMatchObject([{ kind: "recoverable", attempts: 3 }])
    })
  )

  it.effect("non-recoverable: an exception is set aside at once, also in a fused stage", () =>
    Effect.gen(function* () {
      const parse = (n: number): number => {
        if (n === 7) throw new Error("no number")
        return n
      }
      const { out, result } = yield* collect(
        engine,
        numbers(20).pipe(
          Pipeline.map("parse", parse, { onError: recommended }),
          Pipeline.mapEffect("call", (n: number) => Effect.sync(() => parse(n)), {
            onError: recommended
          })
        )
      )
      expect(out).toEqual(range(20).filter((n) => n !== 7))
      expect(result.deadLetters).toMatchObject([{ kind: "non-recoverable", attempts: 1 }])
    })
  )

  for (const onError of [recommended, Policy.deadLetter, Policy.ignore]) {
    it.effect(`catastrophic: ends the run, whatever ${onError._tag} says of other failures`, () =>
      Effect.gen(function* () {
        const broken = Object.assign(new Error("invariant"), { failureKind: "catastrophic" })
        const { error, out } = yield* collectFailing(
          engine,
          numbers(30).pipe(
            Pipeline.mapEffect(
              "call",
              (n: number) => (n === 15 ? Effect.fail(broken) : Effect.succeed(n)),
              { onError }
            )
          )
        )
        expect(error.failure).toMatchObject({ stageId: "call", kind: "catastrophic", seqId: 15 })
        expect(out).toEqual(range(15))
      })
    )
  }

  for (const kind of ["completeness-deadlock", "spill-failure"] as const) {
    it.effect(`${kind}: the fragment is set aside with its kind, its group goes on`, () =>
      Effect.gen(function* () {
        const { out, result } = yield* collect(
          engine,
          numbers(100).pipe(Pipeline.accumulate("group", failing(kind), { onError: recommended }))
        )
        expect(out).toEqual(without3)
        expect(result.deadLetterCount).toBe(10)
        expect(new Set(result.deadLetters.map((letter) => letter.kind))).toEqual(new Set([kind]))
      })
    )
  }

  it.effect(
    "key-explosion: fragments of keys that are one too many are given up, and counted",
    () =>
      Effect.gen(function* () {
        const { out, result } = yield* collect(
          engine,
          numbers(100).pipe(
            Pipeline.accumulate("group", failing("key-explosion"), { onError: recommended })
          )
        )
        expect(out).toEqual(without3)
        expect(result).toMatchObject({ droppedCount: 10, deadLetterCount: 0, errorCount: 10 })
      })
  )

  it.effect("serialization: the stage is isolated, what comes for it is set aside", () =>
    Effect.gen(function* () {
      const events: Array<Observer.PipelineEvent> = []
      const letters: Array<DeadLetter.DeadLetter> = []
      let written = 0
      let committed = false
      const rejecting: Sink.Sink<number> = Sink.make(
        "rejecting",
        Effect.succeed({
          write: (batch: Batch.Batch<number>) => {
            const bad = batch.items.flatMap((n, index) =>
              n % 25 === 24 ? [{ index, cause: `cannot write ${n}` }] : []
            )
            written += batch.items.length - bad.length
            if (bad.length > 0) throw { _tag: "RecordsRejected", records: bad }
          },
          end: Effect.sync(() => {
            committed = true
          })
        })
      )
      const other: Array<number> = []
      const { left, right } = numbers(200).pipe(Pipeline.broadcast("both", ["left", "right"]))
      const closed = Pipeline.all([
        left.pipe(Pipeline.sink("bad", rejecting, { onError: recommended })),
        right.pipe(Pipeline.sink("good", Sink.collectInto(other)))
      ])
      const result = yield* Pipeline.run(closed, {
        engine: engine.make(),
        batchSize: 10,
        observer: { onEvent: (event) => void events.push(event) },
        onDeadLetters: (some) => Effect.sync(() => void letters.push(...some))
      })
      expect(other).toEqual(range(200))
      expect(result).toMatchObject({ status: "completed", success: true })
      expect(result.quarantined).toMatchObject([
        { stageId: "bad", seqId: 49, reason: "cannot write 49" }
      ])
      expect(result.finalStates["bad"]).toMatchObject({ status: "quarantined", recordsIn: 200 })
      expect(written + letters.length).toBe(200)
      expect(letters.filter((letter) => letter.kind === "serialization")).toHaveLength(2)
      expect(letters.at(-1)?.cause).toMatchObject({ _tag: "StageQuarantined", stageId: "bad" })
      expect(letters.at(-1)?.payload).toBe(199)
      expect(events.filter((event) => event._tag === "StageQuarantined")).toHaveLength(1)
      // An output that is not whole is not committed.
      expect(committed).toBe(false)
    })
  )
})

describe.each(engines)("$name engine, quarantine", (engine) => {
  const down = (n: number): Effect.Effect<number, string> =>
    n >= 33 ? Effect.fail("down") : Effect.succeed(n)

  for (const [name, concurrency] of [
    ["one at a time", 1],
    ["many in flight", 8]
  ] as const) {
    it.effect(`${name}: the sentinel follows the last result, and the stages behind finish`, () =>
      Effect.gen(function* () {
        const out: Array<Envelope.Envelope<number>> = []
        const closed = numbers(200).pipe(
          Pipeline.mapEffect("call", down, {
            concurrency,
            onError: Policy.quarantine(),
            sentinel: (quarantined) => -quarantined.seqId
          }),
          Pipeline.map("same", (n: number) => n),
          Pipeline.mapEnvelope("whole", (envelope: Envelope.Envelope<number>) => {
            out.push(envelope)
            return envelope
          }),
          Pipeline.sink("out", Sink.drain)
        )
        const result = yield* Pipeline.run(closed, { engine: engine.make(), batchSize: 10 })
        const values = out.map(({ payload }) => payload)
        expect(values.slice(0, 33)).toEqual(range(33))
        expect(values.slice(33)).toEqual([-33])
        expect(out.at(-1)?.headers).toEqual({ [Quarantine.sentinelHeader]: "call" })
        expect(result.deadLetterCount).toBe(200 - 33)
        const state = result.finalStates["call"]
        expect(state).toMatchObject({ status: "quarantined", recordsIn: 200, recordsMade: 1 })
        expect(state?.recordsOut).toBe(33 + 1)
      })
    )
  }

  it.effect("of two sources, the healthy one is delivered whole", () =>
    Effect.gen(function* () {
      const sick = Pipeline.source("sick", Source.fromChunks(range(20).map((i) => [i, i]))).pipe(
        Pipeline.map(
          "parse",
          (n: number) => {
            if (n > 5) throw new Error("no number")
            return n
          },
          { onError: Policy.quarantine({ failures: 3 }) }
        )
      )
      const healthy = batches(range(50).map((n) => n + 1_000))
      const { out, result } = yield* collect(engine, Pipeline.merge("both", [sick, healthy]))
      expect(out.filter((n) => n >= 1_000)).toHaveLength(50)
      expect(out.filter((n) => n < 1_000)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
      expect(result.deadLetterCount).toBe(28)
      expect(result.quarantined).toHaveLength(1)
    })
  )
})
