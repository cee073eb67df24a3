// Writes the records of a block as rows of CSV (RFC 4180), from bytes to bytes: a text is quoted
// when it holds a separator, a quote or a line break, or when leaving it bare would lose it. One
// generated function per layout; objects are written by `csvRow`, with the same result.
import type { Column, Layout } from "../../Views.ts"
import type { WriteRows } from "./jsonWriter.ts"
import { putNumber } from "./jsonWriter.ts"
import { numberMax, room, wordsOf } from "./rowCode.ts"

const encoder = new TextEncoder()

/** A text as a field. */
export const csvText = (text: string, separator: string): string => {
  const isBare = !text.includes(separator) && !/["\r\n]/.test(text)
  return isBare ? text : `"${text.replaceAll('"', '""')}"`
}

const csvValue = (value: unknown, separator: string): string => {
  if (value === null || value === undefined) return ""
  if (typeof value === "string") return csvText(value, separator)
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    return csvText(Object.is(value, -0) ? "0" : String(value), separator)
  throw new TypeError(`a field of type ${typeof value} has no form in CSV. Cure: map it to text`)
}

// A line without text would read back as no row.
const row = (fields: ReadonlyArray<string>, separator: string): string => {
  const text = fields.join(separator)
  return text === "" ? '""' : text
}

/** Whether two lists of names are the same one. */
export const sameNames = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((name, i) => name === b[i])

/**
 * A record as a row, without its line break: the fields of these names, nothing for one that it
 * lacks. Throws for a field of another name, which no column holds.
 */
export const csvRow = (
  record: object,
  separator: string,
  names: ReadonlyArray<string> = Object.keys(record)
): string => {
  const own = Object.keys(record)
  const isPlain = sameNames(own, names)
  const other = isPlain ? undefined : own.find((name) => !names.includes(name))
  if (other !== undefined)
    throw new TypeError(
      `a record has the field "${other}", and the first one had ${names.join(", ")}. ` +
        "Cure: map the records to the same fields"
    )
  const found = record as Readonly<Record<string, unknown>>
  const values = isPlain ? Object.values(record) : names.map((name) => found[name])
  return row(
    values.map((value) => csvValue(value, separator)),
    separator
  )
}

/** The names of a layout's fields, or of a record's, as a row. */
export const csvHeader = (names: ReadonlyArray<string>, separator: string): string =>
  row(
    names.map((name) => csvText(name, separator)),
    separator
  )

/** The names of the fields of a layout's records. */
export const namesOf = ({ kind, columns }: Layout): ReadonlyArray<string> => [
  ...(kind === undefined ? [] : ["_tag"]),
  ...columns.map(({ name }) => name)
]

const fieldCode = (column: Column, k: number): string => {
  const data = `C[${k}]`
  switch (column._tag) {
    case "Text":
      return `{ const l = ${data}.length[i], s = ${data}.start[i], t = s + l;
      if (l > 0) {
        ${room("2 * l + 2")}
        let bare = true;
        for (let q = s; q < t; q++) if (E[b[q]] !== 0) { bare = false; break; }
        if (bare) for (let q = s; q < t; q++) o[a++] = b[q];
        else {
          o[a++] = 34;
          for (let q = s; q < t; q++) { const c = b[q]; if (c === 34) o[a++] = 34; o[a++] = c; }
          o[a++] = 34;
        }
      } }`
    case "Number":
      return `{ const v = ${data}.value[i];
      if (v === v) { ${room(String(numberMax))} a = N(o, a, v); } }`
    case "Group":
      throw new TypeError(
        `field "${column.name}" is a group, which has no form in CSV. Cure: pick the other fields`
      )
    default:
      return `{ const w = W[${k}][${data}.code[i]];
      ${room("w.length")} o.set(w, a); a += w.length; }`
  }
}

let identity = 0

/** The writer of rows for a layout. */
export const csvWriter = (layout: Layout, separator: string): WriteRows => {
  const byte = separator.charCodeAt(0)
  const special = new Uint8Array(256)
  for (const code of [byte, 34, 10, 13]) special[code] = 1
  const words = layout.columns.map((column) =>
    wordsOf(column, (value) => csvText(value, separator))
  )
  const kind = layout.kind === undefined ? [] : [...encoder.encode(csvText(layout.kind, separator))]
  const tag = kind.map((code) => `o[a++] = ${code};`).join(" ")
  const fields = layout.columns.map((column, k) => {
    const before = k === 0 && layout.kind === undefined ? "" : `o[a++] = ${byte};`
    return `${room("1")} ${before} ${fieldCode(column, k)}`
  })
  const text = `// csv ${identity++}
"use strict";
return function csv_${identity}(sheet, from, to, out) {
  const C = sheet.columns, b = sheet.bytes;
  let o = out.bytes, a = out.used, z = o.length;
  for (let i = from; i < to; i++) {
    ${room(String(kind.length + 4))}
    const first = a;
    ${tag}
    ${fields.join("\n    ")}
    ${room("4")}
    if (a === first) { o[a++] = 34; o[a++] = 34; }
    o[a++] = 10;
  }
  out.used = a;
}`
  return new Function("E", "W", "N", text)(special, words, putNumber) as WriteRows
}
