// The pure adaptive batch size: grows by half while latency is below 70 % of the target and the
// queue above 50 %, halves while latency is above the target or the queue below 20 %; both
// smoothed.
// Invariants: batchMin <= size <= batchMax, size below the ceiling. It converges: a size that was
// too slow becomes a ceiling that growth only approaches by halves, until the ceiling is forgotten.
import * as Check from "./settings.ts"

/** Settings of a controller. */
export interface Settings {
  readonly batchMin: number
  readonly batchMax: number
  readonly latencyMsTarget: number
  /** Size at the start; default `batchMin`. */
  readonly batchInitial?: number
  /** Weight of a new observation in the moving averages; default 0.3. */
  readonly smoothing?: number
  /** Observations that must agree before the size changes; default 3. */
  readonly agreeing?: number
  /** Observations after which a size that was too slow may be tried again; default 200. */
  readonly ceilingObservations?: number
}

/** Sizes at or above `size` were too slow; tried again after `forgetIn` observations. */
export interface Ceiling {
  readonly size: number
  readonly forgetIn: number
}

/** Which way the last observations point, and how many of them agree. */
export interface Trend {
  readonly direction: "grow" | "shrink" | "hold"
  readonly count: number
}

/** State of a controller; the averages are undefined until the first observation at this size. */
export interface State {
  readonly settings: Required<Settings>
  readonly size: number
  readonly latencyMs: number | undefined
  readonly fill: number | undefined
  readonly trend: Trend
  readonly ceiling: Ceiling | undefined
  /** True while somebody who sees more keeps it from growing by itself. */
  readonly held: boolean
  readonly grownCount: number
  readonly shrunkCount: number
}

/** What may happen to a controller. */
export type Event =
  | {
      readonly _tag: "Observed"
      readonly latencyMs: number
      /** Share of the queue in use, 0 to 1. */
      readonly fill: number
    }
  /** Somebody who sees more, such as the regulator, asks for one step. */
  | { readonly _tag: "Advised"; readonly direction: "grow" | "shrink"; readonly reason: string }
  /** Whether it may grow by what it observes. */
  | { readonly _tag: "Held"; readonly held: boolean }
  /** What made it smaller for a while is over. */
  | { readonly _tag: "Restored"; readonly size: number; readonly reason: string }

/** What a controller says. */
export type Action = {
  readonly _tag: "Grow" | "Shrink"
  readonly from: number
  readonly to: number
  readonly reason: string
}

type Step = readonly [State, ReadonlyArray<Action>]

const still: Trend = { direction: "hold", count: 0 }

/** The shares of the specification. */
const growBelow = 0.7
const fillHigh = 0.5
const fillLow = 0.2

/** The controller at its start; throws `InvalidSettings`. */
export const initial = (given: Settings): State => {
  const settings: Required<Settings> = {
    batchInitial: given.batchMin,
    smoothing: 0.3,
    agreeing: 3,
    ceilingObservations: 200,
    ...given
  }
  const { batchMin, batchMax, batchInitial } = settings
  Check.accept("adaptive batch", [
    Check.count("batchMin", batchMin),
    Check.count("batchMax", batchMax),
    Check.unless(batchMin <= batchMax, `batchMin ${batchMin} is above batchMax ${batchMax}`),
    Check.unless(
      batchInitial >= batchMin && batchInitial <= batchMax,
      `batchInitial ${batchInitial} is not between ${batchMin} and ${batchMax}`
    ),
    Check.count("batchInitial", batchInitial),
    Check.positive("latencyMsTarget", settings.latencyMsTarget),
    Check.ratio("smoothing", settings.smoothing, true),
    Check.count("agreeing", settings.agreeing),
    Check.count("ceilingObservations", settings.ceilingObservations)
  ])
  return {
    settings,
    size: batchInitial,
    latencyMs: undefined,
    fill: undefined,
    trend: still,
    ceiling: undefined,
    held: false,
    grownCount: 0,
    shrunkCount: 0
  }
}

/** A new size starts new averages: the old ones speak of another size. */
const resized = (state: State, to: number, ceiling: Ceiling | undefined): State => ({
  ...state,
  size: to,
  latencyMs: undefined,
  fill: undefined,
  trend: still,
  ceiling,
  grownCount: state.grownCount + (to > state.size ? 1 : 0),
  shrunkCount: state.shrunkCount + (to < state.size ? 1 : 0)
})

/** Half as much again, at least one more, and half-way at most towards a known ceiling. */
const larger = (state: State): number => {
  const { size, ceiling, settings } = state
  const grown = Math.max(size + 1, Math.floor(size * 1.5))
  const bound = ceiling === undefined ? settings.batchMax : Math.ceil((size + ceiling.size) / 2)
  const below = ceiling === undefined ? settings.batchMax : ceiling.size - 1
  return Math.max(size, Math.min(grown, bound, below, settings.batchMax))
}

const grow = (state: State, reason: string): Step => {
  const to = larger(state)
  if (to === state.size) return [{ ...state, trend: still }, []]
  return [resized(state, to, state.ceiling), [{ _tag: "Grow", from: state.size, to, reason }]]
}

const shrink = (state: State, reason: string, tooSlow: boolean): Step => {
  const { size, settings } = state
  const to = Math.max(settings.batchMin, Math.floor(size / 2))
  if (to === size) return [{ ...state, trend: still }, []]
  const ceiling = tooSlow ? { size, forgetIn: settings.ceilingObservations } : state.ceiling
  return [resized(state, to, ceiling), [{ _tag: "Shrink", from: size, to, reason }]]
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

const directionOf = (latencyMs: number, fill: number, targetMs: number): Trend["direction"] => {
  if (latencyMs < targetMs * growBelow && fill > fillHigh) return "grow"
  return latencyMs > targetMs || fill < fillLow ? "shrink" : "hold"
}

const aged = (ceiling: Ceiling | undefined): Ceiling | undefined =>
  ceiling === undefined || ceiling.forgetIn <= 1
    ? undefined
    : { ...ceiling, forgetIn: ceiling.forgetIn - 1 }

const observed = (state: State, seenMs: number, seenFill: number): Step => {
  const { smoothing, latencyMsTarget: targetMs, agreeing } = state.settings
  if (!Number.isFinite(seenMs) || !Number.isFinite(seenFill)) return [state, []]
  const smooth = (old: number | undefined, value: number): number =>
    old === undefined ? value : old + smoothing * (value - old)
  const latencyMs = smooth(state.latencyMs, seenMs)
  const fill = smooth(state.fill, seenFill)
  const direction = directionOf(latencyMs, fill, targetMs)
  const count = direction === state.trend.direction ? state.trend.count + 1 : 1
  const next = {
    ...state,
    latencyMs,
    fill,
    trend: { direction, count },
    ceiling: aged(state.ceiling)
  }
  if (direction === "hold" || count < agreeing) return [next, []]
  if (direction === "grow" && state.held) return [next, []]
  const seen = `latency ${latencyMs.toFixed(1)} ms of ${targetMs}, queue ${percent(fill)}`
  return direction === "grow" ? grow(next, seen) : shrink(next, seen, latencyMs > targetMs)
}

/** Back up to a size it had, as far as bounds and ceiling allow; never down. */
const restored = (state: State, size: number, reason: string): Step => {
  const { settings, ceiling } = state
  const most = Math.min(settings.batchMax, ceiling === undefined ? size : ceiling.size - 1)
  const to = Math.max(state.size, Math.min(size, most))
  if (to === state.size) return [state, []]
  return [resized(state, to, ceiling), [{ _tag: "Grow", from: state.size, to, reason }]]
}

/** The one transition. */
export const transition = (state: State, event: Event): Step => {
  switch (event._tag) {
    case "Held":
      return [{ ...state, held: event.held }, []]
    case "Restored":
      return restored(state, event.size, event.reason)
    case "Observed":
      return observed(state, event.latencyMs, event.fill)
    case "Advised":
      return event.direction === "grow"
        ? grow(state, event.reason)
        : shrink(state, event.reason, false)
  }
}

/** Throws when the state contradicts the header. */
export const assertInvariants = (state: State): void => {
  const { size, ceiling, settings } = state
  Check.claim("adaptive batch", [
    [Number.isSafeInteger(size), `size ${size} is no whole number`],
    [size >= settings.batchMin && size <= settings.batchMax, `size ${size} out of bounds`],
    [
      ceiling === undefined || size < ceiling.size,
      `size ${size} reaches the ceiling ${ceiling?.size}`
    ]
  ])
}
