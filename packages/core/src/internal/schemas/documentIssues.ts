// Findings of a schema as path, reason and value; a union tells what was nearest to fit.
import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as DeadLetter from "../../DeadLetter.ts"

const formatted = SchemaIssue.makeFormatterStandardSchemaV1()

type Path = ReadonlyArray<PropertyKey | { readonly key: PropertyKey }>

const keyOf = (part: Path[number]): PropertyKey => (typeof part === "object" ? part.key : part)

const pathText = (path: Path): string =>
  path
    .map(keyOf)
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "")

const valueAt = (document: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null ? Reflect.get(value, keyOf(part)) : undefined,
    document
  )

/** One finding for each place of the document that does not fit. */
export const documentIssues = (
  document: unknown,
  error: Schema.SchemaError
): ReadonlyArray<{ readonly path: string; readonly reason: string }> =>
  formatted(error.issue).issues.map(({ path = [], message }) => {
    const value = valueAt(document, path)
    const found = value === undefined ? "" : `, found ${DeadLetter.payloadText(value)}`
    return { path: pathText(path), reason: `${message}${found}` }
  })
