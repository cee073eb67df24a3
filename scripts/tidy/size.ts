// Size limits: a file, a function, a line. Comments and blank lines do not count towards a
// function, nor towards a file that is no source of a package or app.
import { functionsOf } from "../source/functions.ts"
import { codeLines } from "../source/scan.ts"
import { isTypeScript } from "../source/workspace.ts"
import type { Rule } from "./rule.ts"
import { inSource } from "./rule.ts"

const fileLinesMax = 400
const functionLinesMax = 70
export const columnsMax = 100

const fileLines: Rule = {
  name: "file-lines",
  appliesTo: isTypeScript,
  *check(source) {
    // What is published is read whole, docstrings and all.
    const isWhole = inSource(source.path)
    const lines = isWhole ? source.text.replace(/\n$/, "").split("\n").length : codeLines(source)
    if (lines <= fileLinesMax) return
    const unit = isWhole ? "lines" : "lines of code"
    yield { offset: 0, cure: `${lines} ${unit}, at most ${fileLinesMax}: split by concept` }
  }
}

/** A suite is a list of tests, not a function to be understood at once. */
const isSuite = (head: string): boolean => /^\s*(describe|it\.layer|layer)\b/.test(head)

const functionLines: Rule = {
  name: "function-lines",
  appliesTo: isTypeScript,
  *check(source) {
    const seen = new Set<number>()
    for (const { start, end, name } of functionsOf(source.code)) {
      const lines = codeLines(source, start, end)
      if (lines <= functionLinesMax || seen.has(start)) continue
      if (isSuite(source.code.slice(start, end))) continue
      seen.add(start)
      const cure = `${name} has ${lines} lines of code, at most ${functionLinesMax}: name its parts`
      yield { offset: start, cure }
    }
  }
}

const lineColumns: Rule = {
  name: "line-columns",
  appliesTo: isTypeScript,
  *check({ text, lineStarts }) {
    for (const [i, start] of lineStarts.entries()) {
      const line = text.slice(start, (lineStarts[i + 1] ?? text.length + 1) - 1)
      // A link cannot be broken.
      if ([...line].length <= columnsMax || /https?:\/\//.test(line)) continue
      yield { offset: start, cure: `${[...line].length} columns, at most ${columnsMax}: break it` }
    }
  }
}

export const sizeRules: ReadonlyArray<Rule> = [fileLines, functionLines, lineColumns]
