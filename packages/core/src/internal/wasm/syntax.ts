// The language that generated parsers are written in where they become WebAssembly: what they share
// with their form in JavaScript, so whole numbers, floats, arrays of a fixed place, and loops.
import type { Expression, Statement } from "./tree.ts"
import { NotCompilable } from "./tree.ts"

const numeral = "0x[0-9a-f]+|\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?"
const word = "[A-Za-z_$][\\w$.]*"
const long = "\\+\\+|--|===|!==|<=|>=|&&|\\|\\||>>>|<<|>>|\\+=|-=|\\*=|\\/=|\\|="
const short = "[-+*/<>=!&|^?:;,(){}[\\]]"
const token = new RegExp(`\\s*(?:(${numeral})|(${word})|(${long}|${short}))`, "y")

const numberKind = 1
const nameKind = 2
const signKind = 3

const levels: Readonly<Record<string, number>> = {
  "||": 1,
  "&&": 2,
  "|": 3,
  "^": 4,
  "&": 5,
  "===": 6,
  "!==": 6,
  "<": 7,
  "<=": 7,
  ">": 7,
  ">=": 7,
  "<<": 8,
  ">>": 8,
  ">>>": 8,
  "+": 9,
  "-": 9,
  "*": 10,
  "/": 10
}

const assignments = new Set(["=", "+=", "-=", "*=", "/=", "|="])

class Reader {
  private readonly words: Array<string> = []
  private readonly kinds: Array<number> = []
  private at = 0

  constructor(text: string) {
    token.lastIndex = 0
    const { length } = text.trimEnd()
    while (token.lastIndex < length) {
      const from = token.lastIndex
      const found = token.exec(text)
      if (found === null) throw new NotCompilable(`unknown: ${text.slice(from, from + 20)}`)
      const kind =
        found[1] !== undefined ? numberKind : found[2] !== undefined ? nameKind : signKind
      this.words.push((found[1] ?? found[2] ?? found[3]) as string)
      this.kinds.push(kind)
    }
  }

  private is(word: string): boolean {
    return this.words[this.at] === word
  }

  private take(word: string): boolean {
    if (!this.is(word)) return false
    this.at++
    return true
  }

  private expect(word: string): void {
    if (!this.take(word)) throw this.unexpected()
  }

  private unexpected(): NotCompilable {
    const near = this.words.slice(Math.max(0, this.at - 6), this.at + 4).join(" ")
    return new NotCompilable(`unexpected ${this.words[this.at]} in ${near}`)
  }

  private name(): string {
    if (this.kinds[this.at] !== nameKind) throw this.unexpected()
    return this.words[this.at++] as string
  }

  program(): ReadonlyArray<Statement> {
    const body: Array<Statement> = []
    while (this.at < this.words.length) body.push(this.statement())
    return body
  }

  private block(): Statement {
    const body: Array<Statement> = []
    while (!this.take("}")) body.push(this.statement())
    return { _tag: "Block", body }
  }

  private statement(label?: string): Statement {
    if (this.take("{")) return this.block()
    if (this.take(";")) return { _tag: "Block", body: [] }
    if (this.take("if")) return this.choice()
    if (this.take("while")) {
      const test = this.inBrackets()
      return { _tag: "Loop", label, init: undefined, test, step: undefined, body: this.statement() }
    }
    if (this.take("for")) return this.counted(label)
    if (this.is("break") || this.is("continue")) return this.leaving()
    if (this.take("return")) {
      const value = this.expression()
      this.expect(";")
      return { _tag: "Return", value }
    }
    if (this.is("let") || this.is("const")) return this.declaration()
    if (this.kinds[this.at] === nameKind && this.words[this.at + 1] === ":") {
      const name = this.name()
      this.expect(":")
      const body = this.statement(name)
      return body._tag === "Loop" ? body : { _tag: "Labelled", label: name, body }
    }
    const expression = this.expression()
    this.expect(";")
    return { _tag: "Do", expression }
  }

  private inBrackets(): Expression {
    this.expect("(")
    const expression = this.expression()
    this.expect(")")
    return expression
  }

  private choice(): Statement {
    const test = this.inBrackets()
    const yes = this.statement()
    return { _tag: "If", test, yes, no: this.take("else") ? this.statement() : undefined }
  }

  private counted(label: string | undefined): Statement {
    this.expect("(")
    const init = this.take(";") ? undefined : this.statement()
    const test = this.is(";") ? undefined : this.expression()
    this.expect(";")
    const step = this.is(")") ? undefined : this.expression()
    this.expect(")")
    return { _tag: "Loop", label, init, test, step, body: this.statement() }
  }

  private leaving(): Statement {
    const _tag = this.take("break") ? "Break" : "Continue"
    if (_tag === "Continue") this.expect("continue")
    const label = this.is(";") ? undefined : this.name()
    this.expect(";")
    return { _tag, label }
  }

  private declaration(): Statement {
    this.at++
    const body: Array<Statement> = []
    do {
      const name = this.name()
      this.expect("=")
      body.push({ _tag: "Declare", name, value: this.assigned() })
    } while (this.take(","))
    this.expect(";")
    return { _tag: "Block", body }
  }

  private expression(): Expression {
    return this.assigned()
  }

  private assigned(): Expression {
    const target = this.chosen()
    const operator = this.words[this.at] as string
    if (this.kinds[this.at] !== signKind || !assignments.has(operator)) return target
    if (target._tag !== "Name" && target._tag !== "Index") throw this.unexpected()
    this.at++
    return { _tag: "Assign", operator, target, value: this.assigned() }
  }

  private chosen(): Expression {
    const test = this.binary(1)
    if (!this.take("?")) return test
    const yes = this.assigned()
    this.expect(":")
    return { _tag: "Choose", test, yes, no: this.assigned() }
  }

  private binary(level: number): Expression {
    let left = this.unary()
    for (;;) {
      const operator = this.words[this.at] as string
      const own = this.kinds[this.at] === signKind ? (levels[operator] ?? 0) : 0
      if (own < level) return left
      this.at++
      left = { _tag: "Binary", operator, left, right: this.binary(own + 1) }
    }
  }

  private unary(): Expression {
    if (this.take("!")) return { _tag: "Unary", operator: "!", of: this.unary() }
    if (this.take("-")) return { _tag: "Unary", operator: "-", of: this.unary() }
    for (const operator of ["++", "--"])
      if (this.take(operator)) return { _tag: "Step", operator, isPrefix: true, name: this.name() }
    return this.simple()
  }

  private simple(): Expression {
    if (this.take("(")) {
      const inner = this.expression()
      this.expect(")")
      return inner
    }
    if (this.kinds[this.at] === numberKind)
      return { _tag: "Number", value: Number(this.words[this.at++]) }
    const name = this.name()
    if (this.take("[")) {
      const at = this.expression()
      this.expect("]")
      return { _tag: "Index", array: name, at }
    }
    if (this.take("(")) {
      const args: Array<Expression> = []
      while (!this.take(")")) {
        args.push(this.expression())
        this.take(",")
      }
      return { _tag: "Call", name, args }
    }
    for (const operator of ["++", "--"])
      if (this.take(operator)) return { _tag: "Step", operator, isPrefix: false, name }
    return { _tag: "Name", name }
  }
}

/** Reads a text of this language; throws `NotCompilable` for any other. */
export const readProgram = (text: string): ReadonlyArray<Statement> => new Reader(text).program()
