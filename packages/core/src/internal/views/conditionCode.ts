// A condition as generated code over columns: numbers are compared as they stand, texts as bytes;
// no string is made. The meaning is that of Fields.where over objects.
import type { Condition } from "../../Fields.ts"
import type { Column, Layout, Sheet } from "../../Views.ts"

/** Pushes the rows among `[from, to)` for which a condition holds. */
export type Select = (sheet: Sheet, from: number, to: number, rows: Array<number>) => void

const encoder = new TextEncoder()

/** The columns a condition reads. */
export const namesIn = (condition: Condition): ReadonlyArray<string> => {
  switch (condition._tag) {
    case "All":
    case "Any":
      return condition.conditions.flatMap(namesIn)
    case "Not":
      return namesIn(condition.condition)
    default:
      return [condition.name]
  }
}

/** What the code calls the parts of a field: of a column's row, or a parser's local variables. */
export interface Operand {
  readonly column: Column
  readonly start: string
  readonly length: string
  readonly value: string
  readonly code: string
}

/** The parts of a field, or undefined where the records have none of that name. */
export type Operands = (name: string) => Operand | undefined

const textTest = ({ start, length }: Operand, text: string, isWhole: boolean): string => {
  const bytes = [...encoder.encode(text)]
  const size = isWhole ? `=== ${bytes.length}` : `>= ${bytes.length}`
  const same = bytes.map((byte, i) => ` && b[${start} + ${i}] === ${byte}`).join("")
  return `(${length} ${size}${same})`
}

const codeTest = ({ code, column }: Operand, matches: (value: string) => boolean): string => {
  const values = column._tag === "Choice" ? column.values : []
  const codes = values.flatMap((value, i) => (matches(value) ? [i] : []))
  return codes.length === 0 ? "false" : `(${codes.map((i) => `${code} === ${i}`).join(" || ")})`
}

const joined = (
  conditions: ReadonlyArray<Condition>,
  operands: Operands,
  operator: string,
  none: string
): string => `(${conditions.map((each) => testCode(each, operands)).join(operator) || none})`

/** A condition as an expression over the bytes `b`. */
export const testCode = (condition: Condition, operands: Operands): string => {
  switch (condition._tag) {
    case "All":
      return joined(condition.conditions, operands, " && ", "true")
    case "Any":
      return joined(condition.conditions, operands, " || ", "false")
    case "Not":
      return `!${testCode(condition.condition, operands)}`
  }
  const operand = operands(condition.name)
  if (operand === undefined) return "false"
  const { column, value, code } = operand
  switch (condition._tag) {
    case "Compare": {
      if (column._tag !== "Number") return "false"
      const operator = { "=": "===", "!=": "!==" }[condition.operator as "="] ?? condition.operator
      return `(${value} === ${value} && ${value} ${operator} ${condition.value})`
    }
    case "IsTrue":
      return column._tag === "Boolean" ? `(${code} === 1)` : "false"
    case "Equals":
      return column._tag === "Text"
        ? textTest(operand, condition.text, true)
        : codeTest(operand, (each) => each === condition.text)
    case "StartsWith":
      return column._tag === "Text"
        ? textTest(operand, condition.text, false)
        : codeTest(operand, (each) => each.startsWith(condition.text))
  }
}

/** The fields of row `i` of a sheet; its kind is a choice of one word. */
const rowOperands =
  ({ kind, columns }: Layout): Operands =>
  (name) => {
    if (name === "_tag" && kind !== undefined) {
      const column: Column = { _tag: "Choice", name, values: [kind] }
      return { column, start: "0", length: "0", value: "0", code: "0" }
    }
    const at = columns.findIndex((each) => each.name === name)
    if (at < 0) return undefined
    const [start, length, value, code] = ["start", "length", "value", "code"].map(
      (part) => `C[${at}].${part}[i]`
    ) as [string, string, string, string]
    return { column: columns[at] as Column, start, length, value, code }
  }

let identity = 0

/** Compiles a condition for a layout: pushes the rows that hold. */
export const compileCondition = (condition: Condition, layout: Layout): Select => {
  const text = `// where ${identity++}
"use strict";
return function where_${identity}(sheet, from, to, rows) {
  const C = sheet.columns, b = sheet.bytes;
  for (let i = from; i < to; i++) if (${testCode(condition, rowOperands(layout))}) rows.push(i);
}`
  return new Function(text)() as Select
}
