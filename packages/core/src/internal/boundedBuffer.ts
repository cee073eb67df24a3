// The pure state of a bounded channel: a FIFO of batches counted in records and bytes.
// It never waits and knows no fiber: `offer` says what happened, Channel's shell
// (runtime/channel.ts) waits. Invariants (assertInvariants): used equals the records held; used <=
// capacity, except for one batch larger than the capacity, which is admitted alone so that no
// record size can wedge a pipeline; nothing dropped goes uncounted (rules D2 and D4).
import * as Batch from "../Batch.ts"
import type * as Policy from "../Policy.ts"
import { givenUp } from "./views/givenUp.ts"

/** What happened to an offered batch. `dropped` are the records that had to go, in order. */
export type Offer =
  | { readonly _tag: "Accepted" }
  | { readonly _tag: "Full" }
  | { readonly _tag: "Dropped"; readonly dropped: ReadonlyArray<unknown> }

const accepted: Offer = { _tag: "Accepted" }
const full: Offer = { _tag: "Full" }

/** Mutable FIFO; one owner per call. */
export class BoundedBuffer {
  private policy: Policy.BufferPolicy
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

  /** Another bound, for what comes from now on. */
  change(policy: Policy.BufferPolicy): void {
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
    const room = this.roomFor(batch)
    if (batch.items.length <= room) {
      this.append(batch)
      return accepted
    }
    return this.policy.onFull === "drop-newest"
      ? this.dropNewest(batch, room)
      : this.dropOldest(batch)
  }

  /**
   * Records of the batch that fit beside what is held; a record larger than the byte bound fits
   * alone.
   */
  private roomFor(batch: Batch.Batch<unknown>): number {
    const { capacity, bytes: bytesMax } = this.policy
    const records = Math.max(0, capacity - this.used)
    if (bytesMax === undefined || batch.bytes === 0) return records
    const each = batch.bytes / batch.items.length
    const room = Math.max(0, Math.min(records, Math.floor((bytesMax - this.bytes) / each)))
    return this.used === 0 ? Math.max(1, room) : room
  }

  private dropNewest(batch: Batch.Batch<unknown>, room: number): Offer {
    if (room > 0) this.append(Batch.slice(batch, 0, room))
    const dropped = givenUp(batch.items.slice(room))
    this.droppedCount += dropped.length
    return { _tag: "Dropped", dropped }
  }

  private dropOldest(batch: Batch.Batch<unknown>): Offer {
    const { capacity, bytes: bytesMax = Number.POSITIVE_INFINITY } = this.policy
    const each = batch.bytes / batch.items.length
    const fitting =
      each === 0 ? capacity : Math.min(capacity, Math.max(1, Math.floor(bytesMax / each)))
    const kept = Math.min(batch.items.length, fitting)
    const dropped = this.makeRoom(capacity - kept, bytesMax - kept * each)
    const surplus = batch.items.length - kept
    if (surplus > 0) for (const one of givenUp(batch.items.slice(0, surplus))) dropped.push(one)
    this.append(Batch.slice(batch, surplus, batch.items.length))
    this.droppedCount += dropped.length
    return { _tag: "Dropped", dropped }
  }

  /** Takes the oldest records out until at most `records` and `bytes` are left. */
  private makeRoom(records: number, bytes: number): Array<unknown> {
    const dropped: Array<unknown> = []
    while (this.used > 0 && (this.used > records || this.bytes > bytes)) {
      const oldest = this.shift()
      const count = oldest.items.length
      const overRecords = this.used + count - records
      const overBytes = this.bytes + oldest.bytes - bytes
      const bytesEach = oldest.bytes / count
      const excess = Math.max(
        overRecords,
        overBytes > 0 && bytesEach > 0 ? Math.ceil(overBytes / bytesEach) : 0
      )
      const gone = Math.min(count, excess)
      for (const one of givenUp(oldest.items.slice(0, gone))) dropped.push(one)
      if (gone < count) this.unshift(Batch.slice(oldest, gone, count))
    }
    if (this.used === 0) this.bytes = 0
    return dropped
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
    for (let i = this.head; i < this.batches.length; i++)
      records += this.batches[i]?.items.length ?? 0
    const claims: ReadonlyArray<readonly [boolean, string]> = [
      [records === this.used, `used says ${this.used}, held are ${records} records`],
      [
        this.used <= this.policy.capacity || this.size === 1,
        `${this.used} records over ${this.policy.capacity}`
      ],
      [
        this.offeredCount === this.takenCount + this.droppedCount + this.used,
        `offered ${this.offeredCount} != taken ${this.takenCount} + ` +
          `dropped ${this.droppedCount} + held ${this.used}`
      ]
    ]
    for (const [holds, text] of claims) if (!holds) throw new Error(`bounded buffer: ${text}`)
  }
}
