// Type tests: packages/*/typetest/*.tst.ts compile, but for the statements that must not.
// `// error: <regular expression>` on the line above a statement demands exactly one compiler error
// in it, whose message matches. Every other error is a failure, and so is a marker whose statement
// compiles.

import type { Diagnostic } from "./source/compile.ts"
import { compile } from "./source/compile.ts"
import { endOfStatement, lineOf, scan } from "./source/scan.ts"
import type { Finding } from "./source/workspace.ts"
import { listFiles, readText, report } from "./source/workspace.ts"

/** A demand for one error between two lines, both included. */
interface Expected {
  readonly line: number
  readonly last: number
  readonly pattern: RegExp
}

const marker = /^\/\/ error: (.+)$/

const expectedErrors = (path: string, text: string): ReadonlyArray<Expected> => {
  const source = scan(path, text)
  return source.comments.flatMap((comment) => {
    const pattern = marker.exec(comment.text)?.[1]
    if (pattern === undefined) return []
    const end = endOfStatement(source.code, comment.end)
    const line = lineOf(source, comment.end)
    return [{ line, last: lineOf(source, end), pattern: new RegExp(pattern, "s") }]
  })
}

/** Compares the errors of one file with its markers. */
export const checkMarkers = (
  path: string,
  text: string,
  errors: ReadonlyArray<Diagnostic>
): ReadonlyArray<Finding> => {
  const expected = expectedErrors(path, text)
  const taken = new Set<Diagnostic>()
  const findings: Array<Finding> = []
  for (const { line, last, pattern } of expected) {
    const inside = errors.filter((error) => error.line > line && error.line <= last)
    for (const error of inside) taken.add(error)
    const [only] = inside
    if (inside.length === 1 && pattern.test(only!.message)) continue
    const said = inside.map(({ message }) => message).join("\n  ") || "no error"
    findings.push({ path, line, rule: "error", cure: `expected ${pattern.source}, got: ${said}` })
  }
  for (const error of errors) {
    if (taken.has(error)) continue
    const cure = `must compile: ${error.code} ${error.message}`
    findings.push({ path, line: error.line, rule: "compiles", cure })
  }
  return findings.sort((a, b) => a.line - b.line)
}

const isTypeTest = (path: string): boolean =>
  /^(packages|apps)\/[^/]+\/typetest\/.*\.tst\.ts$/.test(path)

const main = (): void => {
  const paths = listFiles().filter(isTypeTest)
  const errors = compile("typetests", paths)
  const texts = paths.map((path) => [path, readText(path)] as const)
  const findings = texts.flatMap(([path, text]) =>
    checkMarkers(
      path,
      text,
      errors.filter((error) => error.path === path)
    )
  )
  const elsewhere = errors
    .filter(({ path }) => !paths.includes(path))
    .map(({ path, line, message }) => ({ path, line, rule: "compiles", cure: message }))
  const demanded = texts.reduce((sum, [path, text]) => sum + expectedErrors(path, text).length, 0)
  report(
    [...findings, ...elsewhere],
    `${paths.length} files compile but for the ${demanded} statements that must not`
  )
}

if (import.meta.main) main()
