// A store of dead letters: list, inspect, replay.
// Guarantees: bounded by count, and what had to go to make room is counted; a letter leaves by a
// replay that succeeded or by removal, so a crash in between replays it again (at least once).
// It decides no policy: who puts letters in decides when.
import type * as DeadLetter from "@sluice/core/DeadLetter"
import * as Effect from "effect/Effect"
import type { InvalidSettings } from "./InvalidSettings.ts"
import { deadLetterStore } from "./internal/deadLetterStore.ts"
import { accept, count, settled } from "./internal/settings.ts"

/** A stored letter; ids rise in the order of arrival. */
export interface Stored {
  readonly id: number
  readonly letter: DeadLetter.DeadLetter
  readonly replays: number
  /** What the last replay failed with, as text. */
  readonly lastError: string | undefined
}

/** Which letters; everything given must hold. */
export interface Query {
  readonly stageId?: string
  readonly kind?: DeadLetter.FailureKind
  /** Only letters after this id: the last one of the page before. */
  readonly afterId?: number
  /** Default 100. */
  readonly limit?: number
}

/** The store could not be read or written. */
export interface StoreFailed {
  readonly _tag: "StoreFailed"
  readonly operation: string
  readonly cause: unknown
  readonly message: string
}

/** How a replay went. */
export interface Replayed {
  readonly succeeded: number
  readonly failed: number
}

/** Totals since the store was opened, and what it holds. */
export interface Statistics {
  readonly held: number
  readonly put: number
  readonly evicted: number
  readonly replayed: number
  readonly replaysFailed: number
}

/** What a place to keep letters must do; `store` makes a `DeadLetters` of it. */
export interface Backend {
  /** Keeps a letter and answers how many old ones had to go. */
  readonly insert: (letter: DeadLetter.DeadLetter) => number
  readonly select: (query: Required<Pick<Query, "limit">> & Query) => ReadonlyArray<Stored>
  readonly get: (id: number) => Stored | undefined
  readonly remove: (id: number) => boolean
  readonly failed: (id: number, error: string) => void
  readonly size: () => number
}

/** A store of dead letters. */
export interface DeadLetters {
  readonly put: (letter: DeadLetter.DeadLetter) => Effect.Effect<void, StoreFailed>
  /** Letters in order of arrival. */
  readonly list: (query?: Query) => Effect.Effect<ReadonlyArray<Stored>, StoreFailed>
  readonly inspect: (id: number) => Effect.Effect<Stored | undefined, StoreFailed>
  readonly remove: (id: number) => Effect.Effect<boolean, StoreFailed>
  /**
   * Hands each letter to `handle`, one after the other; a success removes it, a failure keeps it
   * with its reason. A letter removed meanwhile is skipped. Only one replay runs at a time.
   */
  readonly replay: <E, R>(
    query: Query,
    handle: (stored: Stored) => Effect.Effect<unknown, E, R>
  ) => Effect.Effect<Replayed, StoreFailed, R>
  readonly statistics: () => Statistics
}

/** A store over any backend. */
export const store: (backend: Backend) => Effect.Effect<DeadLetters> = deadLetterStore

/**
 * What `onDeadLetters` of a run takes: keeps every letter, whole, before the failing stage goes on.
 *
 * Errors: a store that cannot be written ends the run as a defect: a letter that is kept nowhere
 * would be lost.
 *
 * @example
 * ```ts
 * import * as DeadLetters from "@sluice/backpressure/DeadLetters"
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Policy from "@sluice/core/Policy"
 * import * as Sink from "@sluice/core/Sink"
 * import * as Source from "@sluice/core/Source"
 * import * as Effect from "effect/Effect"
 *
 * const price = (n: number) => (n === 2 ? Effect.fail("no price") : Effect.succeed(n * 2))
 *
 * const pipeline = Pipeline.source("orders", Source.fromIterable([1, 2, 3])).pipe(
 *   Pipeline.mapEffect("price", price, { onError: Policy.deadLetter }),
 *   Pipeline.sink("ledger", Sink.drain)
 * )
 *
 * export const program = Effect.gen(function* () {
 *   const store = yield* DeadLetters.memory()
 *   yield* Pipeline.run(pipeline, { onDeadLetters: DeadLetters.receiver(store) })
 *   // Once prices are there again: what succeeds now leaves the store.
 *   return yield* store.replay({ stageId: "price" }, ({ letter }) => price(Number(letter.payload)))
 * })
 * ```
 */
export const receiver =
  (letters: DeadLetters) =>
  (arrived: ReadonlyArray<DeadLetter.DeadLetter>): Effect.Effect<void> =>
    Effect.orDie(Effect.forEach(arrived, letters.put, { discard: true }))

/** Letters that are kept unless said otherwise. */
export const countMaxDefault = 10_000

/** Settings of the memory store. */
export interface MemorySettings {
  readonly countMax?: number
}

/** The letters of a process, gone with it: for tests and for short runs. */
export const memory = ({
  countMax = countMaxDefault
}: MemorySettings = {}): Effect.Effect<DeadLetters, InvalidSettings> =>
  Effect.flatMap(
    settled(() => {
      accept("dead letters", [count("countMax", countMax)])
      return memoryBackend(countMax)
    }),
    store
  )

const matches = (query: Query, { id, letter }: Stored): boolean =>
  id > (query.afterId ?? -1) &&
  (query.stageId === undefined || query.stageId === letter.stageId) &&
  (query.kind === undefined || query.kind === letter.kind)

const memoryBackend = (countMax: number): Backend => {
  const letters = new Map<number, Stored>()
  let next = 1
  return {
    insert: (letter) => {
      const id = next++
      letters.set(id, { id, letter, replays: 0, lastError: undefined })
      if (letters.size <= countMax) return 0
      letters.delete(letters.keys().next().value as number)
      return 1
    },
    select: (query) => {
      const found: Array<Stored> = []
      for (const stored of letters.values()) {
        if (found.length >= query.limit) break
        if (matches(query, stored)) found.push(stored)
      }
      return found
    },
    get: (id) => letters.get(id),
    remove: (id) => letters.delete(id),
    failed: (id, lastError) => {
      const stored = letters.get(id)
      if (stored !== undefined)
        letters.set(id, { ...stored, replays: stored.replays + 1, lastError })
    },
    size: () => letters.size
  }
}
