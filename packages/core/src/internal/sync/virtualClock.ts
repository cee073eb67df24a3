// A clock that moves only when nothing else can run: then it jumps to the earliest sleeper. No wall
// time is read.
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

interface Sleeper {
  readonly atMs: number
  readonly order: number
  readonly resume: (effect: Effect.Effect<void>) => void
}

const nanosPerMilli = 1_000_000n

/** An Effect clock under the engine's control. */
export class VirtualClock implements Clock.Clock {
  private nowMs: number
  private order = 0
  private sleepers: Array<Sleeper> = []
  private readonly onSleep: () => void

  /** `onSleep` is told of every new sleeper. */
  constructor(startMs: number, onSleep: () => void) {
    this.nowMs = startMs
    this.onSleep = onSleep
  }

  currentTimeMillisUnsafe(): number {
    return this.nowMs
  }
  currentTimeNanosUnsafe(): bigint {
    return BigInt(Math.round(this.nowMs)) * nanosPerMilli
  }
  monotonicTimeNanosUnsafe(): bigint {
    return this.currentTimeNanosUnsafe()
  }
  readonly currentTimeMillis: Effect.Effect<number> = Effect.sync(() =>
    this.currentTimeMillisUnsafe()
  )
  readonly currentTimeNanos: Effect.Effect<bigint> = Effect.sync(() =>
    this.currentTimeNanosUnsafe()
  )
  readonly monotonicTimeNanos: Effect.Effect<bigint> = Effect.sync(() =>
    this.monotonicTimeNanosUnsafe()
  )

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const atMs = this.nowMs + Math.max(0, Duration.toMillis(duration))
      const sleeper: Sleeper = { atMs, order: this.order++, resume }
      this.sleepers.push(sleeper)
      this.onSleep()
      return Effect.sync(() => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper)
      })
    })
  }

  /** Jumps to the earliest sleeper and wakes it; false when nobody sleeps. */
  advance(): boolean {
    const earliest = this.sleepers.reduce<Sleeper | undefined>(
      (best, sleeper) =>
        best === undefined ||
        sleeper.atMs < best.atMs ||
        (sleeper.atMs === best.atMs && sleeper.order < best.order)
          ? sleeper
          : best,
      undefined
    )
    if (earliest === undefined) return false
    this.sleepers = this.sleepers.filter((other) => other !== earliest)
    this.nowMs = Math.max(this.nowMs, earliest.atMs)
    earliest.resume(Effect.void)
    return true
  }
}
