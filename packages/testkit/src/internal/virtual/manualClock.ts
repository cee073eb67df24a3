// A clock that reads no wall time: it jumps to the next sleeper, or to where it is told. Sleepers
// wake in the order of their time, then of their coming.
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

interface Sleeper {
  readonly atMs: number
  readonly order: number
  readonly resume: (effect: Effect.Effect<void>) => void
}

const nanosPerMilli = 1_000_000n

/** An Effect clock under the kit's control. */
export class ManualClock implements Clock.Clock {
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
  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe())
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe())

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

  /** Jumps to the next sleeper not later than `limitMs` and wakes it; false when there is none. */
  next(limitMs: number = Number.POSITIVE_INFINITY): boolean {
    const [earliest] = this.sleepers.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)
    if (earliest === undefined || earliest.atMs > limitMs) return false
    this.sleepers = this.sleepers.filter((other) => other !== earliest)
    this.nowMs = Math.max(this.nowMs, earliest.atMs)
    earliest.resume(Effect.void)
    return true
  }

  /** Sets the time, once nobody sleeps before it. */
  reach(atMs: number): void {
    this.nowMs = Math.max(this.nowMs, atMs)
  }
}
