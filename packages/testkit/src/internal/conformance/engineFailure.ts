// Failure rules of an engine: a record that fails is set aside alone, and a run that fails says so.

import type * as DeadLetter from "@sluice/core/DeadLetter"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"
import type { EngineSubject } from "./workload.ts"
import {
  boom,
  collect,
  drive,
  into,
  Numbers,
  range,
  run,
  runFailing,
  sorted,
  Taker,
  turns
} from "./workload.ts"

const others = (count: number, bad: number): ReadonlyArray<number> =>
  range(count).filter((n) => n !== bad)

/** Throws for one record. */
const except =
  (bad: number) =>
  (n: number): number => {
    if (n === bad) throw boom
    return n
  }

const alone: Rule<EngineSubject> = {
  rule: "F1",
  title: "lets no failing record take along others, before it or beside it",
  run: Effect.fnUntraced(function* (subject) {
    // The failing record is done first, its siblings are still in flight.
    const call = (n: number) => (n === 5 ? Effect.fail(boom) : Effect.as(turns(6), n))
    const { out } = yield* collect(
      subject,
      new Numbers(20)
        .pipeline()
        .pipe(Pipeline.mapEffect("calls", call, { concurrency: 4, onError: Policy.deadLetter }))
    )
    equal(sorted(out), others(20, 5), "records beside a dead letter")
    const taker = new Taker()
    const calls = Pipeline.mapEffect("calls", call, { concurrency: 4, onError: Policy.fail })
    yield* runFailing(subject, new Numbers(20).pipeline().pipe(calls, into(taker)))
    equal(sorted(taker.taken).slice(0, 5), range(5), "records before the one that ended the run")
  })
}

const letterTells: Rule<EngineSubject> = {
  rule: "F2",
  title: "puts stage, number, origin, record, cause and attempts on a dead letter",
  run: Effect.fnUntraced(function* (subject) {
    const open = new Numbers(20).pipeline("readings").pipe(
      Pipeline.map("shift", (n: number) => n + 100),
      Pipeline.map("bad", except(113), { onError: Policy.deadLetter })
    )
    const { result } = yield* collect(subject, open)
    const told = result.deadLetters.map(({ stageId, seqId, origin, payload, cause, attempts }) => [
      stageId,
      seqId,
      origin,
      payload,
      cause === boom,
      attempts
    ])
    equal(told, [["bad", 13, "readings", 113, true, 1]], "dead letters")
  })
}

const failEnds: Rule<EngineSubject> = {
  rule: "F3",
  title: "ends the run with the first failure under policy Fail, by name",
  run: Effect.fnUntraced(function* (subject) {
    const bad = (n: number): number => except(n > 6 ? n : -1)(n)
    const closed = new Numbers(20)
      .pipeline()
      .pipe(Pipeline.map("bad", bad, { onError: Policy.fail }), into(new Taker()))
    const { failure, result } = yield* runFailing(subject, closed)
    equal([failure.stageId, failure.seqId, failure.payload], ["bad", 7, 7], "what ended the run")
    holds(failure.cause === boom, "the cause is not what was thrown")
    equal([result.status, result.success], ["failed", false], "the result")
  })
}

const ignoreDrops: Rule<EngineSubject> = {
  rule: "F4",
  title: "drops and counts the failing record under policy Ignore, and nothing else",
  run: Effect.fnUntraced(function* (subject) {
    const open = new Numbers(20)
      .pipeline()
      .pipe(Pipeline.map("bad", except(5), { onError: Policy.ignore }))
    const { out, result } = yield* collect(subject, open)
    equal(out, others(20, 5), "records that came out")
    const { dropped, deadLetters } = result.finalStates["bad"] ?? {}
    equal([dropped, deadLetters], [1, 0], "dropped and dead at the stage")
  })
}

/** Virtual time is its own; the caller's is moved by the test. */
const retries: Rule<EngineSubject> = {
  rule: "F5",
  title: "tries as often as Retry says, waits between, then follows `exhausted`",
  run: Effect.fnUntraced(function* (subject) {
    const calls: Array<number> = []
    const call = (n: number) =>
      Effect.flatMap(
        Effect.clockWith((clock) => clock.currentTimeMillis),
        (now) => {
          calls.push(now)
          return n === 0 ? Effect.fail(boom) : Effect.succeed(n)
        }
      )
    const onError = Policy.retry({ retriesMax: 3, backoffMs: 10_000, exhausted: Policy.deadLetter })
    const open = new Numbers(1).pipeline().pipe(Pipeline.mapEffect("work", call, { onError }))
    const { result } = yield* drive(collect(subject, open))
    equal(calls.length, 4, "attempts with three retries")
    equal(
      result.deadLetters.map((letter) => letter.attempts),
      [4],
      "attempts on the dead letter"
    )
    const waits = calls.slice(1).map((at, i) => at - (calls[i] ?? 0))
    for (const [i, wait] of waits.entries()) {
      const declared = 10_000 * 2 ** i
      holds(
        wait >= 0.8 * declared && wait <= 1.2 * declared,
        `wait ${i + 1} took ${wait} ms, ${declared} ± 20 % are declared`
      )
    }
  })
}

const falls: Rule<EngineSubject> = {
  rule: "F6",
  title: "replaces the result under Fallback; a fallback that throws fails the record",
  run: Effect.fnUntraced(function* (subject) {
    const replaced = (fallback: (n: number) => number) =>
      new Numbers(10).pipeline().pipe(Pipeline.map("bad", except(5), { onError: { fallback } }))
    const { out } = yield* collect(
      subject,
      replaced((n) => n + 100)
    )
    equal(
      out,
      range(10).map((n) => (n === 5 ? 105 : n)),
      "records with one replaced"
    )
    const second = new Error("second")
    const throwing = replaced(() => {
      throw second
    })
    const { failure } = yield* runFailing(subject, throwing.pipe(into(new Taker())))
    equal([failure.stageId, failure.seqId], ["bad", 5], "what ended the run")
  })
}

const sourceFails: Rule<EngineSubject> = {
  rule: "F7",
  title: "keeps what a failing source delivered, and ends with its failure",
  run: Effect.fnUntraced(function* (subject) {
    const taker = new Taker()
    const closed = new Numbers(40, "fail").pipeline().pipe(
      Pipeline.mapEffect("work", (n: number) => Effect.as(turns(1), n), { concurrency: 2 }),
      into(taker)
    )
    const { failure } = yield* runFailing(subject, closed)
    equal(sorted(taker.taken), range(40), "records before the failure")
    equal([failure.stageId, failure.cause === boom], ["in", true], "what ended the run")
  })
}

const refusedNamed: Rule<EngineSubject> = {
  rule: "F8",
  title: "credits a sink with what it did not refuse, and offers that no second time",
  run: Effect.fnUntraced(function* (subject) {
    const offered: Array<ReadonlyArray<number>> = []
    const taker = new Taker(({ items }) => {
      offered.push(items)
      const records = items.flatMap((n, index) => (n === 3 ? [{ index, cause: boom }] : []))
      const rejected: Sink.RecordsRejected = { _tag: "RecordsRejected", records }
      return records.length === 0 ? Effect.void : Effect.fail(rejected)
    })
    const onError = Policy.retry({ retriesMax: 1, backoffMs: 0, exhausted: Policy.deadLetter })
    const closed = new Numbers(10).pipeline().pipe(into(taker, { onError }))
    const result = yield* drive(run(subject, closed))
    const times = range(10).map((n) => offered.flat().filter((m) => m === n).length)
    equal(
      times,
      range(10).map((n) => (n === 3 ? 2 : 1)),
      "how often each record was offered"
    )
    equal(
      result.deadLetters.map((letter) => letter.payload),
      [3],
      "dead letters"
    )
    equal(result.recordsOut, 9, "records credited")
  })
}

const nobodyWaits: Rule<EngineSubject> = {
  rule: "F9",
  title: "lets nobody wait for a segment that is gone",
  run: Effect.fnUntraced(function* (subject) {
    const buffer = { capacity: 8 }
    const pass = (id: string) =>
      Pipeline.mapEffect(id, (n: number) => Effect.as(Effect.yieldNow, n), { buffer })
    const bad = Pipeline.mapEffect(
      "bad",
      (n: number) => (n === 55 ? Effect.fail(boom) : Effect.succeed(n)),
      { buffer }
    )
    const { left, right } = new Numbers(5_000)
      .pipeline()
      .pipe(pass("before"), Pipeline.broadcast("both", ["left", "right"]))
    const closed = Pipeline.all([
      left.pipe(bad, pass("after"), Pipeline.sink("left-out", Sink.drain)),
      right.pipe(pass("beside"), Pipeline.sink("right-out", Sink.drain, { buffer }))
    ])
    const { failure } = yield* runFailing(subject, closed)
    equal(failure.stageId, "bad", "the stage that ended the run")
  })
}

const defectsEnd: Rule<EngineSubject> = {
  rule: "F10",
  title: "ends the run as failed when code throws outside a declared error",
  run: Effect.fnUntraced(function* (subject) {
    const dies = new Taker(() => Effect.die(boom))
    const inSink = yield* runFailing(subject, new Numbers(10).pipeline().pipe(into(dies)))
    equal([inSink.failure.stageId, inSink.result.status], ["out", "failed"], "a sink that dies")
    const process = Pipeline.process("bad", (input: Stream.Stream<number>) =>
      Stream.mapEffect(input, () => Effect.die(boom))
    )
    const inStage = yield* runFailing(
      subject,
      new Numbers(10).pipeline().pipe(process, into(new Taker()))
    )
    equal([inStage.failure.stageId, inStage.result.status], ["bad", "failed"], "a stage that dies")
  })
}

const everyLetter: Rule<EngineSubject> = {
  rule: "F11",
  title: "gives onDeadLetters every dead letter, keeps a bounded number, counts all",
  run: Effect.fnUntraced(function* (subject) {
    const received: Array<DeadLetter.DeadLetter> = []
    const onDeadLetters = (letters: ReadonlyArray<DeadLetter.DeadLetter>) =>
      Effect.sync(() => void received.push(...letters))
    const throwing = (n: number): number => except(n % 2 === 0 ? n : -1)(n)
    const open = new Numbers(60)
      .pipeline()
      .pipe(Pipeline.map("bad", throwing, { onError: Policy.deadLetter }))
    const { result } = yield* collect(subject, open, { onDeadLetters, deadLettersMax: 5 })
    equal(
      received.map((letter) => letter.payload),
      range(60).filter((n) => n % 2 === 0),
      "letters handed over"
    )
    equal([result.deadLetters.length, result.deadLetterCount], [5, 30], "letters kept and counted")
  })
}

/** Rules F1 to F11. */
export const failure: ReadonlyArray<Rule<EngineSubject>> = [
  alone,
  letterTells,
  failEnds,
  ignoreDrops,
  retries,
  falls,
  sourceFails,
  refusedNamed,
  nobodyWaits,
  defectsEnd,
  everyLetter
]
