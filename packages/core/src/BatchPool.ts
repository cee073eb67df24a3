// Index columns, used again: the positions that survived a filter, as 16- or 32-bit numbers. A
// kernel rents one for as long as it runs, and every batch it works on is numbered in it. The
// columns of batches that leave a kernel are theirs, and in no pool (decision 0012).
import { sizeMax } from "./Batch.ts"
import { Pool } from "./Pool.ts"
import type * as PoolStatistics from "./PoolStatistics.ts"
import type { PoolTracker } from "./PoolTracker.ts"

/** A column of positions. */
export type IndexColumn = Uint16Array | Uint32Array

/** Settings of the pool. */
export interface BatchPoolOptions {
  /** Free columns kept per width; default 64. */
  readonly freeMax?: number
  readonly tracker?: PoolTracker | undefined
}

/** Columns come in steps of this many positions, so that nearly equal batches share them. */
const step = 1_024

/**
 * Columns for batches of up to `records` positions; 32 bits wide only beyond 65,536.
 *
 * Limits: a column is at most 1,023 positions longer than asked for when new; a free one may be up
 * to four times as long.
 */
export class BatchPool {
  private readonly narrow: Pool<Uint16Array>
  private readonly wide: Pool<Uint32Array>

  constructor(options: BatchPoolOptions = {}) {
    const common = {
      bytesOf: (item: IndexColumn) => item.byteLength,
      fits: (item: IndexColumn, bytes: number) =>
        item.byteLength >= bytes && item.byteLength <= Math.max(4 * bytes, 4 * step),
      freeMax: options.freeMax ?? 64,
      tracker: options.tracker
    }
    const rounded = (bytes: number, width: number): number =>
      Math.max(step, Math.ceil(bytes / width / step) * step)
    this.narrow = new Pool<Uint16Array>({
      ...common,
      name: "batch-index-16",
      make: (bytes) => new Uint16Array(rounded(bytes, 2))
    })
    this.wide = new Pool<Uint32Array>({
      ...common,
      name: "batch-index-32",
      make: (bytes) => new Uint32Array(rounded(bytes, 4))
    })
  }

  /** A column of at least `records` positions for `renter`. */
  rent(renter: string, records: number): IndexColumn {
    return records <= sizeMax
      ? this.narrow.rent(renter, records * 2)
      : this.wide.rent(renter, records * 4)
  }

  /** Takes a column back; `records` is what was asked for. */
  give(column: IndexColumn, records: number): void {
    if (records <= sizeMax) this.narrow.give(column as Uint16Array, records * 2)
    else this.wide.give(column as Uint32Array, records * 4)
  }

  /** Of the narrow columns, and of the wide ones. */
  statistics(): readonly [PoolStatistics.PoolStatistics, PoolStatistics.PoolStatistics] {
    return [this.narrow.statistics(), this.wide.statistics()]
  }

  /** Share of rents that needed no new column. */
  get batchReuseRatio(): number {
    const [narrow, wide] = [this.narrow.statistics(), this.wide.statistics()]
    const rents = narrow.rents + wide.rents
    return rents === 0 ? 0 : (narrow.reuses + wide.reuses) / rents
  }
}
