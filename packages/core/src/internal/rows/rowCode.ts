// Generates, for a function on rows and a layout, the loop that calls it: one object whose getters
// read the columns stands for one record after the other. Getters are the object's own, so that
// spreading a row, or making JSON of it, gives what it gives of the record. A record that throws is
// isolated by the position at which the loop goes on.
import { RowText } from "../../RowText.ts"
import { decodeUtf8 } from "../../SegmentPool.ts"
import type { Column, Layout, Sheet } from "../../Views.ts"
import { shown, valueAt } from "../views/materialise.ts"
import type { ErasedRowFunction } from "./rowFunction.ts"

/** What the loop calls back for. */
export interface RowHost {
  /** Metadata of the record at `position` of the block, where the function takes it. */
  readonly cursor: { position: number }
  /** Whether to go on after a record that failed. */
  readonly failed: (position: number, cause: unknown) => boolean
  /** Appends what a flatMap returned. */
  readonly expand: (result: unknown, out: Array<unknown>) => void
}

/**
 * Calls the function for rows `from` to `to`. Results go to `out`, the rows they come from to
 * `rows`; of a filter only the rows; for columns, `out` holds the arrays they are written to.
 * Returns the row behind the last that was taken.
 */
export type RowLoop = (
  sheet: Sheet,
  from: number,
  to: number,
  out: Array<unknown>,
  rows: Array<number>
) => number

/** Makes a loop of its own for a host. */
export type MakeLoop = (host: RowHost, functions: ReadonlyArray<ErasedRowFunction>) => RowLoop

/** What is done with the result of the function. */
export type RowKind = "Filter" | "Map" | "FlatMap"

/** A column that a function makes, and how its results stand in it. */
export type ComputedColumn = Extract<Column, { readonly _tag: "Number" | "Boolean" | "Choice" }>

/** What a loop does: one function's results, or a column for each of several functions. */
export type RowProgram =
  | { readonly _tag: RowKind }
  | { readonly _tag: "Columns"; readonly columns: ReadonlyArray<ComputedColumn> }

/** The result of a function that makes a column was of another kind. */
export const notOfColumn = (column: ComputedColumn, value: unknown): TypeError => {
  const expected =
    column._tag === "Choice"
      ? `one of ${column.values.join(" ")}`
      : column._tag === "Number"
        ? "a number"
        : "true or false"
  return new TypeError(
    `column "${column.name}" takes ${expected}, or null; its function returned ` +
      `${typeof value === "string" ? JSON.stringify(value) : typeof value}`
  )
}

const encoder = new TextEncoder()

const padded = <A>(values: ReadonlyArray<A>, rest: A): ReadonlyArray<A> =>
  Array.from({ length: 256 }, (_, code) => values[code] ?? rest)

/** What generated code refers to by position. */
interface Constants {
  readonly lists: Array<ReadonlyArray<unknown>>
}

const quoted = JSON.stringify

class RowWriter {
  private readonly constants: Constants
  readonly variables: Array<string> = []
  readonly entering: Array<string> = []
  readonly values: Array<string> = []
  readonly texts: Array<string> = []

  constructor(constants: Constants) {
    this.constants = constants
  }

  kind(kind: string): void {
    this.values.push(`_tag: ${quoted(kind)}`)
    this.constant("_tag", [encoder.encode(kind)], "0")
  }

  column(column: Column, k: number): void {
    const name = quoted(column.name)
    const nothing = shown(column, null)
    const hoist = (letter: string, field: string): string => {
      this.variables.push(`${letter}${k}`)
      this.entering.push(`${letter}${k} = C[${k}].${field};`)
      return `${letter}${k}[i]`
    }
    switch (column._tag) {
      case "Text": {
        const [start, length] = [hoist("S", "start"), hoist("L", "length")]
        this.values.push(
          `get ${name}() {
    const l = ${length}, s = ${start};
    return l < 0 ? ${nothing} : D(b, s, s + l);
  }`
        )
        this.text(column.name, `b, ${start}, ${length}`)
        return
      }
      case "Number":
        this.values.push(
          `get ${name}() { const v = ${hoist("V", "value")}; return v === v ? v : ${nothing}; }`
        )
        return
      case "Boolean":
        this.values.push(
          `get ${name}() {
    const k = ${hoist("K", "code")};
    return k === 255 ? ${nothing} : k === 1;
  }`
        )
        return
      case "Choice": {
        const at = this.list(padded<unknown>(column.values, nothing))
        const code = hoist("K", "code")
        this.values.push(`get ${name}() { return W[${at}][${code}]; }`)
        this.constant(
          column.name,
          column.values.map((value) => encoder.encode(value)),
          code
        )
        return
      }
      case "Group":
        this.values.push(`get ${name}() { return G(h, C[${k}], i); }`)
    }
  }

  private list(values: ReadonlyArray<unknown>): number {
    this.constants.lists.push(values)
    return this.constants.lists.length - 1
  }

  private text(name: string, place: string): void {
    const n = this.texts.length
    this.variables.push(`t${n} = new T()`)
    this.texts.push(`get ${quoted(name)}() { return t${n}.place(${place}); }`)
  }

  private constant(name: string, words: ReadonlyArray<Uint8Array>, code: string): void {
    const nothing = new Uint8Array(0)
    const bytes = `W[${this.list(padded(words, nothing))}][${code}]`
    const lengths = padded(
      words.map((word) => word.length),
      -1
    )
    this.text(name, `${bytes}, 0, W[${this.list(lengths)}][${code}]`)
  }
}

const takes: Readonly<Record<RowKind, string>> = {
  Filter: "if (f(row, texts, c)) rows.push(i);",
  Map: "const r = f(row, texts, c); out.push(r === row ? own() : r); rows.push(i);",
  FlatMap: `const r = f(row, texts, c), before = out.length;
        if (Array.isArray(r)) for (let q = 0; q < r.length; q++) out.push(r[q]);
        else host.expand(r, out);
        for (let q = before; q < out.length; q++) {
          if (out[q] === row) out[q] = own();
          rows.push(i);
        }`
}

const computed = (column: ComputedColumn, n: number): string => {
  const call = `r = f${n}(row, texts, c);`
  const bad = `fail(Q[${n}], r)`
  switch (column._tag) {
    case "Number":
      return `${call} X${n}[i] = typeof r === "number" ? r : r === null ? NaN : ${bad};`
    case "Boolean":
      return `${call} X${n}[i] = r === true ? 1 : r === false ? 0 : r === null ? 255 : ${bad};`
    case "Choice":
      return `${call} k = r === null ? 255 : M[${n}].get(r);
        X${n}[i] = k === undefined ? ${bad} : k;`
  }
}

const stepsOf = (program: RowProgram): string =>
  program._tag === "Columns"
    ? `let r, k; ${program.columns.map(computed).join("\n        ")} rows.push(i);`
    : takes[program._tag]

const fail = (column: ComputedColumn, value: unknown): never => {
  throw notOfColumn(column, value)
}

let identity = 0

/**
 * Compiles the loop for the fields `reads` of a layout; undefined: all of them. `usesCursor`: the
 * function declares it.
 */
export const compileRows = (
  program: RowProgram,
  layout: Layout,
  reads: ReadonlyArray<string> | undefined,
  usesCursor: boolean
): MakeLoop => {
  const columns = program._tag === "Columns" ? program.columns : []
  const functions = columns.length === 0 ? "f = F[0]" : columns.map((_, n) => `f${n} = F[${n}]`)
  const arrays = columns.map((_, n) => `const X${n} = out[${n}];`).join(" ")
  const constants: Constants = { lists: [] }
  const writer = new RowWriter(constants)
  const isRead = (name: string): boolean => reads === undefined || reads.includes(name)
  if (layout.kind !== undefined && isRead("_tag")) writer.kind(layout.kind)
  layout.columns.forEach((column, k) => {
    if (isRead(column.name)) writer.column(column, k)
  })
  const source = `// rows ${identity++}: ${program._tag}
"use strict";
const c = host.cursor, ${functions};
let h, C, b, D, i = 0${writer.variables.map((each) => `, ${each}`).join("")};
const row = {
  ${writer.values.join(",\n  ")}
};
const texts = {
  ${writer.texts.join(",\n  ")}
};
const own = () => ({ ...row });
return function rows_${identity}(sheet, from, to, out, rows) {
  h = sheet; C = sheet.columns; b = sheet.bytes;
  D = sheet.segment === undefined ? decode : sheet.segment.decode;
  ${writer.entering.join("\n  ")}
  ${arrays}
  i = from;
  while (i < to) {
    try {
      for (; i < to; i++) {
        ${usesCursor ? "c.position = i - from;" : ""}
        ${stepsOf(program)}
      }
    } catch (e) {
      if (!host.failed(i - from, e)) { i++; break; }
      i++;
    }
  }
  return i;
}`
  const given = {
    T: RowText,
    W: constants.lists,
    G: valueAt,
    decode: decodeUtf8,
    fail,
    Q: columns,
    M: columns.map((column) =>
      column._tag === "Choice" ? new Map(column.values.map((value, code) => [value, code])) : null
    )
  }
  const make = new Function(...Object.keys(given), "host", "F", source)
  return (host, list) => make(...Object.values(given), host, list) as RowLoop
}
