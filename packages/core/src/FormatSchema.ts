// The fields of a format taken from an Effect Schema, so that a record is declared once. Structs of
// texts, numbers, booleans and words, and structs of these; anything else is refused when the
// format is made. It looks at the schema's description and loads nothing of Schema.
import type * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as Format from "./Format.ts"

type Leaf = string | number | boolean | ReadonlyArray<unknown>

type IsNested<A> = A extends Leaf ? false : A extends object ? true : false

/** A value that may be missing is undefined then. */
type Value<A, K extends keyof A> = Record<never, never> extends Pick<A, K> ? A[K] | undefined : A[K]

/** Pairs of a path, its names with dots between them, and the type of what stands there. */
type Paths<A, Prefix extends string> = {
  [K in keyof A & string]-?: [IsNested<A[K]>] extends [true]
    ? Paths<A[K], `${Prefix}${K}.`>
    : readonly [path: `${Prefix}${K}`, field: Format.Field<Value<A, K>>]
}[keyof A & string]

type NameOf<P> = P extends readonly [infer Name extends string, unknown] ? Name : never

type FieldIn<P> = P extends readonly [string, infer F extends Format.Field<unknown>] ? F : never

type Pair = readonly [path: string, field: Format.Field<unknown>]

/** The fields that a struct of this type has; those of a struct inside it by their path, `a.b`. */
export type FieldsOf<A> = {
  readonly [P in Paths<A, ""> as NameOf<P>]: FieldIn<P>
}

const cureDefault =
  "declare it as String, Finite, Int, Boolean, Literals, or NullOr or optional of these, or " +
  "declare the fields with Format"

const refuse = (name: string, reason: string, cure = cureDefault): never => {
  throw new TypeError(`format: field "${name}" ${reason}. Cure: ${cure}`)
}

const checkIds = (name: string, ast: SchemaAST.AST): ReadonlyArray<string> =>
  (ast.checks ?? []).map((check) => {
    const { representation } = (check.annotations ?? {}) as {
      readonly representation?: { readonly id?: string }
    }
    return representation?.id ?? refuse(name, "has a check that a format cannot make")
  })

const literalOf = (name: string, ast: SchemaAST.AST): string =>
  ast._tag === "Literal" && typeof ast.literal === "string"
    ? ast.literal
    : refuse(name, "is a union of other things than words")

const numberOf = (name: string, ast: SchemaAST.AST): Format.Field<number> => {
  const ids = checkIds(name, ast)
  if (ids.some((id) => !/isFinite$|isInt$/.test(id)))
    refuse(name, "has a check that a format cannot make")
  return ids.some((id) => id.endsWith("isInt")) ? Format.integer() : Format.decimal()
}

/** What a union is beside null or undefined; undefined for one that has no such part. */
const without = (nothing: "Null" | "Undefined", ast: SchemaAST.AST): SchemaAST.AST | undefined => {
  if (ast._tag !== "Union" || !ast.types.some(({ _tag }) => _tag === nothing)) return undefined
  const others = ast.types.filter(({ _tag }) => _tag !== nothing)
  return others.length === 1 ? others[0] : undefined
}

/** A field that is undefined where it is missing. */
const omittable = (name: string, ast: SchemaAST.AST): Format.Field<unknown> => {
  if (without("Null", ast) !== undefined)
    refuse(name, "may be null, or undefined", "choose one of NullOr and optional")
  return Format.omittable(fieldOf(name, ast))
}

const fieldOf = (name: string, ast: SchemaAST.AST): Format.Field<unknown> => {
  if (ast.encoding !== undefined) return refuse(name, "is decoded from something else")
  if (ast._tag === "Number") return numberOf(name, ast)
  if ((ast.checks ?? []).length > 0) return refuse(name, "has a check that a format cannot make")
  switch (ast._tag) {
    case "String":
      return Format.text()
    case "Boolean":
      return Format.boolean()
    case "Literal":
    case "Union": {
      const inner = without("Null", ast)
      if (inner !== undefined) return Format.optional(fieldOf(name, inner))
      const given = without("Undefined", ast)
      if (given !== undefined) return omittable(name, given)
      const words = ast._tag === "Union" ? ast.types : [ast]
      return Format.choice(
        Object.fromEntries(
          words.map((each) => [literalOf(name, each), literalOf(name, each)] as const)
        )
      )
    }
    default:
      return refuse(name, `is a ${ast._tag.toLowerCase()}`)
  }
}

/** The fields of a struct at a path: those of a struct inside it stand in its place. */
const namedIn = (ast: SchemaAST.AST, path: ReadonlyArray<string>): ReadonlyArray<Pair> => {
  const isPlain = ast.encoding === undefined && (ast.checks ?? []).length === 0
  if (ast._tag !== "Objects" || !isPlain || ast.indexSignatures.length > 0)
    return refuse(path.join(".") || "(all)", "is no plain struct")
  return ast.propertySignatures.flatMap(({ name, type }): ReadonlyArray<Pair> => {
    const places = [...path, String(name)]
    const dotted = places.join(".")
    if (String(name).includes(".")) refuse(dotted, "has a dot in its name", "rename it")
    const isKey = type.context?.isOptional === true
    const given = without("Undefined", type)
    if (isKey && given === undefined)
      refuse(dotted, "is an optionalKey, which is never undefined", "declare it as optional")
    if ((given ?? type)._tag === "Objects") {
      if (given !== undefined)
        refuse(dotted, "is a struct that may be missing", "make its fields optional instead")
      return namedIn(type, places)
    }
    const field = fieldOf(dotted, type)
    return [[dotted, path.length === 0 ? field : Format.at(places, field)]]
  })
}

/**
 * The fields of a struct, in its order, for `Format.csv`, `Format.ndjson` or `Format.delimited`.
 *
 * Shape: `String` is text, `Number` and `Finite` are decimals, `Int` a whole number, `Boolean` the
 * words true and false, `Literals` a choice, `NullOr` of these a field that is null where it is
 * absent, `optional` of these one that is undefined then. A format's records have the type of the
 * schema. For `Format.ndjson` a struct may hold structs: the records are flat, and a field inside
 * has its path for a name: `user.id`.
 * Errors: throws `TypeError` for a schema that is no struct of these, naming field and cure:
 * `optionalKey` (declare them `optional`), a struct that may be missing as a whole, transformed
 * fields, and checks a parser cannot make.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 * import * as FormatSchema from "@sluice/core/FormatSchema"
 * import * as Schema from "effect/Schema"
 *
 * const Sale = Schema.Struct({
 *   city: Schema.String,
 *   amount: Schema.Finite,
 *   buyer: Schema.Struct({ id: Schema.Int, age: Schema.optional(Schema.Int) })
 * })
 *
 * const sales = Format.ndjson(FormatSchema.fields(Sale))
 * const decode = Format.decoder(sales)
 * decode('{"city":"Bonn","amount":1.5,"buyer":{"id":7}}')
 * ```
 */
export const fields = <S extends Schema.Constraint>(schema: S): FieldsOf<S["Type"]> =>
  Object.fromEntries(namedIn(schema.ast, [])) as FieldsOf<S["Type"]>
