// Collects the secret values of a record, so that they can be found again in a message that quotes
// them. Walks at most `nodesMax` values to depth `depthMax`; what lies beyond makes the collection
// incomplete, and then no text is let through at all.
import * as Redacted from "effect/Redacted"
import type { Rules } from "./rules.ts"
import { isSecret } from "./rules.ts"

const depthMax = 32
const nodesMax = 2_000_000
/** Shorter values are masked in their fields, and not searched for in text: "1" is everywhere. */
const lengthMin = 3
/**
 * A message may quote part of a value, as the errors of JSON.parse do: so many characters in a row
 * are masked like the whole.
 */
export const runLength = 6
/** A line of JSON up to this length is read as JSON, for its nested fields. */
const parsedMax = 65_536

/**
 * Secrets by what to look for: short ones whole, of longer ones every run of `runLength`
 * characters. Looking costs the same however many there are. Not `complete`: something was too
 * large to look at.
 */
export interface Secrets {
  readonly whole: ReadonlySet<string>
  readonly shorts: ReadonlyMap<number, ReadonlySet<string>>
  readonly runs: ReadonlySet<string>
  readonly complete: boolean
}

const unquoted = (value: string): string => value.trim().replace(/^\\*["']|\\*["']$/g, "")

/** Own fields of an object as far as they can be read, with what an error hides. */
export const entriesOf = (value: object): ReadonlyArray<readonly [string, unknown]> => {
  if (value instanceof Map) return [...value].map(([key, item]) => [String(key), item])
  if (value instanceof Set) return [...value].map((item, i) => [String(i), item])
  const names = new Set(Object.keys(value))
  if (value instanceof Error) for (const name of ["message", "cause", "stack"]) names.add(name)
  return [...names].flatMap((name) => {
    try {
      const item: unknown = Reflect.get(value, name)
      return item === undefined ? [] : [[name, item] as const]
    } catch {
      return []
    }
  })
}

class Collector {
  private readonly rules: Rules
  private readonly whole = new Set<string>()
  private readonly shorts = new Map<number, Set<string>>()
  private readonly runs = new Set<string>()
  private readonly seen = new Set<object>()
  private nodes = 0
  private complete = true

  constructor(rules: Rules) {
    this.rules = rules
  }

  result(): Secrets {
    const { whole, shorts, runs, complete } = this
    return { whole, shorts, runs, complete }
  }

  private add(value: string): void {
    if (value.length < lengthMin || this.whole.has(value)) return
    this.whole.add(value)
    this.index(value)
    // As it looks inside JSON and inside a URL.
    this.index(JSON.stringify(value).slice(1, -1))
    this.index(encodeURIComponent(value.toWellFormed()))
  }

  private index(text: string): void {
    if (text.length < runLength) {
      const known = this.shorts.get(text.length)
      if (known === undefined) this.shorts.set(text.length, new Set([text]))
      else known.add(text)
      return
    }
    for (let i = 0; i + runLength <= text.length; i++) this.runs.add(text.slice(i, i + runLength))
  }

  private text(value: string): void {
    const { pairs } = this.rules
    if (pairs === undefined) return
    for (const match of value.matchAll(pairs)) {
      const inner = unquoted(match.groups?.["value"] ?? "")
      this.add(inner)
      this.unescaped(inner)
    }
    const first = value.trimStart()[0]
    if ((first === "{" || first === "[") && value.length <= parsedMax) this.json(value)
  }

  private unescaped(inner: string): void {
    if (!inner.includes("\\")) return
    try {
      this.add(String(JSON.parse(`"${inner}"`)))
    } catch {
      // Cut off within an escape: the raw form is all there is.
    }
  }

  private json(value: string): void {
    try {
      this.walk(JSON.parse(value), [], false, 1)
    } catch {
      // No JSON after all: the pairs have been looked for.
    }
  }

  private leaf(value: unknown, secret: boolean): void {
    if (typeof value === "string") {
      if (secret) this.add(value)
      this.text(value)
    } else if (secret && (typeof value === "number" || typeof value === "bigint")) {
      this.add(String(value))
    } else if (secret && value instanceof Date) {
      this.add(value.toJSON() ?? String(value))
    }
  }

  /** Everything below a secret field is secret. */
  walk(value: unknown, path: ReadonlyArray<string>, secret: boolean, depth: number): void {
    if (typeof value !== "object" || value === null || value instanceof Date) {
      return this.leaf(value, secret)
    }
    if (this.seen.has(value) || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return
    if (Redacted.isRedacted(value)) return this.walk(Redacted.value(value), path, true, depth + 1)
    this.seen.add(value)
    if (depth > depthMax || ++this.nodes > nodesMax) {
      this.complete = false
      return
    }
    if (Array.isArray(value)) {
      for (const item of value) this.walk(item, path, secret, depth + 1)
      return
    }
    for (const [name, item] of entriesOf(value)) {
      const inner = [...path, name.toLowerCase()]
      this.walk(item, inner, secret || isSecret(this.rules, inner), depth + 1)
    }
  }
}

/** The secrets of these values; `whole` ones are secret as such, fields or not. */
export const secretsOf = (
  rules: Rules,
  values: ReadonlyArray<unknown>,
  whole: ReadonlyArray<unknown> = []
): Secrets => {
  const collector = new Collector(rules)
  for (const value of values) collector.walk(value, [], false, 0)
  for (const value of whole) collector.walk(value, [], true, 0)
  return collector.result()
}
