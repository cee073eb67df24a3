// Deadlines that reach down: a point in time for everything inside, and a limit for one attempt.
// Guarantees: an inner deadline never outlives an outer one; what is late is interrupted, and fails
// with a plain value that names the limit. It does not retry.
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Now from "./internal/now.ts"

/** Something took longer than allowed. */
export interface TimedOut {
  readonly _tag: "TimedOut"
  readonly what: string
  readonly limitMs: number
  readonly message: string
}

/** The point in monotonic milliseconds at which everything inside ends; undefined without one. */
export const Current: Context.Reference<number | undefined> = Context.Reference<number | undefined>(
  "@sluice/backpressure/Deadline",
  { defaultValue: () => undefined }
)

/** Milliseconds left, undefined without a deadline. */
export const remainingMs: Effect.Effect<number | undefined> = Effect.gen(function* () {
  const deadline = yield* Current
  return deadline === undefined ? undefined : Math.max(0, deadline - (yield* Now.millis))
})

const timedOut = (what: string, limitMs: number): TimedOut => ({
  _tag: "TimedOut",
  what,
  limitMs,
  message: `"${what}" took longer than ${limitMs} ms: raise the limit or make it faster`
})

/**
 * Ends the effect after `ms`, or at an outer deadline if that is sooner, and lets everything inside
 * know.
 */
export const within =
  (what: string, ms: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | TimedOut, R> =>
    Effect.gen(function* () {
      const at = yield* Now.millis
      const outer = yield* Current
      const deadline = Math.min(at + ms, outer ?? Number.POSITIVE_INFINITY)
      const limitMs = Math.max(0, deadline - at)
      if (limitMs === 0) return yield* Effect.fail(timedOut(what, limitMs))
      return yield* effect.pipe(
        Effect.provideService(Current, deadline),
        Effect.timeoutOrElse({
          duration: Duration.millis(limitMs),
          orElse: () => Effect.fail(timedOut(what, limitMs))
        })
      )
    })

/** The limit of one attempt: `within`, to be put inside a retry. */
export const attempt = within
