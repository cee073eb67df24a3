// The monotonic clock in the forms the machines take.
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Nanoseconds since an arbitrary start. */
export const nanos: Effect.Effect<bigint> = Clock.monotonicTimeNanos

/** Milliseconds, with fractions, since the same start. */
export const millis: Effect.Effect<number> = Effect.map(nanos, (value) => Number(value) / 1e6)

/** The same, where a clock is at hand. */
export const millisUnsafe = (clock: Clock.Clock): number =>
  Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** Waits, to the millisecond above, until the clock shows `due`. */
export const sleepUntil = (due: bigint): Effect.Effect<void> =>
  Effect.flatMap(nanos, (at) => (due > at ? Effect.sleep(Duration.nanos(due - at)) : Effect.void))
