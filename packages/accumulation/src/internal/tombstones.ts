// Closed keys, remembered so that a late fragment does not start its key anew: a ring bounded by
// count and age. The oldest is forgotten first. The entry in the key table is the record; the ring
// only keeps the order in which keys were closed.
import type { Entry } from "./entry.ts"

/** Bounds of the memory of closed keys. */
export interface TombstoneLimits {
  /** 0: closed keys are forgotten at once. */
  readonly max: number
  readonly ageMs: number
}

/** The ring of closed entries. */
export class Tombstones<Key, State> {
  private readonly limits: TombstoneLimits
  private readonly remove: (entry: Entry<Key, State>) => void
  private readonly ring: Array<Entry<Key, State>> = []
  private head = 0
  private held = 0

  /** `remove` takes a forgotten key out of the table. */
  constructor(limits: TombstoneLimits, remove: (entry: Entry<Key, State>) => void) {
    this.limits = limits
    this.remove = remove
  }

  /** Closed keys in the ring, those replaced since included. */
  get count(): number {
    return this.held
  }

  /** Remembers a closed entry, which must be in the table; forgets the oldest above the limit. */
  add(entry: Entry<Key, State>): void {
    if (this.limits.max === 0) {
      entry.phase = "forgotten"
      this.remove(entry)
      return
    }
    if (this.held === this.limits.max) this.forgetOldest()
    const at = (this.head + this.held) % this.limits.max
    this.ring[at] = entry
    this.held++
  }

  /** True when a closed entry is too old to be remembered, whether or not it was swept yet. */
  isOver(entry: Entry<Key, State>, now: number): boolean {
    return entry.last + this.limits.ageMs <= now
  }

  /** Forgets at most `limit` entries that are too old. */
  sweep(now: number, limit: number): void {
    for (let i = 0; i < limit && this.held > 0; i++) {
      if (!this.isOver(this.ring[this.head]!, now)) return
      this.forgetOldest()
    }
  }

  private forgetOldest(): void {
    const entry = this.ring[this.head]!
    this.head = this.head + 1 === this.limits.max ? 0 : this.head + 1
    this.held--
    // An entry replaced by a new life of its key is no longer the one in the table.
    if (entry.phase === "closed") this.remove(entry)
    entry.phase = "forgotten"
  }
}
