// A bounded first-in first-out buffer of records that says what it drops; mutated in place.
// Invariants: used <= capacity, but for one larger offer that is admitted alone under `block`, so
// that no batch can wedge a pipeline; offered = taken + dropped + held. It never waits.
import type * as Policy from "@sluice/core/Policy"
import * as Check from "./settings.ts"

/** Settings of a buffer. */
export interface Settings {
  readonly capacity: number
  readonly onFull?: Policy.DropPolicy
}

/** What happened to an offer; `Full` changed nothing. */
export type Offered<A> =
  | { readonly _tag: "Accept" }
  | { readonly _tag: "Full" }
  | { readonly _tag: "Drop"; readonly dropped: ReadonlyArray<A> }

/** The buffer; one owner. */
export class Bounded<A> {
  readonly capacity: number
  readonly onFull: Policy.DropPolicy
  private held: Array<A> = []
  private head = 0
  offeredCount = 0
  takenCount = 0
  droppedCount = 0

  /** Throws `InvalidSettings`. */
  constructor({ capacity, onFull = "block" }: Settings) {
    Check.accept("bounded buffer", [
      Check.count("capacity", capacity),
      Check.unless(
        ["block", "drop-oldest", "drop-newest"].includes(onFull),
        `onFull is "${onFull}": give block, drop-oldest or drop-newest`
      )
    ])
    this.capacity = capacity
    this.onFull = onFull
  }

  get used(): number {
    return this.held.length - this.head
  }

  /** Offers records in order. */
  offer(records: ReadonlyArray<A>): Offered<A> {
    const fits = this.used + records.length <= this.capacity
    const alone = this.onFull === "block" && this.used === 0
    if (!fits && !alone && this.onFull === "block") return { _tag: "Full" }
    this.offeredCount += records.length
    if (fits || alone) {
      this.append(records, 0, records.length)
      return { _tag: "Accept" }
    }
    const dropped = this.onFull === "drop-newest" ? this.cut(records) : this.push(records)
    this.droppedCount += dropped.length
    return { _tag: "Drop", dropped }
  }

  private append(records: ReadonlyArray<A>, from: number, to: number): void {
    for (let i = from; i < to; i++) this.held.push(records[i] as A)
  }

  private cut(records: ReadonlyArray<A>): ReadonlyArray<A> {
    const room = this.capacity - this.used
    this.append(records, 0, room)
    return records.slice(room)
  }

  private push(records: ReadonlyArray<A>): ReadonlyArray<A> {
    const surplus = this.used + records.length - this.capacity
    const dropped = this.remove(Math.min(surplus, this.used))
    const unseen = surplus - dropped.length
    this.append(records, unseen, records.length)
    return unseen === 0 ? dropped : dropped.concat(records.slice(0, unseen))
  }

  private remove(count: number): Array<A> {
    const removed = this.held.slice(this.head, this.head + count)
    this.head += removed.length
    // Taken records must not be kept alive, yet shifting each would be quadratic.
    if (this.head * 2 >= this.held.length) {
      this.held = this.held.slice(this.head)
      this.head = 0
    }
    return removed
  }

  /** The oldest records, at most `max`; empty when nothing is held. */
  take(max: number): ReadonlyArray<A> {
    const taken = this.remove(max)
    this.takenCount += taken.length
    return taken
  }

  /** Throws when the state contradicts the header; `largest` is the largest offer so far. */
  assertInvariants(largest = this.capacity): void {
    const { offeredCount, takenCount, droppedCount, used } = this
    const bound = this.onFull === "block" ? Math.max(this.capacity, largest) : this.capacity
    Check.claim("bounded buffer", [
      [used <= bound, `${used} records over ${bound}`],
      [
        offeredCount === takenCount + droppedCount + used,
        `offered ${offeredCount} != taken ${takenCount} + dropped ${droppedCount} + held ${used}`
      ]
    ])
  }
}
