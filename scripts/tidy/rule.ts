// The form of a tidy rule. A rule sees one scanned file and returns findings; it reads nothing
// else.
import type { Source } from "../source/scan.ts"

/** What a rule reports: an offset into the file, and the cure. */
export interface Violation {
  readonly offset: number
  readonly cure: string
}

export interface Rule {
  /** Short and unique: it is what an exemption names. */
  readonly name: string
  readonly appliesTo: (path: string) => boolean
  readonly check: (source: Source) => Iterable<Violation>
}

/** Source of a published package or app. */
export const inSource = (path: string): boolean =>
  /^(packages|apps)\/[^/]+\/src\/.*\.ts$/.test(path)

/** Source of a library package, where time and randomness come from Effect. */
export const inLibrary = (path: string): boolean => /^packages\/[^/]+\/src\/.*\.ts$/.test(path)

/** A file users import from: not internal, not a generated barrel. */
export const isPublic = (path: string): boolean =>
  inLibrary(path) && !path.includes("/internal/") && !path.endsWith("/index.ts")

export const isTest = (path: string): boolean => path.endsWith(".test.ts")

/**
 * Every match of a pattern in the code of a file: what stands in comments and strings is not seen.
 */
export function* matches(code: string, pattern: RegExp): Iterable<RegExpExecArray> {
  for (const match of code.matchAll(new RegExp(pattern, "g"))) yield match
}

/** A rule that forbids a pattern in code. */
export const forbid = (
  name: string,
  appliesTo: (path: string) => boolean,
  pattern: RegExp,
  cure: (found: string) => string
): Rule => ({
  name,
  appliesTo,
  *check(source) {
    for (const match of matches(source.code, pattern)) {
      yield { offset: match.index, cure: cure(match[0]) }
    }
  }
})
