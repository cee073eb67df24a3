// Lines of JSON objects with declared fields: their reference meaning, by JSON.parse. It is also
// what the generated parser turns to for a line that holds anything out of the ordinary.
import type { Decoded, FieldSpec, FieldSpecs, Format } from "../../Format.ts"

/** What a fault says should stand in a field. */
export const jsonExpected = (spec: FieldSpec): string => {
  switch (spec._tag) {
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

/** The value of a field, or undefined when it is of another kind. */
const valueOf = (spec: FieldSpec, found: unknown): unknown => {
  switch (spec._tag) {
    case "Integer":
      return Number.isSafeInteger(found) ? found : undefined
    case "Decimal":
      return typeof found === "number" ? found : undefined
    case "Boolean":
      return typeof found === "boolean" ? found : undefined
    case "Choice":
      return typeof found === "string" && Object.hasOwn(spec.words, found)
        ? spec.words[found]
        : undefined
    default:
      return typeof found === "string" ? found : undefined
  }
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Reads one line; blank ones hold no record. */
export const interpretJson = (
  { layout }: Pick<Format<unknown>, "layout">,
  fields: FieldSpecs
): ((line: string) => Decoded<Record<string, unknown>>) => {
  const list = Object.entries(fields)
  return (line) => {
    if (/^[ \t\r\n]*$/.test(line)) return { _tag: "Records", records: [] }
    const found = parsed(line)
    if (typeof found !== "object" || found === null || Array.isArray(found))
      return { _tag: "Fault", fault: { field: "(line)", expected: objectExpected, at: 0 } }
    const record: Record<string, unknown> = layout.kind === undefined ? {} : { _tag: layout.kind }
    for (const [field, spec] of list) {
      const own = Object.hasOwn(found, field) ? found[field as keyof typeof found] : undefined
      const value = valueOf(spec, own)
      if (value === undefined)
        return { _tag: "Fault", fault: { field, expected: jsonExpected(spec), at: 0 } }
      record[field] = value
    }
    return { _tag: "Records", records: [record] }
  }
}
