// The memory of one accumulator's tables: blocks of a pool where somebody watches pools, plain ones
// elsewhere. It is closed with the accumulator, and everything rented is returned then.
import type * as Accumulator from "@sluice/core/Accumulator"
import { AccumulatorStatePool } from "@sluice/core/AccumulatorStatePool"

/** Bytes in a buffer of their own. */
export type Block = Uint8Array<ArrayBuffer>

/** Where tables get their blocks. */
export interface StateMemory {
  /** A block of zeros. */
  readonly rent: (bytes: number) => Block
  readonly give: (block: Block) => void
}

/** Memory that is the garbage collector's. */
export const unpooled: StateMemory = {
  rent: (bytes) => new Uint8Array(bytes),
  give: () => undefined
}

/** Memory, and its end. */
export interface OwnedMemory {
  readonly memory: StateMemory
  readonly close: () => void
}

/**
 * The memory of the accumulator of `host`; `active` is the number of its open keys. `make` makes
 * its blocks, where it can.
 */
export const memoryOf = (
  host: Accumulator.AccumulatorHost,
  active: () => number,
  make?: (bytes: number) => Block | undefined
): OwnedMemory => {
  const tracker = host.pools?.tracker
  const pool = new AccumulatorStatePool({ name: host.stageId, active, tracker, make })
  const leave = host.pools?.watch(() => pool.statistics())
  return {
    memory: { rent: (bytes) => pool.rent(bytes), give: (block) => pool.give(block) },
    close: () => {
      pool.clear()
      leave?.()
    }
  }
}
