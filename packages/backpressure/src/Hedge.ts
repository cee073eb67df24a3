// Hedged calls: when the first takes long, another starts, and the first success wins.
// Guarantees: at most `attemptsMax` calls run; the others are interrupted once one succeeds; it
// fails only when all have failed. Only for calls that may be made twice.
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { InvalidSettings } from "./InvalidSettings.ts"
import { accept, count, positive, settled } from "./internal/settings.ts"

/** When further calls start, and how many there may be. */
export interface Settings {
  readonly afterMs: number
  /** Default 2. */
  readonly attemptsMax?: number
}

/** How often hedging was needed and how often it paid. */
export interface Statistics {
  readonly calls: number
  readonly hedges: number
  readonly hedgeWins: number
}

/** A hedge that may be used for many calls at once. */
export interface Hedge {
  readonly run: <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly statistics: () => Statistics
}

/**
 * A hedge.
 *
 * **Errors**: `InvalidSettings` for a delay or number of attempts that hedges nothing.
 */
export const make = ({
  afterMs,
  attemptsMax = 2
}: Settings): Effect.Effect<Hedge, InvalidSettings> =>
  settled(() => {
    accept("hedge", [positive("afterMs", afterMs), count("attemptsMax", attemptsMax, 2)])
    let calls = 0
    let hedges = 0
    let hedgeWins = 0
    const further = <A, E, R>(call: Effect.Effect<A, E, R>, n: number): Effect.Effect<A, E, R> =>
      Effect.sleep(Duration.millis(afterMs * n)).pipe(
        Effect.tap(() => Effect.sync(() => void hedges++)),
        Effect.andThen(call),
        Effect.tap(() => Effect.sync(() => void hedgeWins++))
      )
    return {
      run: (call) =>
        Effect.suspend(() => {
          calls++
          const others = Array.from({ length: attemptsMax - 1 }, (_, i) => further(call, i + 1))
          return Effect.raceAll([call, ...others])
        }),
      statistics: () => Object.freeze({ calls, hedges, hedgeWins })
    }
  })
