// The fields a format may have: how each is declared, and what the parsers are told of it. Whether
// they can stand together is for the format to say.
import type { Field, Fields, RecordOf, Skipped } from "../../Format.ts"

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

/** The fields as the parsers read them. */
export const specsOf = (fields: Fields): FieldSpecs =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.spec]))
