// Puts the mark in place of secrets: in text wherever one is quoted, whole or in part, and in
// copies of values. The originals are never changed. Bounded like the search for secrets; what is
// too deep or too large becomes the mark.
import * as Redacted from "effect/Redacted"
import { runLength } from "./gramSet.ts"
import type { Path, Rules } from "./rules.ts"
import { extended, isSecret, noPath } from "./rules.ts"
import type { Secrets } from "./secrets.ts"
import { forEachEntry } from "./secrets.ts"

const depthMax = 32
const nodesMax = 200_000

type Range = readonly [from: number, to: number]

const quoted = (text: string, { shorts, runs }: Secrets, into: Array<Range>): void => {
  for (const [length, known] of shorts) {
    for (let i = 0; i + length <= text.length; i++) {
      if (known.has(text.slice(i, i + length))) into.push([i, i + length])
    }
  }
  if (runs.empty) return
  for (let i = 0; i + runLength <= text.length; i++) {
    if (runs.has(text, i)) into.push([i, i + runLength])
  }
}

const cutOut = (text: string, ranges: Array<Range>, mark: string): string => {
  if (ranges.length === 0) return text
  ranges.sort((a, b) => a[0] - b[0])
  let [out, at, open] = ["", 0, -1]
  for (const [from, to] of ranges) {
    if (from > at || open < 0) {
      out += text.slice(at, Math.max(at, from)) + mark
      open = from
    }
    at = Math.max(at, to)
  }
  return out + text.slice(at)
}

/** The text with every secret, every `name: value` pair and every pattern masked. */
export const maskText = (rules: Rules, text: string, secrets: ReadonlyArray<Secrets>): string => {
  if (secrets.some(({ complete }) => !complete)) return rules.mark
  const ranges: Array<Range> = []
  for (const some of secrets) quoted(text, some, ranges)
  if (rules.pairs !== undefined) {
    for (const match of text.matchAll(rules.pairs)) {
      const value = match.groups?.["value"] ?? ""
      const end = match.index + match[0].length
      ranges.push([end - value.length, end])
    }
  }
  for (const pattern of rules.patterns) {
    for (const match of text.matchAll(pattern)) {
      if (match[0] !== "") ranges.push([match.index, match.index + match[0].length])
    }
  }
  return cutOut(text, ranges, rules.mark)
}

class Masker {
  private readonly rules: Rules
  private readonly secrets: ReadonlyArray<Secrets>
  private readonly copies = new Map<object, unknown>()
  private nodes = 0

  constructor(rules: Rules, secrets: ReadonlyArray<Secrets>) {
    this.rules = rules
    this.secrets = secrets
  }

  private known(text: string): boolean {
    return this.secrets.some(({ whole }) => whole.has(text))
  }

  copy(value: unknown, path: Path, depth: number): unknown {
    if (typeof value === "string") return maskText(this.rules, value, this.secrets)
    if (typeof value === "number" || typeof value === "bigint") {
      return this.known(String(value)) ? this.rules.mark : value
    }
    if (typeof value === "function") return "[function]"
    if (typeof value !== "object" || value === null) return value
    if (value instanceof Date) return this.known(value.toJSON()) ? this.rules.mark : value
    if (Redacted.isRedacted(value)) return this.rules.mark
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
      return `[${value.byteLength} bytes]`
    const known = this.copies.get(value)
    if (known !== undefined) return known
    if (depth > depthMax || ++this.nodes > nodesMax) return this.rules.mark
    return this.object(value, path, depth)
  }

  private object(value: object, path: Path, depth: number): unknown {
    if (Array.isArray(value) || value instanceof Set) {
      const items: Array<unknown> = []
      this.copies.set(value, items)
      for (const item of value) items.push(this.copy(item, path, depth + 1))
      return items
    }
    const copy: object = value instanceof Map ? {} : Object.create(Object.getPrototypeOf(value))
    this.copies.set(value, copy)
    forEachEntry(value, (name, item) => {
      const inner = extended(this.rules, path, name)
      const secret = isSecret(this.rules, inner, name)
      const masked = secret ? this.rules.mark : this.copy(item, inner, depth + 1)
      const key = maskText(this.rules, name, this.secrets)
      const listed = Object.getOwnPropertyDescriptor(value, name)?.enumerable
      // Defined, not assigned: a class may have an accessor of that name.
      Object.defineProperty(copy, key, {
        value: masked,
        enumerable: listed ?? value instanceof Map,
        writable: true,
        configurable: true
      })
    })
    return copy
  }
}

/** A copy of the value without secrets; classes keep their prototype, bytes become their length. */
export const maskValue = (rules: Rules, value: unknown, secrets: ReadonlyArray<Secrets>): unknown =>
  new Masker(rules, secrets).copy(value, noPath, 0)
