// What the machine over bytes asks of the code that knows what happens inside a key, and what that
// code asks of whoever keeps the state: fragments for a described record, or figures.
import type * as Batch from "@sluice/core/Batch"
import type { Layout, ViewBlock } from "@sluice/core/Views"
import type { KeyLogic } from "./logic.ts"

/** The inside of keys that are rows of an arena. */
export interface ByteKeys extends KeyLogic<unknown, string, number, number> {
  readonly begin: (batch: Batch.Batch<unknown>) => void
  /** The block whose rows are taken next. */
  readonly enter: (block: ViewBlock) => void
  /** Takes the fragment at a row of the block into the key at `state`; a verdict, as `take`. */
  readonly takeRow: (state: number, row: number) => number
  /** What a fragment is counted with that says no size of its own: its share of the batch. */
  readonly averageBytes: number
  /** The number of the source of the batch. */
  readonly origin: number
  /** Bytes that the last fragment was counted with. */
  readonly lastBytes: number
  /** Reads what the rows will need, to bring it into the cache; answers anything. */
  readonly touch: (rows: Int32Array, count: number) => number
  /** The keys that left since the last call; the machine frees them once nobody reads them. */
  readonly takeLeft: () => ReadonlyArray<number>
  /** Gives back everything of a key but its row. */
  readonly free: (row: number) => void
}

/** Who keeps the state of keys. */
export interface Keeper {
  /** The number of the source of the batch. */
  readonly origin: number
  /** The batches that follow come from this source. */
  readonly begin: (origin: string) => void
  readonly enter: (block: ViewBlock) => void
  /** Whether what is kept of the fragments of this block stands elsewhere than in their slot. */
  readonly leads: boolean
  /** Takes a fragment into the state; answers its cell, or `filledOnly` where it has none. */
  readonly keep: (state: number, row: number) => number
  /**
   * The fragment at a row declared the elements of a group; `slots` are their slots, in order.
   * Asked after `keep`, for layouts that declare.
   */
  readonly declared: (kept: number, slots: Int32Array, count: number) => void
  /** Of two cells for one place, the one that stays; the other is let go of. */
  readonly chosen: (before: number, kept: number) => number
  /** The fragment was taken; `isPlaced`: its cell is in its slot, or was let go of. */
  readonly settle: (state: number, kept: number, isPlaced: boolean) => void
  readonly output: (row: number) => number
  /** The call ends: makes the records that were only promised. */
  readonly finish: () => void
  readonly touch: (rows: Int32Array, count: number) => number
  /** Gives back what is kept of a key outside its slots. */
  readonly free: (row: number) => void
  /** The state as predicates see it; undefined where they see none. */
  readonly stateOf: ((state: number) => unknown) | undefined
}

/** What is asked of fragments of one layout to know how far their key is. */
export interface RulePlan {
  /** Where the name of its slot stands; undefined: it has none. */
  readonly slot: SlotSource | undefined
  /** The part of its slot it fills. */
  readonly part: number
  /** Position of the group that declares slots, or -1; and of the field in it that names them. */
  readonly group: number
  readonly child: number
  /** Position of the number of fragments that it announces, or -1. */
  readonly announces: number
  /** Position of its size in bytes, or -1: its share of the batch. */
  readonly size: number
}

/** A name as bytes, with its hash. */
export interface SlotName {
  readonly view: DataView
  readonly hash: number
}

/** Where a fragment says what its slot is called. */
export type SlotSource =
  | { readonly _tag: "Text"; readonly column: number }
  | {
      readonly _tag: "Choice"
      readonly column: number
      /** By code. */
      readonly names: ReadonlyArray<SlotName>
    }
  | { readonly _tag: "Constant"; readonly name: SlotName }

/** Plans by layout. */
export type PlanOf<Plan> = (layout: Layout) => Plan
