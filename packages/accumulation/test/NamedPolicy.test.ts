// Limits of keyed state taken by name from the run's policies: in place of those it was described
// with, from the next run on.
import { describe, expect, it } from "@effect/vitest"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policies from "@sluice/core/Policies"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Accumulate from "../src/Accumulate.ts"
import * as Complete from "../src/Complete.ts"

interface Part {
  readonly key: number
  readonly n: number
}

const parts: ReadonlyArray<Part> = Array.from({ length: 12 }, (_, n) => ({ key: n % 2, n }))

const grouped = Accumulate.make({
  key: (part: Part) => part.key,
  complete: Complete.predicate(() => false),
  output: ({ state }) => state.size,
  expire: { idle: "1 hour" }
})

const run = (policies: Policies.Policies): Effect.Effect<ReadonlyArray<number>> =>
  Effect.suspend(() => {
    const out: Array<number> = []
    const closed = Pipeline.source("in", Source.fromIterable(parts)).pipe(
      Pipeline.accumulate("group", grouped, { policies: { accumulator: "small" } }),
      Pipeline.sink("out", Sink.collectInto(out))
    )
    return Effect.as(Pipeline.run(closed, { engine: SyncEngine.make(), policies }), out)
  }).pipe(Effect.orDie)

const limited = (itemsMax: number): unknown => ({
  version: 1,
  accumulators: { small: { itemsMax, ageMs: 60_000, partialFlush: true, spillAllowed: false } }
})

describe("an accumulator policy by name", () => {
  it.effect("limits the next run", () =>
    Effect.gen(function* () {
      const policies = yield* Policies.make(limited(3))
      expect(yield* run(policies)).toEqual([3, 3])
      yield* policies.update(limited(6))
      expect(yield* run(policies)).toEqual([6, 6])
    })
  )

  it("keeps what it does not say, and leaves the description it came from alone", () => {
    const other = grouped.withPolicy?.({ keysMax: 7, partialFlush: false, spillAllowed: false })
    expect(other?.descriptor.policy).toMatchObject({ keysMax: 7, idleMs: 3_600_000 })
    expect(grouped.descriptor.policy.keysMax).not.toBe(7)
  })
})
