// Writes the records of a block as lines of JSON, from bytes to bytes: what JSON.stringify makes of
// the same records, without making them. One generated function per layout.
import type { Column, Layout, Sheet } from "../../Views.ts"
import { isMemory } from "../wasm/module.ts"
import { escaped, escapes, nullWord } from "./jsonEscapes.ts"
import { JsonProgram } from "./jsonProgram.ts"
import type { JsonDialect } from "./jsonText.ts"
import { jsonText } from "./jsonText.ts"
import type { Output } from "./output.ts"

/** Writes rows `from` to `to` of a sheet. */
export type WriteRows = (sheet: Sheet, from: number, to: number, output: Output) => void

const viewOf = (bytes: string): string =>
  `new DataView(${bytes}.buffer, ${bytes}.byteOffset, ${bytes}.byteLength)`

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

const javascript: JsonDialect = {
  putFour: (at, value) => `O.setInt32(a + ${at}, ${value}, true);`,
  putByte: (at, value) => `o[a + ${at}] = ${value};`,
  text: (start, length) => `a = T(b, D, ${start}, ${length}, o, O, a);`,
  number: (value) => `{ const v = ${value};
      if (v >= 0 && v < 10 && (v | 0) === v) o[a++] = 48 + v;
      else a = N(o, a, v); }`,
  word: (n, code) => `{ const w = W[${n}][${code}];
      for (let y = 0; y < w.length; y++) o[a++] = w[y]; }`,
  textRoom: (length) => `n += 6 * ${length};`,
  room: `if (a + n > z) { z = out.grow(a, n); o = out.bytes; O = ${viewOf("o")}; }`,
  elementsFrom: () => ""
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

let identity = 0

const inJavaScript = (layout: Layout): WriteRows => {
  const { record, words } = jsonText(layout, javascript)
  const text = `// json ${identity++}
"use strict";
return function json_${identity}(sheet, from, to, out) {
  const C = sheet.columns, b = sheet.bytes;
  ${layout.columns.map((column, k) => arraysOf(`C[${k}]`, `${k}`, column)).join("\n  ")}
  const D = ${viewOf("b")};
  let o = out.bytes, a = out.used, z = o.length, O = ${viewOf("o")}, n = 0, f = 0, t = 0, j = 0;
  for (let i = from; i < to; i++) {
    ${record}
  }
  out.used = a;
}`
  return new Function("T", "W", "N", text)(putText, words, putNumber) as WriteRows
}

/** Texts in the memory of programs are written by one. */
const writerOf = (layout: Layout): WriteRows => {
  let inScript: WriteRows | undefined
  let program: JsonProgram | undefined
  const script: WriteRows = (sheet, from, to, output) => {
    inScript ??= inJavaScript(layout)
    inScript(sheet, from, to, output)
  }
  return (sheet, from, to, output) => {
    if (!isMemory(sheet.bytes.buffer)) return script(sheet, from, to, output)
    program ??= new JsonProgram(layout, script)
    program.write(sheet, from, to, output)
  }
}

const writers = new WeakMap<Layout, WriteRows>()

/** The writer for a layout; compiled once. */
export const jsonWriter = (layout: Layout): WriteRows => {
  const known = writers.get(layout)
  if (known !== undefined) return known
  const made = writerOf(layout)
  writers.set(layout, made)
  return made
}
