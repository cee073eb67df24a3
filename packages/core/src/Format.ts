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
import type { FieldSpec, FieldSpecs } from "./internal/format/fields.ts"
import { specsOf } from "./internal/format/fields.ts"
import { interpret } from "./internal/format/interpret.ts"
import { interpretJson } from "./internal/format/jsonFields.ts"
import type { Layout, Needs } from "./Views.ts"
import { everything } from "./Views.ts"

/** The fields a format may have. */
export {
  at,
  boolean,
  choice,
  counted,
  decimal,
  digits,
  type Ends,
  each,
  type FieldSpec,
  type FieldSpecs,
  integer,
  omittable,
  optional,
  ordinal,
  skip,
  skipCounted,
  span,
  type TextOptions,
  text,
  width
} from "./internal/format/fields.ts"

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
