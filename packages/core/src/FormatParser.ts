// The parser of a format without files: bytes in memory to a block of views. For tests, and for
// sources of bytes that are no files. A format read as objects is in Format.
import type * as Format from "./Format.ts"
import { parserFor } from "./internal/format/parserFor.ts"
import { Segment } from "./SegmentPool.ts"
import type { Needs } from "./Views.ts"
import { everything, Sheet, ViewBlock } from "./Views.ts"

/** What was read: a block, or the place of the first line that is not of the format. */
export type Parsed =
  | { readonly _tag: "Block"; readonly block: ViewBlock }
  | {
      readonly _tag: "Fault"
      /** 0-based. */
      readonly line: number
      readonly fault: Format.Fault
    }

/**
 * The records of lines held in memory, as one block.
 *
 * Shape: the last line needs no line break. The bytes are the block's from then on: texts declared
 * `lower` are changed in place.
 * Errors: the fault of the first line that is not of the format, with its offset in that line. The
 * bytes must be UTF-8: nobody looks. Throws where the platform forbids code generation.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 * import * as FormatParser from "@sluice/core/FormatParser"
 *
 * const pairs = Format.delimited({ name: Format.text(), value: Format.integer() })
 * FormatParser.parse(pairs, new TextEncoder().encode("a\t1\nb\t2\n"))
 * ```
 */
export const parse = (
  format: Format.Format<unknown>,
  bytes: Uint8Array,
  needs: Needs = everything(format.layout)
): Parsed => {
  const parser = parserFor(format, needs)
  const sheet = new Sheet(parser.layout, needs, undefined)
  sheet.begin(new Segment(bytes))
  const host = { lines: 0, fault: -1, faultAt: 0 }
  const at = parser.parse(bytes, 0, bytes.length, sheet, Number.POSITIVE_INFINITY, host)
  if (host.fault < 0) return { _tag: "Block", block: new ViewBlock(sheet, 0, sheet.rows) }
  const { field, expected } = parser.faults[host.fault] as Pick<Format.Fault, "field" | "expected">
  return { _tag: "Fault", line: host.lines, fault: { field, expected, at: host.faultAt - at } }
}
