// Stop rules of an engine: how a run is ended from outside, at any point, without loss of account.

import type * as Engine from "@sluice/core/Engine"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import type * as Stage from "@sluice/core/Stage"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { conservation } from "../simulation/conservation.ts"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"
import type { EngineSubject } from "./workload.ts"
import {
  boom,
  into,
  Numbers,
  range,
  run,
  runFailing,
  settle,
  sorted,
  start,
  Taker,
  turns,
  until
} from "./workload.ts"

const graceful: Rule<EngineSubject> = {
  rule: "S1",
  title: "delivers everything that was read when stopped gracefully",
  run: Effect.fnUntraced(function* (subject) {
    const reached = yield* Deferred.make<void>()
    const [source, taker] = [
      new Numbers(Number.POSITIVE_INFINITY),
      new Taker(({ items }) =>
        items[0] === 30 ? Effect.andThen(Deferred.succeed(reached, undefined), turns(5)) : turns(1)
      )
    ]
    const closed = source.pipeline().pipe(
      Pipeline.mapEffect("work", (n: number) => Effect.as(turns(n % 2), n), {
        concurrency: 3,
        buffer: { capacity: 20 }
      }),
      into(taker)
    )
    const running = yield* start(subject, closed)
    yield* Deferred.await(reached)
    yield* running.stop("graceful")
    const result = yield* running.result
    equal(result.status, "stopped", "status")
    equal(sorted(taker.taken), range(source.read), "records read and delivered")
  })
}

const blockedPull: Rule<EngineSubject> = {
  rule: "S2",
  title: "ends gracefully although a source is blocked in a pull",
  run: Effect.fnUntraced(function* (subject) {
    const taker = new Taker()
    const running = yield* start(subject, new Numbers(10, "silent").pipeline().pipe(into(taker)))
    yield* settle
    yield* running.stop("graceful")
    equal((yield* running.result).status, "stopped", "status")
    equal(taker.taken, range(10), "records delivered")
  })
}

const abortWaitsForNobody: Rule<EngineSubject> = {
  rule: "S3",
  title: "aborts without waiting for sources, calls in flight or sinks",
  run: Effect.fnUntraced(function* (subject) {
    const waiting = {
      "a source": new Numbers(10, "silent").pipeline().pipe(into(new Taker())),
      "a call": new Numbers(10).pipeline().pipe(
        Pipeline.mapEffect("work", (n: number) => Effect.as(Effect.never, n), { concurrency: 2 }),
        into(new Taker())
      ),
      "a sink": new Numbers(10).pipeline().pipe(into(new Taker(() => Effect.never)))
    }
    for (const [what, closed] of Object.entries(waiting)) {
      const running = yield* start(subject, closed)
      yield* settle
      yield* running.stop("abort")
      equal((yield* running.result).status, "aborted", `status when ${what} does not answer`)
    }
  })
}

/** Counts what user code sees as steps; at one of them the test cuts in. */
class Steps {
  count = 0
  private readonly at: number
  private readonly reached: Deferred.Deferred<void>

  constructor(at: number, reached: Deferred.Deferred<void>) {
    this.at = at
    this.reached = reached
  }

  readonly step: Effect.Effect<void> = Effect.suspend(() =>
    ++this.count === this.at
      ? Effect.andThen(Deferred.succeed(this.reached, undefined), turns(8))
      : Effect.yieldNow
  )
}

const cutAt = Effect.fnUntraced(function* (subject: EngineSubject, at: number) {
  const reached = yield* Deferred.make<void>()
  const steps = new Steps(at, reached)
  const [source, taker] = [new Numbers(12, "end", 4, () => steps.step), new Taker(() => steps.step)]
  const closed = source.pipeline().pipe(
    Pipeline.mapEffect("work", (n: number) => Effect.as(steps.step, n), {
      concurrency: 2,
      buffer: { capacity: 16 }
    }),
    into(taker)
  )
  const scope = yield* Scope.make()
  const running = yield* Scope.provide(start(subject, closed), scope)
  const ended = Effect.exit(running.result)
  yield* Effect.raceFirst(Deferred.await(reached), ended)
  yield* Scope.close(scope, Exit.void)
  equal(
    [source.closed, taker.closed],
    [source.opened, taker.opened],
    `closings after a cut at step ${at}`
  )
  equal(
    new Set(taker.taken).size,
    taker.taken.length,
    `records delivered once after a cut at step ${at}`
  )
  const state = running.inspect("out")
  holds(
    (state?.recordsOut ?? 0) <= source.read,
    `more delivered than read after a cut at step ${at}`
  )
  const after = steps.count
  yield* settle
  equal(steps.count, after, `steps made after a cut at step ${at}`)
  return steps.count < at
})

const cutsMax = 60

const anyStep: Rule<EngineSubject> = {
  rule: "S4",
  title: "leaves nothing open and counts nothing twice when interrupted at any step",
  run: Effect.fnUntraced(function* (subject) {
    let at = 1
    while (at < cutsMax && !(yield* cutAt(subject, at))) at++
    holds(at > 15 && at < cutsMax, `a run of ${at} steps`)
  })
}

const bad = (n: number): number => {
  if (n % 7 === 3) throw boom
  return n
}

/** Every way in which the number of records changes, up to a stage that takes so many. */
const accounted = (
  taker: Taker,
  enough: number,
  last: (n: number) => Effect.Effect<number, unknown>
) => {
  const { low, high } = new Numbers(100).pipeline().pipe(
    Pipeline.map("dead", bad, { onError: Policy.deadLetter }),
    Pipeline.map("ignored", (n: number) => bad(n + 1), { onError: Policy.ignore }),
    Pipeline.filter("even", (n: number) => n % 2 === 0),
    Pipeline.flatMap("twice", (n: number) => [n, n]),
    Pipeline.branch("route", { low: (n: number) => n < 60, high: (n: number) => n < 80 })
  )
  const taking = high.pipe(
    Pipeline.process("enough", (input) => Stream.take(input, enough)),
    Pipeline.sink("high-out", Sink.drain)
  )
  const halved = low.pipe(
    Pipeline.mapBatch("halved", (ns) => ns.slice(0, Math.ceil(ns.length / 2))),
    Pipeline.mapEffect("last", last),
    into(taker)
  )
  return Pipeline.all([halved, taking])
}

const addsUp = (
  closed: Pipeline.Closed<unknown>,
  result: PipelineResult.PipelineResult,
  end: string
): void => {
  const drained = result.status === "completed" || result.status === "stopped"
  equal(conservation(Pipeline.graph(closed), result.finalStates, drained), [], `sums, ${end}`)
  const states = Object.values(result.finalStates)
  const sum = (of: (state: Stage.StageRuntimeState) => number) =>
    states.reduce((total, state) => total + of(state), 0)
  equal(
    result.droppedCount,
    sum(({ dropped }) => dropped),
    `dropped records, ${end}`
  )
  equal(
    result.deadLetterCount,
    sum(({ deadLetters }) => deadLetters),
    `dead letters, ${end}`
  )
  if (!drained) return
  const { recordsIn, recordsOut, droppedCount, deadLetterCount } = result
  const made = sum(({ recordsMade }) => recordsMade)
  equal(recordsIn + made, recordsOut + droppedCount + deadLetterCount, `records, ${end}`)
}

/** A custom stage gave three of the ten it has in hand, and thinks about the fourth for ever. */
const inHand = Effect.fnUntraced(function* (subject: EngineSubject) {
  let isThinking = false
  const think = Effect.suspend(() => {
    isThinking = true
    return Effect.never
  })
  const thinks = Pipeline.process("thinks", (input: Stream.Stream<number>) =>
    Stream.mapEffect(input, (n) => (n === 3 ? think : Effect.succeed(n)))
  )
  const closed = new Numbers(10).pipeline().pipe(thinks, into(new Taker()))
  const running = yield* start(subject, closed, { batchSize: 10 })
  yield* until(() => isThinking)
  const aborted = yield* stopped(running)
  if (Exit.isFailure(aborted)) return holds(false, "an aborted run without a result")
  addsUp(closed, aborted.value, "of a run whose custom stage was cut off")
  const held = aborted.value.finalStates["thinks"]?.inFlight ?? 0
  holds(held > 0 && held <= 10, `a custom stage had ${held} records in hand when it was cut off`)
})

const identity: Rule<EngineSubject> = {
  rule: "S5",
  title: "accounts for every record at every stage: in + made = out + dropped + dead + in flight",
  run: Effect.fnUntraced(function* (subject) {
    const taker = new Taker()
    const whole = accounted(taker, 5, Effect.succeed)
    const result = yield* run(subject, whole)
    equal(result.recordsIn, 100, "records in")
    equal(result.recordsOut, taker.taken.length + 5, "records out")
    holds(result.droppedCount > 20 && result.deadLetterCount > 10, "too little was given up")
    addsUp(whole, result, "of a run that completed")
    const late = (n: number) => (n > 20 ? Effect.fail(boom) : Effect.succeed(n))
    const failing = accounted(new Taker(), 50, late)
    const { result: failed } = yield* runFailing(subject, failing)
    equal(failed.status, "failed", "status of a run that failed")
    addsUp(failing, failed, "of a run that failed")
    const held = accounted(new Taker(() => Effect.never), 50, Effect.succeed)
    const aborted = yield* stopped(yield* start(subject, held))
    if (Exit.isFailure(aborted)) return holds(false, "an aborted run without a result")
    addsUp(held, aborted.value, "of a run that was aborted")
    yield* inHand(subject)
  })
}

const stopped = Effect.fnUntraced(function* (running: Engine.RunningPipeline) {
  yield* settle
  yield* running.stop("abort")
  return yield* Effect.exit(running.result)
})

const commits: Rule<EngineSubject> = {
  rule: "S6",
  title: "ends a sink only after a complete drain, not when a run fails or is aborted",
  run: Effect.fnUntraced(function* (subject) {
    const [whole, failing, aborted] = [new Taker(), new Taker(), new Taker(() => Effect.never)]
    yield* run(subject, new Numbers(20).pipeline().pipe(into(whole)))
    equal(whole.ended, 1, "endings of the sink of a run that completed")
    const bad = Pipeline.mapEffect("bad", (n: number) =>
      n === 15 ? Effect.fail(boom) : Effect.succeed(n)
    )
    yield* runFailing(subject, new Numbers(20).pipeline().pipe(bad, into(failing)))
    equal(failing.ended, 0, "endings of the sink of a run that failed")
    yield* stopped(yield* start(subject, new Numbers(20).pipeline().pipe(into(aborted))))
    equal(aborted.ended, 0, "endings of the sink of a run that was aborted")
  })
}

/** Rules S1 to S6. */
export const stop: ReadonlyArray<Rule<EngineSubject>> = [
  graceful,
  blockedPull,
  abortWaitsForNobody,
  anyStep,
  identity,
  commits
]
