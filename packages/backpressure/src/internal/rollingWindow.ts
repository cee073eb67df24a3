// Counts over a rolling span of time, in a fixed number of slices.
// A ring of ten slices and their sum, counted in place: a call costs no memory and no walk over
// the slices. A percentile is not stored: "p95 is at or above L" is the same statement as "few
// enough calls are below L", so slow calls are counted, and the test is exact.

/** What is counted. */
export interface Counts {
  readonly calls: number
  readonly failed: number
  readonly slow: number
  readonly deadlocks: number
}

/** Slices of one window: an old call leaves at most a tenth of the window late. */
const slicesPerWindow = 10

/** Figures of one slice, in the order of `Counts`. */
const figures = 4

/** The counts of one window; belongs to one circuit. */
export class Rolling implements Counts {
  calls = 0
  failed = 0
  slow = 0
  deadlocks = 0
  private readonly sliceMs: number
  private readonly slices: Float64Array
  /** Number of the slice that is counted into, since time began, and where it is in the ring. */
  private index = Number.NEGATIVE_INFINITY
  private at = 0

  private constructor(sliceMs: number, slices: Float64Array) {
    this.sliceMs = sliceMs
    this.slices = slices
  }

  /** An empty window. */
  static empty(windowMs: number): Rolling {
    return new Rolling(windowMs / slicesPerWindow, new Float64Array(slicesPerWindow * figures))
  }

  copy(): Rolling {
    const copy = new Rolling(this.sliceMs, this.slices.slice())
    copy.calls = this.calls
    copy.failed = this.failed
    copy.slow = this.slow
    copy.deadlocks = this.deadlocks
    copy.index = this.index
    copy.at = this.at
    return copy
  }

  /** Forgets what is out of the window; a clock that steps back forgets nothing. */
  advance(atMs: number): void {
    const index = Math.floor(atMs / this.sliceMs)
    if (index <= this.index) return
    const steps = Math.min(slicesPerWindow, index - this.index)
    for (let step = 0; step < steps; step++) {
      this.at = (this.at + 1) % slicesPerWindow
      this.drop(this.at * figures)
    }
    this.index = index
  }

  private drop(from: number): void {
    const { slices } = this
    this.calls -= slices[from]!
    this.failed -= slices[from + 1]!
    this.slow -= slices[from + 2]!
    this.deadlocks -= slices[from + 3]!
    slices.fill(0, from, from + figures)
  }

  /** Counts one call at the time of the last `advance`. */
  addCall(failed: 0 | 1, slow: 0 | 1): void {
    const { slices } = this
    const from = this.at * figures
    this.calls++
    this.failed += failed
    this.slow += slow
    slices[from] = slices[from]! + 1
    slices[from + 1] = slices[from + 1]! + failed
    slices[from + 2] = slices[from + 2]! + slow
  }

  /** Counts deadlocks at the time of the last `advance`. */
  addDeadlocks(count: number): void {
    const place = this.at * figures + 3
    this.deadlocks += count
    this.slices[place] = this.slices[place]! + count
  }
}

/**
 * Whether the nearest-rank 95th percentile is slow: at least so many calls are that the one with
 * rank ⌈0.95 n⌉ is among them.
 */
export const isP95Slow = ({ calls, slow }: Counts): boolean =>
  calls > 0 && slow > calls - Math.ceil((calls * 95) / 100)
