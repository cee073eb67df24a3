// How operators tell the loop that they must wait. The hot path is synchronous: `undefined` means
// done, an Effect means "run this before you hand me the next batch". No Effect is built for a
// batch that went through at once.
import * as Effect from "effect/Effect"
import type * as DeadLetter from "../../DeadLetter.ts"

/**
 * Done (undefined), or what to run before it is done; the failure is the record or resource that
 * ended the run.
 */
export type Wait = Effect.Effect<void, DeadLetter.DeadLetter> | undefined

/** First `a`, then what `next` asks for. */
export const andThen = (a: Wait, next: () => Wait): Wait =>
  a === undefined ? next() : Effect.flatMap(a, () => next() ?? Effect.void)

/** First `a`, then `next` even when `a` failed; the first failure is the one that counts. */
export const alwaysThen = (a: Wait, next: () => Wait): Wait => {
  if (a === undefined) return next()
  const rest = Effect.suspend(() => next() ?? Effect.void)
  return Effect.matchCauseEffect(a, {
    onFailure: (cause) =>
      Effect.matchCauseEffect(rest, {
        onFailure: () => Effect.failCause(cause),
        onSuccess: () => Effect.failCause(cause)
      }),
    onSuccess: () => rest
  })
}

/** Runs steps in order until all are done; each is called only after the one before it finished. */
export const inOrder = (steps: ReadonlyArray<() => Wait>): Wait => {
  let wait: Wait
  for (const step of steps) wait = andThen(wait, step)
  return wait
}

/**
 * Calls `step` until it answers false, waiting in between where it asks to; `step` returns its wait
 * or "done".
 */
export const repeat = (step: () => Wait | "done"): Wait => {
  for (;;) {
    const wait = step()
    if (wait === "done") return undefined
    if (wait !== undefined) return Effect.flatMap(wait, () => repeat(step) ?? Effect.void)
  }
}
