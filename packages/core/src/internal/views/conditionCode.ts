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

const textTest = (data: string, text: string, isWhole: boolean): string => {
  const bytes = [...encoder.encode(text)]
  const length = isWhole ? `=== ${bytes.length}` : `>= ${bytes.length}`
  const same = bytes.map((byte, i) => ` && b[${data}.start[i] + ${i}] === ${byte}`).join("")
  return `(${data}.length[i] ${length}${same})`
}

const codeTest = (data: string, column: Column, matches: (value: string) => boolean): string => {
  const values = column._tag === "Choice" ? column.values : []
  const codes = values.flatMap((value, code) => (matches(value) ? [code] : []))
  return codes.length === 0
    ? "false"
    : `(${codes.map((code) => `${data}.code[i] === ${code}`).join(" || ")})`
}

const joined = (
  conditions: ReadonlyArray<Condition>,
  layout: Layout,
  operator: string,
  none: string
): string => `(${conditions.map((each) => testCode(each, layout)).join(operator) || none})`

const testCode = (condition: Condition, layout: Layout): string => {
  switch (condition._tag) {
    case "All":
      return joined(condition.conditions, layout, " && ", "true")
    case "Any":
      return joined(condition.conditions, layout, " || ", "false")
    case "Not":
      return `!${testCode(condition.condition, layout)}`
  }
  const at = layout.columns.findIndex(({ name }) => name === condition.name)
  const column = layout.columns[at]
  const data = `C[${at}]`
  if (column === undefined) return "false"
  switch (condition._tag) {
    case "Compare": {
      if (column._tag !== "Number") return "false"
      const operator = { "=": "===", "!=": "!==" }[condition.operator as "="] ?? condition.operator
      const value = `${data}.value[i]`
      return `(${value} === ${value} && ${value} ${operator} ${condition.value})`
    }
    case "IsTrue":
      return column._tag === "Boolean" ? `(${data}.code[i] === 1)` : "false"
    case "Equals":
      return column._tag === "Text"
        ? textTest(data, condition.text, true)
        : codeTest(data, column, (value) => value === condition.text)
    case "StartsWith":
      return column._tag === "Text"
        ? textTest(data, condition.text, false)
        : codeTest(data, column, (value) => value.startsWith(condition.text))
  }
}

let identity = 0

/** Compiles a condition for a layout: pushes the rows that hold. */
export const compileCondition = (condition: Condition, layout: Layout): Select => {
  const text = `// where ${identity++}
"use strict";
return function where_${identity}(sheet, from, to, rows) {
  const C = sheet.columns, b = sheet.bytes;
  for (let i = from; i < to; i++) if (${testCode(condition, layout)}) rows.push(i);
}`
  return new Function(text)() as Select
}
