// What counts as secret: names and paths of fields, patterns in text. Compiled once per
// configuration; holds no value of any record.

/** Compiled configuration of one redaction. */
export interface Rules {
  readonly mark: string
  /** Lower-case names of fields that are secret wherever they stand. */
  readonly names: ReadonlySet<string>
  /** Lower-case paths: the last names of a field's path must be these. */
  readonly paths: ReadonlyArray<ReadonlyArray<string>>
  /** Finds `name: value` and `name=value` in text; group `value` is the secret. */
  readonly pairs: RegExp | undefined
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
    names: new Set(split.flatMap((path) => (path.length === 1 ? path : []))),
    paths: split.filter((path) => path.length > 1),
    // In text there is no path: the last name of one counts wherever it stands.
    pairs: last.length === 0 ? undefined : pairsIn(last),
    patterns: patterns.map(
      (p) => new RegExp(p.source, p.flags.includes("g") ? p.flags : `${p.flags}g`)
    )
  }
}

/** True when the field at the end of `path` (lower case) is secret. */
export const isSecret = (rules: Rules, path: ReadonlyArray<string>): boolean => {
  const name = path.at(-1)
  if (name === undefined) return false
  if (rules.names.has(name)) return true
  return rules.paths.some(
    (wanted) =>
      wanted.length <= path.length &&
      wanted.every((part, i) => part === path[path.length - wanted.length + i])
  )
}
