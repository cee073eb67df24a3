// The records a call of the machine completes, as one block whose text stays where it is, in the
// cells of the keys that left. Those cells are freed once the block is released, in the order in
// which the keys left, however many blocks are on their way.
import { Segment } from "@sluice/core/SegmentPool"
import type { ColumnData, Layout, Sheet } from "@sluice/core/Views"
import { everything, SheetPool, ViewBlock } from "@sluice/core/Views"
import type { ByteArena } from "./byteArena.ts"
import type { RowTarget } from "./emitRows.ts"
import type { Block } from "./stateMemory.ts"

/** What a call of the machine let go of. */
interface Leftovers {
  readonly left: ReadonlyArray<number>
  /** Buffers that blocks made before may point into. */
  readonly retired: ReadonlyArray<Block>
  isRead: boolean
}

const placeholder = new Segment(new Uint8Array(0))

/** Rows being made. */
export class ByteOutputs implements RowTarget {
  private readonly arena: ByteArena
  private readonly sheets: SheetPool
  private readonly free: (left: ReadonlyArray<number>) => void
  private current: Sheet | undefined
  private readonly waiting: Array<Leftovers> = []

  /** `free` lets go of keys that left, and that nobody reads any more. */
  constructor(layout: Layout, arena: ByteArena, free: (left: ReadonlyArray<number>) => void) {
    this.arena = arena
    this.free = free
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
  take(left: ReadonlyArray<number>): ViewBlock | undefined {
    const sheet = this.current
    const retired = this.arena.takeRetired()
    const leftovers: Leftovers = { left, retired, isRead: sheet === undefined }
    if (left.length + retired.length > 0) this.waiting.push(leftovers)
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
      const { left, retired } = this.waiting.shift() as Leftovers
      this.free(left)
      for (const block of retired) this.arena.memory.give(block)
    }
  }
}
