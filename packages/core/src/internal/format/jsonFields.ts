// Lines of JSON objects with declared fields: their reference meaning, by JSON.parse. It is also
// what the generated parser turns to for a line that holds anything out of the ordinary.
import type { Condition } from "../../Fields.ts"
import { where } from "../../Fields.ts"
import type { Decoded, Fault, FieldSpec, FieldSpecs, Format } from "../../Format.ts"
import type { Needs } from "../../Views.ts"
import { isUsed, narrowed } from "../../Views.ts"
import { namesIn } from "../views/conditionCode.ts"
import { shown } from "../views/materialise.ts"
import { isOptional, pathOf } from "./describe.ts"
import { prefixes } from "./jsonPrefix.ts"
import { askable } from "./reading.ts"

/** What a fault says should stand in a field. */
export const jsonExpected = (spec: FieldSpec): string => {
  switch (spec._tag) {
    case "Optional":
      return `${spec.omitted ? "no member" : "nothing"}, or ${jsonExpected(spec.of)}`
    case "At":
      return `${jsonExpected(spec.of)} at ${spec.path.join(".")}`
    case "Integer":
      return "a whole number"
    case "Decimal":
      return "a number"
    case "Boolean":
      return "true or false"
    case "Choice":
      return `one of ${Object.keys(spec.words).join(" ")}`
    default:
      return "text"
  }
}

/** What a fault says of a line that is no object. */
export const objectExpected = "one JSON object"

/** The value of a field, or undefined when it is of another kind; `found` undefined: no member. */
const valueOf = (spec: FieldSpec, found: unknown): unknown => {
  switch (spec._tag) {
    case "Integer":
      return Number.isSafeInteger(found) ? found : undefined
    case "Decimal":
      return Number.isFinite(found) ? found : undefined
    case "Boolean":
      return typeof found === "boolean" ? found : undefined
    case "Choice":
      return typeof found === "string" && Object.hasOwn(spec.words, found)
        ? spec.words[found]
        : undefined
    case "Optional":
      return found === undefined || (found === null && !spec.omitted)
        ? null
        : valueOf(spec.of, found)
    case "At":
      return valueOf(spec.of, found)
    default:
      return typeof found === "string" ? found : undefined
  }
}

/** What stands at a path, or undefined. */
const memberAt = (found: unknown, path: ReadonlyArray<string>): unknown => {
  let at = found
  for (const name of path) {
    const isObject = typeof at === "object" && at !== null && !Array.isArray(at)
    if (!isObject || !Object.hasOwn(at as object, name)) return undefined
    at = (at as Readonly<Record<string, unknown>>)[name]
  }
  return at
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** What a line of JSON turned out to be; of a rejected one what the condition reads. */
export type JsonLine =
  | { readonly _tag: "Blank" }
  | { readonly _tag: "Fault"; readonly fault: Fault }
  | { readonly _tag: "Record" | "Rejected"; readonly values: Readonly<Record<string, unknown>> }

/** The fields of a line in the order they are looked at: first those a condition reads. */
const jsonOrder = (fields: FieldSpecs, condition: Condition | undefined) => {
  const first = new Set(condition === undefined ? [] : namesIn(condition))
  const entries = Object.entries(fields)
  const isFirst = ([name]: (typeof entries)[number]) => first.has(name)
  const asked = entries.filter(isFirst)
  return { asked, rest: entries.filter((entry) => !isFirst(entry)) }
}

type Read =
  | { readonly _tag: "Values"; readonly values: Readonly<Record<string, unknown>> }
  | { readonly _tag: "Fault"; readonly fault: Fault }

const valuesOf = (found: object, list: ReadonlyArray<readonly [string, FieldSpec]>): Read => {
  const values: Record<string, unknown> = {}
  for (const [field, spec] of list) {
    const value = valueOf(spec, memberAt(found, pathOf(field, spec)))
    if (value === undefined)
      return { _tag: "Fault", fault: { field, expected: jsonExpected(spec), at: 0 } }
    values[field] = value
  }
  return { _tag: "Values", values }
}

/** Reads one line. */
export const readJson = (
  fields: FieldSpecs,
  condition: Condition | undefined
): ((line: string) => JsonLine) => {
  const { asked, rest } = jsonOrder(fields, condition)
  const holds = condition === undefined ? () => true : where(condition)
  // What may be absent may still come.
  const isEarly = condition !== undefined && !asked.some(([, spec]) => isOptional(spec))
  return (line) => {
    if (/^[ \t\r\n]*$/.test(line)) return { _tag: "Blank" }
    if (isEarly) {
      // Whatever stands behind is not looked at.
      for (const found of prefixes(line)) {
        const read = valuesOf(found, asked)
        if (read._tag === "Values" && !holds(read.values))
          return { _tag: "Rejected", values: read.values }
      }
    }
    const found = parsed(line)
    if (typeof found !== "object" || found === null || Array.isArray(found))
      return { _tag: "Fault", fault: { field: "(line)", expected: objectExpected, at: 0 } }
    const first = valuesOf(found, asked)
    if (first._tag === "Fault") return first
    if (!holds(first.values)) return { _tag: "Rejected", values: first.values }
    const others = valuesOf(found, rest)
    if (others._tag === "Fault") return others
    return { _tag: "Record", values: { ...first.values, ...others.values } }
  }
}

/** The fields of a format that are used. */
export const usedFields = (fields: FieldSpecs, needs: Needs): FieldSpecs =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => isUsed(needs, name)))

/** The records of a line; blank ones hold none. */
export const interpretJson = (
  { layout, fields }: Pick<Format<unknown>, "layout" | "fields">,
  needs: Needs
): ((line: string) => Decoded<Record<string, unknown>>) => {
  const used = usedFields(fields, needs)
  const read = readJson(used, askable(needs.where, Object.keys(used)))
  const passes = needs.where === undefined ? () => true : where(needs.where)
  const { kind, columns } = narrowed(layout, needs)
  return (line) => {
    const decoded = read(line)
    if (decoded._tag === "Fault") return decoded
    if (decoded._tag !== "Record") return { _tag: "Records", records: [] }
    const record: Record<string, unknown> = kind === undefined ? {} : { _tag: kind }
    for (const column of columns) record[column.name] = shown(column, decoded.values[column.name])
    return { _tag: "Records", records: passes(record) ? [record] : [] }
  }
}
