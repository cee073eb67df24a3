// The running counts of one accumulator as plain numbers, and their snapshot.
// Open fragments are counted on their own, not computed from the others, so that the identity in =
// completed + partial + dropped + failed + open can be checked.
import type * as Accumulator from "@sluice/core/Accumulator"

/** How often something was said. */
interface Tally {
  readonly reason: string
  count: number
}

const bump = (counts: Map<string, number>, name: string, by: number): void => {
  counts.set(name, (counts.get(name) ?? 0) + by)
}

/** Mutable counters. */
export class Totals {
  fragmentsIn = 0
  fragmentsCompleted = 0
  fragmentsPartial = 0
  fragmentsDropped = 0
  fragmentsFailed = 0
  fragmentsOpen = 0
  keysCompleted = 0
  keysPartial = 0
  keysDropped = 0
  keysFailed = 0
  keysEvicted = 0
  bytesOpen = 0
  private readonly drops = new Map<string, number>()
  private readonly reasons: Array<Tally> = []
  /** Of the last key that completed: the same of most keys. */
  private last: Tally = { reason: "", count: 0 }

  dropped(fragments: number, reason: string): void {
    this.fragmentsDropped += fragments
    bump(this.drops, reason, fragments)
  }

  completed(fragments: number, reason: string): void {
    this.fragmentsCompleted += fragments
    this.keysCompleted++
    if (this.last.reason !== reason) this.last = this.tallyOf(reason)
    this.last.count++
  }

  private tallyOf(reason: string): Tally {
    const known = this.reasons.find((each) => each.reason === reason)
    if (known !== undefined) return known
    const tally = { reason, count: 0 }
    this.reasons.push(tally)
    return tally
  }

  snapshot(keysOpen: number, duplicates: number): Accumulator.AccumulatorTotals {
    return {
      fragmentsIn: this.fragmentsIn,
      fragmentsCompleted: this.fragmentsCompleted,
      fragmentsPartial: this.fragmentsPartial,
      fragmentsDropped: this.fragmentsDropped,
      fragmentsFailed: this.fragmentsFailed,
      fragmentsOpen: this.fragmentsOpen,
      keysOpen,
      keysCompleted: this.keysCompleted,
      keysPartial: this.keysPartial,
      keysDropped: this.keysDropped,
      keysFailed: this.keysFailed,
      keysEvicted: this.keysEvicted,
      duplicates,
      bytesOpen: this.bytesOpen,
      dropsByReason: Object.fromEntries(this.drops),
      completedByReason: Object.fromEntries(
        this.reasons.map(({ reason, count }) => [reason, count])
      )
    }
  }

  /** Throws unless everything that came in is accounted for. */
  assertConserved(): void {
    const accounted =
      this.fragmentsCompleted +
      this.fragmentsPartial +
      this.fragmentsDropped +
      this.fragmentsFailed +
      this.fragmentsOpen
    if (accounted === this.fragmentsIn) return
    throw new Error(`conservation: ${this.fragmentsIn} fragments in, ${accounted} accounted for`)
  }
}
