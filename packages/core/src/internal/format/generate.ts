// A parser as source text of its own, made for one format and one plan: it reads bytes straight
// into columns, makes only what the plan uses and hashes keys on the way. A field nobody uses is
// passed over up to what ends it. It has the meaning of interpret.ts, held equal by property test.

import { multiplier, seed } from "../../ByteHash.ts"
import type { Fault, Format } from "../../Format.ts"
import type { Layout, Needs, Sheet } from "../../Views.ts"
import { narrowed } from "../../Views.ts"
import { testCode } from "../views/conditionCode.ts"
import { flush, hoists, write, writeRead } from "./columnCode.ts"
import type { Dialect } from "./dialect.ts"
import { javascript, webAssembly } from "./dialect.ts"
import { fieldCode } from "./fieldCode.ts"
import { recordCode } from "./frames.ts"
import { generateJson, jsonScanOf } from "./generateJson.ts"
import { bytesOf, ParserScope } from "./parserScope.ts"
import { makePlain, quotedExpected } from "./quoted.ts"
import type { Reading } from "./reading.ts"
import { readingOf } from "./reading.ts"

/** What a parser tells beside the rows it adds. */
export interface ParserHost {
  /** Lines read since the host was made. */
  lines: number
  /** Number of the fault among the parser's, or -1; the parser then stands at the line's start. */
  fault: number
  /** Where in the buffer the fault is. */
  faultAt: number
  /** Set once a text was read that is not ASCII where the bytes are: an escape stood for it. */
  isWide?: boolean
}

/** Reads lines of `bytes[at, end)` into the sheet until it holds `rowsMax`; returns where it is. */
export type Parse = (
  bytes: Uint8Array,
  at: number,
  end: number,
  sheet: Sheet,
  rowsMax: number,
  host: ParserHost
) => number

/** A parser for one format and plan. */
export interface Parser {
  readonly parse: Parse
  readonly layout: Layout
  readonly faults: ReadonlyArray<Pick<Fault, "field" | "expected">>
}

let identity = 0

const ignored = (prefix: string | undefined): string => {
  if (prefix === undefined || prefix === "") return ""
  const bytes = bytesOf(prefix)
  const test = bytes.map((byte, i) => `b[p + ${i}] === ${byte}`).join(" && ")
  return `if (p + ${bytes.length} <= e && ${test}) { lines++; at = next; continue; }`
}

/** A line with a quote in it is made plain first; its fields then lie between other bytes. */
const plainOpening = (separator: string, { faults, dialect }: ParserScope): string => {
  faults.push({ field: "(line)", expected: quotedExpected })
  return dialect.quotes(separator.charCodeAt(0), dialect.fault(faults.length - 1, "p"))
}

const opening = (format: Format<unknown>, scope: ParserScope): string => `
    ${recordCode(format, scope.faults, scope.dialect)}
    ${format.frames === undefined ? "else if (e > p && b[e - 1] === 13) e--;" : ""}
    ${format.quotes ? plainOpening(format.separator, scope) : ""}
    ${ignored(format.ignore)}
    ${format.trimEnd ? "while (e > p && b[e - 1] === 32) e--;" : ""}`

const quotedVariables =
  "let T = 0, quoted = -1, breaks = 0; const plain = { end: 0, next: 0, breaks: 0 };"

/** The fields in order; where a condition does not hold the rest of the line is left alone. */
const body = (scope: ParserScope, { steps, checks }: Reading, over: string): string =>
  steps
    .map((step, i) => {
      const read = fieldCode(scope, step)
      const condition = checks.get(i)
      if (condition === undefined) return read
      const test = testCode(condition, (name) => scope.operand(name))
      return `${read}
    if (!${test}) {
      ${writeRead(scope, steps.slice(0, i + 1))}
      ${over}
      continue;
    }`
    })
    .join("\n    ")

const scan = (format: Format<unknown>, reading: Reading, scope: ParserScope): string => {
  const over = `lines${format.quotes ? " += 1 + breaks" : "++"}; at = next;`
  const fields = body(scope, reading, over)
  const written = write(scope, reading.steps)
  return `scan: while (at < end && r < max) {${opening(format, scope)}
    ${fields}
    ${written}
    ${over}
  }`
}

const compile = (format: Format<unknown>, reading: Reading, scope: ParserScope): string => {
  const lines = scan(format, reading, scope)
  return `// parser ${identity++}
"use strict";
return function parse_${identity}(b, at, end, sheet, max, host) {
  const C = sheet.columns;
  let r = sheet.rows, room = sheet.room, lines = 0, p = at, e = 0, c = 0, q = 0, z = 0;
  ${hoists(scope)}
  ${format.quotes ? quotedVariables : ""}
  ${lines}
  sheet.rows = r;
  ${flush(scope)}
  host.lines += lines;
  return at;
}`
}

/** Whether the platform lets programs make functions of text. */
export const canGenerate = (): boolean => {
  try {
    return new Function("return true")() === true
  } catch {
    return false
  }
}

/** The source text of a parser, for reading. */
export const source = (format: Format<unknown>, needs: Needs): string => {
  const { scope, reading } = scopeOf(format, needs, javascript)
  return compile(format, reading, scope)
}

const scopeOf = (format: Format<unknown>, needs: Needs, dialect: Dialect) => {
  const reading = readingOf(format, needs)
  const layout = narrowed(format.layout, needs)
  return { reading, layout, scope: new ParserScope(layout, needs, reading.steps, format, dialect) }
}

/** What a parser is in WebAssembly: the loop over lines, and what it refers to. */
export const scanOf = (format: Format<unknown>, needs: Needs) => {
  if (format._tag === "Ndjson") return jsonScanOf(format, needs)
  const { reading, layout, scope } = scopeOf(format, needs, webAssembly)
  return { text: scan(format, reading, scope), layout, scope }
}

/** Compiles a parser. Throws where the platform forbids code generation: ask `canGenerate`. */
export const generate = (format: Format<unknown>, needs: Needs): Parser => {
  if (format._tag === "Ndjson") return generateJson(format, needs, narrowed(format.layout, needs))
  const { reading, layout, scope } = scopeOf(format, needs, javascript)
  const text = compile(format, reading, scope)
  const names = ["SEED", "M", "words", "makePlain"]
  const made = new Function(...names, text)
  const parse = made(seed, multiplier, scope.words, makePlain) as Parse
  return { parse, layout, faults: scope.faults }
}
