// What a sink owes: everything it accepted, in order, when it has ended; refusals by name.

import * as Batch from "@sluice/core/Batch"
import type * as Sink from "@sluice/core/Sink"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"

/** One sink over one output, and what can be seen of it from outside. */
export interface SinkCase {
  readonly sink: Sink.Sink<never, unknown>
  /** What the test writes. */
  readonly records: ReadonlyArray<unknown>
  /** What is in the output now. */
  readonly output: Effect.Effect<ReadonlyArray<unknown>, unknown>
  /** What must be in the output at the end; default the records. */
  readonly expected?: ReadonlyArray<unknown>
  /** Positions of the records it must refuse. */
  readonly refused?: ReadonlyArray<number>
  /** How many handles on the output are open now, where that can be told. */
  readonly open?: () => number
}

/** A sink under test: each effect makes a new one over a new output. */
export interface SinkSubject {
  readonly make: Effect.Effect<SinkCase, unknown, Scope.Scope>
  /** Refuses some of its records. */
  readonly makeRefusing?: Effect.Effect<SinkCase, unknown, Scope.Scope>
  /** True: `make` can tell what is open. */
  readonly tellsOpen?: boolean
}

type Writer = Sink.SinkWriter<unknown, unknown>

const write = (
  writer: Writer,
  records: ReadonlyArray<unknown>,
  seqBase: number
): Effect.Effect<void, unknown> =>
  Effect.suspend(() => writer.write(Batch.make(records, { seqBase, origin: "in" })) ?? Effect.void)

const size = 3

const opened = (sink: Sink.Sink<never, unknown>) =>
  sink.open as Effect.Effect<Writer, unknown, Scope.Scope>

const writeAll = Effect.fnUntraced(function* (writer: Writer, records: ReadonlyArray<unknown>) {
  for (let from = 0; from < records.length; from += size) {
    yield* write(writer, records.slice(from, from + size), from)
  }
})

const complete: Rule<SinkSubject> = {
  rule: "S7",
  title: "has everything it accepted in its output, in order, when it has ended",
  run: Effect.fnUntraced(function* ({ make }) {
    const { sink, records, output, expected } = yield* make
    const scope = yield* Scope.make()
    const writer = yield* Scope.provide(opened(sink), scope)
    yield* writeAll(writer, records)
    yield* writer.end ?? Effect.void
    yield* Scope.close(scope, Exit.void)
    equal(yield* output, expected ?? records, "output")
  })
}

const isRejection = (reason: unknown): reason is Sink.RecordsRejected =>
  typeof reason === "object" &&
  reason !== null &&
  "_tag" in reason &&
  reason._tag === "RecordsRejected"

const refuses: Rule<SinkSubject> = {
  rule: "F8",
  title: "names the records it refuses, and takes all others",
  applies: ({ makeRefusing }) => makeRefusing !== undefined,
  run: Effect.fnUntraced(function* ({ makeRefusing, make }) {
    const { sink, records, output, expected, refused } = yield* makeRefusing ?? make
    const scope = yield* Scope.make()
    const writer = yield* Scope.provide(opened(sink), scope)
    const exit = yield* Effect.exit(write(writer, records, 0))
    const reason = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    holds(isRejection(reason), "the sink did not name what it refused")
    const named = isRejection(reason) ? reason.records.map(({ index }) => index) : []
    equal(
      named.toSorted((a, b) => a - b),
      refused ?? [],
      "positions of refused records"
    )
    yield* writer.end ?? Effect.void
    yield* Scope.close(scope, Exit.void)
    const others = records.filter((_, i) => !(refused ?? []).includes(i))
    equal(yield* output, expected ?? others, "output")
  })
}

const closes: Rule<SinkSubject> = {
  rule: "L3",
  title: "lets go of its output with its scope, ended or not",
  applies: ({ tellsOpen }) => tellsOpen === true,
  run: Effect.fnUntraced(function* ({ make }) {
    for (const ends of [true, false]) {
      const { sink, records, open } = yield* make
      const scope = yield* Scope.make()
      const writer = yield* Scope.provide(opened(sink), scope)
      yield* writeAll(writer, records)
      if (ends) yield* writer.end ?? Effect.void
      yield* Scope.close(scope, ends ? Exit.void : Exit.fail("cut off"))
      equal(
        open?.(),
        0,
        `handles open after the scope ${ends ? "of a sink that ended" : "was cut off"}`
      )
    }
  })
}

/** What every sink is held to. */
export const sinkRules: ReadonlyArray<Rule<SinkSubject>> = [complete, refuses, closes]
