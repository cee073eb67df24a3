// Records of a block behind their lengths instead of on lines: what another writer makes of each
// row, without the line break, with its length put in front of it.
import type { Frames } from "../../Format.ts"
import { framesMax, headBytes, putHead } from "../format/frames.ts"
import type { WriteLines } from "./delimitedWriter.ts"
import type { WriteRows } from "./jsonWriter.ts"

/** Why a record is refused. */
export const tooLong = (prefix: Frames["prefix"]): string =>
  `a record has more than ${framesMax(prefix)} bytes, which a length of ${prefix} cannot say. ` +
  "Cure: give a wider prefix"

/** Writes frames of what a writer of lines makes. */
export const framedWriter =
  (write: WriteRows | WriteLines, prefix: Frames["prefix"]): WriteLines =>
  (sheet, from, to, output) => {
    const reserved = headBytes(prefix)
    const refused: Array<number> = []
    for (let row = from; row < to; row++) {
      const start = output.used
      if (start + reserved > output.bytes.length) output.grow(start, reserved)
      output.used = start + reserved
      const isRefused = write(sheet, row, row + 1, output) !== undefined
      const length = output.used - 1 - start - reserved
      if (isRefused || length > framesMax(prefix)) {
        output.used = start
        refused.push(row)
        continue
      }
      const body = start + putHead(output.bytes, start, length, prefix)
      if (body < start + reserved)
        output.bytes.copyWithin(body, start + reserved, start + reserved + length)
      output.used = body + length
    }
    return refused.length === 0 ? undefined : refused
  }
