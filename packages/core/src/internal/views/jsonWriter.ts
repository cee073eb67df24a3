// Writes the records of a block as lines of JSON, from bytes to bytes: what JSON.stringify makes of
// the same records, without making them. One generated function per layout.
import type { Column, Layout, Sheet } from "../../Views.ts"
import { isOmitted } from "./materialise.ts"
import type { Output } from "./output.ts"
import { numberMax } from "./rowCode.ts"

/** Writes rows `from` to `to` of a sheet. */
export type WriteRows = (sheet: Sheet, from: number, to: number, output: Output) => void

const encoder = new TextEncoder()

/** 1 for bytes that a JSON string cannot hold as they are. */
export const escaped = new Uint8Array(256)
escaped.fill(1, 0, 32)
escaped[34] = 1
escaped[92] = 1

/** The bytes JSON puts for one that must be escaped. */
export const escapes: ReadonlyArray<Uint8Array> = Array.from({ length: 128 }, (_, code) =>
  encoder.encode(JSON.stringify(String.fromCharCode(code)).slice(1, -1))
)

// Bytes go out four at a time through a DataView, whose accesses need not be aligned: half the time
// of one by one for text, a third for what is the same in every record.
const fours = (bytes: Uint8Array): number => bytes.length - (bytes.length % 4)

const literal = (text: string): string => {
  const bytes = encoder.encode(text)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const stores: Array<string> = []
  for (let k = 0; k < fours(bytes); k += 4)
    stores.push(`O.setInt32(a + ${k}, ${view.getInt32(k, true)}, true);`)
  for (let k = fours(bytes); k < bytes.length; k++) stores.push(`o[a + ${k}] = ${bytes[k]};`)
  return `${stores.join(" ")} a += ${bytes.length};`
}

const viewOf = (bytes: string): string =>
  `new DataView(${bytes}.buffer, ${bytes}.byteOffset, ${bytes}.byteLength)`

/** The bytes of `null`. */
const nullWord = 0x6c6c756e

/**
 * Writes the text of `b` at `from` into `o` at `at` as a JSON string, or null for a length of -1;
 * returns where it ends. Of four bytes none needs an escape when none is a quote, a backslash or
 * below 32: the high bit of a byte comes out of a subtraction only where that byte was too small. A
 * borrow may raise a false alarm, which costs a look at each byte.
 *
 * One function for all texts of all writers: inlined into each, it made them so long that the
 * engine optimised them late.
 */
const putText = (
  b: Uint8Array,
  B: DataView,
  from: number,
  length: number,
  o: Uint8Array,
  O: DataView,
  at: number
): number => {
  if (length < 0) {
    O.setInt32(at, nullWord, true)
    return at + 4
  }
  let q = from
  let a = at
  const to = from + length
  o[a++] = 34
  while (q < to) {
    for (; q + 4 <= to; q += 4, a += 4) {
      const w = B.getInt32(q, true)
      const x = w ^ 0x22222222
      const y = w ^ 0x5c5c5c5c
      const low = (x - 0x01010101) | (y - 0x01010101) | (w - 0x20202020)
      if ((low & ~w & -0x7f7f7f80) !== 0) break
      O.setInt32(a, w, true)
    }
    for (const u = Math.min(q + 4, to); q < u; q++) {
      const c = b[q] as number
      if (escaped[c] === 0) o[a++] = c
      else a = putEscape(c, o, a)
    }
  }
  o[a] = 34
  return a + 1
}

const putEscape = (code: number, o: Uint8Array, at: number): number => {
  const escape = escapes[code] as Uint8Array
  o.set(escape, at)
  return at + escape.length
}

const arraysOf = (data: string, id: string, column: Column): string => {
  switch (column._tag) {
    case "Text":
      return `const S${id} = ${data}.start, L${id} = ${data}.length;`
    case "Number":
      return `const V${id} = ${data}.value;`
    case "Group":
      return [
        `const S${id} = ${data}.start, L${id} = ${data}.length;`,
        ...column.columns.map((each, j) => arraysOf(`${data}.children[${j}]`, `${id}_${j}`, each))
      ].join(" ")
    default:
      return `const K${id} = ${data}.code;`
  }
}

const choices = (column: Column, words: Array<ReadonlyArray<Uint8Array>>): number => {
  const values =
    column._tag === "Choice"
      ? column.values.map((value) => JSON.stringify(value))
      : ["false", "true"]
  const list: Array<Uint8Array> = values.map((value) => encoder.encode(value))
  while (list.length < 255) list.push(new Uint8Array(0))
  list.push(encoder.encode("null"))
  words.push(list)
  return words.length - 1
}

const valueCode = (
  column: Column,
  id: string,
  row: string,
  words: Array<ReadonlyArray<Uint8Array>>
): string => {
  switch (column._tag) {
    case "Text":
      return `a = T(b, D, S${id}[${row}], L${id}[${row}], o, O, a);`
    case "Number":
      return `{ const v = V${id}[${row}];
      if (v >= 0 && v < 10 && (v | 0) === v) o[a++] = 48 + v;
      else a = N(o, a, v); }`
    case "Group": {
      const parts = column.columns.map((each, j) => {
        const name = `${j === 0 ? "{" : ","}${JSON.stringify(each.name)}:`
        return `${literal(name)} ${valueCode(each, `${id}_${j}`, "j", words)}`
      })
      const open = column.columns.length === 0 ? literal("{") : ""
      return `${literal("[")}
      { const f = S${id}[${row}], t = f + L${id}[${row}];
      for (let j = f; j < t; j++) {
        if (j > f) o[a++] = 44;
        ${open} ${parts.join("\n        ")} ${literal("}")}
      } }
      ${literal("]")}`
    }
    default: {
      const n = choices(column, words)
      return `{ const w = W[${n}][K${id}[${row}]];
      for (let y = 0; y < w.length; y++) o[a++] = w[y]; }`
    }
  }
}

const longest = (column: Column): number =>
  column._tag === "Choice"
    ? Math.max(0, ...column.values.map((value) => encoder.encode(JSON.stringify(value)).length))
    : numberMax

/** Bytes of all that is not text: names, punctuation, numbers, words. */
const fixedBytes = (columns: ReadonlyArray<Column>): number =>
  columns.reduce(
    (sum, column) =>
      sum + encoder.encode(JSON.stringify(column.name)).length + longest(column) + 16,
    16
  )

/** An escaped byte takes six. */
const textBytes = (
  columns: ReadonlyArray<Column>,
  id: (at: number) => string,
  row: string
): string =>
  columns
    .flatMap((column, k) => (column._tag === "Text" ? [` + 6 * L${id(k)}[${row}]`] : []))
    .join("")

/** Code that makes room for the whole record of row i, however its texts must be escaped. */
const roomCode = (columns: ReadonlyArray<Column>, fixed: number): string => {
  const groups = columns.map((column, k) => {
    if (column._tag !== "Group") return ""
    const each = fixedBytes(column.columns)
    const texts = textBytes(column.columns, (j) => `${k}_${j}`, "j")
    const count = `n += ${each} * L${k}[i];`
    if (texts === "") return count
    return `${count} for (let j = S${k}[i], t = j + L${k}[i]; j < t; j++) n += 0${texts};`
  })
  return `let n = ${fixed}${textBytes(columns, String, "i")};
    ${groups.join(" ")}
    if (a + n > z) { z = out.grow(a, n); o = out.bytes; O = ${viewOf("o")}; }`
}

/** Writes a number as JSON does; returns where it ends. */
export const putNumber = (out: Uint8Array, from: number, value: number): number => {
  let at = from
  if ((value | 0) === value && value >= 0) {
    let digits = 1
    for (let power = 10; digits < 10 && value >= power; power *= 10) digits++
    let rest = value
    for (let i = at + digits - 1; i >= at; i--) {
      const tenth = (rest / 10) | 0
      out[i] = 48 + rest - tenth * 10
      rest = tenth
    }
    return at + digits
  }
  const text = Number.isFinite(value) ? String(value) : "null"
  for (let i = 0; i < text.length; i++) out[at++] = text.charCodeAt(i)
  return at
}

/** Whether row `i` has a value, as an expression. */
const hasValue = (column: Column, k: number): string => {
  if (column._tag === "Text") return `L${k}[i] >= 0`
  return column._tag === "Number" ? `V${k}[i] === V${k}[i]` : `K${k}[i] !== 255`
}

/** Members of which some may be left out: each has a comma behind it, but for the last. */
const sparse = (
  { columns }: Layout,
  kind: ReadonlyArray<string>,
  words: Array<ReadonlyArray<Uint8Array>>
): ReadonlyArray<string> => [
  literal(`{${kind.map((member) => `${member},`).join("")}`),
  ...columns.map((column, k) => {
    const value = valueCode(column, `${k}`, "i", words)
    const member = `${literal(`${JSON.stringify(column.name)}:`)} ${value} o[a++] = 44;`
    return isOmitted(column) ? `if (${hasValue(column, k)}) { ${member} }` : member
  }),
  "if (o[a - 1] === 44) a--;",
  literal("}\n")
]

const dense = (
  { columns }: Layout,
  kind: ReadonlyArray<string>,
  words: Array<ReadonlyArray<Uint8Array>>
): ReadonlyArray<string> => {
  let opening = `{${kind.join("")}`
  const members = columns.map((column, k) => {
    const comma = k === 0 && kind.length === 0 ? "" : ","
    const before = literal(`${opening}${comma}${JSON.stringify(column.name)}:`)
    opening = ""
    return `${before} ${valueCode(column, `${k}`, "i", words)}`
  })
  return [...members, literal(`${opening}}\n`)]
}

let identity = 0

const source = (layout: Layout, words: Array<ReadonlyArray<Uint8Array>>): string => {
  const kind = layout.kind === undefined ? [] : [`"_tag":${JSON.stringify(layout.kind)}`]
  const isSparse = layout.columns.some(isOmitted)
  const members = (isSparse ? sparse : dense)(layout, kind, words)
  const kindBytes = encoder.encode(kind.join("")).length
  return `// json ${identity++}
"use strict";
return function json_${identity}(sheet, from, to, out) {
  const C = sheet.columns, b = sheet.bytes;
  ${layout.columns.map((column, k) => arraysOf(`C[${k}]`, `${k}`, column)).join("\n  ")}
  const D = ${viewOf("b")};
  let o = out.bytes, a = out.used, z = o.length, O = ${viewOf("o")};
  for (let i = from; i < to; i++) {
    ${roomCode(layout.columns, fixedBytes(layout.columns) + kindBytes)}
    ${members.join("\n    ")}
  }
  out.used = a;
}`
}

const writers = new WeakMap<Layout, WriteRows>()

/** The writer for a layout; compiled once. */
export const jsonWriter = (layout: Layout): WriteRows => {
  const known = writers.get(layout)
  if (known !== undefined) return known
  const words: Array<ReadonlyArray<Uint8Array>> = []
  const text = source(layout, words)
  const make = new Function("T", "W", "N", text)
  const made = make(putText, words, putNumber) as WriteRows
  writers.set(layout, made)
  return made
}
