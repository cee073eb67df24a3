// The format of one file of CSV whose first line says in which order its columns stand: the same
// records, read from other places. It reads the header and nothing else.
import type { FieldSpec, FieldSpecs, Format } from "../../Format.ts"
import { isOptional } from "./describe.ts"
import { splitQuoted } from "./quoted.ts"

/** The format of a file, or what is wrong with its header. */
export type Arranged<A> =
  | { readonly _tag: "Format"; readonly format: Format<A> }
  | { readonly _tag: "Refused"; readonly reason: string }

/** Headers remembered for each format; files of one kind have few. */
const headersMax = 64

const known = new WeakMap<Format<unknown>, Map<string, Format<unknown>>>()

const refuse = (reason: string): Arranged<never> => ({ _tag: "Refused", reason })

const quoted = (names: ReadonlyArray<string>): string =>
  names.map((name) => JSON.stringify(name)).join(", ")

const has = (fields: FieldSpecs, name: string): boolean => Object.hasOwn(fields, name)

const ownSpec = (fields: FieldSpecs, name: string): FieldSpec | undefined =>
  has(fields, name) ? fields[name] : undefined

/** What is wrong with the names of a header, if anything is. */
const wrongIn = (
  fields: FieldSpecs,
  names: ReadonlyArray<string>,
  unknown: "fail" | "skip"
): string | undefined => {
  const twice = names.filter((name, i) => has(fields, name) && names.indexOf(name) !== i)
  if (twice.length > 0)
    return `the header names ${quoted([...new Set(twice)])} more than once: rename one of them`
  const missing = Object.keys(fields).filter(
    (name) => !names.includes(name) && !isOptional(fields[name] as FieldSpec)
  )
  if (missing.length > 0)
    return (
      `the header lacks ${quoted(missing)}, found ${quoted(names)}: ` +
      "name the column so, or declare the field optional"
    )
  const others = names.filter((name) => !has(fields, name))
  if (others.length === 0 || unknown === "skip") return undefined
  return (
    `the header has ${quoted(others)}, which the format does not declare: ` +
    'declare it as skip, or give unknown: "skip"'
  )
}

const rearranged = <A>(format: Format<A>, names: ReadonlyArray<string>): Format<A> => {
  const declared = Object.keys(format.fields)
  if (declared.join("\0") === names.join("\0")) return format
  const fields: Record<string, FieldSpec> = {}
  names.forEach((name, i) => {
    // No field can have such a name: it is for columns that nobody declared.
    fields[has(format.fields, name) ? name : `\0${i}`] = ownSpec(format.fields, name) ?? {
      _tag: "Skip",
      to: undefined
    }
  })
  for (const name of declared) fields[name] ??= { _tag: "Nothing" }
  return { ...format, fields }
}

/** The format of a file with this first line; the same for equal lines. */
export const arrange = <A>(format: Format<A>, line: string): Arranged<A> => {
  const { header, unknown, separator } = format
  if (header === undefined) return { _tag: "Format", format }
  const names = splitQuoted(line, separator)
  if (unknown === undefined) {
    const expected = header.join(separator)
    if (names?.join(separator) === expected) return { _tag: "Format", format }
    return refuse(`the header should be ${JSON.stringify(expected)}, found ${JSON.stringify(line)}`)
  }
  if (names === undefined) return refuse(`the header has an open quote: ${JSON.stringify(line)}`)
  const headers = known.get(format) ?? new Map<string, Format<unknown>>()
  known.set(format, headers)
  const before = headers.get(line)
  if (before !== undefined) return { _tag: "Format", format: before as Format<A> }
  const wrong = wrongIn(format.fields, names, unknown)
  if (wrong !== undefined) return refuse(wrong)
  const found = rearranged(format, names)
  const [oldest] = headers.keys()
  if (headers.size >= headersMax && oldest !== undefined) headers.delete(oldest)
  headers.set(line, found)
  return { _tag: "Format", format: found }
}
