// Writes blocks of views into the block of a file being written.

import type { WriteLines } from "../../internal/views/delimitedWriter.ts"
import type { WriteRows } from "../../internal/views/jsonWriter.ts"
import { recordAt } from "../../internal/views/materialise.ts"
import type { Output } from "../../internal/views/output.ts"
import type { Layout } from "../../Views.ts"
import { blockOf } from "../../Views.ts"
import type { BlockWriter } from "./blockWriter.ts"
import { encodeEach, rejectAll } from "./encodeEach.ts"

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

/**
 * What a record sink calls for views; `writerOf` makes the function for a layout, `why` says what
 * is wrong with rows that it could not write.
 */
export const viewWriter =
  (writerOf: (layout: Layout) => WriteRows | WriteLines, why = "it has no form there") =>
  (writer: BlockWriter, items: unknown): boolean => {
    const block = blockOf(items)
    if (block === undefined) return false
    const output = new BlockOutput(writer)
    const { sheet, from, to } = block
    const refused = writerOf(sheet.layout)(sheet, from, to, output)
    writer.advance(output.used)
    // Of records that are told as refused nothing may point into bytes that go back.
    const records = (refused ?? []).map((row) => ({
      index: row - from,
      cause: new TypeError(why),
      payload: recordAt(sheet, row)
    }))
    block.release()
    rejectAll(writer, records)
    return true
  }

/** Writes views as the objects they are: what a sink does with rows of another layout. */
export const writeAsObjects = <A>(
  writer: BlockWriter,
  items: unknown,
  encode: (record: A) => string
): boolean => {
  const block = blockOf(items)
  if (block === undefined) return false
  const objects = block.toObjects() as ReadonlyArray<A>
  block.release()
  const rejected = encodeEach(objects, (record) => writer.add(`${encode(record)}\n`))
  rejectAll(
    writer,
    rejected.map((each) => ({ ...each, payload: objects[each.index] }))
  )
  return true
}
