// The stages of a plan that are called record by record, at once: plain functions, functions on
// rows, and conditions and columns that stay on views.
import * as Fields from "@sluice/core/Fields"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as Policy from "@sluice/core/Policy"
import * as Row from "@sluice/core/Row"
import { errorsOf, faulty } from "./failing.ts"
import type { Item, Step } from "./plan.ts"
import { added, copiesOf, divides, replaced } from "./plan.ts"

type Open = Pipeline.Pipeline<Item, string>

interface Buffered {
  readonly buffer?: number | undefined
  readonly full?: "drop-oldest" | "drop-newest" | undefined
}

/** The buffer in front of a stage. */
export const bufferOf = ({ buffer, full }: Buffered): { readonly buffer?: Policy.BufferPolicy } =>
  buffer === undefined ? {} : { buffer: { capacity: buffer, onFull: full ?? "block" } }

const mapped = (id: string, step: Extract<Step, { op: "columns" }>, open: Open): Open => {
  const fault = faulty(step.failing)
  const value = Row.number((row: Item) => {
    fault(row)
    return row.value + step.add
  })
  const columns = Row.columns<Item>()()({ value, key: "key" })
  const options = { ...errorsOf(step.failing, replaced), ...bufferOf(step) }
  return open.pipe(Pipeline.map(id, columns, options))
}

/** A `map`, `filter`, `flatMap`, `where` or `columns` step. */
export const recordwise = (
  id: string,
  step: Extract<Step, { op: "map" | "filter" | "flatMap" | "where" | "columns" }>,
  open: Open
): Open => {
  const buffer = bufferOf(step)
  if (step.op === "columns") return mapped(id, step, open)
  if (step.op === "where") {
    const condition = Fields.compare("value", step.operator, step.than)
    const keep: (item: Item) => boolean = Fields.where(condition)
    return open.pipe(Pipeline.filter(id, keep, buffer))
  }
  const fault = faulty(step.failing)
  const tried = <B>(f: (item: Item) => B): ((item: Item) => B) => {
    const guarded = (item: Item): B => {
      fault(item)
      return f(item)
    }
    return step.rows === true ? Row.of(guarded) : guarded
  }
  switch (step.op) {
    case "map": {
      const options = { ...errorsOf(step.failing, replaced), ...buffer }
      const plus = tried((item) => added(item, step.add))
      return open.pipe(Pipeline.map(id, plus, options))
    }
    case "filter": {
      const options = { ...errorsOf(step.failing, () => true), ...buffer }
      const keep = tried((item) => divides(step.modulo, item.value))
      return open.pipe(Pipeline.filter(id, keep, options))
    }
    case "flatMap": {
      const one = (item: Item): Iterable<Item> => [replaced(item)]
      const many = tried((item): Iterable<Item> => copiesOf(item, step.copies))
      return open.pipe(Pipeline.flatMap(id, many, { ...errorsOf(step.failing, one), ...buffer }))
    }
  }
}
