// The records a call of the machine completes, as one block whose text stays where it is, in the
// cells of the keys that left. Those cells are freed once the block is released, in the order in
// which the keys left, however many blocks are on their way.
import { Segment } from "@sluice/core/SegmentPool"
import type { ColumnData, Layout, Sheet } from "@sluice/core/Views"
import { everything, SheetPool, ViewBlock } from "@sluice/core/Views"
import type { ByteArena } from "./byteArena.ts"
import type { ByteEntry } from "./byteEntry.ts"
import type { RowTarget } from "./emitRows.ts"
import type { Block } from "./stateMemory.ts"

/** What a call of the machine let go of. */
interface Leftovers {
  readonly left: ReadonlyArray<number>
  readonly gone: ReadonlyArray<ByteEntry>
  /** Buffers that blocks made before may point into. */
  readonly retired: ReadonlyArray<Block>
  isRead: boolean
}

/** Who frees what nobody reads any more. */
export interface Freeing {
  readonly release: (row: number) => void
  readonly free: (entry: ByteEntry) => void
}

const placeholder = new Segment(new Uint8Array(0))

/** Rows being made. */
export class ByteOutputs implements RowTarget {
  private readonly arena: ByteArena
  private readonly sheets: SheetPool
  private readonly freeing: Freeing
  private current: Sheet | undefined
  private readonly waiting: Array<Leftovers> = []

  constructor(layout: Layout, arena: ByteArena, freeing: Freeing) {
    this.arena = arena
    this.freeing = freeing
    this.sheets = new SheetPool(layout, everything(layout), 4)
  }

  get sheet(): Sheet {
    this.current ??= this.sheets.rent(placeholder)
    return this.current
  }

  get columns(): ReadonlyArray<ColumnData> {
    return this.sheet.columns
  }

  /** The rows as a block, which the caller owns; none when nothing was completed. */
  take(left: ReadonlyArray<number>, gone: ReadonlyArray<ByteEntry>): ViewBlock | undefined {
    const sheet = this.current
    const retired = this.arena.takeRetired()
    const leftovers: Leftovers = { left, gone, retired, isRead: sheet === undefined }
    if (left.length + gone.length + retired.length > 0) this.waiting.push(leftovers)
    this.freeRead()
    if (sheet === undefined) return undefined
    this.current = undefined
    const give = (): void => {
      leftovers.isRead = true
      this.freeRead()
    }
    sheet.segment = new Segment(this.arena.bytes, { give })
    return new ViewBlock(sheet, 0, sheet.rows)
  }

  private freeRead(): void {
    while (this.waiting[0]?.isRead === true) {
      const { left, gone, retired } = this.waiting.shift() as Leftovers
      // By position: iterators would make an object for each key until this code is optimised.
      for (let i = 0; i < left.length; i++) this.freeing.release(left[i] as number)
      for (let i = 0; i < gone.length; i++) this.freeing.free(gone[i] as ByteEntry)
      for (const block of retired) this.arena.memory.give(block)
    }
  }
}
