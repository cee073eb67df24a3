// The rules of the Reactive Streams specification that have a meaning where records are pulled in
// chunks, as tests of an engine: its source is the publisher, its sink the subscriber, a pull asks
// for one chunk, a stop cancels. Ids are those of the specification's groups 1 to 3; the tests are
// our own.
import * as Pipeline from "@sluice/core/Pipeline"
import * as Source from "@sluice/core/Source"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"
import type { EngineSubject } from "./workload.ts"
import {
  boom,
  gate,
  into,
  Numbers,
  range,
  run,
  runFailing,
  settle,
  start,
  Taker,
  turns
} from "./workload.ts"

type Body = (subject: EngineSubject) => ReturnType<Rule<EngineSubject>["run"]>

const rule = (id: string, title: string, body: Body): Rule<EngineSubject> => ({
  rule: id,
  title,
  run: body
})

const endless = Number.POSITIVE_INFINITY

/** Calls of one kind, and how many of them were under way at once at most. */
class Serial {
  private now = 0
  most = 0
  readonly call = (work: Effect.Effect<void>): Effect.Effect<void> =>
    Effect.suspend(() => {
      this.most = Math.max(this.most, ++this.now)
      return Effect.ensuring(
        work,
        Effect.sync(() => void this.now--)
      )
    })
}

const publisher: ReadonlyArray<Rule<EngineSubject>> = [
  rule(
    "RS1.01",
    "signals no more elements than were requested",
    Effect.fnUntraced(function* (subject) {
      const shut = yield* gate
      const [source, taker] = [new Numbers(400), new Taker(() => shut.wait)]
      const running = yield* start(subject, source.pipeline().pipe(into(taker)))
      yield* settle
      equal([source.pulls, source.read], [1, 10], "pulls and records while the first are held")
      yield* shut.open
      yield* running.result
    })
  ),
  rule(
    "RS1.02",
    "may signal fewer elements than requested, and then the end",
    Effect.fnUntraced(function* (subject) {
      const taker = new Taker()
      yield* run(subject, new Numbers(3).pipeline().pipe(into(taker)))
      equal([taker.taken, taker.ended], [range(3), 1], "records and end")
    })
  ),
  rule(
    "RS1.03",
    "signals one after the other",
    Effect.fnUntraced(function* (subject) {
      const [pulls, writes] = [new Serial(), new Serial()]
      const source = new Numbers(60, "end", 3, () => pulls.call(turns(2)))
      const taker = new Taker(() => writes.call(turns(3)))
      yield* run(subject, source.pipeline().pipe(into(taker, { buffer: { capacity: 5 } })))
      equal([pulls.most, writes.most], [1, 1], "pulls and writes at once")
    })
  ),
  rule(
    "RS1.04",
    "signals the failure of the publisher",
    Effect.fnUntraced(function* (subject) {
      const taker = new Taker()
      const { failure } = yield* runFailing(
        subject,
        new Numbers(25, "fail").pipeline().pipe(into(taker))
      )
      equal([failure.stageId, failure.cause], ["in", boom], "who failed, and with what")
      equal(taker.taken, range(25), "records before the failure")
    })
  ),
  rule(
    "RS1.05",
    "signals the end of a publisher that is done, once",
    Effect.fnUntraced(function* (subject) {
      const taker = new Taker()
      const { status } = yield* run(subject, new Numbers(25).pipeline().pipe(into(taker)))
      equal([status, taker.ended], ["completed", 1], "status and ends")
    })
  ),
  rule(
    "RS1.07",
    "signals nothing behind the end",
    Effect.fnUntraced(function* (subject) {
      const [source, taker] = [new Numbers(25), new Taker()]
      let late = 0
      taker.atEnd = () => {
        late = taker.writes
      }
      yield* run(subject, source.pipeline().pipe(into(taker)))
      yield* settle
      equal([source.pulls, taker.writes - late], [4, 0], "pulls, and writes behind the end")
    })
  ),
  rule(
    "RS1.08",
    "stops signalling when it is cancelled",
    Effect.fnUntraced(function* (subject) {
      const [source, taker] = [new Numbers(endless), new Taker(() => turns(1))]
      const running = yield* start(subject, source.pipeline().pipe(into(taker)))
      yield* settle
      const [pulls, writes] = [source.pulls, taker.writes]
      yield* running.stop("abort")
      yield* Effect.exit(running.result)
      yield* settle
      holds(source.pulls <= pulls + 1, `${source.pulls - pulls} pulls behind the cancellation`)
      holds(taker.writes <= writes + 1, `${taker.writes - writes} writes behind the cancellation`)
    })
  ),
  rule(
    "RS1.09",
    "sets a subscriber up before its first signal",
    Effect.fnUntraced(function* (subject) {
      const taker = new Taker()
      let early = 0
      const reader = { pull: () => undefined }
      const open = Effect.sync(() => {
        if (taker.opened === 0) early++
        return reader
      })
      const source: Source.Source<number> = Source.make("looks", open)
      yield* run(subject, Pipeline.source("in", source).pipe(into(taker)))
      equal([early, taker.opened], [0, 1], "sources opened too early, and sinks opened")
    })
  ),
  rule(
    "RS1.11",
    "serves several subscribers, each as if it were alone",
    Effect.fnUntraced(function* (subject) {
      const engine = subject.makeEngine()
      const takers = [new Taker(() => turns(1)), new Taker(() => turns(2))]
      const results = yield* Effect.forEach(
        takers,
        (taker) => Pipeline.run(new Numbers(30).pipeline().pipe(into(taker)), { engine }),
        { concurrency: 2 }
      )
      for (const [n, taker] of takers.entries()) {
        const { recordsIn, recordsOut } = results[n] ?? {}
        equal([taker.taken, recordsIn, recordsOut], [range(30), 30, 30], `subscriber ${n}`)
      }
    })
  )
]

const subscriber: ReadonlyArray<Rule<EngineSubject>> = [
  rule(
    "RS2.01",
    "asks for more as long as it wants more, however late the answer",
    Effect.fnUntraced(function* (subject) {
      const source = new Numbers(50, "end", 10, (pull) => turns(pull % 2 === 0 ? 12 : 30))
      const taker = new Taker()
      yield* run(subject, source.pipeline().pipe(into(taker)))
      equal(taker.taken, range(50), "records")
    })
  ),
  rule(
    "RS2.04",
    "takes a failure for final: nothing is committed behind it",
    Effect.fnUntraced(function* (subject) {
      const taker = new Taker()
      yield* runFailing(subject, new Numbers(20, "fail").pipeline().pipe(into(taker)))
      yield* settle
      equal([taker.ended, taker.closed], [0, 1], "ends and closings of the sink")
    })
  ),
  rule(
    "RS2.06",
    "cancels when it needs no more",
    Effect.fnUntraced(function* (subject) {
      const source = new Numbers(endless)
      const first = (input: Stream.Stream<number>) => Stream.take(input, 5)
      const five = Pipeline.process("five", first, { buffer: { capacity: 10 } })
      const taker = new Taker()
      yield* run(subject, source.pipeline().pipe(five, into(taker)))
      yield* settle
      equal([taker.taken, source.closed], [range(5), 1], "records and closings")
      holds(source.pulls <= 8, `${source.pulls} pulls for 5 records`)
    })
  ),
  rule(
    "RS2.08",
    "takes what was under way when it cancelled",
    Effect.fnUntraced(function* (subject) {
      const reached = yield* Deferred.make<void>()
      const [source, taker] = [
        new Numbers(endless),
        new Taker(() => Effect.andThen(Deferred.succeed(reached, undefined), turns(4)))
      ]
      const running = yield* start(
        subject,
        source.pipeline().pipe(into(taker, { buffer: { capacity: 30 } }))
      )
      yield* Deferred.await(reached)
      yield* running.stop("graceful")
      yield* running.result
      equal(taker.taken, range(source.read), "records, of those that were read")
    })
  ),
  rule(
    "RS2.09",
    "takes an end that comes without an element",
    Effect.fnUntraced(function* (subject) {
      const taker = new Taker()
      const { status } = yield* run(subject, new Numbers(0).pipeline().pipe(into(taker)))
      equal([status, taker.writes, taker.ended], ["completed", 0, 1], "status, writes and ends")
    })
  ),
  rule(
    "RS2.10",
    "takes a failure that comes without an element",
    Effect.fnUntraced(function* (subject) {
      const taker = new Taker()
      const { failure } = yield* runFailing(
        subject,
        new Numbers(0, "fail").pipeline().pipe(into(taker))
      )
      equal([failure.cause, taker.writes], [boom, 0], "failure and writes")
    })
  ),
  rule(
    "RS2.12",
    "is set up once for a subscription",
    Effect.fnUntraced(function* (subject) {
      const [source, taker] = [new Numbers(20), new Taker()]
      yield* run(subject, source.pipeline().pipe(into(taker)))
      equal([source.opened, taker.opened], [1, 1], "openings of source and sink")
    })
  ),
  rule(
    "RS2.13",
    "cancels when it throws, and the failure is told",
    Effect.fnUntraced(function* (subject) {
      const source = new Numbers(200)
      const taker = new Taker(({ items }) => (items[0] === 20 ? Effect.die(boom) : Effect.void))
      const { failure } = yield* runFailing(subject, source.pipeline().pipe(into(taker)))
      equal([failure.stageId, failure.cause], ["out", boom], "who failed, and with what")
      equal([source.closed, taker.taken], [1, range(20)], "closings, and records before")
    })
  )
]

const many = 20_000

const subscription: ReadonlyArray<Rule<EngineSubject>> = [
  rule(
    "RS3.03",
    "does not recurse without bound between publisher and subscriber",
    Effect.fnUntraced(function* (subject) {
      const taker = new Taker()
      const { recordsOut } = yield* run(
        subject,
        new Numbers(many, "end", 1).pipeline().pipe(into(taker)),
        { batchSize: 1 }
      )
      equal([recordsOut, taker.taken.length], [many, many], "records of chunks of one")
    })
  ),
  rule(
    "RS3.05",
    "answers a cancellation at once, even while a publisher is silent",
    Effect.fnUntraced(function* (subject) {
      const source = new Numbers(10, "silent")
      const running = yield* start(subject, source.pipeline().pipe(into(new Taker())))
      yield* settle
      yield* running.stop("abort")
      const exit = yield* Effect.exit(running.result)
      equal(Exit.isSuccess(exit) && exit.value.status, "aborted", "status")
    })
  ),
  rule(
    "RS3.07",
    "takes a second cancellation for none",
    Effect.fnUntraced(function* (subject) {
      const [source, taker] = [new Numbers(endless), new Taker(() => Effect.never)]
      const running = yield* start(subject, source.pipeline().pipe(into(taker)))
      yield* settle
      for (const mode of ["graceful", "abort", "abort", "graceful"] as const)
        yield* running.stop(mode)
      yield* Effect.exit(running.result)
      yield* running.stop("abort")
      yield* settle
      equal([source.closed, taker.closed, taker.ended], [1, 1, 0], "closings and ends")
    })
  ),
  rule(
    "RS3.13",
    "lets go of publisher and subscriber when it is cancelled",
    Effect.fnUntraced(function* (subject) {
      const [source, taker] = [new Numbers(10, "silent"), new Taker()]
      const running = yield* start(subject, source.pipeline().pipe(into(taker)))
      yield* settle
      yield* running.stop("abort")
      yield* Effect.exit(running.result)
      equal([source.closed, taker.closed], [source.opened, taker.opened], "closings")
    })
  )
]

/** Rules of groups 1, 2 and 3, by the specification's ids. */
export const reactiveStreams: ReadonlyArray<Rule<EngineSubject>> = [
  ...publisher,
  ...subscriber,
  ...subscription
]
