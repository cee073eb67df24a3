// The pure state of a bounded channel: a FIFO of batches counted in records and bytes.
// It never waits and knows no fiber: `offer` says what happened, Channel's shell (runtime/channel.ts) waits.
// Invariants (assertInvariants): used equals the records held; used <= capacity, except for one batch larger than the
// capacity, which is admitted alone so that no record size can wedge a pipeline; nothing dropped goes uncounted.
import * as Batch from "../Batch.ts"
import type * as Policy from "../Policy.ts"

/** What happened to an offered batch. `dropped` are the records that had to go, in order. */
export type Offer =
  | { readonly _tag: "Accepted" }
  | { readonly _tag: "Full" }
  | { readonly _tag: "Dropped"; readonly dropped: ReadonlyArray<unknown> }

const accepted: Offer = { _tag: "Accepted" }
const full: Offer = { _tag: "Full" }

/** Mutable FIFO; one owner per call. */
export class BoundedBuffer {
  private readonly policy: Policy.BufferPolicy
  private batches: Array<Batch.Batch<unknown>> = []
  private head = 0
  /** Records and bytes held. */
  used = 0
  bytes = 0
  offeredCount = 0
  takenCount = 0
  droppedCount = 0

  constructor(policy: Policy.BufferPolicy) {
    this.policy = policy
  }

  get size(): number {
    return this.batches.length - this.head
  }

  private fits(batch: Batch.Batch<unknown>): boolean {
    if (this.used === 0) return true
    if (this.used + batch.items.length > this.policy.capacity) return false
    return this.policy.bytes === undefined || this.bytes + batch.bytes <= this.policy.bytes
  }

  private append(batch: Batch.Batch<unknown>): void {
    this.batches.push(batch)
    this.used += batch.items.length
    this.bytes += batch.bytes
  }

  /** Offers a batch; `Full` changes nothing (policy `block` only). */
  offer(batch: Batch.Batch<unknown>): Offer {
    if (batch.items.length === 0) return accepted
    if (this.policy.onFull === "block") {
      if (!this.fits(batch)) return full
      this.offeredCount += batch.items.length
      this.append(batch)
      return accepted
    }
    this.offeredCount += batch.items.length
    const room = this.policy.capacity - this.used
    if (batch.items.length <= room) {
      this.append(batch)
      return accepted
    }
    return this.policy.onFull === "drop-newest" ? this.dropNewest(batch, room) : this.dropOldest(batch)
  }

  private dropNewest(batch: Batch.Batch<unknown>, room: number): Offer {
    if (room > 0) this.append(Batch.slice(batch, 0, room))
    const dropped = batch.items.slice(Math.max(0, room))
    this.droppedCount += dropped.length
    return { _tag: "Dropped", dropped }
  }

  private dropOldest(batch: Batch.Batch<unknown>): Offer {
    const capacity = this.policy.capacity
    const dropped: Array<unknown> = []
    const surplus = Math.max(0, batch.items.length - capacity)
    while (this.used > 0 && this.used + batch.items.length - surplus > capacity) {
      const excess = this.used + batch.items.length - surplus - capacity
      const oldest = this.shift()
      if (oldest.items.length > excess) {
        dropped.push(...oldest.items.slice(0, excess))
        this.unshift(Batch.slice(oldest, excess, oldest.items.length))
      } else dropped.push(...oldest.items)
    }
    dropped.push(...batch.items.slice(0, surplus))
    this.append(Batch.slice(batch, surplus, batch.items.length))
    this.droppedCount += dropped.length
    return { _tag: "Dropped", dropped }
  }

  private shift(): Batch.Batch<unknown> {
    const batch = this.batches[this.head] as Batch.Batch<unknown>
    this.batches[this.head++] = undefined as never
    if (this.head > 32 && this.head * 2 > this.batches.length) {
      this.batches = this.batches.slice(this.head)
      this.head = 0
    }
    this.used -= batch.items.length
    this.bytes -= batch.bytes
    return batch
  }

  private unshift(batch: Batch.Batch<unknown>): void {
    if (this.head === 0) this.batches.unshift(batch)
    else this.batches[--this.head] = batch
    this.used += batch.items.length
    this.bytes += batch.bytes
  }

  /** The oldest batch, or undefined when empty. */
  take(): Batch.Batch<unknown> | undefined {
    if (this.size === 0) return undefined
    const batch = this.shift()
    this.takenCount += batch.items.length
    if (this.used === 0) this.bytes = 0
    return batch
  }

  /** Throws when the state contradicts the header's invariants; for tests and simulation. */
  assertInvariants(): void {
    let records = 0
    for (let i = this.head; i < this.batches.length; i++) records += this.batches[i]?.items.length ?? 0
    const claims: ReadonlyArray<readonly [boolean, string]> = [
      [records === this.used, `used says ${this.used}, held are ${records} records`],
      [this.used <= this.policy.capacity || this.size === 1, `${this.used} records over ${this.policy.capacity}`],
      [
        this.offeredCount === this.takenCount + this.droppedCount + this.used,
        `offered ${this.offeredCount} != taken ${this.takenCount} + dropped ${this.droppedCount} + held ${this.used}`
      ]
    ]
    for (const [holds, text] of claims) if (!holds) throw new Error(`bounded buffer: ${text}`)
  }
}
