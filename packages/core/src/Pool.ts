// A pool of things that cost more to make than to keep: rent, use, return. It holds a bounded
// number of free items and never waits: when none is free it makes one.

import type { Lease } from "./internal/pools/lease.ts"
import { isNumbers, memoryLease, objectLease } from "./internal/pools/lease.ts"
import * as PoolStatistics from "./PoolStatistics.ts"
import type { PoolTracker } from "./PoolTracker.ts"
import { PoolMisuse } from "./PoolTracker.ts"

/** How a pool makes and keeps its items. */
export interface PoolOptions<Item extends object> {
  /** In statistics, reports and messages. */
  readonly name: string
  /** Makes an item that holds at least `size`; pools whose items are all alike ignore it. */
  readonly make: (size: number) => Item
  /** Puts a returned item back to its first state. */
  readonly reset?: (item: Item) => void
  /** Whether a free item will do for `size`; default: always. */
  readonly fits?: (item: Item, size: number) => boolean
  /** Bytes of an item; default 0: items have no size of their own. */
  readonly bytesOf?: (item: Item) => number
  /** Free items kept; further ones are let go of. Default 64. */
  readonly freeMax?: number
  /** Whether a returned item may wait for the next renter; default: every one. */
  readonly keeps?: (item: Item) => boolean
  /** Development mode: renters are named, use after return is caught. */
  readonly tracker?: PoolTracker | undefined
}

const freeMaxDefault = 64

/** What the pool knows of an item that is out; only with a tracker. */
interface Out<Item> {
  readonly lease: Lease<Item>
  readonly requested: number
}

/**
 * A pool of one kind of items.
 *
 * Flow: `rent` answers at once; `give` hands an item back and ends its use. The newest free item
 * goes out first, so that it is still in the processor's cache.
 * Limits: `freeMax` free items; rented ones are not limited, they belong to their renters.
 * Errors: with a tracker, an item that is used after its return, or returned twice, throws a
 * `PoolMisuse` that names pool and renter. Typed arrays are detached at their return: they have
 * length 0 then, and methods on them throw.
 *
 * @example
 * ```ts
 * import { Pool } from "@sluice/core/Pool"
 *
 * const lists = new Pool<Array<number>>({
 *   name: "lists",
 *   make: () => [],
 *   reset: (list) => {
 *     list.length = 0
 *   }
 * })
 * const list = lists.rent("sort")
 * list.push(1)
 * lists.give(list)
 * ```
 */
export class Pool<Item extends object> {
  readonly name: string
  private readonly options: PoolOptions<Item>
  private readonly counter: PoolStatistics.PoolCounter
  private readonly free: Array<Item> = []
  private readonly out = new Map<object, Out<Item>>()

  constructor(options: PoolOptions<Item>) {
    this.name = options.name
    this.options = options
    this.counter = new PoolStatistics.PoolCounter(options.name)
  }

  private bytes(item: Item): number {
    return this.options.bytesOf?.(item) ?? 0
  }

  private takeFree(size: number): Item | undefined {
    const { fits } = this.options
    if (fits === undefined) return this.free.pop()
    for (let i = this.free.length - 1; i >= 0; i--) {
      if (fits(this.free[i] as Item, size)) return this.free.splice(i, 1)[0]
    }
    return undefined
  }

  /** An item for `renter`, a name for reports; it holds at least `size`. */
  rent(renter: string, size = 0): Item {
    const known = this.takeFree(size)
    const item = known ?? this.options.make(size)
    const bytes = this.bytes(item)
    const requested = bytes === 0 ? 0 : size
    if (known === undefined) this.counter.allocate(bytes, requested)
    else this.counter.reuse(bytes, requested)
    return this.options.tracker === undefined ? item : this.leased(item, renter, requested)
  }

  private leased(item: Item, renter: string, requested: number): Item {
    const misused = (what: string): never => {
      throw new PoolMisuse(
        `pool "${this.name}": "${renter}" ${what} after it was returned; ` +
          "return last, and keep no reference"
      )
    }
    const lease = isNumbers(item) ? memoryLease(item) : objectLease(item, misused)
    this.out.set(lease.handle, { lease, requested })
    this.options.tracker?.rented(lease.handle, this.name, renter)
    return lease.handle
  }

  /** Takes an item back. `size` is what was asked for, where items have bytes. */
  give(handle: Item, size = 0): void {
    const item = this.options.tracker === undefined ? handle : this.ended(handle)
    const bytes = this.bytes(item)
    const requested = bytes === 0 ? 0 : size
    const room = this.free.length < (this.options.freeMax ?? freeMaxDefault)
    if (!room || this.options.keeps?.(item) === false) {
      this.counter.discard(bytes, requested)
      return
    }
    this.options.reset?.(item)
    this.counter.give(bytes, requested)
    this.free.push(item)
  }

  private ended(handle: Item): Item {
    this.options.tracker?.returned(handle, this.name)
    const out = this.out.get(handle) as Out<Item>
    this.out.delete(handle)
    return out.lease.end()
  }

  /** Lets go of all free items. */
  trim(): void {
    for (const item of this.free) this.counter.trim(this.bytes(item))
    this.free.length = 0
  }

  statistics(): PoolStatistics.PoolStatistics {
    return this.counter.snapshot()
  }
}
