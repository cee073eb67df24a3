// Blocks of views made of lines, as a source of records makes them.
import type * as Format from "@sluice/core/Format"
import * as FormatParser from "@sluice/core/FormatParser"
import type { Needs, ViewBlock } from "@sluice/core/Views"

/** The records of lines; throws where a line is not of the format. */
export const blockOf = (
  format: Format.Format<unknown>,
  needs: Needs,
  lines: ReadonlyArray<string>
): ViewBlock => {
  const text = lines.map((line) => `${line}\n`).join("")
  const parsed = FormatParser.parse(format, Buffer.from(text), needs)
  if (parsed._tag === "Block") return parsed.block
  throw new Error(`line ${parsed.line}: ${JSON.stringify(parsed.fault)} in ${lines[parsed.line]}`)
}
