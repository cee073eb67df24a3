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

/**
 * What a field function of this name gives for a record: of one of several kinds, undefined where
 * its kind lacks the field; of a record nothing is known of, any value.
 */
export type ValueOf<A, N extends string> = object extends A
  ? Value | undefined
  : A extends unknown
    ? N extends keyof A
      ? A[N]
      : undefined
    : never

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
export const of = <const N extends string>(name: N): (<A>(record: A) => ValueOf<A, N>) =>
  mark(<A>(record: A) => valueOf(record as object, name) as ValueOf<A, N>, { _tag: "Field", name })

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

/** A test of fields, as data: runs on the columns of views, or on objects, with one answer. */
export type Condition =
  | {
      readonly _tag: "Compare"
      readonly name: string
      readonly operator: "<" | "<=" | ">" | ">=" | "=" | "!="
      readonly value: number
    }
  | { readonly _tag: "Equals" | "StartsWith"; readonly name: string; readonly text: string }
  | { readonly _tag: "IsTrue"; readonly name: string }
  | { readonly _tag: "All" | "Any"; readonly conditions: ReadonlyArray<Condition> }
  | { readonly _tag: "Not"; readonly condition: Condition }

/** A number compared with another; false where the field holds no number. */
export const compare = (
  name: string,
  operator: "<" | "<=" | ">" | ">=" | "=" | "!=",
  value: number
): Condition => ({ _tag: "Compare", name, operator, value })

/** A text, or a choice, that is this. */
export const equals = (name: string, text: string): Condition => ({ _tag: "Equals", name, text })

/** A text, or a choice, that begins with this. */
export const startsWith = (name: string, text: string): Condition => ({
  _tag: "StartsWith",
  name,
  text
})

/** A boolean that is true. */
export const isTrue = (name: string): Condition => ({ _tag: "IsTrue", name })

/** All of them hold. */
export const all = (...conditions: ReadonlyArray<Condition>): Condition => ({
  _tag: "All",
  conditions
})

/** One of them holds. */
export const any = (...conditions: ReadonlyArray<Condition>): Condition => ({
  _tag: "Any",
  conditions
})

/** It does not hold. */
export const not = (condition: Condition): Condition => ({ _tag: "Not", condition })

const holds = (condition: Condition, record: object): boolean => {
  switch (condition._tag) {
    case "Compare": {
      const found = valueOf(record, condition.name)
      return typeof found === "number" && compared(found, condition.operator, condition.value)
    }
    case "Equals":
      return valueOf(record, condition.name) === condition.text
    case "StartsWith": {
      const found = valueOf(record, condition.name)
      return typeof found === "string" && found.startsWith(condition.text)
    }
    case "IsTrue":
      return valueOf(record, condition.name) === true
    case "All":
      return condition.conditions.every((each) => holds(each, record))
    case "Any":
      return condition.conditions.some((each) => holds(each, record))
    case "Not":
      return !holds(condition.condition, record)
  }
}

const compared = (found: number, operator: string, value: number): boolean => {
  switch (operator) {
    case "<":
      return found < value
    case "<=":
      return found <= value
    case ">":
      return found > value
    case ">=":
      return found >= value
    case "=":
      return found === value
    default:
      return found !== value
  }
}

const conditions = Symbol.for("@sluice/core/Fields/condition")
const picks = Symbol.for("@sluice/core/Fields/pick")

/** The condition of a function made by `where`, or undefined. */
export const conditionOf = (f: unknown): Condition | undefined =>
  typeof f === "function" ? (f as { readonly [conditions]?: Condition })[conditions] : undefined

/**
 * A predicate for `Pipeline.filter` that runs on views.
 *
 * @example
 * ```ts
 * import * as Fields from "@sluice/core/Fields"
 * import * as Pipeline from "@sluice/core/Pipeline"
 *
 * const large = Pipeline.filter("large", Fields.where(Fields.compare("amount", ">", 100)))
 * ```
 */
export const where = <A extends object = object>(condition: Condition): ((record: A) => boolean) =>
  Object.assign((record: object) => holds(condition, record), { [conditions]: condition })

/** New names with the fields they come from. */
export type Picked = Readonly<Record<string, string>>

/** The fields of a function made by `pick`, or undefined. */
export const pickedOf = (f: unknown): Picked | undefined =>
  typeof f === "function" ? (f as { readonly [picks]?: Picked })[picks] : undefined

/**
 * A function for `Pipeline.map` that keeps some fields, under new names, and stays on views.
 *
 * Shape: `pick({ city: "city", total: "amount" })` of `{ city: "Bonn", amount: 3, note: "" }` is
 * `{ city: "Bonn", total: 3 }`. A field the record lacks is undefined.
 */
export const pick = <const P extends Picked>(
  picked: P
): (<A extends object>(record: A) => { readonly [K in keyof P]: A[P[K] & keyof A] }) => {
  const names = Object.entries(picked)
  const make = <A extends object>(record: A) => {
    const made: Record<string, unknown> = {}
    for (const [name, from] of names) made[name] = valueOf(record, from)
    return made as { readonly [K in keyof P]: A[P[K] & keyof A] }
  }
  return Object.assign(make, { [picks]: picked as Picked })
}
