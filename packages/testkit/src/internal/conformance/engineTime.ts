// Time rules of an engine: whose clock, when it moves, and that timers need no input.

import type * as Observer from "@sluice/core/Observer"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"
import { slices } from "./timers.ts"
import type { EngineSubject } from "./workload.ts"
import { collect, drive, into, Numbers, range, run, settle, Taker, turns } from "./workload.ts"

const hour = 3_600_000

const napping = (subject: EngineSubject, times: Array<number>) => {
  const observer: Observer.PipelineObserver = { onEvent: (event) => void times.push(event.atMs) }
  const nap = (n: number) => Effect.as(Effect.sleep("1 hour"), n)
  return collect(subject, new Numbers(3).pipeline().pipe(Pipeline.mapEffect("nap", nap)), {
    observer
  })
}

/** The caller's clock stands: the run stands too. It is moved: the run moves by as much. */
const followsContext = Effect.fnUntraced(function* (subject: EngineSubject) {
  const times: Array<number> = []
  const fiber = yield* Effect.forkChild(napping(subject, times))
  yield* settle
  holds(fiber.pollUnsafe() === undefined, "an hour passed that the caller's clock did not tell")
  yield* TestClock.adjust("4 hours")
  const { result } = yield* Fiber.join(fiber)
  equal(result.durationMs, 3 * hour, "duration by the caller's clock")
  const told = [Math.min(...times), Math.max(...times)]
  equal(told, [0, 3 * hour], "first and last event by the caller's clock")
})

const ownClock: Rule<EngineSubject> = {
  rule: "T1",
  title: "reads time from the clock of its context, or from its own virtual one, only",
  run: Effect.fnUntraced(function* (subject) {
    if (subject.clock === "context") {
      return yield* Effect.provide(followsContext(subject), TestClock.layer())
    }
    const [first, second]: [Array<number>, Array<number>] = [[], []]
    const { result } = yield* napping(subject, first)
    yield* settle
    yield* napping(subject, second)
    equal(result.durationMs, 3 * hour, "duration by the virtual clock")
    equal(second, first, "times of the events of two equal runs")
  })
}

const jumps: Rule<EngineSubject> = {
  rule: "T2",
  title: "lets virtual time stand while anything can run, and jump otherwise",
  applies: ({ clock }) => clock === "virtual",
  run: Effect.fnUntraced(function* (subject) {
    const reads: Array<number> = []
    const now = Effect.flatMap(Clock.currentTimeMillis, (at) =>
      Effect.sync(() => void reads.push(at))
    )
    const busy = (n: number) => Effect.as(Effect.andThen(now, Effect.andThen(turns(100), now)), n)
    const nap = (n: number) => Effect.as(Effect.sleep("1 hour"), n)
    const half: Array<number> = []
    const settles = Effect.promise(async () => {
      for (let turn = 0; turn < 8; turn++) await undefined
    })
    const promised = Effect.fnUntraced(function* (n: number) {
      yield* Effect.sleep("30 minutes")
      yield* settles
      half.push(yield* Clock.currentTimeMillis)
      return n
    })
    const closed = Pipeline.all([
      new Numbers(1).pipeline("a").pipe(Pipeline.mapEffect("busy", busy), into(new Taker())),
      new Numbers(1)
        .pipeline("c")
        .pipe(Pipeline.mapEffect("promised", promised), Pipeline.sink("half-out", Sink.drain)),
      new Numbers(1)
        .pipeline("b")
        .pipe(Pipeline.mapEffect("nap", nap), Pipeline.sink("nap-out", Sink.drain))
    ])
    const result = yield* run(subject, closed)
    equal(reads[1], reads[0], "time before and after a hundred steps")
    equal(half, [hour / 2], "time when a promise has settled, half an hour after the start")
    equal(result.durationMs, hour, "duration of a run that sleeps an hour")
  })
}

/** One fragment, then silence until the output came. */
const oneThenSilent = (came: Deferred.Deferred<void>): Source.Source<number> => {
  const first: Array<Source.Chunk<number>> = [{ items: [7], bytes: 0, provenance: undefined }]
  return Source.make(
    "one",
    Effect.succeed({ pull: () => first.pop() ?? Effect.as(Deferred.await(came), undefined) })
  )
}

const silentKey: Rule<EngineSubject> = {
  rule: "T3",
  title: "fires the timer of a key without new input",
  run: Effect.fnUntraced(function* (subject) {
    const came = yield* Deferred.make<void>()
    const taker = new Taker(() => Effect.asVoid(Deferred.succeed(came, undefined)))
    const closed = Pipeline.source("in", oneThenSilent(came)).pipe(
      Pipeline.accumulate("hold", slices({ delayMs: 10_000, slices: 1 }).spec),
      into(taker)
    )
    yield* drive(run(subject, closed))
    equal(taker.taken, [0], "what the timer gave")
  })
}

const timeouts: Rule<EngineSubject> = {
  rule: "T4",
  title: "interrupts the attempt a timeout bounds, and fails that attempt only",
  run: Effect.fnUntraced(function* (subject) {
    let [calls, interrupted] = [0, 0]
    const hangs = Effect.onInterrupt(Effect.never, () => Effect.sync(() => void interrupted++))
    const call = (n: number) =>
      Effect.suspend(() =>
        ++calls === 2 ? Effect.as(hangs, n) : Effect.as(Effect.sleep("1 second"), n)
      )
    const onError = Policy.retry({ retriesMax: 1, backoffMs: 1 })
    const open = new Numbers(4)
      .pipeline()
      .pipe(Pipeline.mapEffect("work", call, { timeout: "5 seconds", onError }))
    const { out } = yield* drive(collect(subject, open))
    equal(out, range(4), "records that came out")
    equal([calls, interrupted], [5, 1], "calls and interruptions")
  })
}

const inSlices: Rule<EngineSubject> = {
  rule: "T5",
  title: "serves due timers in slices, each delivered before the next",
  run: Effect.fnUntraced(function* (subject) {
    const events: Array<string> = []
    const timers = slices({ delayMs: 0, slices: 5, onFire: () => void events.push("fire") })
    const taker = new Taker(() => Effect.sync(() => void events.push("write")))
    const closed = new Numbers(20)
      .pipeline()
      .pipe(Pipeline.accumulate("hold", timers.spec), into(taker))
    yield* drive(run(subject, closed))
    const firing = events.slice(0, events.lastIndexOf("fire") + 2)
    equal(
      firing,
      range(firing.length).map((i) => (i % 2 === 0 ? "fire" : "write")),
      "slices and deliveries"
    )
    equal(firing.length, 10, "slices and deliveries of five slices")
  })
}

/** Rules T1 to T5. */
export const time: ReadonlyArray<Rule<EngineSubject>> = [
  ownClock,
  jumps,
  silentKey,
  timeouts,
  inSlices
]
