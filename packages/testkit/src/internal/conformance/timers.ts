// An accumulator that does nothing but keep time: it takes every fragment and, when its timer is
// due, gives the numbers of its slices one at a time. It shows how an engine drives timers.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Batch from "@sluice/core/Batch"

/** What the timer does. */
export interface SliceOptions {
  /** Due so long after the first fragment. */
  readonly delayMs: number
  readonly slices: number
  readonly onFire?: () => void
}

const totalsOf = (fragments: number): Accumulator.AccumulatorTotals => ({
  fragmentsIn: fragments,
  fragmentsCompleted: fragments,
  fragmentsPartial: 0,
  fragmentsDropped: 0,
  fragmentsFailed: 0,
  fragmentsOpen: 0,
  keysOpen: 0,
  keysCompleted: 0,
  keysPartial: 0,
  keysDropped: 0,
  bytesOpen: 0,
  dropsByReason: {},
  completedByReason: {}
})

class Slices implements Accumulator.AccumulatorInstance<number, number> {
  private readonly options: SliceOptions
  private readonly now: () => number
  private due = Number.POSITIVE_INFINITY
  private given = 0
  private fragments = 0

  constructor(options: SliceOptions, now: () => number) {
    this.options = options
    this.now = now
  }

  process(batch: Batch.Batch<number>): undefined {
    if (this.fragments === 0) this.due = this.now() + this.options.delayMs
    this.fragments += batch.items.length
  }

  fire(now: number): Batch.Batch<number> | undefined {
    if (now < this.due || this.given >= this.options.slices) return undefined
    this.options.onFire?.()
    return Batch.make([this.given++], { origin: "hold" })
  }

  deadline(): number {
    return this.given < this.options.slices ? this.due : Number.POSITIVE_INFINITY
  }

  /** Only what did not fit into the last slice is pending: the first is told by `deadline`. */
  pending(): boolean {
    return this.given > 0 && this.due <= this.now() && this.given < this.options.slices
  }

  end(): undefined {
    return undefined
  }

  totals(): Accumulator.AccumulatorTotals {
    return totalsOf(this.fragments)
  }

  openKeys(): ReadonlyArray<Accumulator.OpenKey> {
    return []
  }
}

/** Describes the accumulator. */
export const slices = (
  options: SliceOptions
): { readonly spec: Accumulator.AccumulatorSpec<number, number> } => ({
  spec: {
    _tag: "AccumulatorSpec",
    label: "slices",
    issues: [],
    descriptor: {
      policy: { timeBoundWaived: "it holds nothing", partialFlush: false, spillAllowed: false },
      engineHint: { _tag: "Sequential" },
      progressWeights: {}
    },
    make: (host) => new Slices(options, host.now)
  }
})
