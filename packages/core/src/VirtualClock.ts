// An Effect clock that reads no wall time: it moves when everything that follows it has nothing
// left to do, and then jumps to the earliest sleeper; up to a limit that is set from outside.
// Sleepers wake in the order of their time, then of their coming. Real I/O is not waited for.
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

interface Sleeper {
  readonly at: bigint
  readonly order: number
  readonly resume: (effect: Effect.Effect<void>) => void
}

/** What runs tasks by a virtual clock: `SteppedScheduler`, or a scheduler of your own. */
export interface Follower {
  /** True while it has nothing to run and waits for somebody to schedule. */
  readonly parked: boolean
  /** Has it look for work; when there is none, it calls `VirtualClock.idle`. */
  readonly wake: () => void
}

/** Where a clock starts, and how far it goes by itself. */
export interface Options {
  /** Milliseconds since the epoch; default 0. */
  readonly startMs?: number | undefined
  /** Latest time it jumps to by itself, milliseconds since the epoch; default no limit. */
  readonly limitMs?: number | undefined
}

const nanosPerMilli = 1_000_000n

/** Whole nanoseconds, rounded up: whoever sleeps until a time wakes at that time or behind it. */
const nanosOf = (millis: number): bigint => {
  const whole = Math.floor(millis)
  return BigInt(whole) * nanosPerMilli + BigInt(Math.ceil((millis - whole) * 1e6))
}

/** A limit in nanoseconds; undefined where there is none. */
const limitOf = (limitMs: number): bigint | undefined => {
  if (limitMs === Number.POSITIVE_INFINITY) return undefined
  return limitMs === Number.NEGATIVE_INFINITY ? -1n : nanosOf(limitMs)
}

/**
 * A clock under control.
 *
 * Flow: provide it as `Clock.Clock`. The sync engine follows a virtual clock it finds in its
 * caller's context. With `limitMs` at the start, time stands until `advance` moves it: then
 * everything happens that is due by then, in order, without waiting.
 * Limits: time is whole nanoseconds; milliseconds are told rounded down, as real clocks do.
 * Sleepers are held in a list; the caller's pipelines bound their number.
 *
 * @example
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as SyncEngine from "@sluice/core/SyncEngine"
 * import * as VirtualClock from "@sluice/core/VirtualClock"
 * import * as Clock from "effect/Clock"
 * import * as Effect from "effect/Effect"
 *
 * const minuteOf = Effect.fnUntraced(function* (pipeline: Pipeline.Closed) {
 *   const clock = new VirtualClock.VirtualClock({ limitMs: 0 })
 *   const running = yield* Pipeline.start(pipeline, { engine: SyncEngine.make() }).pipe(
 *     Effect.provideService(Clock.Clock, clock)
 *   )
 *   yield* clock.advance("1 minute")
 *   return running.inspectAll()
 * })
 */
export class VirtualClock implements Clock.Clock {
  private now: bigint
  private limited: bigint | undefined
  private order = 0
  private sleepers: Array<Sleeper> = []
  private readonly followers = new Set<Follower>()
  private waiting: Array<() => void> = []

  constructor({ startMs = 0, limitMs = Number.POSITIVE_INFINITY }: Options = {}) {
    this.now = nanosOf(startMs)
    this.limited = limitOf(limitMs)
  }

  currentTimeMillisUnsafe(): number {
    return Number(this.now / nanosPerMilli)
  }
  currentTimeNanosUnsafe(): bigint {
    return this.now
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
      const millis = Math.max(0, Duration.toMillis(duration))
      // Nobody sleeps for ever on a list: an endless sleep is woken by interruption alone.
      if (millis === Number.POSITIVE_INFINITY) return
      const sleeper: Sleeper = { at: this.now + nanosOf(millis), order: this.order++, resume }
      this.sleepers.push(sleeper)
      this.wake()
      return Effect.sync(() => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper)
      })
    })
  }

  private wake(): void {
    for (const follower of this.followers) follower.wake()
  }

  /** Has the clock wait for a scheduler before it moves; returns how to leave. */
  follow(follower: Follower): () => void {
    this.followers.add(follower)
    return () => {
      this.followers.delete(follower)
      // Whoever waits until all is quiet may have waited for this one alone.
      if (this.followers.size === 0) this.quiet()
      else this.wake()
    }
  }

  /**
   * Called by a follower that has nothing left to run: the clock jumps if that is true of all. True
   * when a sleeper was woken.
   */
  readonly idle = (): boolean => {
    for (const follower of this.followers) if (!follower.parked) return false
    if (this.jump()) return true
    this.quiet()
    return false
  }

  private quiet(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const resume of waiting) resume()
  }

  /** Jumps to the earliest sleeper within the limit and wakes it; false when there is none. */
  jump(): boolean {
    const earliest = this.sleepers.reduce<Sleeper | undefined>(
      (best, sleeper) =>
        best === undefined ||
        sleeper.at < best.at ||
        (sleeper.at === best.at && sleeper.order < best.order)
          ? sleeper
          : best,
      undefined
    )
    if (earliest === undefined) return false
    if (this.limited !== undefined && earliest.at > this.limited) return false
    this.sleepers = this.sleepers.filter((other) => other !== earliest)
    if (earliest.at > this.now) this.now = earliest.at
    earliest.resume(Effect.void)
    return true
  }

  /** Sets how far the clock goes by itself, milliseconds since the epoch. */
  limit(atMs: number): void {
    this.limited = limitOf(atMs)
    this.wake()
  }

  /** Takes the limit away: time runs on by itself. */
  release(): void {
    this.limit(Number.POSITIVE_INFINITY)
  }

  /**
   * Waits until nothing is left to do within the limit. To be run outside of what follows this
   * clock.
   */
  readonly settled: Effect.Effect<void> = Effect.callback((resume) => {
    const done = (): void => resume(Effect.void)
    if (this.followers.size === 0) return done()
    this.waiting.push(done)
    this.wake()
    return Effect.sync(() => {
      this.waiting = this.waiting.filter((other) => other !== done)
    })
  })

  /**
   * Lets so much time pass, and everything happen that is due by then; time stands at its end. To
   * be run outside of what follows this clock.
   */
  advance(duration: Duration.Input): Effect.Effect<void> {
    return Effect.suspend(() => {
      const until = this.now + nanosOf(Duration.toMillis(Duration.fromInputUnsafe(duration)))
      this.limited = until
      return Effect.map(this.settled, () => {
        if (until > this.now) this.now = until
      })
    })
  }
}
