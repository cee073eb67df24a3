// What counts as secret: names and paths of fields, patterns in text. Compiled once per
// configuration; holds no value of any record.

/** Compiled configuration of one redaction. */
export interface Rules {
  readonly mark: string
  /** Lower-case names of fields that are secret wherever they stand. */
  readonly names: ReadonlySet<string>
  /** The same by names as they are written, as far as they were met. */
  readonly known: Map<string, boolean>
  /** Lower-case paths: the last names of a field's path must be these. */
  readonly paths: ReadonlyArray<ReadonlyArray<string>>
  /** Finds `name: value` and `name=value` in text; group `value` is the secret. */
  readonly pairs: RegExp | undefined
  /** Whether a text may have such a pair at all. */
  readonly mentions: RegExp | undefined
  readonly patterns: ReadonlyArray<RegExp>
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&")

/**
 * The name, closing quotes or brackets, `:` or `=`, then a quoted value (its end may be cut off),
 * or whatever stands up to the next separator. Quotes may be escaped, as in JSON within JSON.
 */
const pairsIn = (names: ReadonlyArray<string>): RegExp => {
  const name = names.map(escaped).join("|")
  const quoted = String.raw`\\*"(?:[^"\\]|\\+[^"\\])*(?:\\*")?|\\*'[^']*'?`
  const value = String.raw`(?<value>${quoted}|[^,;&\n}\]]+)`
  return new RegExp(String.raw`(?<![\w])(?:${name})[\\"'\x60)\]]*\s*[:=]\s*${value}`, "gi")
}

/** Compiles names (`password`), paths (`card.number`) and patterns. */
export const compileRules = (
  fields: ReadonlyArray<string>,
  patterns: ReadonlyArray<RegExp>,
  mark: string
): Rules => {
  const split = fields.map((field) => field.toLowerCase().split("."))
  const last = split.map((path) => path.at(-1) as string)
  return {
    mark,
    known: new Map(),
    mentions: last.length === 0 ? undefined : new RegExp(last.map(escaped).join("|"), "i"),
    names: new Set(split.flatMap((path) => (path.length === 1 ? path : []))),
    paths: split.filter((path) => path.length > 1),
    // In text there is no path: the last name of one counts wherever it stands.
    pairs: last.length === 0 ? undefined : pairsIn(last),
    patterns: patterns.map(
      (p) => new RegExp(p.source, p.flags.includes("g") ? p.flags : `${p.flags}g`)
    )
  }
}

/** Names of the fields around a value, lower case; empty where no rule asks for it. */
export type Path = ReadonlyArray<string>

/** Around everything. */
export const noPath: Path = []

/** The path of a field in it. */
export const extended = (rules: Rules, path: Path, name: string): Path =>
  rules.paths.length === 0 ? noPath : [...path, name.toLowerCase()]

/** Names met are remembered up to this many: keys of a map may be without number. */
const knownMax = 1_000

const isNamed = (rules: Rules, name: string): boolean => {
  const known = rules.known.get(name)
  if (known !== undefined) return known
  const named = rules.names.has(name.toLowerCase())
  if (rules.known.size < knownMax) rules.known.set(name, named)
  return named
}

/** True when the field `name` at the end of `path` is secret. */
export const isSecret = (rules: Rules, path: Path, name: string): boolean =>
  isNamed(rules, name) ||
  rules.paths.some(
    (wanted) =>
      wanted.length <= path.length &&
      wanted.every((part, i) => part === path[path.length - wanted.length + i])
  )
