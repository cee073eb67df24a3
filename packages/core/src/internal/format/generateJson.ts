// A parser for lines of JSON objects, generated for the fields a plan uses. Its quick way takes
// what is surely right: members in any order, texts without escapes, plain numbers. A line that
// holds anything else is read by jsonFields.ts, which decides what it means.

import { multiplier, seed } from "../../ByteHash.ts"
import type { Condition } from "../../Fields.ts"
import type { FieldSpec, FieldSpecs, Format } from "../../Format.ts"
import type { Layout, Needs } from "../../Views.ts"
import { absent, narrowed } from "../../Views.ts"
import { namesIn, testCode } from "../views/conditionCode.ts"
import { flush, hoists, write, writeRead } from "./columnCode.ts"
import { bare, choiceValues, isOptional } from "./describe.ts"
import type { Dialect } from "./dialect.ts"
import { javascript, webAssembly } from "./dialect.ts"
import { recordCode } from "./frames.ts"
import type { Parse, Parser } from "./generate.ts"
import { jsonExpected, objectExpected, readJson, usedFields } from "./jsonFields.ts"
import { nothingCode, objectCode } from "./jsonMembers.ts"
import { skipSpace, skipValue } from "./jsonSkip.ts"
import { ParserScope } from "./parserScope.ts"
import { askable } from "./reading.ts"
import type { Step } from "./sequence.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** Where the slow way leaves what it read: by field, the numbers its local variables are set to. */
interface Slow {
  readonly starts: Array<number>
  readonly lengths: Array<number>
  readonly numbers: Array<number>
  /** A text was not ASCII. */
  isWide: boolean
}

const variables = (steps: ReadonlyArray<Step>, id: (path: string) => number): string =>
  steps
    .map(({ path, spec }) => {
      const n = id(path)
      const nothing = isOptional(spec) ? nothingCode(n) : ""
      return `let s${n} = 0, l${n} = 0, v${n} = 0, k${n} = 255; ${nothing}`
    })
    .join(" ")

const hashes = (steps: ReadonlyArray<Step>, needs: Needs, id: (path: string) => number): string =>
  steps
    .filter(({ path }) => needs.hashes.has(path))
    .map(({ path }) => {
      const n = id(path)
      return `let h${n} = SEED;
    for (q = s${n}; q < s${n} + l${n}; q++) h${n} = Math.imul(h${n} ^ b[q], M);`
    })
    .join(" ")

let identity = 0

interface Rejection {
  /** As soon as the fields of the condition are there. */
  readonly early: string
  /** When the whole line was read. */
  readonly late: string
}

/** Where the condition does not hold, what it reads is all that is written. */
const rejection = (
  steps: ReadonlyArray<Step>,
  scope: ParserScope,
  where: Condition | undefined
): Rejection => {
  if (where === undefined) return { early: "", late: "" }
  const names = new Set(namesIn(where))
  const asked = steps.filter(({ name }) => names.has(name))
  const mask = asked.reduce((sum, step) => sum + 2 ** steps.indexOf(step), 0)
  const test = `!${testCode(where, (name) => scope.operand(name))}`
  const reject = `{
      ${writeRead(scope, asked)}
      lines++; at = next;
      continue scan;
    }`
  return {
    // What may be absent may still come.
    early: asked.some(({ spec }) => isOptional(spec))
      ? ""
      : `if ((seen & ${mask}) === ${mask} && ${test}) ${reject}`,
    late: `if (${test}) ${reject}`
  }
}

/** The loop over lines. */
const scan = (
  format: Format<unknown>,
  steps: ReadonlyArray<Step>,
  scope: ParserScope,
  rejected: Rejection
): string => {
  const { needs, dialect } = scope
  const id = (path: string): number => scope.id(path)
  const members = steps.map((step, nth) => ({ step, nth, id: id(step.path) }))
  const needed = members.filter(({ step }) => !isOptional(step.spec))
  const mask = needed.reduce((sum, { nth }) => sum + 2 ** nth, 0)
  const back = steps
    .map(({ path }, i) => {
      const n = id(path)
      return `s${n} = x.starts[${i}]; l${n} = x.lengths[${i}]; v${n} = k${n} = x.numbers[${i}];`
    })
    .join("\n      ")
  return `scan: while (at < end && r < max) {
    ${recordCode(format, scope.faults, dialect)}
    ${variables(steps, id)}
    let seen = 0, objects = 0, isRead = false;
    p = ${dialect.space("p")};
    if (p === e) { lines++; at = next; continue; }
    quick: {
      q = p;
      ${objectCode(members, 0, { count: 0, atComma: rejected.early, dialect })}
      if (${mask === 0 ? "false" : `(seen & ${mask}) !== ${mask}`}) break quick;
      isRead = ${dialect.space("q")} === e;
    }
    if (!isRead) {
      ${dialect.slow(back)}
    }
    ${rejected.late}
    ${hashes(steps, needs, id)}
    ${write(scope, steps)}
    lines++;
    at = next;
  }`
}

const source = (lines: string, scope: ParserScope): string => `// parser of JSON ${identity++}
"use strict";
return function json_${identity}(b, at, end, sheet, max, host) {
  const C = sheet.columns;
  let r = sheet.rows, room = sheet.room, lines = 0, p = at, e = 0, c = 0, q = 0, a = 0, z = 0;
  ${hoists(scope)}
  ${lines}
  sheet.rows = r;
  ${flush(scope)}
  host.lines += lines;
  return at;
}`

/** The slow way: the line's meaning, its texts put where the line stood, as bytes. */
const codeOf = (spec: FieldSpec, value: unknown): number => {
  const inner = bare(spec)
  return inner._tag === "Choice" ? choiceValues(inner.words).indexOf(value as string) : absent
}

const slowWay = (
  fields: FieldSpecs,
  condition: Condition | undefined,
  faults: ParserScope["faults"]
) => {
  const read = readJson(fields, condition)
  const list = Object.entries(fields)
  return (bytes: Uint8Array, from: number, to: number, x: Slow): number => {
    const line = read(decoder.decode(bytes.subarray(from, to)))
    if (line._tag === "Fault") return faults.findIndex(({ field }) => field === line.fault.field)
    const values = line._tag === "Blank" ? {} : line.values
    let at = from
    list.forEach(([name, spec], i) => {
      const value = values[name]
      const { _tag } = bare(spec)
      if (value === null) {
        x.lengths[i] = -1
        x.numbers[i] = _tag === "Boolean" || _tag === "Choice" ? absent : Number.NaN
      } else if (_tag === "Choice") x.numbers[i] = codeOf(spec, value)
      else if (typeof value === "string") {
        // Unescaped text is never longer than it was with its escapes.
        const { written } = encoder.encodeInto(value, bytes.subarray(at, to))
        x.starts[i] = at
        x.lengths[i] = written
        if (written !== value.length) x.isWide = true
        at += written
      } else x.numbers[i] = Number(value)
    })
    return -1
  }
}

const scopeOf = (format: Format<unknown>, needs: Needs, layout: Layout, dialect: Dialect) => {
  const fields = usedFields(format.fields, needs)
  const ending = { to: "", orEnd: false }
  const steps = Object.entries(fields).map(
    ([name, spec]): Step => ({ name, path: name, spec, ending, expected: "", inner: [] })
  )
  const scope = new ParserScope(layout, needs, steps, format, dialect)
  scope.faults.push({ field: "(line)", expected: objectExpected })
  for (const { path, spec } of steps)
    scope.faults.push({ field: path, expected: jsonExpected(spec) })
  const where = askable(needs.where, Object.keys(fields))
  return { fields, scope, where, text: scan(format, steps, scope, rejection(steps, scope, where)) }
}

/** What a parser of JSON is in WebAssembly: the loop over lines, and what it refers to. */
export const jsonScanOf = (format: Format<unknown>, needs: Needs) => {
  const layout = narrowed(format.layout, needs)
  const { scope, text } = scopeOf(format, needs, layout, webAssembly)
  return { text, layout, scope }
}

/** Compiles a parser for lines of JSON. */
export const generateJson = (format: Format<unknown>, needs: Needs, layout: Layout): Parser => {
  const { fields, scope, where, text } = scopeOf(format, needs, layout, javascript)
  const slow = slowWay(fields, where, scope.faults)
  const x: Slow = { starts: [], lengths: [], numbers: [], isWide: false }
  const names = ["SEED", "M", "words", "space", "skip", "slow", "x"]
  const made = new Function(...names, source(text, scope))
  const parse = made(seed, multiplier, scope.words, skipSpace, skipValue, slow, x) as Parse
  return { parse, layout, faults: scope.faults }
}
