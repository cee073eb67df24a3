// Functions that say which fields of a record they read: `Fields.of("name")` is `(record) =>
// record.name` and can be asked for the name. A stage made of such functions runs on views; any
// other function makes it run on objects, with the same answer.

/** What a field function reads. */
export type FieldRead =
  /** The value of one field; undefined where the record has none of that name. */
  | { readonly _tag: "Field"; readonly name: string }
  /** Several fields as text, one after the other. */
  | { readonly _tag: "Joined"; readonly names: ReadonlyArray<string> }
  /** One field of each element of a group; undefined where the record has no such group. */
  | { readonly _tag: "Each"; readonly group: string; readonly name: string }
  /** The kind of the record, its `_tag`. */
  | { readonly _tag: "Kind" }

const reads = Symbol.for("@sluice/core/Fields")

type Marked = { readonly [reads]?: FieldRead }

const mark = <F extends (record: never) => unknown>(f: F, read: FieldRead): F =>
  Object.assign(f, { [reads]: read })

/** What a function reads, or undefined for one that was not made here. */
export const readOf = (f: unknown): FieldRead | undefined =>
  typeof f === "function" ? (f as Marked)[reads] : undefined

type Value = string | number

const valueOf = (record: object, name: string): unknown =>
  (record as Readonly<Record<string, unknown>>)[name]

/**
 * The value of a field.
 *
 * Shape: undefined for a record without that field, so one function serves records of several
 * kinds.
 *
 * @example
 * ```ts
 * import * as Fields from "@sluice/core/Fields"
 *
 * const lemma = Fields.of("lemma")
 * lemma({ lemma: "cat" })
 * ```
 */
export const of = (name: string): ((record: object) => Value | undefined) =>
  mark((record: object) => valueOf(record, name) as Value | undefined, { _tag: "Field", name })

/**
 * Several fields as one text: `joined("pos", "offset")` of `{ pos: "n", offset: "17" }` is `n17`.
 *
 * Errors: throws `TypeError` for a record that lacks one of them.
 */
export const joined = (...names: ReadonlyArray<string>): ((record: object) => string) =>
  mark(
    (record: object) => {
      let text = ""
      for (const name of names) {
        const value = valueOf(record, name)
        if (typeof value !== "string" && typeof value !== "number") throw missing(name, value)
        text += value
      }
      return text
    },
    { _tag: "Joined", names }
  )

const missing = (name: string, value: unknown): TypeError =>
  new TypeError(
    `field "${name}" is ${value === null ? "null" : typeof value}, not text or a number. ` +
      "Cure: join fields that every record has"
  )

/** One field of each element of a group; undefined for a record without that group. */
export const each = (
  group: string,
  name: string
): ((record: object) => ReadonlyArray<Value> | undefined) =>
  mark(
    (record: object) => {
      const elements = valueOf(record, group) as ReadonlyArray<object> | undefined
      return elements?.map((element) => valueOf(element, name) as Value)
    },
    { _tag: "Each", group, name }
  )

/** The kind of a record, its `_tag`. */
export const kind: (record: { readonly _tag: string }) => string = mark(
  (record: { readonly _tag: string }) => record._tag,
  { _tag: "Kind" }
)
