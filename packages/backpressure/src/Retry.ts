// Retries with backoff and jitter.
// Guarantees: at most `retriesMax` further attempts, no wait that would end after `totalMsMax`,
// only failures are retried and never defects or interruptions. It sets no limit to one attempt:
// put `Deadline.attempt` inside.
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import type { InvalidSettings } from "./InvalidSettings.ts"
import * as Now from "./internal/now.ts"
import * as machine from "./internal/retry.ts"
import { settled } from "./internal/settings.ts"

/** Backoff, jitter and bounds. */
export type Settings = machine.Settings
/** How a wait is spread. */
export type Jitter = machine.Jitter

/** Settings and which failures are worth another attempt. */
export interface Options<E> extends Settings {
  /** Default: every failure. */
  readonly isRetryable?: (error: E) => boolean
  /** A wait the other side asked for. */
  readonly retryAfterMs?: (error: E) => number | undefined
  /** Told before each wait. */
  readonly onRetry?: (attempt: number, waitMs: number, error: E) => void
}

/** Totals over all calls. */
export interface Statistics {
  readonly calls: number
  readonly retries: number
  readonly recovered: number
  readonly exhausted: number
  readonly waitedMs: number
}

/** A retry policy that may be used for many calls at once. */
export interface Retry<E0> {
  /** Makes the call until it succeeds or the policy gives up; fails with the last failure. */
  readonly run: <A, E extends E0, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly statistics: () => Statistics
}

type Totals = { -readonly [K in keyof Statistics]: Statistics[K] }

/**
 * A policy.
 *
 * **Errors**: `InvalidSettings` for bounds that cross.
 */
export const make = <E0 = unknown>(
  options: Options<E0>
): Effect.Effect<Retry<E0>, InvalidSettings> =>
  settled(() => {
    const {
      isRetryable = () => true,
      retryAfterMs = () => undefined,
      onRetry,
      ...settings
    } = options
    const resolved = machine.resolve(settings)
    const totals: Totals = { calls: 0, retries: 0, recovered: 0, exhausted: 0, waitedMs: 0 }
    /** Only a bound on all attempts asks when the first began. */
    const isTimed = settings.totalMsMax !== undefined

    const decide = Effect.fnUntraced(function* <E extends E0>(state: machine.State, error: E) {
      const atMs = isTimed ? yield* Now.millis : 0
      const random = yield* Random.next
      const asked = retryAfterMs(error)
      const [next, [action]] = machine.transition(state, {
        _tag: "Failed",
        atMs,
        random,
        retryable: isRetryable(error),
        ...(asked === undefined ? {} : { retryAfterMs: asked })
      })
      if (action?._tag !== "Wait") {
        totals.exhausted++
        return undefined
      }
      totals.retries++
      totals.waitedMs += action.ms
      onRetry?.(action.attempt, action.ms, error)
      yield* Effect.sleep(Duration.millis(action.ms))
      return machine.transition(next, { _tag: "Resumed" })[0]
    })

    const recovered = (): void => void totals.recovered++

    /** Nothing is made for a call that succeeds at once but the place where it would be caught. */
    const attempt = <A, E extends E0, R>(
      call: Effect.Effect<A, E, R>,
      startedMs: number,
      state?: machine.State
    ): Effect.Effect<A, E, R> =>
      Effect.catchCause(call, (cause): Effect.Effect<A, E, R> => {
        const error = Cause.findError(cause)
        if (Result.isFailure(error)) return Effect.failCause(cause)
        const failed = state ?? machine.started(resolved, startedMs)
        return Effect.flatMap(decide(failed, error.success), (next) => {
          if (next === undefined) return Effect.failCause(cause)
          const again = attempt(call, startedMs, next)
          return state === undefined ? Effect.tap(again, () => Effect.sync(recovered)) : again
        })
      })

    return {
      run: (call) =>
        Effect.withFiber((fiber) => {
          totals.calls++
          return attempt(call, isTimed ? Now.millisUnsafe(fiber.getRef(Clock.Clock)) : 0)
        }),
      statistics: () => Object.freeze({ ...totals })
    }
  })
