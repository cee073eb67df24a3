// Objects out of views: what a block's records are for whoever reads objects. One generated
// function per layout, so that the objects have one shape; without code generation the same by
// loops.
import type { Column, ColumnData, Layout, Sheet, ViewBlock } from "../../Views.ts"

const absent = 255
const ends = (data: ColumnData, i: number): number =>
  (data.start[i] as number) + (data.length[i] as number)

/** The value of entry `i` of a column. */
export const valueAt = (sheet: Sheet, data: ColumnData, i: number): unknown => {
  const { column } = data
  switch (column._tag) {
    case "Text": {
      if ((data.length[i] as number) < 0) return null
      const { segment } = sheet
      return segment?.decode(segment.bytes, data.start[i] as number, ends(data, i))
    }
    case "Number": {
      const value = data.value[i] as number
      return Number.isNaN(value) ? null : value
    }
    case "Boolean":
      return data.code[i] === absent ? null : data.code[i] === 1
    case "Choice":
      return data.code[i] === absent ? null : column.values[data.code[i] as number]
    case "Group": {
      const elements: Array<Record<string, unknown>> = []
      const to = ends(data, i)
      for (let j = data.start[i] as number; j < to; j++) {
        const element: Record<string, unknown> = {}
        for (const child of data.children) element[child.column.name] = valueAt(sheet, child, j)
        elements.push(element)
      }
      return elements
    }
  }
}

/** Whether a record has nothing, and not null, where its column holds none. */
export const isOmitted = (column: Column): boolean => "omitted" in column && column.omitted === true

/** What a record has where its column holds this value. */
export const shown = (column: Column, value: unknown): unknown =>
  value === null && isOmitted(column) ? undefined : value

type Make = (sheet: Sheet, columns: ReadonlyArray<ColumnData>, i: number) => unknown

const looped =
  (layout: Layout): Make =>
  (sheet, columns, i) => {
    const record: Record<string, unknown> = {}
    if (layout.kind !== undefined) record._tag = layout.kind
    layout.columns.forEach((column, k) => {
      record[column.name] = shown(column, valueAt(sheet, columns[k] as ColumnData, i))
    })
    return record
  }

let identity = 0

const makers = new WeakMap<Layout, Make>()

// A literal gives all records one hidden class from the start.
const generated = (layout: Layout): Make | undefined => {
  const tag = layout.kind === undefined ? [] : [`_tag: ${JSON.stringify(layout.kind)}`]
  const fields = layout.columns.map((column, k) => {
    const nothing = isOmitted(column) ? " ?? undefined" : ""
    return `${JSON.stringify(column.name)}: v(b, c[${k}], i)${nothing}`
  })
  try {
    const text = `// ${identity++}\nreturn (b, c, i) => ({ ${[...tag, ...fields].join(", ")} })`
    return new Function("v", text)(valueAt) as Make
  } catch {
    return undefined
  }
}

const makerOf = (layout: Layout): Make => {
  const known = makers.get(layout)
  if (known !== undefined) return known
  const made = generated(layout) ?? looped(layout)
  makers.set(layout, made)
  return made
}

/** One row as an object. */
export const recordAt = (sheet: Sheet, i: number): unknown =>
  makerOf(sheet.layout)(sheet, sheet.columns, i)

/** The records of a block as objects. */
export const materialise = (block: ViewBlock): Array<unknown> => {
  const { sheet, from, to } = block
  const make = makerOf(sheet.layout)
  const records = new Array<unknown>(to - from)
  for (let i = from; i < to; i++) records[i - from] = make(sheet, sheet.columns, i)
  return records
}
