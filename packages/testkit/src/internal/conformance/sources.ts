// What a source owes: its records in order, nothing before it is asked, nothing after its end.

import type * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"
import { settle } from "./workload.ts"

/** One source over one input, and what can be seen of it from outside. */
export interface SourceCase {
  readonly source: Source.Source<unknown, unknown>
  /** The records of the input, in order. */
  readonly expected: ReadonlyArray<unknown>
  /** How many handles on the input are open now, where that can be told. */
  readonly open?: () => number
  /** How much of the input was taken so far, where that can be told. */
  readonly taken?: () => number
}

/** A source under test: each effect makes a new one over a new input. */
export interface SourceSubject {
  readonly make: Effect.Effect<SourceCase, unknown, Scope.Scope>
  /** Fails behind its records. */
  readonly makeFailing?: Effect.Effect<SourceCase, unknown, Scope.Scope>
  /** Waits for ever behind its records. */
  readonly makeSilent?: Effect.Effect<SourceCase, unknown, Scope.Scope>
  /** False: the input is used up by reading, a second opening gives nothing. */
  readonly reopens?: boolean
  /** True: `make` can tell what is open. */
  readonly tellsOpen?: boolean
  /** True: `make` can tell what was taken. */
  readonly tellsTaken?: boolean
}

type Reader = Source.SourceReader<unknown, unknown>

const pull = (reader: Reader): Effect.Effect<Source.Chunk<unknown> | undefined, unknown> =>
  Effect.suspend(() => {
    const pulled = reader.pull()
    return Effect.isEffect(pulled) ? pulled : Effect.succeed(pulled)
  })

/** Pulls until the end or a failure; `most` pulls at most. */
const drain = Effect.fnUntraced(function* (reader: Reader, most = 10_000) {
  const records: Array<unknown> = []
  for (let n = 0; n < most; n++) {
    const exit = yield* Effect.exit(pull(reader))
    if (Exit.isFailure(exit)) return { records, end: "failed" as const }
    if (exit.value === undefined) return { records, end: "ended" as const }
    records.push(...exit.value.items)
  }
  return { records, end: "open" as const }
})

/** For rules that are not about order. */
const asBag = (records: ReadonlyArray<unknown>): ReadonlyArray<string | undefined> =>
  records.map((record) => JSON.stringify(record)).toSorted()

const inOrder: Rule<SourceSubject> = {
  rule: "O1",
  title: "gives the records of its input, in order, and ends",
  run: Effect.fnUntraced(function* ({ make }) {
    const { source, expected } = yield* make
    const { records, end } = yield* Effect.flatMap(
      source.open as Effect.Effect<Reader, unknown, Scope.Scope>,
      (reader) => drain(reader)
    )
    equal(records, expected, "records")
    equal(end, "ended", "end")
  })
}

const opened = (
  source: Source.Source<unknown, unknown>
): Effect.Effect<Reader, unknown, Scope.Scope> => source.open

const closes: Rule<SourceSubject> = {
  rule: "L3",
  title: "lets go of its input with its scope, read to the end or not",
  applies: ({ tellsOpen }) => tellsOpen === true,
  run: Effect.fnUntraced(function* ({ make }) {
    for (const pulls of [0, 1, 10_000]) {
      const { source, open } = yield* make
      const scope = yield* Scope.make()
      const reader = yield* Scope.provide(opened(source), scope)
      yield* drain(reader, pulls)
      yield* Scope.close(scope, Exit.void)
      equal(open?.(), 0, `handles open after ${pulls} pulls and the end of the scope`)
    }
  })
}

const again: Rule<SourceSubject> = {
  rule: "L7",
  title: "gives the same records each time it is opened",
  applies: ({ reopens }) => reopens !== false,
  run: Effect.fnUntraced(function* ({ make }) {
    const { source, expected } = yield* make
    const [one, two] = [yield* opened(source), yield* opened(source)]
    yield* pull(one)
    equal(asBag((yield* drain(two)).records), asBag(expected), "records of a second opening")
  })
}

const staysEnded: Rule<SourceSubject> = {
  rule: "L8",
  title: "is at its end for good",
  run: Effect.fnUntraced(function* ({ make }) {
    const { source } = yield* make
    const reader = yield* opened(source)
    yield* drain(reader)
    for (let n = 0; n < 3; n++) equal(yield* pull(reader), undefined, "a pull after the end")
  })
}

const onDemand: Rule<SourceSubject> = {
  rule: "D10",
  title: "takes nothing out of its input before it is asked",
  applies: ({ tellsTaken }) => tellsTaken === true,
  run: Effect.fnUntraced(function* ({ make }) {
    const { source, taken } = yield* make
    const reader = yield* opened(source)
    yield* settle
    equal(taken?.(), 0, "taken before the first pull")
    yield* pull(reader)
    const first = taken?.()
    yield* settle
    equal(taken?.(), first, "taken after the first pull, and some time later")
  })
}

const failsAfter: Rule<SourceSubject> = {
  rule: "F7",
  title: "gives what it read before it fails",
  applies: ({ makeFailing }) => makeFailing !== undefined,
  run: Effect.fnUntraced(function* ({ makeFailing, make }) {
    const { source, expected } = yield* makeFailing ?? make
    const { records, end } = yield* drain(yield* opened(source))
    equal(asBag(records), asBag(expected), "records before the failure")
    equal(end, "failed", "end")
  })
}

const letsGo: Rule<SourceSubject> = {
  rule: "S2",
  title: "gives up a pull that waits when it is interrupted",
  applies: ({ makeSilent }) => makeSilent !== undefined,
  run: Effect.fnUntraced(function* ({ makeSilent, make }) {
    const { source, expected } = yield* makeSilent ?? make
    const scope = yield* Scope.make()
    const reader = yield* Scope.provide(opened(source), scope)
    const records: Array<unknown> = []
    const reading = Effect.forever(
      Effect.map(pull(reader), (chunk) => void records.push(...(chunk?.items ?? [])))
    )
    const fiber = yield* Effect.forkChild(reading)
    while (records.length < expected.length) yield* Effect.yieldNow
    yield* settle
    holds(fiber.pollUnsafe() === undefined, "the source did not wait behind its records")
    yield* Fiber.interrupt(fiber)
    yield* Scope.close(scope, Exit.void)
    equal(asBag(records), asBag(expected), "records before the interruption")
  })
}

/** What every source is held to. */
export const sourceRules: ReadonlyArray<Rule<SourceSubject>> = [
  inOrder,
  closes,
  again,
  staysEnded,
  onDemand,
  failsAfter,
  letsGo
]
