// What an engine owes stages that are guarded: one in quarantine is left alone, a circuit is obeyed
// and told of every call. The circuit is the test's own and writes down what it is asked.

import type * as Breaker from "@sluice/core/Breaker"
import type * as DeadLetter from "@sluice/core/DeadLetter"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import type * as Quarantine from "@sluice/core/Quarantine"
import * as Effect from "effect/Effect"
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
  sorted,
  start,
  Taker,
  until
} from "./workload.ts"

const numbersOf = (letters: ReadonlyArray<DeadLetter.DeadLetter>): ReadonlyArray<number> =>
  letters.map(({ payload }) => payload as number)

const isQuarantined = (cause: unknown): cause is Quarantine.StageQuarantined =>
  (cause as Partial<Quarantine.StageQuarantined> | undefined)?._tag === "StageQuarantined"

/** The stage of one way is set aside at 25; the other way has nothing to do with it. */
const sickStage = Effect.fnUntraced(function* (subject: EngineSubject) {
  const called: Array<number> = []
  const [behind, beside] = [new Taker(), new Taker()]
  const { left, right } = new Numbers(60)
    .pipeline()
    .pipe(Pipeline.broadcast("both", ["left", "right"]))
  const sick = Pipeline.map(
    "sick",
    (n: number): number => {
      called.push(n)
      if (n === 25) throw boom
      return n
    },
    { onError: Policy.quarantine() }
  )
  const closed = Pipeline.all([
    left.pipe(sick, Pipeline.sink("behind", behind.sink)),
    right.pipe(Pipeline.sink("beside", beside.sink))
  ])
  const result = yield* run(subject, closed, { batchSize: 10 })
  equal(beside.taken, range(60), "records beside a stage in quarantine")
  holds(Math.max(...called) < 30, "a stage in quarantine got a batch that came for it")
  const [{ stageId } = {}] = result.quarantined
  equal([stageId, result.quarantined.length], ["sick", 1], "stages told to be in quarantine")
  equal(result.finalStates["sick"]?.status, "quarantined", "the stage's status")
  const letters = numbersOf(result.deadLetters)
  equal(sorted([...behind.taken, ...letters]), range(60), "records behind it, and dead letters")
  const late = result.deadLetters.filter(({ payload }) => (payload as number) >= 30)
  equal(late.filter(({ cause }) => isQuarantined(cause)).length, 30, "letters that name the cause")
  equal([behind.ended, beside.ended], [1, 1], "endings of the sinks behind it and beside it")
})

/** A sink is set aside: its output is not whole, the other one's is. */
const sickSink = Effect.fnUntraced(function* (subject: EngineSubject) {
  const sick = new Taker(({ items }) => (items.includes(25) ? Effect.fail(boom) : Effect.void))
  const well = new Taker()
  const { left, right } = new Numbers(60)
    .pipeline()
    .pipe(Pipeline.broadcast("both", ["left", "right"]))
  const closed = Pipeline.all([
    left.pipe(Pipeline.sink("sick", sick.sink, { onError: Policy.quarantine() })),
    right.pipe(Pipeline.sink("well", well.sink))
  ])
  const result = yield* run(subject, closed, { batchSize: 10 })
  equal([sick.ended, well.ended], [0, 1], "endings of a sink in quarantine, and of the other one")
  equal(well.taken, range(60), "records beside a sink in quarantine")
  holds(Math.max(...sick.taken) < 30, "a sink in quarantine got a batch that came for it")
  const letters = numbersOf(result.deadLetters)
  equal(sorted([...sick.taken, ...letters]), range(60), "records taken, and dead letters")
})

const leftAlone: Rule<EngineSubject> = {
  rule: "F12",
  optional: true,
  title: "gives a stage in quarantine nothing more; all else runs on, and it is not committed",
  run: (subject) => Effect.andThen(sickStage(subject), sickSink(subject))
}

/** How a call that a circuit let came to an end, by what the circuit was told. */
type Outcome = "good" | "bad" | "cancelled"

/** A circuit that lets what the test lets, and keeps what became of it. */
class Circuit {
  readonly requests: Array<number> = []
  readonly told = new Map<unknown, Array<Outcome>>()
  private readonly lets: (request: number) => boolean
  private readonly retryAfterMs: number | undefined

  constructor(lets: (request: number) => boolean, retryAfterMs?: number) {
    this.lets = lets
    this.retryAfterMs = retryAfterMs
  }

  private request(atMs: number): Breaker.Verdict {
    const request = this.requests.push(atMs) - 1
    if (!this.lets(request))
      return { _tag: "Rejected", state: "open", retryAfterMs: this.retryAfterMs }
    const ticket = { request }
    this.told.set(ticket, [])
    return { _tag: "Admitted", ticket }
  }

  private tell(ticket: unknown, outcome: Outcome): void {
    const outcomes = this.told.get(ticket)
    holds(outcomes !== undefined, "a circuit was told of a call by a ticket that it did not give")
    outcomes?.push(outcome)
  }

  /** What it was told of each call it let, in the order of the requests. */
  get outcomes(): ReadonlyArray<string> {
    return [...this.told.values()].map((outcomes) => outcomes.join(" and "))
  }

  stage(whenOpen: "reject" | "wait" = "reject"): Breaker.StageBreaker {
    const breaker: Breaker.Breaker = {
      request: (atMs) => this.request(atMs),
      ended: (ticket, _, ok) => this.tell(ticket, ok ? "good" : "bad"),
      cancelled: (ticket) => this.tell(ticket, "cancelled"),
      deadlocked: () => undefined,
      isolate: () => undefined,
      reset: () => undefined,
      state: () => "closed",
      change: () => undefined,
      statistics: () => ({})
    }
    return { policy: { errorThreshold: 0.5, whenOpen }, implementation: () => breaker }
  }
}

/** Every third call is not let; what is let is told by how it ended. */
const obeyed = Effect.fnUntraced(function* (subject: EngineSubject) {
  const circuit = new Circuit((request) => request % 3 !== 2)
  const called: Array<number> = []
  const call = (n: number) =>
    Effect.suspend(() => {
      called.push(n)
      return n === 4 ? Effect.fail(boom) : Effect.as(Effect.yieldNow, n)
    })
  const options = { breaker: circuit.stage(), onError: Policy.deadLetter }
  const open = new Numbers(20).pipeline().pipe(Pipeline.mapEffect("work", call, options))
  const { out, result } = yield* collect(subject, open)
  const refused = range(20).filter((n) => n % 3 === 2)
  const passed = range(20).filter((n) => n % 3 !== 2)
  equal(called, passed, "calls where a circuit lets two of three")
  equal(
    out,
    passed.filter((n) => n !== 4),
    "records that came out"
  )
  const letters = result.deadLetters.filter(({ cause }) => cause !== boom)
  equal(numbersOf(letters), refused, "records whose call was not let")
  const named = letters.filter(({ cause }) => (cause as { _tag?: string })._tag === "CircuitOpen")
  equal(named.length, refused.length, "letters that name the circuit")
  equal(
    circuit.outcomes,
    passed.map((n) => (n === 4 ? "bad" : "good")),
    "what the circuit was told of the calls it let"
  )
})

/** Calls that are cut off: by the deadline of their record, and by the abort of their run. */
const cutOff = Effect.fnUntraced(function* (subject: EngineSubject) {
  const late = new Circuit(() => true)
  const hang = () => Effect.never as Effect.Effect<number>
  const open = new Numbers(2).pipeline().pipe(
    Pipeline.mapEffect("work", hang, {
      breaker: late.stage(),
      deadline: "5 seconds",
      onError: Policy.deadLetter
    })
  )
  const { result } = yield* drive(collect(subject, open))
  equal(result.deadLetterCount, 2, "records whose deadline passed")
  equal(late.outcomes, ["cancelled", "cancelled"], "what the circuit was told of calls cut off")
  const aborted = new Circuit(() => true)
  const running = yield* start(
    subject,
    new Numbers(20)
      .pipeline()
      .pipe(
        Pipeline.mapEffect("work", hang, { breaker: aborted.stage(), concurrency: 4 }),
        into(new Taker())
      )
  )
  yield* until(() => aborted.requests.length > 0)
  yield* running.stop("abort")
  yield* Effect.exit(running.result)
  holds(aborted.outcomes.length > 0, "no call was under way when the run was aborted")
  equal(
    aborted.outcomes.filter((outcome) => outcome !== "cancelled"),
    [],
    "what the circuit was told of calls that the abort cut off"
  )
})

/** A record that is held asks again when the circuit said, and passes. */
const held = Effect.fnUntraced(function* (subject: EngineSubject) {
  const waitMs = 5_000
  const circuit = new Circuit((request) => request > 0, waitMs)
  const call = Pipeline.mapEffect("work", (n: number) => Effect.succeed(n), {
    breaker: circuit.stage("wait")
  })
  const { out } = yield* drive(collect(subject, new Numbers(5).pipeline().pipe(call)))
  equal(out, range(5), "records that an open circuit held")
  const [asked = 0, again = 0] = circuit.requests
  holds(again - asked >= waitMs, `asked again after ${again - asked} ms, ${waitMs} were named`)
})

const circuitObeyed: Rule<EngineSubject> = {
  rule: "F13",
  optional: true,
  title: "makes no call that a circuit does not let, and tells it of each it lets, once",
  run: (subject) => Effect.andThen(obeyed(subject), Effect.andThen(cutOff(subject), held(subject)))
}

/** Rules F12 and F13. */
export const guarded: ReadonlyArray<Rule<EngineSubject>> = [leftAlone, circuitObeyed]
