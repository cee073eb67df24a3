// Both dead letter stores: the same tests for memory and SQLite, and what survives a process.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import type * as DeadLetter from "@sluice/core/DeadLetter"
import * as Effect from "effect/Effect"
import * as DeadLetters from "../src/DeadLetters.ts"
import * as SqliteDeadLetters from "../src/node/SqliteDeadLetters.ts"

const letter = (n: number, stageId = "parse"): DeadLetter.DeadLetter => ({
  _tag: "DeadLetter",
  stageId,
  kind: n % 2 === 0 ? "recoverable" : "serialization",
  seqId: n,
  origin: "file",
  location: undefined,
  key: `key ${n}`,
  headers: {},
  payload: { n },
  cause: new Error(`broken ${n}`),
  attempts: 1,
  timestamp: n
})

const stores = [
  ["memory", (countMax: number) => DeadLetters.memory({ countMax })],
  ["sqlite", (countMax: number) => SqliteDeadLetters.make({ path: ":memory:", countMax })]
] as const

for (const [name, make] of stores)
  describe(`dead letters in ${name}`, () => {
    const filled = Effect.gen(function* () {
      const store = yield* make(4)
      for (let n = 1; n <= 4; n++) yield* store.put(letter(n, n > 2 ? "write" : "parse"))
      return store
    })

    it.effect("are listed in order, by page, stage and kind", () =>
      Effect.gen(function* () {
        const store = yield* filled
        const seqIds = (query: DeadLetters.Query) =>
          Effect.map(store.list(query), (all) => all.map((stored) => stored.letter.seqId))
        expect(yield* seqIds({})).toEqual([1, 2, 3, 4])
        expect(yield* seqIds({ stageId: "write" })).toEqual([3, 4])
        expect(yield* seqIds({ kind: "recoverable" })).toEqual([2, 4])
        const [first] = yield* store.list({ limit: 1 })
        expect(yield* seqIds({ afterId: first!.id, limit: 2 })).toEqual([2, 3])
        expect((yield* store.inspect(first!.id))?.letter).toMatchObject({
          payload: { n: 1 },
          key: "key 1"
        })
        expect(yield* store.inspect(99)).toBeUndefined()
      })
    )

    it.effect("are bounded, and what had to go is counted", () =>
      Effect.gen(function* () {
        const store = yield* filled
        yield* store.put(letter(5))
        expect((yield* store.list()).map((stored) => stored.letter.seqId)).toEqual([2, 3, 4, 5])
        expect(store.statistics()).toMatchObject({ held: 4, put: 5, evicted: 1 })
      })
    )

    it.effect("leave by a replay that succeeds and stay with the reason of one that fails", () =>
      Effect.gen(function* () {
        const store = yield* filled
        const handle = ({ letter: { seqId } }: DeadLetters.Stored) =>
          seqId === 3 ? Effect.fail("still broken") : Effect.void
        expect(yield* store.replay({}, handle)).toEqual({ succeeded: 3, failed: 1 })
        const [left] = yield* store.list()
        expect(left).toMatchObject({ replays: 1, lastError: "still broken", letter: { seqId: 3 } })
        expect(yield* store.replay({}, () => Effect.void)).toEqual({ succeeded: 1, failed: 0 })
        expect(store.statistics()).toMatchObject({ held: 0, replayed: 4, replaysFailed: 1 })
      })
    )

    it.effect("are removed one by one", () =>
      Effect.gen(function* () {
        const store = yield* filled
        const [first] = yield* store.list()
        expect(yield* store.remove(first!.id)).toBe(true)
        expect(yield* store.remove(first!.id)).toBe(false)
        expect(store.statistics().held).toBe(3)
      })
    )
  })

describe("dead letters in SQLite", () => {
  it.effect("survive the process, within the bound of the next one", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-letters-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const path = join(folder, "letters.db")
      const before = Effect.flatMap(SqliteDeadLetters.make({ path }), (store) =>
        Effect.forEach([1, 2, 3], (n) => store.put(letter(n)))
      )
      yield* Effect.scoped(before)
      const after = Effect.flatMap(SqliteDeadLetters.make({ path, countMax: 2 }), (store) =>
        store.list()
      )
      const kept = yield* Effect.scoped(after)
      expect(kept.map((stored) => [stored.letter.seqId, stored.letter.cause])).toEqual([
        [2, "broken 2"],
        [3, "broken 3"]
      ])
    })
  )

  it.effect("refuse what JSON would change, by name", () =>
    Effect.gen(function* () {
      const store = yield* SqliteDeadLetters.make({ path: ":memory:" })
      for (const payload of [Number.NaN, new Date(0), 1n, { a: new Map() }]) {
        const failure = yield* Effect.flip(store.put({ ...letter(1), payload }))
        expect(failure).toMatchObject({ _tag: "StoreFailed", operation: "put" })
      }
      expect(store.statistics()).toMatchObject({ held: 0, put: 0 })
    })
  )

  it.effect("say which file cannot be opened", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(SqliteDeadLetters.make({ path: "no/such/folder/x.db" }))
      expect(failure.message).toMatch(/cannot open "no\/such\/folder\/x.db"/)
    })
  )
})
