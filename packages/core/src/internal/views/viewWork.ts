// The forms of stages that say what they read: rows that pass a condition, columns under new names.
import type { Condition, Picked } from "../../Fields.ts"
import type { Layout } from "../../Views.ts"
import { ViewBlock } from "../../Views.ts"
import type { ViewWork } from "../operators/viewStage.ts"
import { viewStage } from "../operators/viewStage.ts"
import type { Select } from "./conditionCode.ts"
import { compileCondition, namesIn } from "./conditionCode.ts"
import type { ViewForm } from "./viewForm.ts"

/**
 * The block with the rows at `rows` (of the sheet, ascending) alone; they move to its front. The
 * rows become their positions in the block that was.
 */
export const keptRows = (block: ViewBlock, rows: Array<number>): ViewBlock => {
  const { sheet, from } = block
  sheet.compact(rows, from)
  for (let j = 0; j < rows.length; j++) rows[j] = (rows[j] as number) - from
  return new ViewBlock(sheet, from, from + rows.length)
}

/** Keeps the rows for which a condition holds. */
const selecting = (condition: Condition): ViewWork => {
  const compiled = new Map<Layout, Select>()
  return (block) => {
    const { sheet, from, to } = block
    const select = compiled.get(sheet.layout) ?? compileCondition(condition, sheet.layout)
    compiled.set(sheet.layout, select)
    const rows: Array<number> = []
    select(sheet, from, to, rows)
    if (rows.length === block.length) return { block, rows: undefined }
    return { block: keptRows(block, rows), rows }
  }
}

/** The layout that `pick` makes of another, or the name of a field that this one lacks. */
export const pickedLayout = (picked: Picked, layout: Layout): Layout | string => {
  const columns: Array<Layout["columns"][number]> = []
  for (const [name, from] of Object.entries(picked)) {
    const column = layout.columns.find((each) => each.name === from)
    if (column === undefined) return from
    columns.push({ ...column, name })
  }
  return { kind: undefined, columns }
}

/** Hands on the picked columns; the others stay where they are, unread. */
const picking = (picked: Picked): ViewWork => {
  const layouts = new Map<Layout, readonly [Layout, ReadonlyArray<number>]>()
  const lookUp = (layout: Layout): readonly [Layout, ReadonlyArray<number>] => {
    const names = Object.entries(picked).filter(([, from]) =>
      layout.columns.some((column) => column.name === from)
    )
    const positions = names.map(([, from]) =>
      layout.columns.findIndex((column) => column.name === from)
    )
    const made = pickedLayout(Object.fromEntries(names), layout) as Layout
    return [made, positions]
  }
  return ({ sheet, from, to }) => {
    const known = layouts.get(sheet.layout) ?? lookUp(sheet.layout)
    layouts.set(sheet.layout, known)
    return { block: new ViewBlock(sheet.picked(...known), from, to), rows: undefined }
  }
}

const same = (name: string): string => name

/** A filter by a condition. */
export const conditionForm = (condition: Condition): ViewForm => ({
  reads: namesIn(condition),
  made: (layout) => layout,
  before: same,
  where: condition,
  operator: (emitsViews) => viewStage(selecting(condition), emitsViews)
})

/** A map that picks fields. */
export const pickForm = (picked: Picked): ViewForm => ({
  reads: [],
  made: (layout) => pickedLayout(picked, layout),
  before: (name) => picked[name],
  operator: (emitsViews) => viewStage(picking(picked), emitsViews)
})
