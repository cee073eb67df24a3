// Retries with backoff and jitter.
// Guarantees: at most `retriesMax` further attempts, no wait that would end after `totalMsMax`,
// only failures are retried and never defects or interruptions. It sets no limit to one attempt:
// put `Deadline.attempt` inside.
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
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
    machine.initial(settings, 0)
    const totals: Totals = { calls: 0, retries: 0, recovered: 0, exhausted: 0, waitedMs: 0 }

    const decide = <E extends E0>(state: machine.State, error: E) =>
      Effect.gen(function* () {
        const atMs = yield* Now.millis
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

    const attempt = <A, E extends E0, R>(
      call: Effect.Effect<A, E, R>,
      state: machine.State
    ): Effect.Effect<A, E, R> =>
      Effect.flatMap(Effect.exit(call), (exit): Effect.Effect<A, E, R> => {
        if (Exit.isSuccess(exit)) {
          if (state.attempts > 1) totals.recovered++
          return exit
        }
        const error = Cause.findError(exit.cause)
        if (Result.isFailure(error)) return Effect.failCause(exit.cause)
        return Effect.flatMap(decide(state, error.success), (next) =>
          next === undefined ? Effect.failCause(exit.cause) : attempt(call, next)
        )
      })

    return {
      run: (call) =>
        Effect.flatMap(Now.millis, (atMs) => {
          totals.calls++
          return attempt(call, machine.initial(settings, atMs))
        }),
      statistics: () => Object.freeze({ ...totals })
    }
  })
