// From statements to the body of a WebAssembly function.
import { ByteWriter } from "./byteWriter.ts"
import type { Names } from "./expressions.ts"
import { Expressions } from "./expressions.ts"
import { op, typeCode, voidType } from "./opcodes.ts"
import type { Statement } from "./tree.ts"
import { NotCompilable } from "./tree.ts"

interface Frame {
  readonly label: string | undefined
  /** What leaves it: a break, a break that names it, a continue, or nothing. */
  readonly role: "break" | "labelled" | "continue" | "other"
}

class Body extends Expressions {
  private readonly frames: Array<Frame> = []

  all(statements: ReadonlyArray<Statement>): void {
    for (const each of statements) this.statement(each)
  }

  private statement(statement: Statement): void {
    const { out } = this
    switch (statement._tag) {
      case "Block":
        this.all(statement.body)
        return
      case "Declare": {
        const { index, type } = this.declared(statement.name)
        this.value(statement.value, type)
        out.byte(op.set).unsigned(index)
        return
      }
      case "Do":
        this.run(statement.expression)
        return
      case "If":
        this.value(statement.test, "int")
        out.byte(op.if, voidType)
        this.frames.push({ label: undefined, role: "other" })
        this.statement(statement.yes)
        if (statement.no !== undefined) {
          out.byte(op.else)
          this.statement(statement.no)
        }
        this.frames.pop()
        out.byte(op.end)
        return
      case "Loop":
        this.loop(statement)
        return
      case "Labelled":
        this.open(op.block, "labelled", statement.label)
        this.statement(statement.body)
        this.close(1)
        return
      case "Break":
      case "Continue":
        out.byte(op.br).unsigned(this.depth(statement._tag === "Break", statement.label))
        return
      case "Return":
        this.value(statement.value, "int")
        out.byte(op.return)
    }
  }

  private open(code: number, role: Frame["role"], label?: string): void {
    this.out.byte(code, voidType)
    this.frames.push({ label, role })
  }

  private close(count: number): void {
    for (let i = 0; i < count; i++) {
      this.frames.pop()
      this.out.byte(op.end)
    }
  }

  // break leaves the outer block; continue the inner one, behind which the step stands.
  private loop({ label, init, test, step, body }: Statement & { readonly _tag: "Loop" }): void {
    if (init !== undefined) this.statement(init)
    this.open(op.block, "break", label)
    this.open(op.loop, "other")
    if (test !== undefined) {
      this.value(test, "int")
      this.out.byte(op.eqz, op.brIf).unsigned(1)
    }
    this.open(op.block, "continue", label)
    this.statement(body)
    this.close(1)
    if (step !== undefined) this.run(step)
    this.out.byte(op.br).unsigned(0)
    this.close(2)
  }

  private depth(isBreak: boolean, label: string | undefined): number {
    const role = isBreak ? "break" : "continue"
    for (let i = this.frames.length - 1; i >= 0; i--) {
      const frame = this.frames[i] as Frame
      const isLeft = frame.role === role && (label === undefined || frame.label === label)
      const isNamed = isBreak && frame.role === "labelled" && frame.label === label
      if (isLeft || isNamed) return this.frames.length - 1 - i
    }
    throw new NotCompilable(`no loop to leave: ${label}`)
  }
}

/** The code of a function of integers that returns one: its locals, then its instructions. */
export const compileBody = (
  statements: ReadonlyArray<Statement>,
  params: ReadonlyArray<string>,
  names: Names
): ByteWriter => {
  const body = new Body(names, params)
  body.all(statements)
  const code = new ByteWriter().unsigned(body.types.length)
  for (const type of body.types) code.unsigned(1).byte(typeCode[type])
  // Every way through the text returns.
  return code.byte(...body.out.bytes).byte(op.unreachable, op.end)
}
