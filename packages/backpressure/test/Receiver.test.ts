// Dead letters of a run in a store: all of them, whole, and out again by a replay that succeeds.
import { describe, expect, it } from "@effect/vitest"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as DeadLetters from "../src/DeadLetters.ts"
import * as SqliteDeadLetters from "../src/node/SqliteDeadLetters.ts"
import { range } from "./timed.ts"

const engines = [
  { name: "sync", make: () => SyncEngine.make() },
  { name: "async", make: () => AsyncEngine.make() }
]

/** A price list without a price for every tenth order, until it is mended. */
const prices = { broken: true }
const price = (n: number): Effect.Effect<number, string> =>
  prices.broken && n % 10 === 3 ? Effect.fail(`no price for ${n}`) : Effect.succeed(n * 2)

const pipeline = (out: Array<number>) =>
  Pipeline.source("orders", Source.fromIterable(range(1_000))).pipe(
    Pipeline.mapEffect("price", price, { onError: Policy.deadLetter, concurrency: 4 }),
    Pipeline.sink("ledger", Sink.collectInto(out))
  )

describe.each(engines)("$name engine, dead letters in a store", (engine) => {
  for (const [name, open] of [
    ["memory", DeadLetters.memory()],
    ["SQLite", SqliteDeadLetters.make({ path: ":memory:" })]
  ] as const) {
    it.effect(`${name}: every letter is kept, and leaves by a replay that succeeds`, () =>
      Effect.gen(function* () {
        prices.broken = true
        const store = yield* open
        const out: Array<number> = []
        const result = yield* Pipeline.run(pipeline(out), {
          engine: engine.make(),
          deadLettersMax: 5,
          onDeadLetters: DeadLetters.receiver(store)
        })
        // The result keeps five of a hundred; the store has them all.
        expect(result).toMatchObject({ deadLetterCount: 100 })
        expect(store.statistics()).toMatchObject({ held: 100, put: 100 })
        const [first] = yield* store.list({ limit: 1 })
        expect(first?.letter).toMatchObject({
          stageId: "price",
          kind: "recoverable",
          seqId: 3,
          payload: 3,
          attempts: 1
        })
        const again = store.replay({ limit: 1_000 }, ({ letter }) =>
          Effect.map(price(Number(letter.payload)), (value) => void out.push(value))
        )
        expect(yield* again).toEqual({ succeeded: 0, failed: 100 })
        prices.broken = false
        expect(yield* again).toEqual({ succeeded: 100, failed: 0 })
        expect(out.toSorted((a, b) => a - b)).toEqual(range(1_000).map((n) => n * 2))
        expect(store.statistics().held).toBe(0)
      }).pipe(Effect.scoped)
    )
  }

  it.effect("a store that cannot be written ends the run instead of losing a letter", () =>
    Effect.gen(function* () {
      prices.broken = true
      const full: DeadLetters.Backend = {
        insert: () => {
          throw new Error("disk full")
        },
        select: () => [],
        get: () => undefined,
        remove: () => false,
        failed: () => undefined,
        size: () => 0
      }
      const store = yield* DeadLetters.store(full)
      const error = yield* Effect.flip(
        Pipeline.run(pipeline([]), {
          engine: engine.make(),
          onDeadLetters: DeadLetters.receiver(store)
        })
      )
      expect(error.message).toContain("disk full")
    })
  )
})
