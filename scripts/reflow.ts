// Wraps comments that are wider than a line may be; the formatter leaves comments alone.
// `node scripts/reflow.ts` rewrites the files of the repository, part of `pnpm format`. It moves
// words to the next line of the same comment and changes nothing else: no comment that fits is
// touched.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Comment, Source } from "./source/scan.ts"
import { lineOf, scan } from "./source/scan.ts"
import { isTypeScript, listFiles, readText, root } from "./source/workspace.ts"
import { columnsMax } from "./tidy/size.ts"

/**
 * Starts of lines that must stay starts of lines: list items, named fields, tags, fences, tables.
 */
const keepsItsLine = /^([-*+|#@]|\d+\.|```|\w+( \w+)?:|$)/

const splitAt = (line: string, prefix: string): readonly [string, string] | undefined => {
  if (line.length <= columnsMax || /https?:\/\//.test(line)) return undefined
  const at = line.lastIndexOf(" ", columnsMax)
  if (at <= prefix.length) return undefined
  return [line.slice(0, at).trimEnd(), line.slice(at + 1)]
}

/** Wraps the lines of one comment block; every line starts with `prefix`. */
export const wrap = (lines: ReadonlyArray<string>, prefix: string): ReadonlyArray<string> => {
  const rest = [...lines]
  const done: Array<string> = []
  let fenced = false
  while (rest.length > 0) {
    const line = rest.shift()!
    if (line.slice(prefix.length).startsWith("```")) fenced = !fenced
    const parts = fenced ? undefined : splitAt(line, prefix)
    if (parts === undefined) {
      done.push(line)
      continue
    }
    const [kept, overflow] = parts
    done.push(kept)
    const next = rest[0]?.slice(prefix.length)
    const joins = rest[0]?.startsWith(prefix) === true && !keepsItsLine.test(next ?? "")
    if (joins) rest[0] = `${prefix}${overflow} ${next}`
    else rest.unshift(prefix + overflow)
  }
  return done
}

const indentAt = (source: Source, offset: number): string => {
  const start = source.lineStarts[lineOf(source, offset) - 1]!
  return source.text.slice(start, offset)
}

const isWide = (text: string, indent: string): boolean =>
  text.split("\n").some((line, i) => (i === 0 ? indent.length : 0) + line.length > columnsMax)

const rewriteBlock = (text: string, indent: string): string => {
  const prefix = `${indent} * `
  const inner = /^\/\*\* ?([^\n]*?) ?\*\/$/.exec(text)?.[1]
  const lines =
    inner === undefined
      ? text.split("\n")
      : ["/**", ...wrap([prefix + inner], prefix), `${indent} */`]
  return wrap(lines, prefix).join("\n")
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Runs of line comments that stand alone on consecutive lines, as one block each. */
const lineBlocks = (source: Source): ReadonlyArray<ReadonlyArray<Comment>> => {
  const blocks: Array<Array<Comment>> = []
  for (const comment of source.comments) {
    if (!comment.text.startsWith("// ") || indentAt(source, comment.start).trim() !== "") continue
    const last = blocks.at(-1)?.at(-1)
    const follows =
      last !== undefined && lineOf(source, last.end) + 1 === lineOf(source, comment.start)
    if (follows) blocks.at(-1)!.push(comment)
    else blocks.push([comment])
  }
  return blocks
}

const edits = (source: Source): ReadonlyArray<Edit> => {
  const found: Array<Edit> = []
  for (const block of lineBlocks(source)) {
    const start = block[0]!.start
    const end = block.at(-1)!.end
    const indent = indentAt(source, start)
    const text = source.text.slice(start, end)
    if (!isWide(text, indent)) continue
    const lines = wrap((indent + text).split("\n"), `${indent}// `)
    found.push({ start, end, text: lines.join("\n").slice(indent.length) })
  }
  for (const { start, end, text } of source.comments) {
    const indent = indentAt(source, start)
    const line = source.lineStarts[lineOf(source, start) - 1]!
    if (text.startsWith("/**") && indent.trim() === "" && isWide(text, indent)) {
      found.push({ start, end, text: rewriteBlock(text, indent) })
    } else if (text.startsWith("// ") && indent.trim() !== "" && isWide(text, indent)) {
      const margin = /^\s*/.exec(indent)![0]
      found.push({ start: line, end, text: `${margin}${text}\n${indent.trimEnd()}` })
    }
  }
  return found.sort((a, b) => b.start - a.start)
}

/** The text with every wide comment wrapped. */
export const reflow = (path: string, text: string): string => {
  let wrapped = text
  for (const edit of edits(scan(path, text))) {
    wrapped = wrapped.slice(0, edit.start) + edit.text + wrapped.slice(edit.end)
  }
  return wrapped === text ? text : reflow(path, wrapped)
}

const main = (): void => {
  const only = process.argv.slice(2)
  let changed = 0
  for (const path of listFiles()) {
    if (!isTypeScript(path) || (only.length > 0 && !only.some((p) => path.startsWith(p)))) continue
    const text = readText(path)
    const wrapped = reflow(path, text)
    if (wrapped === text) continue
    writeFileSync(join(root, path), wrapped)
    changed++
  }
  console.log(`${changed} files with wide comments wrapped`)
}

if (import.meta.main) main()
