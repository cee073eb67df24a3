// How records stand in a line of text: declared once, read in two ways. As objects, by `decoder`;
// as views, by a parser generated for the fields a plan uses. Both give the same records and name
// the same faults. A format reads no files and knows no lines: a line is what it is handed.
import type { Arranged } from "./internal/format/arrange.ts"
import { arrange } from "./internal/format/arrange.ts"
import {
  checkFixed,
  checkJson,
  checkLines,
  checkPlain,
  describe
} from "./internal/format/describe.ts"
import { interpret } from "./internal/format/interpret.ts"
import { interpretJson } from "./internal/format/jsonFields.ts"
import type { Layout, Needs } from "./Views.ts"
import { everything } from "./Views.ts"

/** Where a field ends: at this text, which is skipped. Default: the format's separator. */
export interface Ends {
  readonly to?: string
}

/** How a text field is read. */
export interface TextOptions extends Ends {
  /** A to Z become a to z. */
  readonly lower?: boolean
  /** The first of these that the text ends in is cut off. */
  readonly without?: ReadonlyArray<string>
  /** Spaces at the end are cut off. */
  readonly trimEnd?: boolean
  /** Fewest bytes it has. Default 0. */
  readonly least?: number
}

/** One field as the parsers read it. */
export type FieldSpec =
  | {
      readonly _tag: "Text"
      readonly to: string | undefined
      readonly lower: boolean
      readonly without: ReadonlyArray<string>
      readonly trimEnd: boolean
      readonly least: number
    }
  | { readonly _tag: "Digits"; readonly to: string | undefined; readonly width: number }
  | {
      readonly _tag: "Integer"
      readonly to: string | undefined
      readonly base: 10 | 16
      readonly same: string | undefined
    }
  | { readonly _tag: "Decimal"; readonly to: string | undefined }
  | {
      readonly _tag: "Choice"
      readonly to: string | undefined
      readonly words: Readonly<Record<string, string>>
    }
  | {
      readonly _tag: "Boolean"
      readonly to: string | undefined
      readonly yes: string
      readonly no: string
    }
  | { readonly _tag: "Skip"; readonly to: string | undefined }
  | { readonly _tag: "Span"; readonly from: string; readonly through: string }
  | { readonly _tag: "Counted"; readonly base: 10 | 16; readonly fields: FieldSpecs }
  | { readonly _tag: "Each"; readonly count: string; readonly width: number }
  | { readonly _tag: "Ordinal" }
  | {
      readonly _tag: "Optional"
      readonly to: string | undefined
      /** It is undefined where it is absent, else null. */
      readonly omitted: boolean
      readonly of: FieldSpec
    }
  | { readonly _tag: "Nothing" }
  | {
      readonly _tag: "Width"
      readonly bytes: number
      /** The line ends behind it. */
      readonly isLast: boolean
      readonly of: FieldSpec
    }
  | { readonly _tag: "At"; readonly path: ReadonlyArray<string>; readonly of: FieldSpec }

/** Fields in the order of the line. */
export type FieldSpecs = Readonly<Record<string, FieldSpec>>

/** A field of a format; the type is that of its value. */
export interface Field<out A> {
  readonly spec: FieldSpec
  /** Only a type. */
  readonly _A?: (_: never) => A
}

/** A field that is read over: the records do not have it. */
export interface Skipped {
  readonly spec: FieldSpec
  readonly skipped: true
}

/** Fields by name, in the order of the line. */
export type Fields = Readonly<Record<string, Field<unknown> | Skipped>>

type Kept<F extends Fields> = {
  [K in keyof F]: F[K] extends Skipped ? never : K
}[keyof F]

/** The record that fields make. */
export type RecordOf<F extends Fields> = {
  readonly [K in Kept<F>]: F[K] extends Field<infer A> ? A : never
}

/** What is wrong with a line. */
export interface Fault {
  readonly field: string
  /** What should stand there. */
  readonly expected: string
  /** Offset in the line, in bytes. */
  readonly at: number
}

/** How records stand in a line. */
export interface Format<out A> {
  readonly _tag: "Delimited" | "Ndjson"
  readonly layout: Layout
  readonly separator: string
  readonly fields: FieldSpecs
  /** Lines that begin with this hold no record. */
  readonly ignore: string | undefined
  /** Spaces at the end of the line do not count. */
  readonly trimEnd: boolean
  /** Fields may be quoted as in CSV; lines without text hold no record. */
  readonly quotes: boolean
  /** What the first line of a file must be; it holds no record. */
  readonly header: ReadonlyArray<string> | undefined
  /** The header's names may stand in any order: what becomes of columns that are no field. */
  readonly unknown?: "fail" | "skip"
  /** Records stand behind their lengths instead of in lines. */
  readonly frames?: Frames
  /** Only a type. */
  readonly _A?: (_: never) => A
}

/** How long a record is, in front of it. */
export interface Frames {
  /**
   * Unsigned, of 8, 16 or 32 bits, in either order of bytes; or seven bits a byte, lowest first.
   */
  readonly prefix: "u8" | "u16be" | "u16le" | "u32be" | "u32le" | "varint"
  /** Longest record in bytes, without its length. Default 16 MiB. */
  readonly bytesMax: number
}

/** Text, up to the separator. */
export const text = (options: TextOptions = {}): Field<string> => ({
  spec: {
    _tag: "Text",
    to: options.to,
    lower: options.lower ?? false,
    without: options.without ?? [],
    trimEnd: options.trimEnd ?? false,
    least: options.least ?? 0
  }
})

/** Text of exactly so many digits. */
export const digits = (width: number, options: Ends = {}): Field<string> => ({
  spec: { _tag: "Digits", to: options.to, width }
})

/**
 * A whole number of at most 15 digits, with or without a minus; `base` 16 without. `same` names a
 * field before it that must have the same value.
 */
export const integer = (
  options: Ends & { readonly base?: 10 | 16; readonly same?: string } = {}
): Field<number> => ({
  spec: { _tag: "Integer", to: options.to, base: options.base ?? 10, same: options.same }
})

/** A number as JSON writes it; one too large for a number (1e400) is a fault. */
export const decimal = (options: Ends = {}): Field<number> => ({
  spec: { _tag: "Decimal", to: options.to }
})

/** One of some words, each standing for a value. */
export const choice = <const W extends Readonly<Record<string, string>>>(
  words: W,
  options: Ends = {}
): Field<W[keyof W]> => ({ spec: { _tag: "Choice", to: options.to, words } })

/** One of two words. Default `true` and `false`. */
export const boolean = (
  options: Ends & { readonly yes?: string; readonly no?: string } = {}
): Field<boolean> => ({
  spec: {
    _tag: "Boolean",
    to: options.to,
    yes: options.yes ?? "true",
    no: options.no ?? "false"
  }
})

/**
 * A field that may be absent, and is null then: nothing stands in its place, or in JSON null, or no
 * member.
 *
 * Limits: not for fields that others refer to (`same`, `span`, `each`), nor inside a group. An
 * accumulator takes records with such fields, where it reads them, as objects.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 *
 * const people = Format.csv({ name: Format.text(), age: Format.optional(Format.integer()) })
 * ```
 */
export const optional = <A>(field: Field<A>): Field<A | null> => ({
  spec: { _tag: "Optional", to: endOf(field), omitted: false, of: field.spec }
})

const endOf = ({ spec }: Field<unknown>): string | undefined => ("to" in spec ? spec.to : undefined)

/**
 * As `optional`, but undefined where it is absent: what `Schema.optional` means.
 *
 * Shape: nothing stands in its place, or in JSON no member: null there is a fault. Sinks of JSON
 * leave it out.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 *
 * const people = Format.ndjson({ name: Format.text(), age: Format.omittable(Format.integer()) })
 * ```
 */
export const omittable = <A>(field: Field<A>): Field<A | undefined> => ({
  spec: { _tag: "Optional", to: endOf(field), omitted: true, of: field.spec }
})

/**
 * A field of `Format.ndjson` that is a member of an object inside the object: the path to it,
 * member by member.
 *
 * Errors: a member on the way that is missing, or no object, is a fault of the field; null where it
 * is optional.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 *
 * const events = Format.ndjson({
 *   user: Format.at(["user", "id"], Format.integer()),
 *   city: Format.at(["user", "address", "city"], Format.optional(Format.text()))
 * })
 * ```
 */
export const at = <A>(path: ReadonlyArray<string>, field: Field<A>): Field<A> => ({
  spec: { _tag: "At", path, of: field.spec }
})

/**
 * A field of `fixed`: so many bytes. Spaces before and behind a number, a choice or a boolean do
 * not count; those of a text are its own, but for `trimEnd`.
 */
export const width = <F extends Field<unknown> | Skipped>(bytes: number, field: F): F => ({
  ...field,
  spec: { _tag: "Width", bytes, isLast: false, of: field.spec }
})

/** Whatever stands there, up to the separator; no part of the record. */
export const skip = (options: Ends = {}): Skipped => ({
  spec: { _tag: "Skip", to: options.to },
  skipped: true
})

/** The text from the start of one field to the end of a later one, both before it. */
export const span = (from: string, through: string): Field<string> => ({
  spec: { _tag: "Span", from, through }
})

/** A number, and after it so many times the fields. */
export const counted = <const F extends Fields>(
  fields: F,
  options: { readonly base?: 10 | 16 } = {}
): Field<ReadonlyArray<RecordOf<F>>> => ({
  spec: { _tag: "Counted", base: options.base ?? 10, fields: specsOf(fields) }
})

/** The same, read over. */
export const skipCounted = <const F extends Fields>(
  fields: F,
  options: { readonly base?: 10 | 16 } = {}
): Skipped => ({
  spec: { _tag: "Counted", base: options.base ?? 10, fields: specsOf(fields) },
  skipped: true
})

/**
 * As many digits of a width as the field `count` says, the last of the line: the line holds one
 * record for each of them.
 */
export const each = (count: string, width: number): Field<string> => ({
  spec: { _tag: "Each", count, width }
})

/** The position, from 1 on, of the record among those of its line. */
export const ordinal = (): Field<number> => ({ spec: { _tag: "Ordinal" } })

const specsOf = (fields: Fields): FieldSpecs =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.spec]))

/** How lines are read. */
export interface DelimitedOptions<Kind extends string> {
  /** The value of the field `_tag`; without it the records have none. */
  readonly kind?: Kind
  /** Default a tab. */
  readonly separator?: string
  /** Lines that begin with this hold no record. */
  readonly ignore?: string
  /** Spaces at the end of the line do not count. Default false. */
  readonly trimEnd?: boolean
}

type Tagged<Kind extends string> = [Kind] extends [never] ? unknown : { readonly _tag: Kind }

/**
 * Lines of fields with separators between them, the last one up to the end of the line.
 *
 * Shape: one record a line, or as many as `each` says. The key `_tag` is the first of the record
 * where there is a `kind`.
 * Limits: separators are ASCII, at most 8 characters long; a choice has at most 250 words.
 * Errors: throws `TypeError` for a format that cannot work, naming the field and the cure.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 *
 * const readings = Format.delimited(
 *   { sensor: Format.text(), celsius: Format.decimal() },
 *   { separator: ";" }
 * )
 * ```
 */
export const delimited = <const F extends Fields, const Kind extends string = never>(
  fields: F,
  options: DelimitedOptions<Kind> = {}
): Format<RecordOf<F> & Tagged<Kind>> => {
  checkLines(specsOf(fields))
  return declared(fields, options)
}

const declared = <const F extends Fields, const Kind extends string = never>(
  fields: F,
  options: DelimitedOptions<Kind>
): Format<RecordOf<F> & Tagged<Kind>> => {
  const skipped = new Set(Object.keys(fields).filter((name) => "skipped" in fields[name]!))
  const specs = specsOf(fields)
  return {
    _tag: "Delimited",
    layout: describe(specs, skipped, options.kind),
    separator: options.separator ?? "\t",
    fields: specs,
    ignore: options.ignore,
    trimEnd: options.trimEnd ?? false,
    quotes: false,
    header: undefined
  }
}

/**
 * Lines of fields that have a width each, with nothing between them.
 *
 * Shape: one record a line; the widths are in bytes, and the line ends behind the last field.
 * Limits: every field is a `width` of one value, optional or not, or of `skip`.
 * Errors: throws `TypeError` for other fields. A shorter or longer line is a fault, and so is a
 * character that stands half in one field and half in the next.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 *
 * const readings = Format.fixed({
 *   sensor: Format.width(8, Format.text({ trimEnd: true })),
 *   celsius: Format.width(6, Format.optional(Format.decimal()))
 * })
 * ```
 */
export const fixed = <const F extends Fields, const Kind extends string = never>(
  fields: F,
  options: Pick<DelimitedOptions<Kind>, "kind" | "ignore"> = {}
): Format<RecordOf<F> & Tagged<Kind>> => {
  const format = declared<F, Kind>(fields, { ...options, separator: "" })
  return { ...format, fields: checkFixed(format.fields) }
}

/** How CSV is read. */
export interface CsvOptions<Kind extends string> {
  /** The value of the field `_tag`; without it the records have none. */
  readonly kind?: Kind
  /** One ASCII character. Default a comma. */
  readonly separator?: string
  /**
   * The first line of a file names the fields: true (default) in this order, "names" in an order of
   * its own, by which the columns are found; false: there is no such line.
   */
  readonly header?: boolean | "names"
  /** With `header: "names"`: a column that is no field is refused (default), or passed over. */
  readonly unknown?: "fail" | "skip"
}

/**
 * CSV (RFC 4180): fields may be quoted, and then hold separators, line breaks and doubled quotes.
 *
 * Shape: one record a line; lines without text are passed over; CRLF or LF.
 * Limits: fields have one place each: no groups, no ends of their own. Names in a header hold no
 * line break.
 * Errors: a row with fewer or more fields is a fault. A header that names others is refused, with
 * the file and its first line; by names: one that lacks a field that is not optional (an optional
 * one is null then), names a field twice, or, unless `unknown` is "skip", has further columns.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 *
 * const sales = Format.csv({ city: Format.text(), amount: Format.decimal(), note: Format.skip() })
 * ```
 */
export const csv = <const F extends Fields, const Kind extends string = never>(
  fields: F,
  options: CsvOptions<Kind> = {}
): Format<RecordOf<F> & Tagged<Kind>> => {
  const separator = options.separator ?? ","
  const delimiting = { separator, ...(options.kind === undefined ? {} : { kind: options.kind }) }
  const format = delimited<F, Kind>(fields, delimiting)
  checkPlain(format.fields, separator)
  const header = options.header === false ? undefined : Object.keys(fields)
  const found = options.header === "names" ? { unknown: options.unknown ?? ("fail" as const) } : {}
  return { ...format, quotes: true, header, ...found }
}

/** The format of one file, or what is wrong with the file's first line. */
export type Headed<A> = Arranged<A>

/**
 * The format of a file of CSV that begins with this line, for `decoder`: the columns where the
 * header says they are.
 *
 * Errors: `Refused` with the reason for a header that `csv` says is none.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 *
 * const sales = Format.csv({ city: Format.text(), amount: Format.decimal() }, { header: "names" })
 * const headed = Format.headed(sales, "amount,city")
 * const decode = headed._tag === "Format" ? Format.decoder(headed.format) : undefined
 * ```
 */
export const headed = <A>(format: Format<A>, line: string): Headed<A> => arrange(format, line)

/**
 * One JSON object a line, of which the declared fields are read.
 *
 * Shape: members in any order, further ones are passed over; blank lines hold no record. `text`,
 * `integer`, `decimal`, `boolean` and `choice` without options of their own, `optional` or not, in
 * the object or, by `at`, in objects inside it.
 * Limits: at most 30 fields.
 * Errors: a line that is no JSON object, and a field that is missing or of another kind, are
 * faults.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 *
 * const sales = Format.ndjson({ city: Format.text(), amount: Format.decimal() })
 * ```
 */
export const ndjson = <const F extends Fields, const Kind extends string = never>(
  fields: F,
  options: { readonly kind?: Kind } = {}
): Format<RecordOf<F> & Tagged<Kind>> => {
  const format = declared<F, Kind>(fields, { ...options, separator: "," })
  checkJson(format.fields)
  return { ...format, _tag: "Ndjson" }
}

const frameBytesMax = 16 * 1_024 * 1_024

/**
 * The records of a format, each behind its length in bytes instead of on a line of its own.
 *
 * Shape: the body is what the line would be, of `delimited` or `ndjson`, and may hold line breaks.
 * Places in errors count frames as lines.
 * Limits: a body of at most `bytesMax` bytes, 16 MiB unless told.
 * Errors: a frame longer than that, or cut off by the end of the file, fails the source whatever
 * its
 * error policy: nobody knows where the next one begins. Throws `TypeError` for CSV, whose quotes
 * may hold what ends a row.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 *
 * const events = Format.framed(Format.ndjson({ user: Format.integer() }), { prefix: "u32be" })
 * ```
 */
export const framed = <A>(
  format: Format<A>,
  options: { readonly prefix: Frames["prefix"]; readonly bytesMax?: number }
): Format<A> => {
  const { prefix, bytesMax = frameBytesMax } = options
  if (format.quotes)
    throw new TypeError("format: rows of CSV stand in no frames. Cure: frame a delimited format")
  if (!Number.isInteger(bytesMax) || bytesMax < 1 || bytesMax > 2 ** 31 - 1)
    throw new TypeError(`format: bytesMax is ${bytesMax}. Cure: give a whole number of bytes`)
  return { ...format, frames: { prefix, bytesMax } }
}

/** What a decoder says of a line. */
export type Decoded<A> =
  | { readonly _tag: "Records"; readonly records: ReadonlyArray<A> }
  | { readonly _tag: "Fault"; readonly fault: Fault }

/**
 * The records of a line as objects: the reference meaning of a format.
 *
 * Shape: with `needs` the fields named there alone, and no record where its condition does not
 * hold. Fields that nobody needs are passed over and not checked; of a line for which the condition
 * does not hold, neither is what stands behind the fields it reads. (In JSON: all other fields, and
 * the members behind, unless it reads one that may be absent.)
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 *
 * const decode = Format.decoder(Format.csv({ city: Format.text(), amount: Format.decimal() }))
 * decode("Bonn,1.5")
 * ```
 */
export const decoder = <A>(
  format: Format<A>,
  needs: Needs = everything(format.layout)
): ((line: string) => Decoded<A>) =>
  (format._tag === "Ndjson" ? interpretJson(format, needs) : interpret(format, needs)) as (
    line: string
  ) => Decoded<A>
