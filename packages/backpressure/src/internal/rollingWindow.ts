// Counts over a rolling span of time, in a fixed number of slices.
// Holds at most `slices` + 1 small objects whatever the traffic, and their sum beside, so that a
// call costs no walk over the slices. A percentile is not stored: "p95 is at or above L" is the
// same statement as "few enough calls are below L", so slow calls are counted, and the test is
// exact.

/** What is counted. */
export interface Counts {
  readonly calls: number
  readonly failed: number
  readonly slow: number
  readonly deadlocks: number
}

interface Slice {
  readonly index: number
  readonly counts: Counts
}

/** Slices that are over, oldest first, the one that is counted into, and the sum of all. */
export interface Rolling {
  readonly sliceMs: number
  readonly older: ReadonlyArray<Slice>
  readonly current: Slice
  readonly sum: Counts
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

const sumOf = (slices: ReadonlyArray<Slice>): Counts =>
  slices.reduce((sum, { counts }) => plus(sum, counts), zero)

/** An empty window. */
export const empty = (windowMs: number): Rolling => ({
  sliceMs: windowMs / slicesPerWindow,
  older: [],
  current: { index: Number.NEGATIVE_INFINITY, counts: zero },
  sum: zero
})

/** The window with these counts added at this time; a clock that steps back adds to the last. */
export const added = (rolling: Rolling, atMs: number, counts: Counts): Rolling => {
  const { sliceMs, older, current, sum } = rolling
  const index = Math.floor(atMs / sliceMs)
  if (current.index >= index) {
    const merged = { index: current.index, counts: plus(current.counts, counts) }
    return { sliceMs, older, current: merged, sum: plus(sum, counts) }
  }
  const live = [...older, current].filter((slice) => slice.index > index - slicesPerWindow)
  return { sliceMs, older: live, current: { index, counts }, sum: plus(sumOf(live), counts) }
}

/** Sums of what is still in the window at this time. */
export const totals = ({ sliceMs, older, current, sum }: Rolling, atMs: number): Counts => {
  const from = Math.floor(atMs / sliceMs) - slicesPerWindow
  const oldest = older[0] ?? current
  if (oldest.index > from) return sum
  return sumOf([...older, current].filter((slice) => slice.index > from))
}

/**
 * Whether the nearest-rank 95th percentile is slow: at least so many calls are that the one with
 * rank ⌈0.95 n⌉ is among them.
 */
export const isP95Slow = ({ calls, slow }: Counts): boolean =>
  calls > 0 && slow > calls - Math.ceil((calls * 95) / 100)
