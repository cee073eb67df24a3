// The smallest accumulator with everything an engine must drive: groups of three per key, a timer
// per key since its first fragment, slices of two outputs, partials at the end.
import type * as Accumulator from "../../src/Accumulator.ts"
import * as Batch from "../../src/Batch.ts"

/** A group as it leaves. */
export interface Group {
  readonly key: number
  readonly values: ReadonlyArray<number>
  readonly reason: "count" | "age" | "end"
}

interface Open {
  readonly values: Array<number>
  readonly since: number
}

/** What the tests see of the instances made. */
export interface Watched {
  closed: number
  /** Times new input came while due work was left. */
  hurried?: number
}

const sliceMax = 2
const groupSize = 3

class Instance implements Accumulator.AccumulatorInstance<number, Group> {
  private readonly host: Accumulator.AccumulatorHost
  private readonly ageMs: number
  private readonly watched: Watched
  private readonly open = new Map<number, Open>()
  private ready: Array<Group> = []
  private taken = 0
  private failures = 0
  private gone = 0

  constructor(host: Accumulator.AccumulatorHost, ageMs: number, watched: Watched) {
    this.host = host
    this.ageMs = ageMs
    this.watched = watched
  }

  private slice(): Batch.Batch<Group> | undefined {
    const items = this.ready.splice(0, sliceMax)
    for (const group of items) this.gone += group.values.length
    return items.length === 0 ? undefined : Batch.make(items)
  }

  private leave(key: number, group: Open, reason: Group["reason"]): void {
    this.open.delete(key)
    this.ready.push({ key, values: group.values, reason })
  }

  process(batch: Batch.Batch<number>): Accumulator.Emitted<Group> {
    if (this.pending()) this.watched.hurried = (this.watched.hurried ?? 0) + 1
    for (const [i, n] of batch.items.entries()) {
      this.taken++
      if (n < -100) throw new Error("broken instance")
      if (n < 0) {
        this.failures++
        if (!this.host.failed(i, "none", new Error(`no key in ${n}`), "non-recoverable"))
          return this.slice()
        continue
      }
      const key = n % 10
      const group = this.open.get(key) ?? { values: [], since: this.host.now() }
      group.values.push(n)
      this.open.set(key, group)
      if (group.values.length === groupSize) this.leave(key, group, "count")
    }
    return this.slice()
  }

  fire(now: number): Accumulator.Emitted<Group> {
    for (const [key, group] of this.open)
      if (group.since + this.ageMs <= now) this.leave(key, group, "age")
    return this.slice()
  }

  deadline(): number {
    return this.open
      .values()
      .reduce((least, group) => Math.min(least, group.since + this.ageMs), Number.POSITIVE_INFINITY)
  }

  pending(): boolean {
    return this.ready.length > 0
  }

  end(): Accumulator.Emitted<Group> {
    for (const [key, group] of this.open) this.leave(key, group, "end")
    return this.slice()
  }

  totals(): Accumulator.AccumulatorTotals {
    return {
      fragmentsIn: this.taken,
      fragmentsCompleted: this.gone,
      fragmentsPartial: 0,
      fragmentsDropped: 0,
      fragmentsFailed: this.failures,
      fragmentsOpen: this.taken - this.gone - this.failures,
      keysOpen: this.open.size,
      keysCompleted: 0,
      keysPartial: 0,
      keysDropped: 0,
      bytesOpen: 0,
      dropsByReason: {},
      completedByReason: {}
    }
  }

  openKeys(): ReadonlyArray<Accumulator.OpenKey> {
    return []
  }

  close(): void {
    this.watched.closed++
  }
}

/** Groups numbers by their last digit; negative ones have no key, very negative ones break it. */
export const inThrees = (
  ageMs: number,
  watched: Watched = { closed: 0 }
): Accumulator.AccumulatorSpec<number, Group> => ({
  _tag: "AccumulatorSpec",
  label: "in threes",
  descriptor: {
    policy: { ageMs, partialFlush: true, spillAllowed: false },
    engineHint: { _tag: "Sequential" },
    progressWeights: {}
  },
  issues: [],
  make: (host) => new Instance(host, ageMs, watched)
})
