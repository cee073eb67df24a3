// Letting go of something foreign that answers by a promise: waited for, but not for ever where a
// call of it is still unanswered.
import * as Effect from "effect/Effect"

const turns = 16

/** Waits for `promise` to settle either way; with `waits` false for a few turns only. */
export const release = (promise: Promise<unknown>, waits: boolean): Effect.Effect<void> => {
  const settled = promise.then(
    () => undefined,
    () => undefined
  )
  const waiting = Effect.promise(() => settled)
  if (waits) return waiting
  return Effect.raceFirst(waiting, Effect.repeat(Effect.yieldNow, { times: turns })).pipe(
    Effect.asVoid
  )
}
