// Counts over a rolling span of time, in a fixed number of slices.
// Holds at most `slices` + 1 small objects whatever the traffic. A percentile is not stored: "p95
// is at or above L" is the same statement as "few enough calls are below L", so slow calls are
// counted and the test is exact.

/** What is counted. */
export interface Counts {
  readonly calls: number
  readonly failed: number
  readonly slow: number
  readonly deadlocks: number
}

interface Slice extends Counts {
  readonly index: number
}

/** Slices, oldest first. */
export interface Rolling {
  readonly sliceMs: number
  readonly slices: ReadonlyArray<Slice>
}

/** Slices of one window: an old call leaves at most a tenth of the window late. */
const slicesPerWindow = 10

const zero: Counts = { calls: 0, failed: 0, slow: 0, deadlocks: 0 }

const plus = (a: Counts, b: Counts): Counts => ({
  calls: a.calls + b.calls,
  failed: a.failed + b.failed,
  slow: a.slow + b.slow,
  deadlocks: a.deadlocks + b.deadlocks
})

/** An empty window. */
export const empty = (windowMs: number): Rolling => ({
  sliceMs: windowMs / slicesPerWindow,
  slices: []
})

/** The window with these counts added at this time. */
export const added = (rolling: Rolling, atMs: number, counts: Counts): Rolling => {
  const { sliceMs, slices } = rolling
  const index = Math.floor(atMs / sliceMs)
  const last = slices.at(-1)
  if (last !== undefined && last.index >= index) {
    const merged = { ...plus(last, counts), index: last.index }
    return { sliceMs, slices: [...slices.slice(0, -1), merged] }
  }
  const live = slices.filter((slice) => slice.index > index - slicesPerWindow)
  return { sliceMs, slices: [...live, { ...counts, index }] }
}

/** Sums of what is still in the window at this time. */
export const totals = ({ sliceMs, slices }: Rolling, atMs: number): Counts => {
  const index = Math.floor(atMs / sliceMs)
  return slices.filter((slice) => slice.index > index - slicesPerWindow).reduce<Counts>(plus, zero)
}

/**
 * Whether the nearest-rank 95th percentile is slow: at least so many calls are that the one with
 * rank ⌈0.95 n⌉ is among them.
 */
export const isP95Slow = ({ calls, slow }: Counts): boolean =>
  calls > 0 && slow > calls - Math.ceil((calls * 95) / 100)
