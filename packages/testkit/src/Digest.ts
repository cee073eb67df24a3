// Canonical digests of outputs: equal values give equal digests on every machine and engine.
// Values are told by content (canonical JSON), never by identity; functions have no place in them.
import { sha256 } from "./internal/node/sha256.ts"

/** Digests of one list: `ordered` tells the order apart, `unordered` is that of the multiset. */
export interface Digests {
  readonly count: number
  readonly ordered: string
  readonly unordered: string
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const numberText = (value: number): string => (Object.is(value, -0) ? "-0" : String(value))

const fields = (value: object): string =>
  Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => byCodeUnits(a, b))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalText(field)}`)
    .join(",")

const objectText = (value: object): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`
  if (value instanceof Date) return `date(${value.toISOString()})`
  if (value instanceof Uint8Array) return `bytes(${Array.from(value).join(",")})`
  if (value instanceof Map) {
    const entries = [...value].map(
      ([key, field]) => `${canonicalText(key)}:${canonicalText(field)}`
    )
    return `map(${entries.sort(byCodeUnits).join(",")})`
  }
  if (value instanceof Set) {
    return `set(${[...value].map(canonicalText).sort(byCodeUnits).join(",")})`
  }
  return `{${fields(value)}}`
}

/**
 * One text per value: JSON with sorted fields, extended by what JSON cannot say (NaN, -0, bigint,
 * dates, maps, sets, bytes). Fields that are undefined do not count.
 *
 * Errors: throws a TypeError for functions and symbols, which have no content.
 */
export const canonicalText = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value)
    case "number":
      return numberText(value)
    case "bigint":
      return `${value}n`
    case "boolean":
      return String(value)
    case "undefined":
      return "undefined"
    case "object":
      return value === null ? "null" : objectText(value)
    default:
      throw new TypeError(`a ${typeof value} has no canonical text; digest plain data instead`)
  }
}

/**
 * Canonical digests of a list of values.
 *
 * Law: `ordered` is equal for equal lists; `unordered` for lists that are permutations of each
 * other, and for no others (but for collisions of SHA-256).
 */
export const canonical = (values: Iterable<unknown>): Digests => {
  const texts = [...values].map(canonicalText)
  return {
    count: texts.length,
    ordered: sha256(texts.join("\n")),
    unordered: sha256(texts.toSorted(byCodeUnits).join("\n"))
  }
}
