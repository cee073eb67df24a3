// What every pool tells about itself, in one shape: segments, batch columns, key states, spill
// buffers.
// A `PoolCounter` keeps the figures with a few additions per rent and return; it holds no item and
// decides nothing.

/**
 * The figures of one pool at one moment.
 *
 * Shape: `rents = returns + rented`; `allocated = rented + free + discarded`; a pool whose renters
 * are all gone has `rented` 0. Bytes are 0 where a pool's items have no size of their own.
 */
export interface PoolStatistics {
  readonly name: string
  /** Items made since the pool exists, and items let go of because it was full. */
  readonly allocated: number
  readonly discarded: number
  /** Items out with a renter now, and the most that ever were. */
  readonly rented: number
  readonly rentedMax: number
  /** Items waiting to be rented. */
  readonly free: number
  readonly rents: number
  readonly returns: number
  /** Rents answered with an item that had been returned. */
  readonly reuses: number
  /** Bytes of the rented items, at most ever, of the free ones, and what renters asked for. */
  readonly bytesRented: number
  readonly bytesRentedMax: number
  readonly bytesFree: number
  readonly bytesRequested: number
}

/** Share of rents that needed no new item: 0 to 1; 0 before the first rent. */
export const reuseRatio = (statistics: PoolStatistics): number =>
  statistics.rents === 0 ? 0 : statistics.reuses / statistics.rents

/**
 * Share of what the pool holds that serves nobody: free items, and the part of rented ones that was
 * not asked for. 0 to 1, in bytes where items have a size, else in items.
 */
export const fragmentation = (statistics: PoolStatistics): number => {
  const bytesHeld = statistics.bytesRented + statistics.bytesFree
  if (bytesHeld > 0) return 1 - statistics.bytesRequested / bytesHeld
  const held = statistics.rented + statistics.free
  return held === 0 ? 0 : statistics.free / held
}

/** Rents per second between two pictures of one pool, `elapsedMs` apart. */
export const rentsPerSecond = (
  before: PoolStatistics,
  after: PoolStatistics,
  elapsedMs: number
): number => (elapsedMs <= 0 ? 0 : ((after.rents - before.rents) * 1_000) / elapsedMs)

/**
 * Counts for one pool; owned by that pool, read by anyone.
 *
 * Flow: `allocate` when an item is made for a rent, `reuse` when a free one is taken; `give` when a
 * renter returns one and it is kept, `discard` when it is returned and let go of.
 */
export class PoolCounter {
  readonly name: string
  private allocated = 0
  private discarded = 0
  private rented = 0
  private rentedMax = 0
  private free = 0
  private rents = 0
  private returns = 0
  private reuses = 0
  private bytesRented = 0
  private bytesRentedMax = 0
  private bytesFree = 0
  private bytesRequested = 0

  constructor(name: string) {
    this.name = name
  }

  /** A new item of `bytes` goes out to somebody who asked for `requested` of them. */
  allocate(bytes = 0, requested = bytes): void {
    this.allocated++
    this.out(bytes, requested)
  }

  /** A free item goes out again. */
  reuse(bytes = 0, requested = bytes): void {
    this.reuses++
    this.free--
    this.bytesFree -= bytes
    this.out(bytes, requested)
  }

  /** A rented item came back and waits for the next renter. */
  give(bytes = 0, requested = bytes): void {
    this.back(bytes, requested)
    this.free++
    this.bytesFree += bytes
  }

  /** A rented item came back and is not kept. */
  discard(bytes = 0, requested = bytes): void {
    this.back(bytes, requested)
    this.discarded++
  }

  /** A free item is let go of. */
  trim(bytes = 0): void {
    this.free--
    this.bytesFree -= bytes
    this.discarded++
  }

  private out(bytes: number, requested: number): void {
    this.rents++
    this.rented++
    this.bytesRented += bytes
    this.bytesRequested += requested
    if (this.rented > this.rentedMax) this.rentedMax = this.rented
    if (this.bytesRented > this.bytesRentedMax) this.bytesRentedMax = this.bytesRented
  }

  private back(bytes: number, requested: number): void {
    this.returns++
    this.rented--
    this.bytesRented -= bytes
    this.bytesRequested -= requested
  }

  /** An immutable picture of now. */
  snapshot(): PoolStatistics {
    return {
      name: this.name,
      allocated: this.allocated,
      discarded: this.discarded,
      rented: this.rented,
      rentedMax: this.rentedMax,
      free: this.free,
      rents: this.rents,
      returns: this.returns,
      reuses: this.reuses,
      bytesRented: this.bytesRented,
      bytesRentedMax: this.bytesRentedMax,
      bytesFree: this.bytesFree,
      bytesRequested: this.bytesRequested
    }
  }
}
