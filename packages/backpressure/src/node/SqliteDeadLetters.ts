// Dead letters in a SQLite file, by Node's own module.
// Guarantees: a letter is in the file when `put` answers and survives the process; bounded by
// count; the file is closed with its scope. Payloads, keys and headers are kept as JSON: what JSON
// cannot say is refused by `put`, not changed in silence.
import { DatabaseSync } from "node:sqlite"
import type * as DeadLetter from "@sluice/core/DeadLetter"
import { causeText } from "@sluice/core/DeadLetter"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import type * as Scope from "effect/Scope"
import type { Backend, Query, Stored, StoreFailed } from "../DeadLetters.ts"
import * as DeadLetters from "../DeadLetters.ts"
import type { InvalidSettings } from "../InvalidSettings.ts"
import { accept, count, settled } from "../internal/settings.ts"

/** Where the letters are, and how many are kept. */
export interface Settings {
  /** A path, or `:memory:`. */
  readonly path: string
  readonly countMax?: number
}

const schema = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stage_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    letter TEXT NOT NULL,
    replays INTEGER NOT NULL DEFAULT 0,
    last_error TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS dead_letters_by_stage ON dead_letters (stage_id, id);
`

/** What a letter looks like once it was text. */
const decode = (text: string): DeadLetter.DeadLetter => {
  const absent = { location: undefined, key: undefined, payload: undefined }
  return Object.assign(absent, JSON.parse(text) as DeadLetter.DeadLetter)
}

/** The original cause may be any value; its text is what a later process can use. */
const encode = (letter: DeadLetter.DeadLetter): string => {
  const text = JSON.stringify({ ...letter, cause: causeText(letter.cause) })
  const back = decode(text)
  for (const field of ["payload", "key", "headers"] as const)
    if (!Equal.equals(back[field], letter[field]))
      throw new TypeError(`the ${field} of stage "${letter.stageId}" is no JSON: encode it first`)
  return text
}

const storedOf = (row: Record<string, unknown>): Stored => ({
  id: Number(row["id"]),
  letter: decode(String(row["letter"])),
  replays: Number(row["replays"]),
  lastError: row["last_error"] === null ? undefined : String(row["last_error"])
})

const backendOf = (database: DatabaseSync, countMax: number): Backend => {
  database.exec(schema)
  const insert = database.prepare(
    "INSERT INTO dead_letters (stage_id, kind, letter) VALUES (?, ?, ?)"
  )
  const select = database.prepare(
    "SELECT * FROM dead_letters WHERE id > ? AND (? IS NULL OR stage_id = ?) " +
      "AND (? IS NULL OR kind = ?) ORDER BY id LIMIT ?"
  )
  const get = database.prepare("SELECT * FROM dead_letters WHERE id = ?")
  const remove = database.prepare("DELETE FROM dead_letters WHERE id = ?")
  const failed = database.prepare(
    "UPDATE dead_letters SET replays = replays + 1, last_error = ? WHERE id = ?"
  )
  const total = database.prepare("SELECT COUNT(*) AS n FROM dead_letters")
  const evict = database.prepare(
    "DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters ORDER BY id LIMIT ?)"
  )
  let held = Number(total.get()?.["n"] ?? 0)
  const shrink = (): number => {
    const surplus = Math.max(0, held - countMax)
    if (surplus > 0) evict.run(surplus)
    held -= surplus
    return surplus
  }
  shrink()
  return {
    insert: (letter) => {
      insert.run(letter.stageId, letter.kind, encode(letter))
      held++
      return shrink()
    },
    select: ({ afterId = 0, stageId = null, kind = null, limit }: NullableQuery) =>
      select.all(afterId, stageId, stageId, kind, kind, limit).map(storedOf),
    get: (id) => {
      const row = get.get(id)
      return row === undefined ? undefined : storedOf(row)
    },
    remove: (id) => {
      const gone = Number(remove.run(id).changes) > 0
      if (gone) held--
      return gone
    },
    failed: (id, error) => void failed.run(error, id),
    size: () => held
  }
}

type NullableQuery = {
  readonly [K in keyof Query]?: Query[K] | null
} & { readonly limit: number; readonly afterId?: number }

/**
 * Opens or makes the file.
 *
 * **Errors**: `StoreFailed` when it cannot be opened, `InvalidSettings` for a bound below 1.
 */
export const make = ({
  path,
  countMax = DeadLetters.countMaxDefault
}: Settings): Effect.Effect<DeadLetters.DeadLetters, InvalidSettings | StoreFailed, Scope.Scope> =>
  Effect.gen(function* () {
    yield* settled(() => accept("dead letters", [count("countMax", countMax)]))
    const failed = (cause: unknown): StoreFailed => ({
      _tag: "StoreFailed",
      operation: "open",
      cause,
      message: `dead letters: cannot open "${path}": ${causeText(cause)}`
    })
    const database = yield* Effect.acquireRelease(
      Effect.try({ try: () => new DatabaseSync(path), catch: failed }),
      (open) => Effect.sync(() => open.close())
    )
    const backend = yield* Effect.try({ try: () => backendOf(database, countMax), catch: failed })
    return yield* DeadLetters.store(backend)
  })
