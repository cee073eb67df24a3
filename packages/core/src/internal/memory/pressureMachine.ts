// From readings of memory to one level: a pure machine. Three signs count, the worst one decides:
// how full the heap is, how fast large objects grow towards the limit, how much time collections
// take. The level rises at once and comes down slowly, so that nobody who follows it flaps.

/** One reading of the process. */
export interface MemoryReading {
  /** Bytes in use on the heap, and the most it may have. */
  readonly heapBytes: number
  readonly heapBytesMax: number
  /** Bytes of large objects and of buffers outside the heap. */
  readonly largeObjectBytes: number
  /** Milliseconds spent in collections since the reading before, and the longest of them. */
  readonly pausedMs: number
  readonly pauseMsMax: number
}

/** Where each sign begins to press, and where it presses fully. */
export interface PressureSettings {
  /** Heap in use by its limit; default 0.7 to 0.95. */
  readonly heapShare: readonly [from: number, full: number]
  /**
   * Seconds until large objects would fill what is left, at the rate they grow; default 30 to 3.
   */
  readonly secondsLeft: readonly [from: number, full: number]
  /** Share of the time in collections; default 0.1 to 0.5. */
  readonly pausedShare: readonly [from: number, full: number]
  /** The level comes down by at most this much a second; default 0.2. */
  readonly fallPerSecond: number
  /** The level comes down only once the signs are this far below it; default 0.1. */
  readonly hysteresis: number
}

/** What presses most. */
export type PressureSign = "none" | "heap" | "large-objects" | "collections"

/** The level, and why. */
export interface PressureState {
  /** 0 to 1. */
  readonly level: number
  readonly sign: PressureSign
  /** Milliseconds of the monotonic clock; undefined before the first reading. */
  readonly atMs: number | undefined
  readonly largeObjectBytes: number
  /** Growth of large objects, bytes a second, smoothed. */
  readonly growthPerSecond: number
  /** Share of the time in collections, smoothed. */
  readonly pausedShare: number
}

/** Weight of the newest reading in what is smoothed. */
const weight = 0.5

/** Settings that suit a process with a fixed heap limit. */
export const settingsDefault: PressureSettings = {
  heapShare: [0.7, 0.95],
  secondsLeft: [30, 3],
  pausedShare: [0.1, 0.5],
  fallPerSecond: 0.2,
  hysteresis: 0.1
}

/** Nothing presses. */
export const initial: PressureState = {
  level: 0,
  sign: "none",
  atMs: undefined,
  largeObjectBytes: 0,
  growthPerSecond: 0,
  pausedShare: 0
}

/** 0 at `from`, 1 at `full`, between them in proportion; `from` may be above `full`. */
const between = (value: number, [from, full]: readonly [number, number]): number =>
  Math.min(1, Math.max(0, (value - from) / (full - from)))

const smooth = (before: number, now: number): number => before + (now - before) * weight

const worst = (
  signs: ReadonlyArray<readonly [PressureSign, number]>
): readonly [PressureSign, number] =>
  signs.reduce((most, sign) => (sign[1] > most[1] ? sign : most), ["none", 0] as const)

/** The level after a reading at `atMs`. */
export const transition = (
  state: PressureState,
  reading: MemoryReading,
  atMs: number,
  settings: PressureSettings
): PressureState => {
  const { heapBytes, heapBytesMax, largeObjectBytes, pausedMs } = reading
  const seconds = state.atMs === undefined ? 0 : Math.max(0, atMs - state.atMs) / 1_000
  // Two readings at one moment tell of no rate.
  const timed = seconds > 0
  const grown = timed ? (largeObjectBytes - state.largeObjectBytes) / seconds : 0
  const growthPerSecond = timed ? smooth(state.growthPerSecond, grown) : state.growthPerSecond
  const paused = timed ? Math.min(1, pausedMs / 1_000 / seconds) : 0
  const pausedShare = timed ? smooth(state.pausedShare, paused) : state.pausedShare
  const left = Math.max(0, heapBytesMax - heapBytes - largeObjectBytes)
  const [sign, pressing] = worst([
    ["heap", between(heapBytes / heapBytesMax, settings.heapShare)],
    // What shrinks, or grows too slowly to notice, never fills anything.
    [
      "large-objects",
      growthPerSecond <= 0 ? 0 : between(left / growthPerSecond, settings.secondsLeft)
    ],
    ["collections", between(pausedShare, settings.pausedShare)]
  ])
  const known = { atMs, largeObjectBytes, growthPerSecond, pausedShare }
  if (pressing >= state.level) return { ...known, level: pressing, sign }
  // At the very bottom there is no room for a hysteresis, or the level would never be 0 again.
  if (pressing > 0 && pressing > state.level - settings.hysteresis)
    return { ...known, level: state.level, sign: state.sign }
  const level = Math.max(pressing, state.level - settings.fallPerSecond * seconds)
  return { ...known, level, sign: level === 0 ? "none" : state.sign }
}

/** Throws for settings under which the level could not rise, or never come down. */
export const check = (settings: PressureSettings): void => {
  const { heapShare, secondsLeft, pausedShare, fallPerSecond, hysteresis } = settings
  const shares = [...heapShare, ...pausedShare, hysteresis]
  const sound =
    shares.every((share) => share >= 0 && share <= 1) &&
    heapShare[0] < heapShare[1] &&
    pausedShare[0] < pausedShare[1] &&
    secondsLeft[0] > secondsLeft[1] &&
    secondsLeft[1] >= 0 &&
    fallPerSecond > 0
  if (sound) return
  throw new RangeError(
    `pressure settings ${JSON.stringify(settings)}: shares are from 0 to 1, a sign begins ` +
      "before it is full (seconds left count down), and the level falls by more than 0 a second"
  )
}
