// What every dead letter store does over its backend: failures as values, totals, replay.
// Guarantees that one replay runs at a time and that it never sees a letter twice.
import * as DeadLetter from "@sluice/core/DeadLetter"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { Backend, DeadLetters, Query, Replayed, StoreFailed } from "../DeadLetters.ts"

const attempt = <A>(operation: string, run: () => A): Effect.Effect<A, StoreFailed> =>
  Effect.try({
    try: run,
    catch: (cause): StoreFailed => ({
      _tag: "StoreFailed",
      operation,
      cause,
      message: `dead letters: ${operation} failed: ${DeadLetter.causeText(cause)}`
    })
  })

const limitDefault = 100

/** Letters a replay looks at in one read. */
const page = 100

/** A store over a backend. */
export const deadLetterStore = (backend: Backend): Effect.Effect<DeadLetters> =>
  Effect.map(Semaphore.make(1), (turn) => {
    const totals = { put: 0, evicted: 0, replayed: 0, replaysFailed: 0 }

    const one = <E, R>(id: number, handled: Effect.Effect<unknown, E, R>) =>
      Effect.matchEffect(handled, {
        onSuccess: () =>
          attempt("remove", () => {
            backend.remove(id)
            totals.replayed++
            return true
          }),
        onFailure: (error) =>
          attempt("record", () => {
            backend.failed(id, DeadLetter.causeText(error))
            totals.replaysFailed++
            return false
          })
      })

    const replay: DeadLetters["replay"] = (query, handle) =>
      turn.withPermits(1)(
        Effect.gen(function* () {
          const done = { succeeded: 0, failed: 0 }
          let left = query.limit ?? Number.MAX_SAFE_INTEGER
          let afterId = query.afterId ?? 0
          while (left > 0) {
            const limit = Math.min(left, page)
            const letters = yield* attempt("list", () =>
              backend.select({ ...query, afterId, limit })
            )
            for (const { id } of letters) {
              afterId = id
              const stored = yield* attempt("inspect", () => backend.get(id))
              if (stored === undefined) continue
              if (yield* one(id, handle(stored))) done.succeeded++
              else done.failed++
            }
            left -= letters.length
            if (letters.length < limit) break
          }
          return Object.freeze(done) satisfies Replayed
        })
      )

    return {
      replay,
      put: (letter) =>
        attempt("put", () => {
          totals.evicted += backend.insert(letter)
          totals.put++
        }),
      list: (query: Query = {}) =>
        attempt("list", () => backend.select({ limit: limitDefault, ...query })),
      inspect: (id) => attempt("inspect", () => backend.get(id)),
      remove: (id) => attempt("remove", () => backend.remove(id)),
      statistics: () => Object.freeze({ ...totals, held: backend.size() })
    }
  })
