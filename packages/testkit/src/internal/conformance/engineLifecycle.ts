// Lifecycle rules of an engine: what is opened when, closed always, and how a run ends.

import type * as Engine from "@sluice/core/Engine"
import type * as Envelope from "@sluice/core/Envelope"
import type * as Observer from "@sluice/core/Observer"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import type * as Stage from "@sluice/core/Stage"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"
import type { EngineSubject } from "./workload.ts"
import { boom, into, Numbers, range, run, settle, start, Taker, turns } from "./workload.ts"

const failsOnThree = Pipeline.mapEffect("work", (n: number) =>
  n === 3 ? Effect.fail(boom) : Effect.succeed(n)
)

const refuses: Rule<EngineSubject> = {
  rule: "L1",
  title: "refuses an unsound graph before anything is opened",
  run: Effect.fnUntraced(function* (subject) {
    const [source, taker] = [new Numbers(5), new Taker()]
    const closed = source.pipeline("same").pipe(Pipeline.sink("same", taker.sink))
    const exit = yield* Effect.exit(run(subject, closed))
    holds(Exit.isFailure(exit), "a graph with one id twice was run")
    equal([source.opened, taker.opened], [0, 0], "opened sources and sinks")
  })
}

const sinksFirst: Rule<EngineSubject> = {
  rule: "L2",
  title: "opens every sink before any source",
  run: Effect.fnUntraced(function* (subject) {
    const events: Array<string> = []
    const slowly = (name: string) =>
      Effect.andThen(
        turns(3),
        Effect.sync(() => void events.push(name))
      )
    const part = (n: number) =>
      Pipeline.source(
        `in-${n}`,
        Source.make("late", Effect.as(slowly("source"), { pull: () => undefined }))
      ).pipe(
        Pipeline.sink(
          `out-${n}`,
          Sink.make("late", Effect.as(slowly("sink"), { write: () => undefined }))
        )
      )
    yield* run(subject, Pipeline.all([part(1), part(2)]))
    equal(events, ["sink", "sink", "source", "source"], "order of opening")
  })
}

type Ender = (
  subject: EngineSubject,
  scope: Scope.Closeable
) => Effect.Effect<readonly [Numbers, Taker], unknown>

const runIn = (
  subject: EngineSubject,
  scope: Scope.Closeable,
  source: Numbers,
  taker: Taker,
  buffer = false
) => {
  const open = buffer ? source.pipeline() : source.pipeline().pipe(failsOnThree)
  return Scope.provide(start(subject, open.pipe(into(taker))), scope)
}

/** Every way a run can end, with what it had opened. */
const enders: Readonly<Record<string, Ender>> = {
  success: Effect.fnUntraced(function* (subject, scope) {
    const [source, taker] = [new Numbers(30), new Taker()]
    yield* (yield* runIn(subject, scope, source, taker, true)).result
    return [source, taker] as const
  }),
  "a failing stage": Effect.fnUntraced(function* (subject, scope) {
    const [source, taker] = [new Numbers(30), new Taker()]
    yield* Effect.exit((yield* runIn(subject, scope, source, taker)).result)
    return [source, taker] as const
  }),
  "a failing source": Effect.fnUntraced(function* (subject, scope) {
    const [source, taker] = [new Numbers(3, "fail"), new Taker()]
    yield* Effect.exit((yield* runIn(subject, scope, source, taker, true)).result)
    return [source, taker] as const
  }),
  abort: Effect.fnUntraced(function* (subject, scope) {
    const [source, taker] = [new Numbers(30), new Taker(() => Effect.never)]
    const running = yield* runIn(subject, scope, source, taker, true)
    yield* settle
    yield* running.stop("abort")
    yield* Effect.exit(running.result)
    return [source, taker] as const
  }),
  interruption: Effect.fnUntraced(function* (subject, scope) {
    const [source, taker] = [new Numbers(30), new Taker(() => Effect.never)]
    yield* runIn(subject, scope, source, taker, true)
    yield* settle
    return [source, taker] as const
  })
}

const closesOnce: Rule<EngineSubject> = {
  rule: "L3",
  title: "closes what it opened exactly once, however the run ends",
  run: Effect.fnUntraced(function* (subject) {
    for (const [how, ender] of Object.entries(enders)) {
      const scope = yield* Scope.make()
      const [source, taker] = yield* ender(subject, scope)
      yield* Scope.close(scope, Exit.void)
      equal(source.opened >= 1 && taker.opened >= 1, true, `${how}: opened`)
      equal(source.closed, source.opened, `${how}: closings of the source`)
      equal(taker.closed, taker.opened, `${how}: closings of the sink`)
    }
  })
}

const leavesNothing: Rule<EngineSubject> = {
  rule: "L4",
  title: "leaves no call running behind the end of a run",
  run: Effect.fnUntraced(function* (subject) {
    let running = 0
    const call = (n: number) =>
      Effect.suspend(() => {
        running++
        return Effect.ensuring(
          Effect.as(Effect.never, n),
          Effect.sync(() => void running--)
        )
      })
    const closed = new Numbers(30)
      .pipeline()
      .pipe(Pipeline.mapEffect("calls", call, { concurrency: 4 }), into(new Taker()))
    const scope = yield* Scope.make()
    yield* Scope.provide(start(subject, closed), scope)
    yield* settle
    holds(running > 0, "no call was made")
    yield* Scope.close(scope, Exit.void)
    equal(running, 0, "calls that still run after the run was closed")
  })
}

/** A stage that writes down its life. */
export const living = (
  events: Array<string>,
  initialises: Effect.Effect<void, Error> = Effect.void
): Stage.Stage<number, number, Error> => ({
  init: () => Effect.andThen(initialises, Effect.andThen(turns(3), note(events, "init"))),
  process: (input: Stream.Stream<Envelope.Envelope<number>>) =>
    Stream.tap(input, () => note(events, "record")),
  close: note(events, "close")
})

const note = (events: Array<string>, name: string): Effect.Effect<void> =>
  Effect.sync(() => void events.push(name))

const interruptedLife = Effect.fnUntraced(function* (subject: EngineSubject) {
  const events: Array<string> = []
  const closed = new Numbers(1, "silent")
    .pipeline()
    .pipe(Pipeline.stage("custom", living(events)), into(new Taker()))
  const scope = yield* Scope.make()
  yield* Scope.provide(start(subject, closed), scope)
  yield* settle
  yield* Scope.close(scope, Exit.void)
  return events
})

const stageLife: Rule<EngineSubject> = {
  rule: "L5",
  title: "initialises a custom stage before its first record and closes it on every exit",
  run: Effect.fnUntraced(function* (subject) {
    const lived = Effect.fnUntraced(function* (
      fails: boolean,
      initialises?: Effect.Effect<void, Error>
    ) {
      const events: Array<string> = []
      const taker = new Taker(() => (fails ? Effect.fail(boom) : Effect.void))
      const closed = new Numbers(3)
        .pipeline()
        .pipe(Pipeline.stage("custom", living(events, initialises)), into(taker))
      yield* Effect.exit(run(subject, closed))
      return events
    })
    const whole = yield* lived(false)
    equal(whole, ["init", "record", "record", "record", "close"], "life in a run that completes")
    const cut = yield* lived(true)
    equal([cut[0], cut.at(-1)], ["init", "close"], "life in a run that fails")
    equal(cut.filter((event) => event === "close").length, 1, "closings in a run that fails")
    equal(
      yield* interruptedLife(subject),
      ["init", "record", "close"],
      "life in a run that is interrupted"
    )
    equal(yield* lived(false, Effect.fail(boom)), [], "life of a stage whose init fails")
  })
}

const final = new Set(["completed", "failed", "aborted"])

const endsOnce: Rule<EngineSubject> = {
  rule: "L6",
  title: "ends with one final state, and every stage with a final status",
  run: Effect.fnUntraced(function* (subject) {
    const shapes = {
      completes: new Numbers(20).pipeline().pipe(into(new Taker())),
      fails: new Numbers(20).pipeline().pipe(failsOnThree, into(new Taker())),
      "is aborted": new Numbers(20).pipeline().pipe(into(new Taker(() => Effect.never)))
    }
    for (const [how, closed] of Object.entries(shapes)) {
      const ends: Array<Observer.PipelineEvent> = []
      const onEvent = (event: Observer.PipelineEvent) =>
        event._tag === "RunEnded" ? void ends.push(event) : undefined
      const running: Engine.RunningPipeline = yield* start(subject, closed, {
        observer: { onEvent }
      })
      yield* settle
      if (how === "is aborted") yield* running.stop("abort")
      const outcome = Effect.catchTag(running.result, "PipelineError", (error) =>
        Effect.succeed(error.result)
      )
      const [first, second] = [yield* outcome, yield* outcome]
      yield* settle
      equal(ends.length, 1, `ends told when a run ${how}`)
      equal(first.status, second.status, `status asked for twice when a run ${how}`)
      for (const state of Object.values(first.finalStates)) {
        holds(final.has(state.status), `${how}: stage "${state.stageId}" is left ${state.status}`)
      }
    }
  })
}

const separate: Rule<EngineSubject> = {
  rule: "L7",
  title: "keeps runs apart, of several graphs and of one graph several times",
  run: Effect.fnUntraced(function* (subject) {
    const engine = subject.makeEngine()
    const job = (id: string, count: number) => {
      const taker = new Taker()
      const source = Source.fromIterable(range(count))
      const work = (n: number) => (n === 3 ? Effect.fail(boom) : Effect.as(Effect.yieldNow, n))
      const closed = Pipeline.source("in", source).pipe(
        Pipeline.mapEffect("work", work, { onError: Policy.deadLetter }),
        into(taker),
        Pipeline.named(id)
      )
      return { taker, closed }
    }
    const [one, two] = [job("one", 30), job("two", 10)]
    const jobs = [one.closed, two.closed, one.closed]
    const runs = jobs.map((closed) => Pipeline.run(closed, { engine }))
    const results = yield* Effect.all(runs, { concurrency: 3 })
    const again = yield* Pipeline.run(two.closed, { engine })
    const figures = [...results, again].map((result) => [
      result.recordsIn,
      result.recordsOut,
      result.deadLetterCount,
      result.finalStates["work"]?.recordsIn
    ])
    const [of30, of10] = [
      [30, 29, 1, 30],
      [10, 9, 1, 10]
    ]
    equal(figures, [of30, of10, of30, of10], "figures of four runs on one engine")
    equal(
      two.taker.taken.filter((n) => n >= 10),
      [],
      "records of another run"
    )
  })
}

const asksNoMore: Rule<EngineSubject> = {
  rule: "L8",
  title: "does not pull a source again that said it is at its end",
  run: Effect.fnUntraced(function* (subject) {
    const source = new Numbers(30)
    yield* run(subject, source.pipeline().pipe(into(new Taker())))
    yield* settle
    equal(source.pulls, 4, "pulls of a source with three chunks")
  })
}

/** Rules L1 to L8. */
export const lifecycle: ReadonlyArray<Rule<EngineSubject>> = [
  refuses,
  sinksFirst,
  closesOnce,
  leavesNothing,
  stageLife,
  endsOnce,
  separate,
  asksNoMore
]
