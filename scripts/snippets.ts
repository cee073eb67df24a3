// Compiles the code in the documents: ```ts fences of Markdown files and of docstrings in
// packages/*/src. Each fence is a module of its own. A fence opts out by ```ts ignore; those are
// listed and counted. Errors name the line of the document, not of the extracted file.
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { compile, sourcePaths } from "./source/compile.ts"
import { lineOf, scan } from "./source/scan.ts"
import type { Finding } from "./source/workspace.ts"
import { listFiles, listPackages, readText, report, root } from "./source/workspace.ts"

/** One fence of a document. */
export interface Snippet {
  readonly path: string
  /** 1-based line of the first line of code. */
  readonly line: number
  readonly code: string
  readonly ignored: boolean
}

const fence = /^(\s*)```(.*)$/

/** The ```ts fences among the lines of a document that starts at line `first`. */
export const fencesOf = (
  path: string,
  lines: ReadonlyArray<string>,
  first = 1
): ReadonlyArray<Snippet> => {
  const found: Array<Snippet> = []
  let open: { readonly info: string; readonly indent: string; readonly at: number } | undefined
  for (const [i, text] of lines.entries()) {
    const [, indent, info] = fence.exec(text) ?? []
    if (indent === undefined) continue
    if (open === undefined) {
      open = { info: info!.trim(), indent, at: i }
      continue
    }
    if (info!.trim() !== "") continue
    const [language, ...flags] = open.info.split(/\s+/)
    if (language === "ts" || language === "typescript") {
      const margin = open.indent
      const code = lines
        .slice(open.at + 1, i)
        .map((line) => (line.startsWith(margin) ? line.slice(margin.length) : line))
        .join("\n")
      found.push({ path, line: first + open.at + 1, code, ignored: flags.includes("ignore") })
    }
    open = undefined
  }
  if (open !== undefined) throw new Error(`${path}:${first + open.at} a fence is never closed`)
  return found
}

/** The fences in the docstrings of a source file. */
export const docstringFences = (path: string, text: string): ReadonlyArray<Snippet> => {
  const source = scan(path, text)
  return source.comments
    .filter((comment) => comment.text.startsWith("/**") && comment.text.includes("```"))
    .flatMap((comment) => {
      const lines = comment.text
        .split("\n")
        .map((line) => line.replace(/^\s*(\/\*\*|\*\/|\*) ?/, ""))
      return fencesOf(path, lines, lineOf(source, comment.start))
    })
}

const isDocument = (path: string): boolean =>
  /^(README|ARCHITECTURE|STYLE|GLOSSARY|CONTRIBUTING|AGENTS)\.md$/.test(path) ||
  /^docs\/.*\.md$/.test(path) ||
  /^(packages|apps|examples)\/[^/]+\/README\.md$/.test(path) ||
  path === "bench/README.md"

const isLibrary = (path: string): boolean => /^packages\/[^/]+\/src\/.*\.ts$/.test(path)

/** Every fence of the repository. */
const snippetsOf = (files: ReadonlyArray<string>): ReadonlyArray<Snippet> =>
  files.flatMap((path) => {
    if (isDocument(path)) return fencesOf(path, readText(path).split("\n"))
    return isLibrary(path) ? docstringFences(path, readText(path)) : []
  })

/** Compiles the fences together and returns their errors at the lines of their documents. */
export const checkSnippets = (
  name: string,
  snippets: ReadonlyArray<Snippet>,
  paths: Readonly<Record<string, ReadonlyArray<string>>>
): ReadonlyArray<Finding> => {
  const folder = join("out", name, "files")
  rmSync(join(root, folder), { recursive: true, force: true })
  const placed = new Map<string, Snippet>()
  for (const snippet of snippets) {
    const file = `${folder}/${snippet.path.replace(/\W+/g, "-")}-${snippet.line}.ts`
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), `${snippet.code}\n`)
    placed.set(file, snippet)
  }
  return compile(name, [...placed.keys()], { paths }).map((error) => {
    const snippet = placed.get(error.path)
    const cure = `${error.code} ${error.message}`
    return snippet === undefined
      ? { path: error.path, line: error.line, rule: "snippet", cure }
      : { path: snippet.path, line: snippet.line + error.line - 1, rule: "snippet", cure }
  })
}

const main = (): void => {
  const files = listFiles()
  const snippets = snippetsOf(files)
  const ignored = snippets.filter((snippet) => snippet.ignored)
  for (const { path, line } of ignored) console.log(`${path}:${line} ignored`)
  const compiled = snippets.filter((snippet) => !snippet.ignored)
  const findings = checkSnippets("snippets", compiled, sourcePaths(listPackages(files)))
  report(findings, `${compiled.length} snippets compile, ${ignored.length} ignored`)
}

if (import.meta.main) main()
