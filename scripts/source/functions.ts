// Finds the functions of a scanned file by their bodies: blocks of `function`, methods and arrows,
// and the expression bodies of arrows. A heuristic on brackets; it errs towards not calling a block
// a function.
import { endOfStatement, matching, matchingBack } from "./scan.ts"

/** One function body, with offsets into the code. */
export interface FunctionBody {
  /** Where the line with the head starts. */
  readonly start: number
  readonly end: number
  readonly name: string
}

const notFunctions = new Set(["if", "for", "while", "switch", "catch", "with", "await"])

const startOfLine = (code: string, offset: number): number => code.lastIndexOf("\n", offset) + 1

/** Offset of the `)` that ends the parameters before the `{` at `brace`, or -1. */
const endOfParameters = (code: string, brace: number): number => {
  let i = brace - 1
  while (i >= 0 && /\s/.test(code[i]!)) i--
  if (code[i] === ")") return i
  if (i < 0 || !/[\w\]>}"']/.test(code[i]!)) return -1
  // A return type may stand between: walk back over type text to `) :`.
  while (i >= 0) {
    const c = code[i]!
    if (c === ":") {
      const before = code.slice(0, i).trimEnd()
      return before.endsWith(")") ? before.length - 1 : -1
    }
    if (c === ")" || c === "]" || c === "}") i = matchingBack(code, i)
    else if (!/[\w\s.<>,|&"'$]/.test(c)) return -1
    i--
  }
  return -1
}

const headOf = (code: string, brace: number): number | undefined => {
  const close = endOfParameters(code, brace)
  if (close < 0) return undefined
  const open = matchingBack(code, close)
  if (open < 0) return undefined
  const before = code.slice(startOfLine(code, open), open).trimEnd()
  if (/\bclass\s/.test(before)) return undefined
  const word = /([\w$#]+)\s*(<[^()]*>)?$/.exec(before)?.[1]
  if (word === undefined) return /[\]"'*]$/.test(before) ? open : undefined
  return notFunctions.has(word) ? undefined : open
}

const nameAt = (code: string, head: number): string => {
  const line = code.slice(startOfLine(code, head), head + 1)
  const declared = /(?:const|let|function\*?|class)\s+([\w$]+)/.exec(line)?.[1]
  return declared ?? /([\w$#]+)\s*[:(=]/.exec(line)?.[1] ?? "function"
}

const arrowBody = (code: string, arrow: number): FunctionBody => {
  const first = arrow + 2 + (/^\s*/.exec(code.slice(arrow + 2))?.[0].length ?? 0)
  const end = code[first] === "{" ? matching(code, first) + 1 : endOfStatement(code, first)
  const before = code.slice(0, arrow).trimEnd()
  const close = before.endsWith(")") ? before.length - 1 : endOfParameters(code, arrow)
  const head = close < 0 ? arrow : matchingBack(code, close)
  return { start: startOfLine(code, head), end, name: nameAt(code, head) }
}

/** Every function of the code, outer ones included. */
export const functionsOf = (code: string): ReadonlyArray<FunctionBody> => {
  const found: Array<FunctionBody> = []
  for (let i = code.indexOf("=>"); i >= 0; i = code.indexOf("=>", i + 2)) {
    found.push(arrowBody(code, i))
  }
  for (let i = code.indexOf("{"); i >= 0; i = code.indexOf("{", i + 1)) {
    if (code.slice(0, i).trimEnd().endsWith("=>")) continue
    const head = headOf(code, i)
    if (head === undefined) continue
    found.push({
      start: startOfLine(code, head),
      end: matching(code, i) + 1,
      name: nameAt(code, head)
    })
  }
  return found
}
