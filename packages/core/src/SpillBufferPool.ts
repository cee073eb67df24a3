// Buffers for staging serialised state on its way to a slower tier, in a few sizes, with the time
// each is out: what a spill waits for. Nothing spills yet, so nothing rents here (decision 0012).
import { Pool } from "./Pool.ts"
import type * as PoolStatistics from "./PoolStatistics.ts"
import type { PoolTracker } from "./PoolTracker.ts"

/** Settings of the pool. */
export interface SpillBufferPoolOptions {
  /** Clock for the time buffers are out, milliseconds. */
  readonly now: () => number
  /** Free buffers kept per size; default 4. */
  readonly freeMax?: number
  readonly tracker?: PoolTracker | undefined
}

/** Statistics of all sizes, with the latency of the specification. */
export interface SpillBufferStatistics {
  readonly sizes: ReadonlyArray<PoolStatistics.PoolStatistics>
  /** Mean and longest time a buffer was out, milliseconds; 0 before the first return. */
  readonly spillBufferLatencyMs: number
  readonly spillBufferLatencyMsMax: number
}

/** A rented buffer; `bytes` may be longer than asked for. */
export interface SpillBuffer {
  readonly bytes: Uint8Array
  /** Hands the buffer back; once. */
  readonly release: () => void
}

const classMin = 65_536
const classMax = 4_194_304

const classes = Array.from(
  { length: Math.log2(classMax / classMin) + 1 },
  (_, i) => classMin * 2 ** i
)

/**
 * Staging buffers of 64 KB to 4 MB, by powers of two.
 *
 * Limits: a request above 4 MB gets a buffer of its own size, which is let go of at its return.
 */
export class SpillBufferPool {
  private readonly pools: ReadonlyArray<Pool<Uint8Array>>
  private readonly large: Pool<Uint8Array>
  private readonly now: () => number
  private returns = 0
  private latencySum = 0
  private latencyMax = 0

  constructor(options: SpillBufferPoolOptions) {
    const { freeMax = 4, tracker, now } = options
    this.now = now
    const pool = (name: string, bytes: number, kept: number): Pool<Uint8Array> =>
      new Pool<Uint8Array>({
        name,
        make: (size) => new Uint8Array(Math.max(bytes, size)),
        bytesOf: (item) => item.byteLength,
        freeMax: kept,
        tracker
      })
    this.pools = classes.map((bytes) => pool(`spill-${bytes}`, bytes, freeMax))
    this.large = pool("spill-large", 0, 0)
  }

  /** A buffer of at least `bytes` for `renter`. */
  rent(renter: string, bytes: number): SpillBuffer {
    const index = classes.findIndex((size) => size >= bytes)
    const pool = this.pools[index] ?? this.large
    const rented = pool.rent(renter, bytes)
    const since = this.now()
    return {
      bytes: rented,
      release: () => {
        pool.give(rented, bytes)
        const latency = this.now() - since
        this.returns++
        this.latencySum += latency
        this.latencyMax = Math.max(this.latencyMax, latency)
      }
    }
  }

  statistics(): SpillBufferStatistics {
    return {
      sizes: [...this.pools, this.large].map((pool) => pool.statistics()),
      spillBufferLatencyMs: this.returns === 0 ? 0 : this.latencySum / this.returns,
      spillBufferLatencyMsMax: this.latencyMax
    }
  }
}
