// A format read field by field over text, to objects: its reference meaning, and what runs where
// code generation is forbidden. It shares the sequence of fields with the generated parser and
// nothing else; a property test holds the two equal.
import { where } from "../../Fields.ts"
import type { Decoded, Fault, FieldSpec, Format } from "../../Format.ts"
import type { Needs } from "../../Views.ts"
import { everything, narrowed } from "../../Views.ts"
import { shown } from "../views/materialise.ts"
import { bare } from "./describe.ts"
import { quotedExpected, splitQuoted } from "./quoted.ts"
import { readingOf } from "./reading.ts"
import type { Step } from "./sequence.ts"
import { digitsMax, endOfLine, groupOf, innerOf, sameAs } from "./sequence.ts"

interface Progress {
  readonly line: string
  at: number
  /** Start and end of each text field read so far. */
  readonly places: Map<string, readonly [from: number, to: number]>
  readonly values: Map<string, unknown>
  /** The fields that are wanted. */
  readonly paths: ReadonlySet<string>
}

class Refusal {
  readonly path: string
  readonly expected: string
  readonly at: number

  constructor(path: string, expected: string, at: number) {
    this.path = path
    this.expected = expected
    this.at = at
  }
}

const encoder = new TextEncoder()
const byteLength = (text: string): number => encoder.encode(text).length

const refuse = (step: Step, at: number, expected = step.expected): never => {
  throw new Refusal(step.path, expected, at)
}

/** Skips what ends a fixed field, or refuses. */
const closed = (progress: Progress, step: Step, from: number): void => {
  progress.places.set(step.path, [from, progress.at])
  const { to, orEnd } = step.ending
  const atEnd = progress.at === progress.line.length
  if (to === "" ? atEnd : progress.line.startsWith(to, progress.at)) progress.at += to.length
  else if (!(orEnd && atEnd)) refuse(step, from)
}

/** The text up to what ends it. */
const upTo = (progress: Progress, step: Step): readonly [from: number, to: number] => {
  const { line, at } = progress
  const { to, orEnd } = step.ending
  const found = to === "" ? line.length : line.indexOf(to, at)
  if (found < 0 && !orEnd) refuse(step, at)
  const end = found < 0 ? line.length : found
  progress.places.set(step.path, [at, end])
  progress.at = found < 0 ? end : end + to.length
  return [at, end]
}

const lowered = (text: string): string =>
  text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())

const textOf = (progress: Progress, step: Step, spec: FieldSpec & { _tag: "Text" }): string => {
  const [from, to] = upTo(progress, step)
  let text = progress.line.slice(from, to)
  if (spec.trimEnd) text = text.replace(/ +$/, "")
  if (spec.lower) text = lowered(text)
  const endings = spec.lower ? spec.without.map(lowered) : spec.without
  const ending = endings.find((each) => text.endsWith(each))
  if (ending !== undefined) text = text.slice(0, text.length - ending.length)
  if (text.length < spec.least && byteLength(text) < spec.least) refuse(step, from)
  progress.places.set(step.path, [from, from + text.length])
  return text
}

const matched = (progress: Progress, step: Step, pattern: RegExp): string => {
  pattern.lastIndex = progress.at
  const found = pattern.exec(progress.line)?.[0]
  if (found === undefined) return refuse(step, progress.at)
  const from = progress.at
  progress.at += found.length
  closed(progress, step, from)
  return found
}

const patterns = {
  10: new RegExp(`-?[0-9]{1,${digitsMax[10]}}`, "y"),
  16: new RegExp(`[0-9a-fA-F]{1,${digitsMax[16]}}`, "y"),
  decimal: /-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
}

const wholeOf = (progress: Progress, step: Step, base: 10 | 16): number => {
  const text = matched(progress, step, patterns[base])
  return base === 10 ? Number(text) : Number.parseInt(text, 16)
}

const wordOf = (progress: Progress, step: Step, words: ReadonlyArray<string>): string => {
  const { line, at } = progress
  const { to, orEnd } = step.ending
  for (const word of words) {
    const end = at + word.length
    if (!line.startsWith(word, at)) continue
    const fits = to === "" ? end === line.length : line.startsWith(to, end)
    if (!fits && !(orEnd && end === line.length)) continue
    progress.at = fits ? end + to.length : end
    progress.places.set(step.path, [at, end])
    return word
  }
  return refuse(step, at)
}

const elementsOf = (progress: Progress, step: Step, base: 10 | 16): ReadonlyArray<unknown> => {
  const from = progress.at
  const count = wholeOf(progress, step, base)
  if (count < 0) refuse(step, from)
  const elements: Array<unknown> = []
  for (let i = 0; i < count; i++) {
    const element: Record<string, unknown> = {}
    for (const inner of step.inner) {
      const value = valueOf(progress, inner)
      if (progress.paths.has(inner.path)) element[inner.name] = value
    }
    elements.push(element)
  }
  return elements
}

const digitsOf = (progress: Progress, step: Step, width: number): string => {
  const from = progress.at
  const text = progress.line.slice(from, from + width)
  if (text.length < width || !/^[0-9]*$/.test(text)) refuse(step, from)
  progress.at += width
  closed(progress, step, from)
  return text
}

const spanOf = (progress: Progress, step: Step, spec: FieldSpec & { _tag: "Span" }): string => {
  const group = groupOf(step)
  const from = progress.places.get(group + spec.from)?.[0]
  return progress.line.slice(from, progress.places.get(group + spec.through)?.[1])
}

/** Whether what ends a field stands where it should begin. */
const isNothing = ({ line, at }: Progress, { ending: { to, orEnd } }: Step): boolean => {
  if (at === line.length && (to === "" || orEnd)) return true
  return to !== "" && line.startsWith(to, at)
}

/** Where so many bytes of a line end; -1 where that is behind its end, or inside a character. */
const afterBytes = (line: string, from: number, bytes: number): number => {
  let left = bytes
  let at = from
  while (left > 0 && at < line.length) {
    const character = String.fromCodePoint(line.codePointAt(at) as number)
    left -= byteLength(character)
    at += character.length
  }
  return left === 0 ? at : -1
}

const widthOf = (
  progress: Progress,
  step: Step,
  { bytes, isLast, of }: FieldSpec & { _tag: "Width" }
): unknown => {
  const { line, at: from } = progress
  const end = afterBytes(line, from, bytes)
  if (end < 0) refuse(step, from)
  const whole = line.slice(from, end)
  const isText = ["Text", "Skip"].includes(bare(of)._tag)
  const text = isText ? whole : whole.replace(/ +$/, "")
  const at = isText ? from : from + text.length - text.replace(/^ +/, "").length
  const inner = { ...progress, line: line.slice(0, from) + text, at }
  const value = valueOf(inner, { ...step, spec: of, ending: endOfLine })
  progress.at = end
  if (isLast && end < line.length) refuse(step, from)
  return value
}

const valueOf = (progress: Progress, step: Step): unknown => {
  const { spec } = step
  const from = progress.at
  switch (spec._tag) {
    case "Text":
      return textOf(progress, step, spec)
    case "Skip":
      upTo(progress, step)
      return undefined
    case "Digits":
      return digitsOf(progress, step, spec.width)
    case "Integer": {
      const value = wholeOf(progress, step, spec.base)
      if (spec.same !== undefined && value !== progress.values.get(spec.same))
        refuse(step, from, sameAs(spec.same))
      return value
    }
    case "Decimal": {
      const value = Number(matched(progress, step, patterns.decimal))
      return Number.isFinite(value) ? value : refuse(step, from)
    }
    case "Choice":
      return spec.words[wordOf(progress, step, Object.keys(spec.words))]
    case "Boolean":
      return wordOf(progress, step, [spec.yes, spec.no]) === spec.yes
    case "Span":
      return spanOf(progress, step, spec)
    case "Counted":
      return elementsOf(progress, step, spec.base)
    case "Nothing":
      return null
    case "Width":
      return widthOf(progress, step, spec)
    case "Optional":
      if (!isNothing(progress, step)) return valueOf(progress, innerOf(step, spec.of))
      closed(progress, step, from)
      return null
    default:
      return undefined
  }
}

/** The elements of the field that stands for several records. */
const fanOut = (
  progress: Progress,
  step: Step,
  spec: FieldSpec & { _tag: "Each" },
  separator: string
): ReadonlyArray<string> => {
  const { line } = progress
  const from = progress.at
  const found: Array<string> = []
  const count = progress.values.get(spec.count) as number
  for (let i = 0; i < count; i++) {
    const text = line.slice(progress.at, progress.at + spec.width)
    if (text.length < spec.width || !/^[0-9]*$/.test(text)) refuse(step, from)
    progress.at += spec.width
    if (line.startsWith(separator, progress.at)) progress.at += separator.length
    else if (progress.at < line.length || i < count - 1) refuse(step, from)
    found.push(text)
  }
  if (progress.at < line.length) refuse(step, from)
  return found
}

const trimmed = (line: string): string => line.replace(/ +$/, "")

type Values = Map<string, unknown>

/** A line of which a condition let nothing through. */
const nothing: ReadonlyArray<Values> = []

/** Whether what must hold once a field was read does hold. */
type Holds = (at: number, values: Values) => boolean

/** The fields of a row of CSV. */
const readRow = (
  { steps, paths }: Reader,
  separator: string,
  holds: Holds,
  line: string
): ReadonlyArray<Values> => {
  const fields = splitQuoted(line, separator)
  if (fields === undefined) throw new Refusal("(line)", quotedExpected, 0)
  const values: Values = new Map()
  const last = steps.findLastIndex(({ spec }) => spec._tag !== "Nothing")
  let at = 0
  for (const [i, step] of steps.entries()) {
    // Columns that the file lacks come last.
    if (i > last) {
      values.set(step.name, null)
      continue
    }
    const field = fields[i] as string
    const whole = { ...step, ending: { to: "", orEnd: false } }
    const progress: Progress = { line: field, at: 0, places: new Map(), values, paths }
    const isMisplaced = i === last ? fields.length > i + 1 : fields.length === i + 1
    try {
      values.set(step.name, valueOf(progress, whole))
    } catch (refusal) {
      throw refusal instanceof Refusal ? new Refusal(step.path, step.expected, at) : refusal
    }
    if (isMisplaced) throw new Refusal(step.path, step.expected, at)
    if (!holds(i, values)) return nothing
    at += field.length + 1
  }
  return [values]
}

/** The fields of a line, as often as it holds a record. */
const readLine = (
  { steps, paths }: Reader,
  separator: string,
  holds: Holds,
  line: string
): ReadonlyArray<Values> => {
  const progress: Progress = { line, at: 0, places: new Map(), values: new Map(), paths }
  let repeated: { readonly name: string; readonly texts: ReadonlyArray<string> } | undefined
  let ordinal: string | undefined
  for (const [i, step] of steps.entries()) {
    if (step.spec._tag === "Ordinal") ordinal = step.name
    else if (step.spec._tag === "Each")
      repeated = { name: step.name, texts: fanOut(progress, step, step.spec, separator) }
    else progress.values.set(step.name, valueOf(progress, step))
    if (!holds(i, progress.values)) return nothing
  }
  const texts = repeated?.texts ?? [undefined]
  return texts.map((each, i) => {
    const values = new Map(progress.values)
    if (repeated !== undefined) values.set(repeated.name, each)
    if (ordinal !== undefined) values.set(ordinal, i + 1)
    return values
  })
}

interface Reader {
  readonly steps: ReadonlyArray<Step>
  readonly paths: ReadonlySet<string>
}

/** Reads one line, as far as it is needed. */
export const interpret = <A>(
  format: Format<A>,
  needs: Needs
): ((line: string) => Decoded<unknown>) => {
  const { steps, checks } = readingOf(format, needs)
  const { kind, columns } = narrowed(format.layout, needs)
  const reader: Reader = { steps, paths: everything({ kind, columns }).columns }
  const recordOf = (values: Values): Record<string, unknown> => {
    const record: Record<string, unknown> = kind === undefined ? {} : { _tag: kind }
    for (const column of columns) record[column.name] = shown(column, values.get(column.name))
    return record
  }
  const holds: Holds = (at, values) => {
    const condition = checks.get(at)
    return condition === undefined || where(condition)(Object.fromEntries(values))
  }
  const passes = needs.where === undefined ? () => true : where(needs.where)
  const read = format.quotes ? readRow : readLine
  const none: Decoded<unknown> = { _tag: "Records", records: [] }
  return (text) => {
    if (format.ignore !== undefined && text.startsWith(format.ignore)) return none
    if (format.quotes && text === "") return none
    const line = format.trimEnd ? trimmed(text) : text
    try {
      const all = read(reader, format.separator, holds, line)
      return { _tag: "Records", records: all.map(recordOf).filter(passes) }
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal
      const { path: field, expected, at } = refusal
      const fault: Fault = { field, expected, at: byteLength(line.slice(0, at)) }
      return { _tag: "Fault", fault }
    }
  }
}
