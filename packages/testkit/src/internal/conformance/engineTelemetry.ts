// Telemetry rules of an engine: exact counts, harmless looks, events in order, no secrets.

import * as DeadLetter from "@sluice/core/DeadLetter"
import type * as Observer from "@sluice/core/Observer"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Redaction from "@sluice/core/Redaction"
import * as Effect from "effect/Effect"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"
import type { EngineSubject } from "./workload.ts"
import { boom, collect, gate, into, Numbers, range, run, settle, start, Taker } from "./workload.ts"

const exact: Rule<EngineSubject> = {
  rule: "M1",
  title: "counts records in, out, failed and dropped exactly, at every stage",
  run: Effect.fnUntraced(function* (subject) {
    const bad =
      (every: number) =>
      (n: number): number => {
        if (n % every === 0) throw boom
        return n
      }
    const open = new Numbers(100).pipeline().pipe(
      Pipeline.filter("even", (n: number) => n % 2 === 0),
      Pipeline.map("dead", bad(10), { onError: Policy.deadLetter }),
      Pipeline.filter("ignored", (n: number) => bad(16)(n) > 0, { onError: Policy.ignore }),
      Pipeline.flatMap("both", (n: number) => [n, n])
    )
    const { result } = yield* collect(subject, open)
    const counts = (id: string) => {
      const state = result.finalStates[id]
      return [
        state?.recordsIn,
        state?.recordsOut,
        state?.errors,
        state?.deadLetters,
        state?.dropped
      ]
    }
    const ids = ["in", "even", "dead", "ignored", "both", "out"]
    const expected = [
      [100, 100, 0, 0, 0],
      [100, 50, 0, 0, 0],
      [50, 40, 10, 10, 0],
      [40, 35, 5, 0, 5],
      [35, 70, 0, 0, 0],
      [70, 70, 0, 0, 0]
    ]
    for (const [i, id] of ids.entries())
      equal(counts(id), expected[i], `in, out, errors, dead, dropped of "${id}"`)
  })
}

const answers: Rule<EngineSubject> = {
  rule: "M2",
  title: "answers inspect for every stage before, during and after, and is not disturbed",
  run: Effect.fnUntraced(function* (subject) {
    const shut = yield* gate
    const taker = new Taker(() => shut.wait)
    const closed = new Numbers(50).pipeline().pipe(
      Pipeline.map("same", (n: number) => n),
      into(taker)
    )
    const running = yield* start(subject, closed)
    const ids = ["in", "same", "out"]
    const asked = (when: string) => {
      for (const id of ids)
        holds(running.inspect(id)?.stageId === id, `no answer for "${id}" ${when}`)
      equal(Object.keys(running.inspectAll()).toSorted(), ids.toSorted(), `stages told ${when}`)
    }
    asked("before it ran")
    yield* settle
    for (const _ of range(20)) asked("while it runs")
    equal(running.inspect("nobody"), undefined, "the answer for a stage that is not there")
    yield* shut.open
    const result = yield* running.result
    asked("after the end")
    equal(running.inspect("same")?.recordsIn, 50, "records in, asked after the end")
    equal([taker.taken, result.recordsOut], [range(50), 50], "records of a run that was looked at")
  })
}

const harmless: Rule<EngineSubject> = {
  rule: "M3",
  title: "is not changed by an observer that throws",
  run: Effect.fnUntraced(function* (subject) {
    for (const after of [0, 3]) {
      let told = 0
      const onEvent = (): void => {
        if (told++ >= after) throw boom
      }
      const { out, result } = yield* collect(subject, new Numbers(50).pipeline(), {
        observer: { onEvent }
      })
      equal(
        [out, result.status],
        [range(50), "completed"],
        `a run whose observer throws after ${after} events`
      )
      holds(told > after, "the observer was not told anything")
    }
  })
}

const inOrder: Rule<EngineSubject> = {
  rule: "M4",
  title: "tells events as they happened: a stage's start, its batches, its end, then the run's end",
  run: Effect.fnUntraced(function* (subject) {
    const events: Array<Observer.PipelineEvent> = []
    const observer = { onEvent: (event: Observer.PipelineEvent) => void events.push(event) }
    const closed = new Numbers(50).pipeline().pipe(
      Pipeline.mapEffect("work", (n: number) => Effect.as(Effect.yieldNow, n)),
      into(new Taker())
    )
    yield* run(subject, closed, { observer })
    for (const stageId of ["in", "work", "out"]) {
      const life = events.flatMap((event) =>
        "stageId" in event && event.stageId === stageId ? [event._tag] : []
      )
      equal(
        [life[0], life.at(-1)],
        ["StageStarted", "StageEnded"],
        `first and last event of "${stageId}"`
      )
    }
    holds(
      events.some((event) => event._tag === "BatchProcessed"),
      "no batch was told"
    )
    equal(events.at(-1)?._tag, "RunEnded", "last event")
    const times = events.map((event) => event.atMs)
    equal(
      times,
      times.toSorted((a, b) => a - b),
      "times of the events"
    )
  })
}

const secretive: Rule<EngineSubject> = {
  rule: "M6",
  title: "shows no secret of a record in what it tells, where a redaction is in its context",
  run: Effect.fnUntraced(function* (subject) {
    const secret = "rosebud-8675309"
    const told: Array<unknown> = []
    const observer: Observer.PipelineObserver = {
      onEvent: (event) => void told.push(event),
      onError: (_, cause, context) => void told.push(DeadLetter.causeText(cause), context)
    }
    const open = new Numbers(20).pipeline().pipe(
      Pipeline.map("login", (n: number) => ({ user: n, password: `${secret}-${n}` })),
      Pipeline.mapEffect("spell", ({ password }) => Effect.as(Effect.yieldNow, password)),
      Pipeline.map(
        "refuse",
        (password: string): number => {
          if (password.endsWith("7")) throw new Error(`no such login: ${password}`)
          return password.length
        },
        { onError: Policy.deadLetter }
      )
    )
    const { result } = yield* collect(subject, open, {
      observer,
      onDeadLetters: (_, shown) => Effect.sync(() => void told.push(shown))
    }).pipe(Effect.provideService(Redaction.Current, Redaction.make({ fields: ["password"] })))
    equal(result.deadLetterCount, 2, "dead letters of a run with a redaction")
    told.push(result.deadLetters.map(DeadLetter.describe), result.deadLetters)
    told.push(Object.values(result.finalStates).map(({ lastError }) => lastError))
    for (const one of told) {
      const text = JSON.stringify(one) ?? ""
      holds(!text.includes(secret), `a secret is shown: ${text}`)
    }
  })
}

/** Rules M1 to M4, and M6. */
export const telemetry: ReadonlyArray<Rule<EngineSubject>> = [
  exact,
  answers,
  harmless,
  inOrder,
  secretive
]
