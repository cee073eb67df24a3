// The import graph: which modules a scanned file names, and which file a name stands for.
// Sees `import`, `export … from` and `import("literal")`; what stands in comments or strings is not
// one.
import { posix } from "node:path"
import type { Source } from "./scan.ts"

/** One import of a file. */
export interface Import {
  readonly specifier: string
  readonly offset: number
  /** `import type` and `export type … from`: erased, so it loads nothing at run time. */
  readonly typeOnly: boolean
}

const keyword = /(?<![\w$.])(import|export)\b/g

/**
 * Offset of the quote that starts the specifier of the clause at `start`, or -1 where there is
 * none.
 */
const quoteOf = (code: string, start: number): number => {
  const call = /^import\s*\(\s*"/.exec(code.slice(start))
  if (call !== null) return start + call[0].length - 1
  const bare = /^import\s*"/.exec(code.slice(start))
  if (bare !== null) return start + bare[0].length - 1
  // The clause holds names, braces and commas; anything else means that this is a declaration.
  const clause = /^(?:import|export)\s+(?:type\s+)?[\w\s{},*$]*?\sfrom\s*"/.exec(code.slice(start))
  return clause === null ? -1 : start + clause[0].length - 1
}

/** The imports of a file, in order. */
export const importsOf = ({ code, text }: Source): ReadonlyArray<Import> => {
  const found: Array<Import> = []
  for (const match of code.matchAll(keyword)) {
    const quote = quoteOf(code, match.index)
    if (quote < 0) continue
    const specifier = text.slice(quote + 1, text.indexOf('"', quote + 1))
    const typeOnly = /^(import|export)\s+type\s/.test(code.slice(match.index))
    found.push({ specifier, offset: match.index, typeOnly })
  }
  return found
}

/** `@scope/name` or `name` of a specifier that is neither relative nor a Node built-in. */
export const packageOf = (specifier: string): string | undefined => {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return undefined
  const parts = specifier.split("/")
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0]
}

/** The repository path a relative specifier stands for. */
export const resolveRelative = (from: string, specifier: string): string =>
  posix.join(posix.dirname(from), specifier)

/** Groups of files that import each other in a ring, each as a path that ends where it starts. */
export const cyclesOf = (
  graph: ReadonlyMap<string, ReadonlyArray<string>>
): ReadonlyArray<ReadonlyArray<string>> => {
  const state = new Map<string, "open" | "done">()
  const cycles: Array<ReadonlyArray<string>> = []
  const visit = (file: string, path: ReadonlyArray<string>): void => {
    if (state.get(file) === "done") return
    if (state.get(file) === "open") {
      cycles.push([...path.slice(path.indexOf(file)), file])
      return
    }
    state.set(file, "open")
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    state.set(file, "done")
  }
  for (const file of graph.keys()) visit(file, [])
  return cycles
}
