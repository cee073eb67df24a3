// The pure token bucket: `burst` tokens, refilled at a rate, in whole numbers.
// One token is 10^15 units and one nanosecond adds rate × 10^6 units, so nothing is ever rounded
// and no run is long enough to drift. Invariants: level <= burst; granted <= rate·t + burst, where
// a grant counts at the time from which it may be used. A taker reserves its place by going into
// debt, so there is no line to keep; how far ahead is bounded.
import * as Check from "./settings.ts"

/** Settings of a bucket. */
export interface Settings {
  readonly ratePerSecond: number
  readonly burst: number
  /** Longest reservation into the future; beyond it requests are refused. */
  readonly waitMsMax?: number
}

/** State of a bucket; units of 10^-15 tokens, time in nanoseconds. */
export interface State {
  readonly settings: Settings
  readonly unitsPerNano: bigint
  readonly burstUnits: bigint
  readonly level: bigint
  readonly atNanos: bigint
  readonly grantedCount: number
  readonly waitCount: number
  readonly refusedCount: number
  readonly cancelledCount: number
}

/** What may happen to a bucket. */
export type Event =
  | {
      readonly _tag: "Take"
      readonly amount: number
      readonly atNanos: bigint
      /** Whether a place in the future will do. */
      readonly wait: boolean
    }
  | { readonly _tag: "Cancel"; readonly amount: number; readonly atNanos: bigint }
  | { readonly _tag: "Resize"; readonly settings: Settings; readonly atNanos: bigint }

/** What a bucket says; `Reserve` may be used from `dueNanos` on. */
export type Action =
  | { readonly _tag: "Grant"; readonly amount: number }
  | { readonly _tag: "Reserve"; readonly amount: number; readonly dueNanos: bigint }
  | { readonly _tag: "Refuse"; readonly amount: number; readonly reason: Refusal }

/** Why a request was refused. */
export type Refusal = "no-token" | "wait-too-long" | "above-burst"

type Step = readonly [State, ReadonlyArray<Action>]

/** Units of one token. */
export const unitsPerToken = 1_000_000_000_000_000n

const nanosPerMilli = 1_000_000n

/**
 * An hour: reservations further away say that the rate is wrong, not that the caller should wait.
 */
const waitMsMaxDefault = 3_600_000

const rateOf = (settings: Settings): bigint => BigInt(Math.round(settings.ratePerSecond * 1e6))

const checked = (settings: Settings): Settings => {
  const { ratePerSecond: rate, burst, waitMsMax = waitMsMaxDefault } = settings
  Check.accept("token bucket", [
    Check.positive("ratePerSecond", rate),
    Check.unless(
      !(rate > 0 && rate < 1e-6),
      `ratePerSecond is ${rate}: give at least 0.000001, the finest rate that is kept exactly`
    ),
    Check.unless(!(rate > 1e9), `ratePerSecond is ${rate}: give at most 1000000000`),
    Check.count("burst", burst),
    Check.count("waitMsMax", waitMsMax, 0)
  ])
  return settings
}

/** A full bucket; throws `InvalidSettings`. */
export const initial = (settings: Settings, atNanos: bigint): State => {
  const burstUnits = BigInt(checked(settings).burst) * unitsPerToken
  return {
    settings,
    unitsPerNano: rateOf(settings),
    burstUnits,
    level: burstUnits,
    atNanos,
    grantedCount: 0,
    waitCount: 0,
    refusedCount: 0,
    cancelledCount: 0
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** The bucket as it is at this time; a clock that steps back adds nothing. */
const refilled = (state: State, atNanos: bigint): State => {
  const elapsed = atNanos - state.atNanos
  if (elapsed <= 0n) return state
  const level = least(state.burstUnits, state.level + elapsed * state.unitsPerNano)
  return { ...state, level, atNanos }
}

const refuse = (state: State, amount: number, reason: Refusal): Step => [
  { ...state, refusedCount: state.refusedCount + 1 },
  [{ _tag: "Refuse", amount, reason }]
]

const take = (now: State, event: Extract<Event, { _tag: "Take" }>): Step => {
  const { amount, wait } = event
  if (amount > now.settings.burst) return refuse(now, amount, "above-burst")
  const level = now.level - BigInt(amount) * unitsPerToken
  const taken = { ...now, level, grantedCount: now.grantedCount + amount }
  if (level >= 0n) return [taken, [{ _tag: "Grant", amount }]]
  if (!wait) return refuse(now, amount, "no-token")
  const waitNanos = (-level + now.unitsPerNano - 1n) / now.unitsPerNano
  const waitMsMax = now.settings.waitMsMax ?? waitMsMaxDefault
  if (waitNanos > BigInt(waitMsMax) * nanosPerMilli) return refuse(now, amount, "wait-too-long")
  const dueNanos = now.atNanos + waitNanos
  return [{ ...taken, waitCount: taken.waitCount + 1 }, [{ _tag: "Reserve", amount, dueNanos }]]
}

/** The one transition. */
export const transition = (state: State, event: Event): Step => {
  const now = refilled(state, event.atNanos)
  switch (event._tag) {
    case "Take":
      return take(now, event)
    case "Cancel": {
      const level = least(now.burstUnits, now.level + BigInt(event.amount) * unitsPerToken)
      const grantedCount = now.grantedCount - event.amount
      return [{ ...now, level, grantedCount, cancelledCount: now.cancelledCount + 1 }, []]
    }
    case "Resize": {
      const fresh = initial(event.settings, now.atNanos)
      return [
        {
          ...now,
          settings: event.settings,
          unitsPerNano: fresh.unitsPerNano,
          burstUnits: fresh.burstUnits,
          level: least(now.level, fresh.burstUnits)
        },
        []
      ]
    }
  }
}

/** Tokens that could be taken at once, rounded down; 0 while in debt. */
export const available = (state: State, atNanos: bigint): number => {
  const { level } = refilled(state, atNanos)
  return level <= 0n ? 0 : Number(level / unitsPerToken)
}

/** When `amount` tokens, at most a full bucket, will be there if nobody takes any. */
export const dueNanos = (state: State, amount: number, atNanos: bigint): bigint => {
  const { level, unitsPerNano, burstUnits } = refilled(state, atNanos)
  const missing = least(BigInt(Math.ceil(amount)) * unitsPerToken, burstUnits) - level
  return missing <= 0n ? atNanos : atNanos + (missing + unitsPerNano - 1n) / unitsPerNano
}

/** Throws when the state contradicts the header. */
export const assertInvariants = (state: State): void => {
  Check.claim("token bucket", [
    [state.level <= state.burstUnits, `level ${state.level} above burst ${state.burstUnits}`],
    [state.grantedCount >= 0, `granted ${state.grantedCount} below 0`]
  ])
}
