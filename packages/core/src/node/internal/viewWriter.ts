// Writes blocks of views into the block of a file being written.

import type { WriteRows } from "../../internal/views/jsonWriter.ts"
import type { Output } from "../../internal/views/output.ts"
import type { Layout } from "../../Views.ts"
import { blockOf } from "../../Views.ts"
import type { BlockWriter } from "./blockWriter.ts"

/** The writer's block as an output. */
class BlockOutput implements Output {
  bytes: Uint8Array
  used: number
  private readonly writer: BlockWriter

  constructor(writer: BlockWriter) {
    this.writer = writer
    this.bytes = writer.bytes
    this.used = writer.length
  }

  grow(used: number, room: number): number {
    this.bytes = this.writer.grow(used, room)
    return this.bytes.length
  }
}

/** What a record sink calls for views; `writerOf` makes the function for a layout. */
export const viewWriter =
  (writerOf: (layout: Layout) => WriteRows) =>
  (writer: BlockWriter, items: unknown): boolean => {
    const block = blockOf(items)
    if (block === undefined) return false
    const output = new BlockOutput(writer)
    const { sheet, from, to } = block
    writerOf(sheet.layout)(sheet, from, to, output)
    writer.advance(output.used)
    block.release()
    return true
  }
