// The language that generated parsers are written in where they become WebAssembly: what they share
// with their form in JavaScript, so whole numbers, floats, arrays of a fixed place, and loops.
import type { Expression, Statement } from "./tree.ts"
import { NotCompilable } from "./tree.ts"

// One search for all words at once: a program is read while others wait for it.
const number = /0x[0-9a-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?/
const name = /[A-Za-z_$][\w$.]*/
const sign = /\+\+|--|[!=]==|[<>+\-*/|]=|&&|\|\||>>>|<<|>>|\S/
const words = new RegExp(`${number.source}|${name.source}|${sign.source}`, "g")

const isNumber = (word: string): boolean => {
  const first = word.charCodeAt(0)
  return first >= 48 && first <= 57
}

const isName = (word: string): boolean => {
  const first = word.charCodeAt(0)
  return (first >= 97 && first <= 122) || (first >= 65 && first <= 90) || first === 95
}

const levels: ReadonlyMap<string, number> = new Map(
  [
    ["||"],
    ["&&"],
    ["|"],
    ["^"],
    ["&"],
    ["===", "!=="],
    ["<", "<=", ">", ">="],
    ["<<", ">>", ">>>"],
    ["+", "-"],
    ["*", "/"]
  ].flatMap((operators, i) => operators.map((operator) => [operator, i + 1] as const))
)

const assignments = new Set(["=", "+=", "-=", "*=", "/=", "|="])

class Reader {
  private readonly words: ReadonlyArray<string>
  private at = 0

  constructor(text: string) {
    this.words = text.match(words) ?? []
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
    const word = this.words[this.at] ?? ""
    if (!isName(word)) throw this.unexpected()
    this.at++
    return word
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
    switch (this.words[this.at]) {
      case "{":
        this.at++
        return this.block()
      case ";":
        this.at++
        return { _tag: "Block", body: [] }
      case "if":
        this.at++
        return this.choice()
      case "while":
        this.at++
        return this.repeated(label)
      case "for":
        this.at++
        return this.counted(label)
      case "break":
      case "continue":
        return this.leaving()
      case "return":
        this.at++
        return { _tag: "Return", value: this.ended() }
      case "let":
      case "const":
        return this.declaration()
      default:
        return this.words[this.at + 1] === ":" ? this.labelled() : this.done()
    }
  }

  /** An expression with its semicolon. */
  private ended(): Expression {
    const expression = this.expression()
    this.expect(";")
    return expression
  }

  private done(): Statement {
    return { _tag: "Do", expression: this.ended() }
  }

  private labelled(): Statement {
    const label = this.name()
    this.expect(":")
    const body = this.statement(label)
    return body._tag === "Loop" ? body : { _tag: "Labelled", label, body }
  }

  private repeated(label: string | undefined): Statement {
    const test = this.inBrackets()
    return { _tag: "Loop", label, init: undefined, test, step: undefined, body: this.statement() }
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
    if (!assignments.has(operator)) return target
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
      const own = levels.get(operator) ?? 0
      if (own < level) return left
      this.at++
      left = { _tag: "Binary", operator, left, right: this.binary(own + 1) }
    }
  }

  private unary(): Expression {
    const operator = this.words[this.at] as string
    switch (operator) {
      case "!":
      case "-":
        this.at++
        return { _tag: "Unary", operator, of: this.unary() }
      case "++":
      case "--":
        this.at++
        return { _tag: "Step", operator, isPrefix: true, name: this.name() }
      default:
        return this.simple(operator)
    }
  }

  private simple(word: string | undefined): Expression {
    if (word === undefined) throw this.unexpected()
    if (isNumber(word)) {
      this.at++
      return { _tag: "Number", value: Number(word) }
    }
    if (this.take("(")) {
      const inner = this.expression()
      this.expect(")")
      return inner
    }
    const name = this.name()
    const operator = this.words[this.at] as string
    switch (operator) {
      case "[":
        return this.element(name)
      case "(":
        return this.call(name)
      case "++":
      case "--":
        this.at++
        return { _tag: "Step", operator, isPrefix: false, name }
      default:
        return { _tag: "Name", name }
    }
  }

  private element(array: string): Expression {
    this.expect("[")
    const at = this.expression()
    this.expect("]")
    return { _tag: "Index", array, at }
  }

  private call(name: string): Expression {
    this.expect("(")
    const args: Array<Expression> = []
    while (!this.take(")")) {
      args.push(this.expression())
      this.take(",")
    }
    return { _tag: "Call", name, args }
  }
}

/** Reads a text of this language; throws `NotCompilable` for any other. */
export const readProgram = (text: string): ReadonlyArray<Statement> => new Reader(text).program()
