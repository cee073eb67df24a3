// Writes the records of a block as lines of fields with a separator between them, from bytes to
// bytes. Nothing is escaped: a record with a text that would read back as something else is
// refused, and leaves no byte. Objects are written by `delimitedRow`, with the same result.
import type { Column, Layout, Sheet } from "../../Views.ts"
import { putNumber } from "./jsonWriter.ts"
import type { Output } from "./output.ts"
import { numberMax, room, wordsOf } from "./rowCode.ts"

/** Writes rows `from` to `to` of a sheet; answers which of them could not be written, if any. */
export type WriteLines = (
  sheet: Sheet,
  from: number,
  to: number,
  output: Output
) => ReadonlyArray<number> | undefined

const encoder = new TextEncoder()

/** Why a record is refused. */
export const refusal = (separator: string): string =>
  `a text holds ${JSON.stringify(separator)} or a line break, or ends the line in a carriage ` +
  "return, and would not read back. Cure: choose another separator, or write CSV"

/** Refuses a separator that cannot set fields apart. */
export const checkSeparator = (separator: string): void => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a tab is an ordinary separator
  if (/^[\x01-\x7f]$/.test(separator) && !/[\r\n]/.test(separator)) return
  throw new TypeError(
    `a separator of ${JSON.stringify(separator)} cannot be written. Cure: give one ASCII character`
  )
}

const valueText = (value: unknown): string => {
  if (value === null || value === undefined) return ""
  if (typeof value === "string") return value
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    return Object.is(value, -0) ? "0" : String(value)
  throw new TypeError(`a field of type ${typeof value} has no form in a line. Cure: map it to text`)
}

/** A record as a line, without its line break; throws for one that cannot be written. */
export const delimitedRow = (record: object, separator: string): string => {
  const texts = Object.values(record).map(valueText)
  const line = texts.join(separator)
  if (texts.some((text) => text.includes(separator) || text.includes("\n")) || line.endsWith("\r"))
    throw new TypeError(refusal(separator))
  return line
}

const fieldCode = (column: Column, k: number): string => {
  const data = `C[${k}]`
  switch (column._tag) {
    case "Text":
      return `{ const l = ${data}.length[i], s = ${data}.start[i], t = s + l;
      if (l > 0) {
        ${room("l")}
        for (let q = s; q < t; q++) { const c = b[q]; bad |= E[c]; o[a++] = c; }
      } }`
    case "Number":
      return `{ const v = ${data}.value[i];
      if (v === v) { ${room(String(numberMax))} a = N(o, a, v); } }`
    case "Group":
      throw new TypeError(
        `field "${column.name}" is a group, which has no form in a line. ` +
          "Cure: pick the other fields"
      )
    default:
      return `{ const w = W[${k}][${data}.code[i]];
      ${room("w.length")}
      for (let y = 0; y < w.length; y++) { const c = w[y]; bad |= E[c]; o[a++] = c; } }`
  }
}

let identity = 0

/** The writer of lines for a layout. */
export const delimitedWriter = (layout: Layout, separator: string): WriteLines => {
  const byte = separator.charCodeAt(0)
  const special = new Uint8Array(256)
  for (const code of [byte, 10]) special[code] = 1
  const words = layout.columns.map((column) => wordsOf(column, (value) => value))
  const kind = layout.kind === undefined ? [] : [...encoder.encode(layout.kind)]
  const tag = kind.map((code) => `bad |= ${special[code]}; o[a++] = ${code};`).join(" ")
  const fields = layout.columns.map((column, k) => {
    const before = k === 0 && layout.kind === undefined ? "" : `o[a++] = ${byte};`
    return `${room("1")} ${before} ${fieldCode(column, k)}`
  })
  const text = `// lines ${identity++}
"use strict";
return function lines_${identity}(sheet, from, to, out) {
  const C = sheet.columns, b = sheet.bytes;
  let o = out.bytes, a = out.used, z = o.length, refused;
  for (let i = from; i < to; i++) {
    ${room(String(kind.length + 4))}
    const first = a;
    let bad = 0;
    ${tag}
    ${fields.join("\n    ")}
    if (bad !== 0 || (a > first && o[a - 1] === 13)) {
      a = first;
      refused ??= [];
      refused.push(i);
      continue;
    }
    ${room("1")}
    o[a++] = 10;
  }
  out.used = a;
  return refused;
}`
  return new Function("E", "W", "N", text)(special, words, putNumber) as WriteLines
}
