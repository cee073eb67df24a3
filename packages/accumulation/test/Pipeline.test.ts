// Accumulation as a stage of a pipeline, on both engines.
import { describe, expect, it } from "@effect/vitest"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Engine from "@sluice/core/Engine"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Streams from "@sluice/core/Streams"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Accumulate from "../src/Accumulate.ts"
import * as Complete from "../src/Complete.ts"

interface Reading {
  readonly key: string | undefined
  readonly slot: string
}

const gather = (atEnd: "partial" | "discard" = "partial") =>
  Accumulate.make({
    key: (reading: Reading) => reading.key,
    complete: (is) => is.slots({ slot: (reading) => reading.slot, required: ["a", "b"] }),
    output: ({ key, reason, missing }) => `${key} ${reason} ${missing.join("+")}`.trim(),
    expire: { idle: "1 second" },
    atEnd
  })

const run = <E>(engine: Engine.Engine, readings: Source.Source<Reading, E>, spec = gather()) => {
  const out: Array<string> = []
  const closed = Pipeline.source("in", readings).pipe(
    Pipeline.accumulate("gather", spec, { onError: Policy.deadLetter }),
    Pipeline.map("time", (text, cursor) => `${text} at ${cursor.timestamp}`),
    Pipeline.sink("out", Sink.collectInto(out))
  )
  return Effect.map(Pipeline.run(closed, { engine }), (result) => ({ out, result }))
}

const readings: ReadonlyArray<Reading> = [
  { key: "x", slot: "a" },
  { key: "y", slot: "b" },
  { key: undefined, slot: "a" },
  { key: "x", slot: "b" }
]

const engines = [
  { name: "sync", make: () => SyncEngine.make() },
  { name: "async", make: () => AsyncEngine.make() }
]

describe.each(engines)("on the $name engine", ({ make }) => {
  it.effect("complete keys leave at once, open ones at the end, failures are dead letters", () =>
    Effect.gen(function* () {
      const { out, result } = yield* run(make(), Source.fromIterable(readings))
      expect(out.map((text) => text.replace(/ at .*/, ""))).toEqual(["x slots", "y end a"])
      expect(result.deadLetters).toMatchObject([
        { stageId: "gather", seqId: 2, payload: readings[2], cause: { _tag: "MissingKey" } }
      ])
      expect(result.accumulators[0]?.totals).toMatchObject({
        fragmentsIn: 4,
        fragmentsCompleted: 2,
        fragmentsPartial: 1,
        fragmentsFailed: 1,
        fragmentsOpen: 0
      })
      expect(result.accumulators[0]?.openKeys).toEqual([
        { key: "y", fragments: 1, completeness: 0.5, missing: ["a"] }
      ])
    })
  )

  it.effect("no records in, none out", () =>
    Effect.gen(function* () {
      const { out, result } = yield* run(make(), Source.fromIterable<Reading>([]))
      expect(out).toEqual([])
      expect(result.success).toBe(true)
    })
  )

  it.effect("a description that can wait for ever is refused when the pipeline is built", () =>
    Effect.gen(function* () {
      const endless = Accumulate.make({
        key: (reading: Reading) => reading.key,
        complete: Complete.items(2),
        output: (group) => group.key
      })
      const refused = yield* Effect.flip(run(make(), Source.fromIterable(readings), endless))
      expect(String(JSON.stringify(refused))).toContain("may wait for ever")
    })
  )
})

describe("on virtual time", () => {
  it.effect("a key leaves when its time is over, while the source is silent", () =>
    Effect.gen(function* () {
      const silent = Stream.drain(Stream.fromEffect(Effect.sleep("1 minute")))
      const source = Stream.concat(Stream.fromIterable(readings), silent)
      const { out } = yield* run(SyncEngine.make(), Streams.source(source))
      expect(out).toEqual(["x slots at 0", "y idle a at 1000"])
    })
  )
})
