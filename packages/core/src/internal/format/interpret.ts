// A format read field by field over text, to objects: its reference meaning, and what runs where
// code generation is forbidden. It shares the sequence of fields with the generated parser and
// nothing else; a property test holds the two equal.
import type { Decoded, Fault, FieldSpec, Format } from "../../Format.ts"
import { quotedExpected, splitQuoted } from "./quoted.ts"
import type { Step } from "./sequence.ts"
import { digitsMax, sameAs, sequence } from "./sequence.ts"

interface Reading {
  readonly line: string
  at: number
  /** Start and end of each text field read so far. */
  readonly places: Map<string, readonly [from: number, to: number]>
  readonly values: Map<string, unknown>
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
const closed = (reading: Reading, step: Step, from: number): void => {
  reading.places.set(step.path, [from, reading.at])
  const { to, orEnd } = step.ending
  const atEnd = reading.at === reading.line.length
  if (to === "" ? atEnd : reading.line.startsWith(to, reading.at)) reading.at += to.length
  else if (!(orEnd && atEnd)) refuse(step, from)
}

/** The text up to what ends it. */
const upTo = (reading: Reading, step: Step): readonly [from: number, to: number] => {
  const { line, at } = reading
  const { to, orEnd } = step.ending
  const found = to === "" ? line.length : line.indexOf(to, at)
  if (found < 0 && !orEnd) refuse(step, at)
  const end = found < 0 ? line.length : found
  reading.places.set(step.path, [at, end])
  reading.at = found < 0 ? end : end + to.length
  return [at, end]
}

const lowered = (text: string): string =>
  text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())

const textOf = (reading: Reading, step: Step, spec: FieldSpec & { _tag: "Text" }): string => {
  const [from, to] = upTo(reading, step)
  let text = reading.line.slice(from, to)
  if (spec.trimEnd) text = text.replace(/ +$/, "")
  if (spec.lower) text = lowered(text)
  const endings = spec.lower ? spec.without.map(lowered) : spec.without
  const ending = endings.find((each) => text.endsWith(each))
  if (ending !== undefined) text = text.slice(0, text.length - ending.length)
  if (text.length < spec.least && byteLength(text) < spec.least) refuse(step, from)
  reading.places.set(step.path, [from, from + text.length])
  return text
}

const matched = (reading: Reading, step: Step, pattern: RegExp): string => {
  pattern.lastIndex = reading.at
  const found = pattern.exec(reading.line)?.[0]
  if (found === undefined) return refuse(step, reading.at)
  const from = reading.at
  reading.at += found.length
  closed(reading, step, from)
  return found
}

const patterns = {
  10: new RegExp(`-?[0-9]{1,${digitsMax[10]}}`, "y"),
  16: new RegExp(`[0-9a-fA-F]{1,${digitsMax[16]}}`, "y"),
  decimal: /-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
}

const wholeOf = (reading: Reading, step: Step, base: 10 | 16): number => {
  const text = matched(reading, step, patterns[base])
  return base === 10 ? Number(text) : Number.parseInt(text, 16)
}

const wordOf = (reading: Reading, step: Step, words: ReadonlyArray<string>): string => {
  const { line, at } = reading
  const { to, orEnd } = step.ending
  for (const word of words) {
    const end = at + word.length
    if (!line.startsWith(word, at)) continue
    const fits = to === "" ? end === line.length : line.startsWith(to, end)
    if (!fits && !(orEnd && end === line.length)) continue
    reading.at = fits ? end + to.length : end
    reading.places.set(step.path, [at, end])
    return word
  }
  return refuse(step, at)
}

const elementsOf = (reading: Reading, step: Step, base: 10 | 16): ReadonlyArray<unknown> => {
  const from = reading.at
  const count = wholeOf(reading, step, base)
  if (count < 0) refuse(step, from)
  const elements: Array<unknown> = []
  for (let i = 0; i < count; i++) {
    const element: Record<string, unknown> = {}
    for (const inner of step.inner) {
      const value = valueOf(reading, inner)
      if (inner.spec._tag !== "Skip") element[inner.name] = value
    }
    elements.push(element)
  }
  return elements
}

const digitsOf = (reading: Reading, step: Step, width: number): string => {
  const from = reading.at
  const text = reading.line.slice(from, from + width)
  if (text.length < width || !/^[0-9]*$/.test(text)) refuse(step, from)
  reading.at += width
  closed(reading, step, from)
  return text
}

const spanOf = (reading: Reading, step: Step, spec: FieldSpec & { _tag: "Span" }): string => {
  const group = step.path.slice(0, step.path.length - step.name.length)
  const from = reading.places.get(group + spec.from)?.[0]
  return reading.line.slice(from, reading.places.get(group + spec.through)?.[1])
}

const valueOf = (reading: Reading, step: Step): unknown => {
  const { spec } = step
  const from = reading.at
  switch (spec._tag) {
    case "Text":
      return textOf(reading, step, spec)
    case "Skip":
      upTo(reading, step)
      return undefined
    case "Digits":
      return digitsOf(reading, step, spec.width)
    case "Integer": {
      const value = wholeOf(reading, step, spec.base)
      if (spec.same !== undefined && value !== reading.values.get(spec.same))
        refuse(step, from, sameAs(spec.same))
      return value
    }
    case "Decimal":
      return Number(matched(reading, step, patterns.decimal))
    case "Choice":
      return spec.words[wordOf(reading, step, Object.keys(spec.words))]
    case "Boolean":
      return wordOf(reading, step, [spec.yes, spec.no]) === spec.yes
    case "Span":
      return spanOf(reading, step, spec)
    case "Counted":
      return elementsOf(reading, step, spec.base)
    default:
      return undefined
  }
}

/** The elements of the field that stands for several records. */
const fanOut = (
  reading: Reading,
  step: Step,
  spec: FieldSpec & { _tag: "Each" },
  separator: string
): ReadonlyArray<string> => {
  const { line } = reading
  const from = reading.at
  const found: Array<string> = []
  const count = reading.values.get(spec.count) as number
  for (let i = 0; i < count; i++) {
    const text = line.slice(reading.at, reading.at + spec.width)
    if (text.length < spec.width || !/^[0-9]*$/.test(text)) refuse(step, from)
    reading.at += spec.width
    if (line.startsWith(separator, reading.at)) reading.at += separator.length
    else if (reading.at < line.length || i < count - 1) refuse(step, from)
    found.push(text)
  }
  if (reading.at < line.length) refuse(step, from)
  return found
}

const trimmed = (line: string): string => line.replace(/ +$/, "")

/** Reads one line. */
export const interpret = <A>(format: Format<A>): ((line: string) => Decoded<unknown>) => {
  const steps = sequence(format.fields, format.separator)
  const kept = new Set(format.layout.columns.map((column) => column.name))
  const { kind } = format.layout
  const recordOf = (values: ReadonlyMap<string, unknown>): Record<string, unknown> => {
    const record: Record<string, unknown> = kind === undefined ? {} : { _tag: kind }
    for (const step of steps) if (kept.has(step.name)) record[step.name] = values.get(step.name)
    return record
  }
  const readPlain = (line: string): ReadonlyArray<unknown> => {
    const fields = splitQuoted(line, format.separator)
    if (fields === undefined) throw new Refusal("(line)", quotedExpected, 0)
    const values = new Map<string, unknown>()
    let at = 0
    steps.forEach((step, i) => {
      const field = fields[i] as string
      const whole = { ...step, ending: { to: "", orEnd: false } }
      const reading: Reading = { line: field, at: 0, places: new Map(), values }
      const isMisplaced = i === steps.length - 1 ? fields.length > i + 1 : fields.length === i + 1
      try {
        values.set(step.name, valueOf(reading, whole))
      } catch (refusal) {
        throw refusal instanceof Refusal ? new Refusal(step.path, step.expected, at) : refusal
      }
      if (isMisplaced) throw new Refusal(step.path, step.expected, at)
      at += field.length + 1
    })
    return [recordOf(values)]
  }
  const read = (text: string): ReadonlyArray<unknown> => {
    const line = format.trimEnd ? trimmed(text) : text
    const reading: Reading = { line, at: 0, places: new Map(), values: new Map() }
    let repeated: { readonly name: string; readonly texts: ReadonlyArray<string> } | undefined
    let ordinal: string | undefined
    for (const step of steps) {
      if (step.spec._tag === "Ordinal") ordinal = step.name
      else if (step.spec._tag === "Each")
        repeated = { name: step.name, texts: fanOut(reading, step, step.spec, format.separator) }
      else reading.values.set(step.name, valueOf(reading, step))
    }
    const texts = repeated?.texts ?? [undefined]
    return texts.map((each, i) => {
      const values = new Map(reading.values)
      if (repeated !== undefined) values.set(repeated.name, each)
      if (ordinal !== undefined) values.set(ordinal, i + 1)
      return recordOf(values)
    })
  }
  return (line) => {
    if (format.ignore !== undefined && line.startsWith(format.ignore))
      return { _tag: "Records", records: [] }
    if (format.quotes && line === "") return { _tag: "Records", records: [] }
    try {
      return { _tag: "Records", records: format.quotes ? readPlain(line) : read(line) }
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal
      const { path: field, expected, at } = refusal
      const fault: Fault = { field, expected, at: byteLength(line.slice(0, at)) }
      return { _tag: "Fault", fault }
    }
  }
}
