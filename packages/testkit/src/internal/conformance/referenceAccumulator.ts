// The plainest accumulator that keeps rules A1 to A8: a Map, looked through whenever time passes.
// It is what others are compared with and what the faulty ones are made from; it is not fast.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Batch from "@sluice/core/Batch"
import type { AccumulatorOptions, Fragment, Gathered } from "./accumulators.ts"

/** An open key. */
export interface Entry {
  readonly key: string
  readonly values: Map<string, number>
  fragments: number
  lastMs: number
}

/** How a key leaves. */
export type Way = "completed" | "partial" | "dropped"

/** One running instance. Methods are separate so that a faulty one may replace one of them. */
export class ReferenceAccumulator implements Accumulator.AccumulatorInstance<Fragment, Gathered> {
  protected readonly options: AccumulatorOptions
  protected readonly host: Accumulator.AccumulatorHost
  /** Open keys, the one touched longest ago first. */
  protected readonly entries = new Map<string, Entry>()
  protected readonly closed = new Set<string>()
  protected readonly counts = { in: 0, completed: 0, partial: 0, dropped: 0, failed: 0 }
  private readonly keys = { completed: 0, partial: 0, dropped: 0 }
  private readonly drops: Record<string, number> = {}
  private readonly reasons: Record<string, number> = {}
  private left: ReadonlyArray<Accumulator.OpenKey> | undefined
  protected out: Array<{ readonly gathered: Gathered; readonly reason: string }> = []

  constructor(options: AccumulatorOptions, host: Accumulator.AccumulatorHost) {
    this.options = options
    this.host = host
  }

  process(batch: Batch.Batch<Fragment>): Accumulator.Emitted<Gathered> {
    for (const [index, fragment] of batch.items.entries()) {
      this.counts.in++
      if (!this.add(fragment, index)) break
    }
    return this.given()
  }

  /** False when the run must end. */
  protected add(fragment: Fragment, index: number): boolean {
    const { key } = fragment
    if (key === undefined || fragment.poisoned === true) {
      this.counts.failed++
      return this.host.failed(index, key, new Error("cannot be added"), "non-recoverable")
    }
    if (this.closed.has(key) && this.options.late === "drop") return this.drop(1, "late")
    const entry = this.entries.get(key) ?? { key, values: new Map(), fragments: 0, lastMs: 0 }
    entry.values.set(fragment.slot, fragment.value)
    entry.fragments++
    entry.lastMs = this.host.now()
    this.entries.delete(key)
    this.entries.set(key, entry)
    if (this.isComplete(entry)) this.leave(entry, "completed", "slots")
    this.evict()
    return true
  }

  protected isComplete(entry: Entry): boolean {
    return this.options.slots.every((slot) => entry.values.has(slot))
  }

  protected evict(): void {
    for (const entry of this.entries.values()) {
      if (this.entries.size <= this.options.keysMax) return
      this.leave(entry, "partial", "keys")
    }
  }

  private drop(fragments: number, reason: string): true {
    this.counts.dropped += fragments
    this.drops[reason] = (this.drops[reason] ?? 0) + fragments
    return true
  }

  protected leave(entry: Entry, way: Way, reason: string): void {
    this.forget(entry.key)
    this.keys[way]++
    if (way === "dropped") {
      this.drop(entry.fragments, reason)
      return
    }
    this.counts[way] += entry.fragments
    this.reasons[reason] = (this.reasons[reason] ?? 0) + 1
    const gathered = { key: entry.key, values: this.valuesOf(entry), complete: way === "completed" }
    this.out.push({ gathered, reason })
  }

  protected valuesOf(entry: Entry): Readonly<Record<string, number>> {
    return Object.fromEntries([...entry.values].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  protected forget(key: string): void {
    this.entries.delete(key)
    this.closed.add(key)
    for (const oldest of this.closed) {
      if (this.closed.size <= this.options.tombstonesMax) return
      this.closed.delete(oldest)
    }
  }

  private given(): Accumulator.Emitted<Gathered> {
    const out = this.out
    if (out.length === 0) return undefined
    this.out = []
    const headers = out.map(({ reason }) => ({ "acc.reason": reason }))
    const columns = { headers, attrs: undefined, costs: undefined, timestamps: undefined }
    return Batch.make(
      out.map(({ gathered }) => gathered),
      { timestamp: this.host.now(), columns }
    )
  }

  fire(now: number): Accumulator.Emitted<Gathered> {
    for (const entry of [...this.entries.values()]) {
      if (entry.lastMs + this.options.idleMs <= now) this.leave(entry, "partial", "idle")
    }
    return this.given()
  }

  deadline(): number {
    const [first] = this.entries.values()
    return first === undefined ? Number.POSITIVE_INFINITY : first.lastMs + this.options.idleMs
  }

  pending(): boolean {
    return false
  }

  end(): Accumulator.Emitted<Gathered> {
    this.left ??= this.openKeys(Number.POSITIVE_INFINITY)
    const way = this.options.atEnd === "partial" ? "partial" : "dropped"
    for (const entry of [...this.entries.values()]) this.leave(entry, way, "end")
    return this.given()
  }

  totals(): Accumulator.AccumulatorTotals {
    const { counts, keys } = this
    let open = 0
    for (const entry of this.entries.values()) open += entry.fragments
    return {
      fragmentsIn: counts.in,
      fragmentsCompleted: counts.completed,
      fragmentsPartial: counts.partial,
      fragmentsDropped: counts.dropped,
      fragmentsFailed: counts.failed,
      fragmentsOpen: open,
      keysOpen: this.entries.size,
      keysCompleted: keys.completed,
      keysPartial: keys.partial,
      keysDropped: keys.dropped,
      bytesOpen: 0,
      dropsByReason: { ...this.drops },
      completedByReason: { ...this.reasons }
    }
  }

  openKeys(limit: number): ReadonlyArray<Accumulator.OpenKey> {
    if (this.left !== undefined) return this.left.slice(0, limit)
    const { slots } = this.options
    return [...this.entries.values()].slice(0, limit).map((entry) => ({
      key: entry.key,
      fragments: entry.fragments,
      completeness: slots.filter((slot) => entry.values.has(slot)).length / slots.length,
      missing: slots.filter((slot) => !entry.values.has(slot))
    }))
  }
}

/** Describes an accumulator that `make` instantiates. */
export const specOf = (
  options: AccumulatorOptions,
  make: (
    options: AccumulatorOptions,
    host: Accumulator.AccumulatorHost
  ) => Accumulator.AccumulatorInstance<Fragment, Gathered>
): Accumulator.AccumulatorSpec<Fragment, Gathered> => ({
  _tag: "AccumulatorSpec",
  label: `slots, idle ${options.idleMs} ms`,
  descriptor: {
    policy: {
      idleMs: options.idleMs,
      keysMax: options.keysMax,
      partialFlush: true,
      spillAllowed: false
    },
    engineHint: { _tag: "Sequential" },
    progressWeights: {}
  },
  issues: [],
  make: (host) => make(options, host)
})
