// Lines made up so that a parser takes each of its rare ways once before the first real line: the
// engine then knows the types there, and does not throw its optimised code away when the first
// capital letter comes. A program that runs for a second gets a fifth of it back.
import type { Format } from "../../Format.ts"
import { Segment } from "../../SegmentPool.ts"
import type { Needs } from "../../Views.ts"
import { SheetPool } from "../../Views.ts"
import { bare, isOmittable, isOptional, pathOf } from "./describe.ts"
import { framed } from "./frames.ts"
import type { Parser } from "./generate.ts"
import type { Step } from "./sequence.ts"
import { sequence } from "./sequence.ts"

const variants = 24

const pick = (list: ReadonlyArray<string>, v: number): string => list[v % list.length] as string

const digitsOf = (width: number, v: number): string => String(v).padStart(width, "0").slice(-width)

const wholes = ["7", "42", "-3", "0", "123456789012345", "-0"]
const decimals = ["7", "1.5", "-2.25", "3e2", "0.1", "12345678901234567890", "-1E-3", "123456.789"]
const hexadecimals = ["0a", "1F", "3", "c", "00", "2"]

/** The numbers that fields must agree on: `same` and `each` refer to them. */
interface Sampling {
  readonly v: number
  readonly separator: string
  readonly agreed: Map<string, string>
}

const sampleOf = (step: Step, sampling: Sampling): string => {
  const { spec } = step
  const { v } = sampling
  switch (spec._tag) {
    case "Text": {
      const text = pick(["ab", "Ab", "xYz", "x", "abcdefghijklmnopqrst", "aé"], v)
      const suffix =
        spec.without.length === 0 || v % 3 !== 0 ? "" : pick(spec.without, Math.floor(v / 3))
      return text + suffix + (spec.trimEnd && v % 5 === 0 ? " " : "")
    }
    case "Skip":
      return "ab"
    case "Digits":
      return digitsOf(spec.width, v)
    case "Integer":
      if (spec.same !== undefined) return sampling.agreed.get(spec.same) as string
      return sampling.agreed.get(step.name) ?? pick(spec.base === 10 ? wholes : hexadecimals, v)
    case "Decimal":
      return pick(decimals, v)
    case "Choice":
      return pick(Object.keys(spec.words), v)
    case "Boolean":
      return pick([spec.yes, spec.no], v)
    case "Width": {
      const inner = sampleOf({ ...step, spec: spec.of }, sampling)
      const text =
        new TextEncoder().encode(inner).length <= spec.bytes ? inner : "7".repeat(spec.bytes)
      return text + " ".repeat(spec.bytes - new TextEncoder().encode(text).length)
    }
    case "Optional":
      return v % 4 === 2 ? "" : sampleOf({ ...step, spec: spec.of }, sampling)
    case "Counted":
      return [
        String(v % 4),
        ...Array.from({ length: v % 4 }, () => lineOf(step.inner, sampling))
      ].join(step.ending.to)
    case "Each": {
      const count = Number(sampling.agreed.get(spec.count))
      return Array.from({ length: count }, (_, i) => digitsOf(spec.width, i)).join(
        sampling.separator
      )
    }
    default:
      return ""
  }
}

const lineOf = (steps: ReadonlyArray<Step>, sampling: Sampling): string => {
  const placed = steps.filter(({ spec }) => !["Span", "Ordinal", "Nothing"].includes(spec._tag))
  return placed
    .map((step, i) => {
      const last = i === placed.length - 1
      return sampleOf(step, sampling) + (last ? "" : step.ending.to)
    })
    .join("")
}

const agreements = (steps: ReadonlyArray<Step>, v: number): Map<string, string> => {
  const agreed = new Map<string, string>()
  for (const { spec } of steps) {
    if (spec._tag === "Each") agreed.set(spec.count, String(1 + (v % 3)))
    else if (spec._tag === "Integer" && spec.same !== undefined && !agreed.has(spec.same))
      agreed.set(spec.same, String(v % 3))
  }
  return agreed
}

const jsonValues: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  Integer: [7, -3, 0, 123_456_789],
  Decimal: [7, 1.5, -2.25, 3e2, 0.1, 12.34],
  Boolean: [true, false],
  Text: ["ab", "", "abcdefghijklmnopqrst", "é", 'a "b"']
}

/** Sets a member by its path. */
const setAt = (record: Record<string, unknown>, path: ReadonlyArray<string>, value: unknown) => {
  let object = record
  for (const name of path.slice(0, -1)) {
    object[name] ??= {}
    object = object[name] as Record<string, unknown>
  }
  object[path.at(-1) as string] = value
}

const jsonLines = ({ fields }: Format<unknown>): string => {
  const lines: Array<string> = []
  for (let v = 0; v < variants; v++) {
    const members = Object.entries(fields).flatMap(([name, spec]) => {
      const inner = bare(spec)
      const values = inner._tag === "Choice" ? Object.keys(inner.words) : jsonValues[inner._tag]
      const path = pathOf(name, spec)
      if (isOptional(spec) && v % 5 === 2) return []
      const isNull = isOptional(spec) && !isOmittable(spec) && v % 5 === 3
      return [[path, isNull ? null : values?.[v % values.length]] as const]
    })
    const further = [[["further"], [v, { a: null, b: "c", d: [] }]] as const]
    const all = v % 2 === 0 ? [...members, ...further] : [...further, ...members.toReversed()]
    const record: Record<string, unknown> = {}
    for (const [path, value] of all) setAt(record, path, value)
    lines.push(JSON.stringify(record, undefined, v % 5 === 0 ? " " : ""))
  }
  return `${lines.map((line) => line.replaceAll("\n", " ")).join("\n")}\n`
}

const quoted = (line: string, separator: string): string =>
  line
    .split(separator)
    .map((field) => `"${field}"`)
    .join(separator)

/** Lines of a format that take its parser everywhere but into a fault. */
export const sampleLines = (format: Format<unknown>): string => {
  if (format._tag === "Ndjson") return jsonLines(format)
  const { separator } = format
  const steps = sequence(format.fields, separator)
  const lines: Array<string> = []
  for (let v = 0; v < variants; v++) {
    const plain = lineOf(steps, { v, separator, agreed: agreements(steps, v) })
    const line = format.quotes && v % 3 === 1 ? quoted(plain, separator) : plain
    lines.push(line + (v % 4 === 1 ? "\r" : ""))
    if (format.trimEnd) lines.push(`${lines.at(-1)}  `.replace("\r", ""))
    if (format.ignore !== undefined) lines.push(`${format.ignore}x`)
  }
  return `${lines.join("\n")}\n`
}

const sampleBytes = (
  { frames }: Format<unknown>,
  text: string,
  bytesOf: (text: string) => Uint8Array
): Uint8Array => {
  if (frames === undefined) return bytesOf(text)
  const bodies = text.split("\n").slice(0, -1)
  const all = bodies.flatMap((body) => [...framed(bytesOf(body), frames.prefix)])
  const bytes = bytesOf(" ".repeat(all.length))
  bytes.set(all)
  return bytes
}

/** Reads the sample a few times; `bytesOf` makes the kind of buffer the parser will get. */
export const rehearse = (
  parser: Parser,
  format: Format<unknown>,
  needs: Needs,
  bytesOf: (text: string) => Uint8Array
): void => {
  const pool = new SheetPool(parser.layout, needs)
  const text = sampleLines(format)
  for (let round = 0; round < 3; round++) {
    const bytes = sampleBytes(format, text, bytesOf)
    const sheet = pool.rent(new Segment(bytes))
    const host = { lines: 0, fault: -1, faultAt: 0 }
    parser.parse(bytes, 0, bytes.length, sheet, 2_048, host)
    sheet.release()
  }
}
