// What the machine over bytes asks of the code that knows what happens inside a key.
import type * as Batch from "@sluice/core/Batch"
import type { ViewBlock } from "@sluice/core/Views"
import type { Logic } from "./logic.ts"

/** The inside of keys that are rows of an arena. */
export interface ByteKeys extends Logic<unknown, string, number, number> {
  readonly begin: (batch: Batch.Batch<unknown>) => void
  /** The block whose rows are taken next. */
  readonly enter: (block: ViewBlock) => void
  /** Takes the fragment at a row of the block into the key at `state`; a verdict, as `take`. */
  readonly takeRow: (state: number, row: number) => number
  /** Bytes of each fragment of the batch. */
  readonly averageBytes: number
  /** Reads what the rows will need, to bring it into the cache; answers anything. */
  readonly touch: (rows: Int32Array, count: number) => number
  /** The keys that left since the last call; the machine frees them once nobody reads them. */
  readonly takeLeft: () => ReadonlyArray<number>
  /** Gives back everything of a key but its row. */
  readonly free: (row: number) => void
}
