// Memory for the state of keys, in blocks that are rented as the tables of an accumulator grow, and
// used again: the index of its keys and, where keys are kept as bytes, the states themselves.
// States that are objects belong to the user's functions and are in no pool.
import { Pool } from "./Pool.ts"
import type * as PoolStatistics from "./PoolStatistics.ts"
import type { PoolTracker } from "./PoolTracker.ts"

/** Settings of the pool. */
export interface AccumulatorStatePoolOptions {
  /** Stage id, named as the renter in reports. */
  readonly name: string
  /** Keys whose state is in the blocks now. */
  readonly active: () => number
  /** Free blocks kept; default 4. */
  readonly freeMax?: number
  /** Largest block that is kept free, bytes; default 1 MiB. A larger one is let go of. */
  readonly freeBytesMax?: number
  readonly tracker?: PoolTracker | undefined
  /** Makes blocks of zeros; undefined where it cannot, and with a tracker it is not asked. */
  readonly make?: ((bytes: number) => Uint8Array<ArrayBuffer> | undefined) | undefined
}

const freeMaxDefault = 4
const freeBytesDefault = 1 << 20

/**
 * Blocks for the states of one accumulator.
 *
 * Flow: `rent` when a table has no room for a further key, `give` when it has moved into a larger
 * block, `clear` when the accumulator is closed, however the run ended.
 * Limits: rented blocks hold what the open keys need (`limits` of the accumulator); free ones at
 * most `freeMax` times `freeBytesMax`, 4 MiB by default.
 * Errors: with a tracker, a block that is used after its return has length 0, and one that is not
 * returned is reported under `name`.
 *
 * @example
 * ```ts
 * import { AccumulatorStatePool } from "@sluice/core/AccumulatorStatePool"
 *
 * let open = 0
 * const states = new AccumulatorStatePool({ name: "orders", active: () => open })
 * const small = states.rent(4_096)
 * open = 100
 * const large = states.rent(8_192)
 * large.set(small)
 * states.give(small)
 * ```
 */
export class AccumulatorStatePool {
  private readonly pool: Pool<Uint8Array<ArrayBuffer>>
  private readonly renter: string
  private readonly active: () => number
  private readonly out = new Set<Uint8Array<ArrayBuffer>>()

  constructor(options: AccumulatorStatePoolOptions) {
    const { name, active, tracker, freeBytesMax = freeBytesDefault } = options
    // A tracker takes away the buffers of blocks that came back, which not every buffer allows.
    const make = tracker === undefined ? options.make : undefined
    this.renter = name
    this.active = active
    this.pool = new Pool<Uint8Array<ArrayBuffer>>({
      name: "accumulator-states",
      make: (bytes) => make?.(bytes) ?? new Uint8Array(bytes),
      reset: (block) => void block.fill(0),
      fits: (block, bytes) => block.byteLength === bytes,
      bytesOf: (block) => block.byteLength,
      keeps: (block) => block.byteLength <= freeBytesMax,
      freeMax: options.freeMax ?? freeMaxDefault,
      tracker
    })
  }

  /** A block of `bytes` zeros with a buffer of its own. */
  rent(bytes: number): Uint8Array<ArrayBuffer> {
    const block = this.pool.rent(this.renter, bytes)
    this.out.add(block)
    return block
  }

  /** Takes a block back. */
  give(block: Uint8Array<ArrayBuffer>): void {
    this.out.delete(block)
    this.pool.give(block, block.byteLength)
  }

  /** Takes back whatever is out: nobody reads a state any more. */
  clear(): void {
    for (const block of this.out) this.give(block)
    this.pool.trim()
  }

  /** Keys whose state is held now. */
  get activeStates(): number {
    return this.active()
  }

  statistics(): PoolStatistics.PoolStatistics {
    return this.pool.statistics()
  }
}
