// Collects the secret values of a record, so that they can be found again in a message that quotes
// them. Walks at most `nodesMax` values to depth `depthMax`; what lies beyond makes the collection
// incomplete, and then no text is let through at all.
import * as Redacted from "effect/Redacted"
import { GramSet, runLength } from "./gramSet.ts"
import type { Path, Rules } from "./rules.ts"
import { extended, isSecret, noPath } from "./rules.ts"

const depthMax = 32
const nodesMax = 2_000_000
/** Shorter values are masked in their fields, and not searched for in text: "1" is everywhere. */
const lengthMin = 3
/** A line of JSON up to this length is read as JSON, where a secret field of it holds an object. */
const parsedMax = 65_536

/**
 * Secrets by what to look for: short ones whole, of longer ones every run of six characters. Not
 * `complete`: something was too large to look at.
 */
export interface Secrets {
  readonly whole: ReadonlySet<string>
  readonly shorts: ReadonlyMap<number, ReadonlySet<string>>
  readonly runs: GramSet
  readonly complete: boolean
}

const unquoted = (value: string): string => value.trim().replace(/^\\*["']|\\*["']$/g, "")

/** Anything but plain characters: quotes, backslashes, control characters, halves of pairs. */
const changedByJson = /[^ !#-[\]-\ud7ff\ue000-\uffff]/
const changedByUrl = /[^\w.!~*'()-]/

/** Fields an object has beside those that are listed: what an error hides. */
const hidden = (value: object): ReadonlyArray<string> =>
  value instanceof Error ? ["message", "cause", "stack"] : []

/** Calls `each` with the fields of an object, as far as they can be read. */
export const forEachEntry = (value: object, each: (name: string, item: unknown) => void): void => {
  if (value instanceof Map) return value.forEach((item, key) => each(String(key), item))
  const names = Object.keys(value)
  for (const name of hidden(value)) if (!names.includes(name)) names.push(name)
  for (const name of names) {
    let item: unknown
    try {
      item = Reflect.get(value, name)
    } catch {
      continue
    }
    if (item !== undefined) each(name, item)
  }
}

class Collector {
  private readonly rules: Rules
  private readonly whole = new Set<string>()
  private readonly shorts = new Map<number, Set<string>>()
  private readonly runs = new GramSet()
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
    if (changedByJson.test(value)) this.index(JSON.stringify(value).slice(1, -1))
    if (changedByUrl.test(value)) this.index(encodeURIComponent(value.toWellFormed()))
  }

  private index(text: string): void {
    if (text.length >= runLength) return this.runs.add(text)
    const known = this.shorts.get(text.length)
    if (known === undefined) this.shorts.set(text.length, new Set([text]))
    else known.add(text)
  }

  private text(value: string): void {
    const { pairs, mentions } = this.rules
    if (pairs === undefined || mentions === undefined || !mentions.test(value)) return
    let nested = false
    for (const match of value.matchAll(pairs)) {
      const inner = unquoted(match.groups?.["value"] ?? "")
      this.add(inner)
      if (inner.includes("\\")) this.unescaped(inner)
      if (inner.startsWith("{") || inner.startsWith("[")) nested = true
    }
    if (nested && value.length <= parsedMax) this.json(value)
  }

  private unescaped(inner: string): void {
    try {
      this.add(String(JSON.parse(`"${inner}"`)))
    } catch {
      // Cut off within an escape: the raw form is all there is.
    }
  }

  private json(value: string): void {
    try {
      this.walk(JSON.parse(value), noPath, false, 1)
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
  walk(value: unknown, path: Path, secret: boolean, depth: number): void {
    if (typeof value !== "object" || value === null || value instanceof Date) {
      return this.leaf(value, secret)
    }
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || this.seen.has(value)) return
    if (Redacted.isRedacted(value)) return this.walk(Redacted.value(value), path, true, depth + 1)
    this.seen.add(value)
    if (depth > depthMax || ++this.nodes > nodesMax) {
      this.complete = false
      return
    }
    if (Array.isArray(value) || value instanceof Set) {
      for (const item of value) this.walk(item, path, secret, depth + 1)
      return
    }
    forEachEntry(value, (name, item) => {
      const inner = extended(this.rules, path, name)
      this.walk(item, inner, secret || isSecret(this.rules, inner, name), depth + 1)
    })
  }
}

/** The secrets of these values; `whole` ones are secret as such, fields or not. */
export const secretsOf = (
  rules: Rules,
  values: ReadonlyArray<unknown>,
  whole: ReadonlyArray<unknown> = []
): Secrets => {
  const collector = new Collector(rules)
  for (const value of values) collector.walk(value, noPath, false, 0)
  for (const value of whole) collector.walk(value, noPath, true, 0)
  return collector.result()
}
