// Expressions as instructions of WebAssembly. Variables hold 32-bit integers, those called v and a
// number floats; arrays lie at fixed places of the memory. Where JavaScript would leave 32 bits the
// text must not come here.
import { ByteWriter } from "./byteWriter.ts"
import type { Type } from "./opcodes.ts"
import { access, comparisons, floats, ints, op, typeCode } from "./opcodes.ts"
import type { Expression } from "./tree.ts"
import { NotCompilable } from "./tree.ts"

/** An array in the memory. */
export interface Place {
  readonly kind: keyof typeof access
  /** Where it begins. */
  readonly base: number
}

/** What a text may refer to. */
export interface Names {
  readonly arrays: ReadonlyMap<string, Place>
  readonly constants: ReadonlyMap<string, number>
  /** Functions of integers that give an integer, by index. */
  readonly functions: ReadonlyMap<string, number>
}

interface Local {
  readonly index: number
  readonly type: Type
}

/** Functions of JavaScript that are one instruction. */
const instructions: Readonly<Record<string, number>> = { "Math.imul": op.mul, "Math.clz32": op.clz }

const typeOfName = (name: string): Type => (/^v\d+$/.test(name) ? "float" : "int")

/** Writes the instructions of expressions, and knows the variables. */
export class Expressions {
  readonly out = new ByteWriter()
  readonly types: Array<Type> = []
  private readonly names: Names
  private readonly locals = new Map<string, Local>()
  private readonly params: number

  constructor(names: Names, params: ReadonlyArray<string>) {
    this.names = names
    this.params = params.length
    params.forEach((name, index) => {
      this.locals.set(name, { index, type: "int" })
    })
  }

  private fresh(type: Type): number {
    this.types.push(type)
    return this.params + this.types.length - 1
  }

  protected declared(name: string): Local {
    const known = this.locals.get(name)
    if (known !== undefined) return known
    const type = typeOfName(name)
    const local = { index: this.fresh(type), type }
    this.locals.set(name, local)
    return local
  }

  private local(name: string): Local {
    const local = this.locals.get(name)
    if (local === undefined) throw new NotCompilable(`unknown name ${name}`)
    return local
  }

  private array(name: string): Place {
    const place = this.names.arrays.get(name)
    if (place === undefined) throw new NotCompilable(`unknown array ${name}`)
    return place
  }

  typeOf(expression: Expression): Type {
    switch (expression._tag) {
      case "Number":
        return Number.isInteger(expression.value) && Math.abs(expression.value) < 2 ** 32
          ? "int"
          : "float"
      case "Name":
        if (expression.name === "NaN" || expression.name === "Infinity") return "float"
        return this.names.constants.has(expression.name) ? "int" : this.local(expression.name).type
      case "Index":
        return access[this.array(expression.array).kind].type
      case "Call":
        return "int"
      case "Unary":
        return expression.operator === "!" ? "int" : this.typeOf(expression.of)
      case "Binary":
        if (comparisons.has(expression.operator)) return "int"
        if (expression.operator === "&&" || expression.operator === "||") return "int"
        return this.common(expression.left, expression.right)
      case "Choose":
        return this.common(expression.yes, expression.no)
      case "Assign":
        return this.typeOf(expression.target)
      case "Step":
        return "int"
    }
  }

  private common(left: Expression, right: Expression): Type {
    return this.typeOf(left) === "float" || this.typeOf(right) === "float" ? "float" : "int"
  }

  /** Computes an expression whose value nobody wants. */
  protected run(expression: Expression): void {
    if (expression._tag === "Assign") this.assign(expression, false)
    else if (expression._tag === "Step") this.step(expression, false)
    else {
      this.value(expression, this.typeOf(expression))
      this.out.byte(op.drop)
    }
  }

  /** Leaves the value on the stack, as a type. */
  protected value(expression: Expression, as: Type): void {
    const type = this.typeOf(expression)
    if (expression._tag === "Number" && as === "float") {
      this.out.byte(op.floatConst).float(expression.value)
      return
    }
    this.emit(expression, type)
    if (type === "int" && as === "float") this.out.byte(op.toFloat)
    // A float that is stored as an integer is a number of elements that were found.
    if (type === "float" && as === "int") this.out.byte(op.extended).unsigned(op.toInt)
  }

  private emit(expression: Expression, type: Type): void {
    const { out } = this
    switch (expression._tag) {
      case "Number":
        if (type === "float") out.byte(op.floatConst).float(expression.value)
        else out.byte(op.intConst).signed(expression.value)
        return
      case "Name":
        this.named(expression.name)
        return
      case "Index": {
        const { kind, base } = this.array(expression.array)
        const offset = this.address(expression.at, kind, base)
        out.byte(access[kind].load).unsigned(access[kind].align).unsigned(offset)
        return
      }
      case "Call":
        this.called(expression)
        return
      case "Unary":
        this.unary(expression, type)
        return
      case "Binary":
        this.binary(expression, type)
        return
      case "Choose":
        this.value(expression.test, "int")
        out.byte(op.if, typeCode[type])
        this.value(expression.yes, type)
        out.byte(op.else)
        this.value(expression.no, type)
        out.byte(op.end)
        return
      case "Assign":
        this.assign(expression, true)
        return
      case "Step":
        this.step(expression, true)
    }
  }

  private named(name: string): void {
    if (name === "NaN") this.out.byte(op.floatConst).float(Number.NaN)
    else if (name === "Infinity") this.out.byte(op.floatConst).float(Number.POSITIVE_INFINITY)
    else {
      const constant = this.names.constants.get(name)
      if (constant === undefined) this.out.byte(op.get).unsigned(this.local(name).index)
      else this.out.byte(op.intConst).signed(constant)
    }
  }

  /** Leaves the address of an element without the constant part, which it answers. */
  private address(at: Expression, kind: Place["kind"], base: number): number {
    const { shift } = access[kind]
    const isSum = at._tag === "Binary" && (at.operator === "+" || at.operator === "-")
    if (isSum && at.right._tag === "Number") {
      const by = (at.operator === "+" ? at.right.value : -at.right.value) << shift
      if (base + by >= 0) {
        this.scaled(at.left, shift)
        return base + by
      }
    }
    if (at._tag === "Number") {
      this.out.byte(op.intConst).signed(0)
      return base + (at.value << shift)
    }
    this.scaled(at, shift)
    return base
  }

  private scaled(at: Expression, shift: number): void {
    this.value(at, "int")
    if (shift > 0)
      this.out
        .byte(op.intConst)
        .signed(shift)
        .byte(ints["<<"] as number)
  }

  private called({ name, args }: Expression & { readonly _tag: "Call" }): void {
    for (const each of args) this.value(each, "int")
    const instruction = instructions[name]
    if (instruction !== undefined) {
      this.out.byte(instruction)
      return
    }
    const index = this.names.functions.get(name)
    if (index === undefined) throw new NotCompilable(`unknown function ${name}`)
    this.out.byte(op.call).unsigned(index)
  }

  private unary({ operator, of }: Expression & { readonly _tag: "Unary" }, type: Type): void {
    const { out } = this
    if (operator === "!") {
      this.value(of, "int")
      out.byte(op.eqz)
    } else if (type === "float") {
      this.value(of, "float")
      out.byte(op.floatNeg)
    } else {
      out.byte(op.intConst).signed(0)
      this.value(of, "int")
      out.byte(op.sub)
    }
  }

  private binary(
    { operator, left, right }: Expression & { readonly _tag: "Binary" },
    type: Type
  ): void {
    const { out } = this
    if (operator === "&&" || operator === "||") {
      this.value(left, "int")
      out.byte(op.if, typeCode.int)
      if (operator === "||") out.byte(op.intConst).signed(1)
      else this.value(right, "int")
      out.byte(op.else)
      if (operator === "||") this.value(right, "int")
      else out.byte(op.intConst).signed(0)
      out.byte(op.end)
      return
    }
    const operands = comparisons.has(operator) ? this.common(left, right) : type
    const code = (operands === "float" ? floats : ints)[operator]
    if (code === undefined) throw new NotCompilable(`no ${operator} of ${operands}s`)
    this.value(left, operands)
    this.value(right, operands)
    out.byte(code)
  }

  private assign(
    { operator, target, value }: Expression & { readonly _tag: "Assign" },
    isWanted: boolean
  ): void {
    const { out } = this
    const whole: Expression =
      operator === "="
        ? value
        : { _tag: "Binary", operator: operator.slice(0, -1), left: target, right: value }
    if (target._tag === "Name") {
      const { index, type } = this.local(target.name)
      this.value(whole, type)
      out.byte(isWanted ? op.tee : op.set).unsigned(index)
      return
    }
    const { array, at } = target as Expression & { readonly _tag: "Index" }
    if (operator !== "=") throw new NotCompilable(`${operator} of an element`)
    const { kind, base } = this.array(array)
    const { type, store, align } = access[kind]
    const offset = this.address(at, kind, base)
    this.value(whole, type)
    const kept = isWanted ? this.fresh(type) : -1
    if (isWanted) out.byte(op.tee).unsigned(kept)
    out.byte(store).unsigned(align).unsigned(offset)
    if (isWanted) out.byte(op.get).unsigned(kept)
  }

  private step(
    { operator, isPrefix, name }: Expression & { readonly _tag: "Step" },
    isWanted: boolean
  ): void {
    const { out } = this
    const { index, type } = this.local(name)
    if (type === "float") throw new NotCompilable(`${operator} of a float`)
    if (isWanted && !isPrefix) out.byte(op.get).unsigned(index)
    out.byte(op.get).unsigned(index).byte(op.intConst).signed(1)
    out.byte(operator === "++" ? op.add : op.sub)
    out.byte(isWanted && isPrefix ? op.tee : op.set).unsigned(index)
  }
}
