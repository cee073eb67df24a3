// A small lexer for TypeScript: splits a file into code, comments and strings without a compiler.
// Guarantees: `code` has the length and the line breaks of the input, with comments and the insides
// of strings, templates and regular expressions blanked. TypeScript 7 has no stable JavaScript API
// to ask. It does not validate: a file that does not compile may scan to nonsense, and `types`
// reports it anyway.

/** One comment, with its offsets into the text. */
export interface Comment {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A file split into what runs and what is said about it. */
export interface Source {
  readonly path: string
  readonly text: string
  /** The text with comments and the insides of literals replaced by spaces. */
  readonly code: string
  readonly comments: ReadonlyArray<Comment>
  /** Offset at which each line starts. */
  readonly lineStarts: ReadonlyArray<number>
}

/** 1-based line of an offset. */
export const lineOf = (source: Source, offset: number): number => {
  let low = 0
  let high = source.lineStarts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (source.lineStarts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  return low + 1
}

/**
 * Number of lines between two offsets that hold code: blank lines and comment lines do not count.
 */
export const codeLines = (source: Source, start = 0, end = source.code.length): number =>
  source.code
    .slice(start, end)
    .split("\n")
    .filter((line) => line.trim() !== "").length

const wordsBeforeRegex = new Set(
  "return typeof case in of do else void delete throw new yield await instanceof extends".split(" ")
)

const blank = (text: string): string => text.replace(/[^\n]/g, " ")

const endOfQuoted = (text: string, start: number): number => {
  const quote = text[start]
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++
    else if (text[i] === quote || text[i] === "\n") return i + 1
  }
  return text.length
}

const endOfRegex = (text: string, start: number): number => {
  let inClass = false
  for (let i = start + 1; i < text.length; i++) {
    const c = text[i]
    if (c === "\\") i++
    else if (c === "[") inClass = true
    else if (c === "]") inClass = false
    else if (c === "\n") return i
    else if (c === "/" && !inClass) return i + 1
  }
  return text.length
}

/** A slash starts a regular expression unless a value stands before it. */
const regexMayStart = (codeSoFar: string): boolean => {
  const before = codeSoFar.trimEnd()
  const last = before.at(-1)
  if (last === undefined) return true
  if (/[)\]}"'`]/.test(last)) return false
  const word = /[\w$]+$/.exec(before)?.[0]
  return word === undefined || wordsBeforeRegex.has(word)
}

class Scanner {
  readonly parts: Array<string> = []
  readonly comments: Array<Comment> = []
  /** Depth of braces at which each open `${` ends. */
  readonly templates: Array<number> = []
  braces = 0
  at = 0
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  keep(end: number): void {
    this.parts.push(this.text.slice(this.at, end))
    this.at = end
  }

  hide(end: number): void {
    this.parts.push(blank(this.text.slice(this.at, end)))
    this.at = end
  }

  hideInside(end: number): void {
    this.keep(this.at + 1)
    this.hide(Math.max(this.at, end - 1))
    this.keep(end)
  }

  comment(end: number): void {
    this.comments.push({ start: this.at, end, text: this.text.slice(this.at, end) })
    this.hide(end)
  }

  /** Hides template text up to the closing backtick or the next `${`. */
  template(): void {
    let i = this.at
    while (i < this.text.length) {
      if (this.text[i] === "\\") i++
      else if (this.text[i] === "`") break
      else if (this.text.startsWith("${", i)) {
        this.hide(i)
        this.keep(i + 2)
        this.templates.push(this.braces++)
        return
      }
      i++
    }
    this.hide(Math.min(i, this.text.length))
    this.keep(Math.min(i + 1, this.text.length))
  }

  closeBrace(): void {
    this.braces--
    this.keep(this.at + 1)
    if (this.templates.at(-1) === this.braces) {
      this.templates.pop()
      this.template()
    }
  }

  slash(): void {
    const { at, text } = this
    const next = text[at + 1]
    if (next === "/") this.comment(indexOrEnd(text, "\n", at))
    else if (next === "*") this.comment(Math.min(indexOrEnd(text, "*/", at + 2) + 2, text.length))
    // Eighty parts hold more than the last word, which is all that the decision needs.
    else if (regexMayStart(this.parts.slice(-80).join(""))) this.hideInside(endOfRegex(text, at))
    else this.keep(at + 1)
  }

  step(): void {
    const c = this.text[this.at]
    if (c === "/") this.slash()
    else if (c === '"' || c === "'") this.hideInside(endOfQuoted(this.text, this.at))
    else if (c === "`") {
      this.keep(this.at + 1)
      this.template()
    } else if (c === "{") {
      this.braces++
      this.keep(this.at + 1)
    } else if (c === "}") this.closeBrace()
    else {
      const plain = /[^/"'`{}]+/y
      plain.lastIndex = this.at
      plain.test(this.text)
      this.keep(Math.max(plain.lastIndex, this.at + 1))
    }
  }
}

const indexOrEnd = (text: string, what: string, from: number): number => {
  const found = text.indexOf(what, from)
  return found < 0 ? text.length : found
}

/** Splits one file. A shebang counts as a comment. */
export const scan = (path: string, text: string): Source => {
  const scanner = new Scanner(text)
  if (text.startsWith("#!")) scanner.comment(indexOrEnd(text, "\n", 0))
  while (scanner.at < text.length) scanner.step()
  const lineStarts = [0]
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) lineStarts.push(i + 1)
  return { path, text, code: scanner.parts.join(""), comments: scanner.comments, lineStarts }
}

const openers = "([{"
const closers = ")]}"

/** Offset of the bracket that matches the opening one at `open`, or the end of the code. */
export const matching = (code: string, open: number): number => {
  let depth = 0
  for (let i = open; i < code.length; i++) {
    if (openers.includes(code[i]!)) depth++
    else if (closers.includes(code[i]!) && --depth === 0) return i
  }
  return code.length
}

/** Offset of the bracket that matches the closing one at `close`, or -1. */
export const matchingBack = (code: string, close: number): number => {
  let depth = 0
  for (let i = close; i >= 0; i--) {
    if (closers.includes(code[i]!)) depth++
    else if (openers.includes(code[i]!) && --depth === 0) return i
  }
  return -1
}

const continuesAfter = /[=+\-*/%&|^!~?:,.<(]$/
const continuesBefore = /^\s*([.?:&|+\-*/%=<>,)\]}]|instanceof\b|satisfies\b|as\b)/

/**
 * Where the expression or statement that starts at `start` ends, by the rules of code without
 * semicolons.
 */
export const endOfStatement = (code: string, start: number): number => {
  let i = start
  while (i < code.length) {
    const c = code[i]!
    if (openers.includes(c)) i = matching(code, i)
    else if (closers.includes(c) || c === ";") return i
    else if (c === "\n" && code.slice(start, i).trim() !== "") {
      const complete = !continuesAfter.test(code.slice(start, i).trimEnd())
      if (complete && !continuesBefore.test(code.slice(i))) return i
    }
    i++
  }
  return code.length
}
