// Closed keys, remembered so that a late fragment does not start its key anew: a ring bounded by
// count and age. The oldest is forgotten first. The key in the table is the record; the ring only
// keeps the order in which keys were closed.
import type { HandleList } from "./handleLists.ts"
import type { KeyTable } from "./keyTable.ts"
import { holders } from "./keyTable.ts"

/** Bounds of the memory of closed keys. */
export interface TombstoneLimits {
  /** 0: closed keys are forgotten at once. */
  readonly max: number
  readonly ageMs: number
}

/** What the ring asks of the table. */
export type Graves<H> = Pick<
  KeyTable<never, never, H>,
  "lists" | "lastOf" | "forget" | "hold" | "letGo"
>

/** Room at the beginning. */
const ringMin = 64

/** The ring of closed keys. */
export class Tombstones<H> {
  private readonly limits: TombstoneLimits
  private readonly table: Graves<H>
  private ring: HandleList<H>
  private head = 0
  private held = 0

  constructor(limits: TombstoneLimits, table: Graves<H>) {
    this.limits = limits
    this.table = table
    this.ring = table.lists.make(Math.min(limits.max, ringMin))
  }

  /** Closed keys in the ring, those replaced since included. */
  get count(): number {
    return this.held
  }

  /** What is in the ring, the oldest first. */
  *handles(): Generator<H> {
    for (let i = 0; i < this.held; i++) yield this.ring[(this.head + i) % this.limits.max]!
  }

  /** Remembers a closed key, which must be in the table; forgets the oldest above the limit. */
  add(handle: H): void {
    if (this.limits.max === 0) {
      this.table.forget(handle)
      return
    }
    if (this.held === this.limits.max) this.forgetOldest()
    const at = (this.head + this.held) % this.limits.max
    if (at === this.ring.length)
      this.ring = this.table.lists.resized(this.ring, Math.min(this.limits.max, at * 2), at)
    this.ring[at] = handle
    this.table.hold(handle, holders.ring)
    this.held++
  }

  /** True when a closed key is too old to be remembered, whether or not it was swept yet. */
  isOver(handle: H, now: number): boolean {
    return this.table.lastOf(handle) + this.limits.ageMs <= now
  }

  /** Forgets at most `limit` keys that are too old. */
  sweep(now: number, limit: number): void {
    for (let i = 0; i < limit && this.held > 0; i++) {
      if (!this.isOver(this.ring[this.head]!, now)) return
      this.forgetOldest()
    }
  }

  private forgetOldest(): void {
    const handle = this.ring[this.head]!
    this.ring[this.head] = this.table.lists.none
    this.head = this.head + 1 === this.limits.max ? 0 : this.head + 1
    this.held--
    // One replaced by a new life of its key is no longer the one in the table.
    this.table.forget(handle)
    this.table.letGo(handle, holders.ring)
  }
}
