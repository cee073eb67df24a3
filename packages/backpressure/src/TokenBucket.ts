// Rate shaping as a thing of its own: take tokens, wait until they are there.
// Guarantees: never more than rate·t + burst in any span, exactly, however long it runs; a taker
// who sleeps too long loses nothing, since places are reserved by time. It holds no records.
import * as Effect from "effect/Effect"
import type { Measured } from "./FlowMetrics.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import * as Now from "./internal/now.ts"
import * as Readings from "./internal/readings.ts"
import { settled } from "./internal/settings.ts"
import * as machine from "./internal/tokenBucket.ts"

/** `ratePerSecond` tokens a second, at most `burst` saved up. */
export type Settings = machine.Settings

/** A request that would have to wait longer than `waitMsMax`. */
export interface RateExceeded {
  readonly _tag: "RateExceeded"
  readonly reason: machine.Refusal
  readonly amount: number
  readonly message: string
}

/** Totals since the start. */
export interface Statistics {
  readonly ratePerSecond: number
  readonly burst: number
  readonly granted: number
  readonly waits: number
  readonly refused: number
  readonly cancelled: number
}

/** A running bucket. */
export interface TokenBucket extends Measured {
  /** Takes tokens, waiting as long as needed; more than `burst` are taken in portions. */
  readonly take: (amount: number) => Effect.Effect<void, RateExceeded>
  /** Takes tokens if they are there now. */
  readonly tryTake: (amount: number) => Effect.Effect<boolean>
  /** Tokens that could be taken now. */
  readonly available: Effect.Effect<number>
  readonly resize: (settings: Settings) => Effect.Effect<void, InvalidSettings>
  readonly statistics: () => Statistics
}

class Bucket {
  state: machine.State
  constructor(state: machine.State) {
    this.state = state
  }
  send(event: machine.Event): machine.Action | undefined {
    const [state, actions] = machine.transition(this.state, event)
    this.state = state
    return actions[0]
  }
}

const refused = (
  { settings }: machine.State,
  amount: number,
  reason: machine.Refusal
): RateExceeded => ({
  _tag: "RateExceeded",
  reason,
  amount,
  message:
    `${amount} tokens at ${settings.ratePerSecond} a second: ${reason}; ` +
    "raise ratePerSecond or waitMsMax, or offer less"
})

/** One portion. Interruption while waiting gives the place back. */
const portion = (bucket: Bucket, amount: number): Effect.Effect<void, RateExceeded> =>
  Effect.flatMap(Now.nanos, (atNanos) => {
    const action = bucket.send({ _tag: "Take", amount, atNanos, wait: true })
    if (action?._tag === "Refuse") return Effect.fail(refused(bucket.state, amount, action.reason))
    if (action?._tag !== "Reserve") return Effect.void
    return Effect.onInterrupt(Now.sleepUntil(action.dueNanos), () =>
      Effect.map(Now.nanos, (at) => void bucket.send({ _tag: "Cancel", amount, atNanos: at }))
    )
  })

const take = (bucket: Bucket, amount: number): Effect.Effect<void, RateExceeded> =>
  Effect.suspend(() => {
    const { burst } = bucket.state.settings
    if (amount <= burst) return portion(bucket, amount)
    return Effect.flatMap(portion(bucket, burst), () => take(bucket, amount - burst))
  })

const shell = (bucket: Bucket): TokenBucket => ({
  take: (amount) => take(bucket, amount),
  tryTake: (amount) =>
    Effect.map(
      Now.nanos,
      (atNanos) => bucket.send({ _tag: "Take", amount, atNanos, wait: false })?._tag === "Grant"
    ),
  available: Effect.map(Now.nanos, (at) => machine.available(bucket.state, at)),
  resize: (settings) =>
    Effect.flatMap(Now.nanos, (atNanos) =>
      settled(() => void bucket.send({ _tag: "Resize", settings, atNanos }))
    ),
  statistics: () => {
    const { settings, ...state } = bucket.state
    return Object.freeze({
      ratePerSecond: settings.ratePerSecond,
      burst: settings.burst,
      granted: state.grantedCount,
      waits: state.waitCount,
      refused: state.refusedCount,
      cancelled: state.cancelledCount
    })
  },
  readings: () => [Readings.events("rate", bucket.state.waitCount + bucket.state.refusedCount)]
})

/**
 * A full bucket.
 *
 * **Limits**: rates from 0.000001 to 10^9 a second; no reservation further ahead than `waitMsMax`
 * (an hour).
 *
 * **Errors**: `InvalidSettings` for a rate or burst that could never let anything through.
 */
export const make = (settings: Settings): Effect.Effect<TokenBucket, InvalidSettings> =>
  Effect.flatMap(Now.nanos, (at) => settled(() => shell(new Bucket(machine.initial(settings, at)))))
