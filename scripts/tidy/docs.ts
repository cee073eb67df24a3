// Every source file says what it is, and every public export says what it does.
import type { Source } from "../source/scan.ts"
import { lineOf } from "../source/scan.ts"
import type { Rule, Violation } from "./rule.ts"
import { inSource, isPublic, matches } from "./rule.ts"

const isBarrel = (path: string): boolean => path.endsWith("/index.ts")

const headerCure =
  "start with 2 to 6 comment lines: what it is, what it guarantees, what it does not do"

/** A docstring directly above an export belongs to the export, not to the file. */
const headerOf = ({ text, comments }: Source): number | undefined => {
  const first = comments.find((comment) => !comment.text.startsWith("#!"))
  if (first === undefined) return undefined
  const shebang = text.startsWith("#!") ? text.indexOf("\n") + 1 : 0
  if (text.slice(shebang, first.start).trim() !== "") return undefined
  if (
    first.text.startsWith("/**") &&
    /^\n(export|const|type|interface)\b/.test(text.slice(first.end))
  ) {
    return undefined
  }
  return first.start
}

const fileHeader: Rule = {
  name: "file-header",
  appliesTo: inSource,
  *check(source) {
    if (headerOf(source) === undefined) yield { offset: 0, cure: headerCure }
  }
}

const kinds = "const|let|function\\*?|class|interface|type"

const exportPattern = new RegExp(
  `(?<=^|\\n)export (?:declare |abstract |async )*(?:${kinds}) ([\\w$]+)`
)

const documentedEnds = (source: Source): ReadonlySet<number> => {
  const ends = new Set<number>()
  for (const comment of source.comments) {
    if (!comment.text.startsWith("/**")) continue
    // Line comments between docstring and export, such as lint exemptions, do not separate them.
    const gap = /^\s*/.exec(source.code.slice(comment.end))![0].length
    if (/\n\s*\n/.test(source.text.slice(comment.end, comment.end + gap))) continue
    ends.add(comment.end + gap)
  }
  return ends
}

/**
 * A name may be a type and a value, or overloaded: one docstring is enough for all its
 * declarations.
 */
const undocumented = (source: Source): ReadonlyArray<Violation> => {
  const ends = documentedEnds(source)
  const documented = new Set<string>()
  const first = new Map<string, number>()
  for (const match of matches(source.code, exportPattern)) {
    const name = match[1]!
    if (ends.has(match.index)) documented.add(name)
    if (!first.has(name)) first.set(name, match.index)
  }
  return [...first]
    .filter(([name]) => !documented.has(name))
    .map(([name, offset]) => ({ offset, cure: `${name}: say in one sentence what it does` }))
}

const docstring: Rule = { name: "docstring", appliesTo: isPublic, check: undocumented }

const reexported: Rule = {
  name: "docstring",
  appliesTo: (path) => isPublic(path) && !isBarrel(path),
  *check(source) {
    const ends = documentedEnds(source)
    for (const match of matches(source.code, /(?<=^|\n)export (type )?(\{|\*)/)) {
      const line = lineOf(source, match.index)
      if (ends.has(match.index)) continue
      yield {
        offset: match.index,
        cure: `re-export on line ${line}: say in one sentence what it is`
      }
    }
  }
}

export const docRules: ReadonlyArray<Rule> = [fileHeader, docstring, reexported]
