// The fields of a format taken from an Effect Schema, so that a record is declared once. Flat
// structs of texts, numbers, booleans and words; anything else is refused when the format is made.
// It looks at the schema's description and loads nothing of Schema.
import type * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as Format from "./Format.ts"

/** The fields that a struct of this type has. */
export type FieldsOf<A> = { readonly [K in keyof A & string]: Format.Field<A[K]> }

const refuse = (name: string, reason: string): never => {
  throw new TypeError(
    `format: field "${name}" ${reason}. Cure: declare it as String, Finite, Int, Boolean, ` +
      "Literals or NullOr of these, or declare the fields with Format"
  )
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

/** What a union of something and null is beside null; undefined for any other. */
const withoutNull = (ast: SchemaAST.AST): SchemaAST.AST | undefined => {
  if (ast._tag !== "Union" || !ast.types.some(({ _tag }) => _tag === "Null")) return undefined
  const others = ast.types.filter(({ _tag }) => _tag !== "Null")
  return others.length === 1 ? others[0] : undefined
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
      const inner = withoutNull(ast)
      if (inner !== undefined) return Format.optional(fieldOf(name, inner))
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

/**
 * The fields of a struct, in its order, for `Format.csv`, `Format.ndjson` or `Format.delimited`.
 *
 * Shape: `String` is text, `Number` and `Finite` are decimals, `Int` a whole number, `Boolean` the
 * words true and false, `Literals` a choice, `NullOr` of these a field that may be absent. A
 * format's records have the type of the schema.
 * Errors: throws `TypeError` for a schema that is no flat struct of these, naming field and cure:
 * optional (declare them `NullOr`), nested (`Format.at`) and transformed fields, and checks a
 * parser cannot make.
 *
 * @example
 * ```ts
 * import * as Format from "@sluice/core/Format"
 * import * as FormatSchema from "@sluice/core/FormatSchema"
 * import * as Schema from "effect/Schema"
 *
 * const Sale = Schema.Struct({ city: Schema.String, amount: Schema.Finite })
 *
 * const sales = Format.csv(FormatSchema.fields(Sale))
 * ```
 */
export const fields = <S extends Schema.Constraint>(schema: S): FieldsOf<S["Type"]> => {
  const { ast } = schema
  if (ast._tag !== "Objects" || ast.encoding !== undefined || (ast.checks ?? []).length > 0)
    return refuse("(all)", "are no plain struct")
  const entries = ast.propertySignatures.map(
    ({ name, type }) => [String(name), fieldOf(String(name), type)] as const
  )
  return Object.fromEntries(entries) as FieldsOf<S["Type"]>
}
