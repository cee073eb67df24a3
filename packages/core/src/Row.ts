// Functions on views: a row is one object whose fields are read from the bytes when they are asked
// for, and which stands for one record after the other. A function made here is also a function of
// objects, with the same answer, for stages that views do not reach.
import type * as Envelope from "./Envelope.ts"
import type { ComputedColumn } from "./internal/rows/rowCode.ts"
import { compileRows, notOfColumn } from "./internal/rows/rowCode.ts"
import type { ErasedRowFunction, RowFunction } from "./internal/rows/rowFunction.ts"
import { erasedRow, onObjects } from "./internal/rows/rowFunction.ts"
import type { ComputedLayout } from "./internal/rows/rowStage.ts"
import { columnsStage, rowStage } from "./internal/rows/rowStage.ts"
import { withForm } from "./internal/views/viewForm.ts"
import type { RowText } from "./RowText.ts"
import type { Column, Layout } from "./Views.ts"

/** What a row that was kept is caught with, in development mode. */
export { RowMisuse } from "./internal/rows/keptRow.ts"

type TextNames<A> = {
  [K in keyof A]-?: NonNullable<A[K]> extends string ? K : never
}[keyof A]

/** The text fields of a record as bytes. */
export type Texts<A> = A extends unknown ? { readonly [K in TextNames<A>]: RowText } : never

/** The loops of a function, one for each layout, kept as long as the function. */
const memoised = <A>(make: (layout: Layout) => A): ((layout: Layout) => A) => {
  const known = new WeakMap<Layout, A>()
  return (layout) => {
    const before = known.get(layout)
    if (before !== undefined) return before
    const made = make(layout)
    known.set(layout, made)
    return made
  }
}

const formed = <A, B>(
  given: RowFunction,
  reads: ReadonlyArray<string> | undefined
): ((record: A) => B) => {
  const f = erasedRow(given)
  const made = withForm(onObjects(f, reads), (kind) => {
    const loopFor = memoised((layout) => compileRows({ _tag: kind }, layout, reads, f.length >= 3))
    return {
      reads,
      made: kind === "Filter" ? (layout) => layout : undefined,
      before: (name) => name,
      operator: (emitsViews) => rowStage(kind, { functions: [f], loopFor, emitsViews })
    }
  })
  // The types of rows are those of the function that was given.
  return made as (record: A) => B
}

const namesOf = (names: ReadonlyArray<string>): ReadonlyArray<string> | undefined =>
  names.length === 0 ? undefined : names

/**
 * A function for `Pipeline.map`, `filter` and `flatMap` that runs on views.
 *
 * Shape: `row` has the fields of the record; a text becomes a string each time it is asked for,
 * numbers, booleans and choices cost no object. `texts` has the text fields as bytes, which make no
 * string: see `RowText`. Behind a filter records stay views; a map or flatMap makes objects. The
 * row itself, returned, is the record.
 * Limits: row and texts are valid during the call only, they are the next record's after it: keep
 * what you read, or `{ ...row }`. `development` of the execution options catches one that is kept.
 * Every field is parsed: `reading` says which.
 * Errors: as of any function: the record that throws follows the error policy of its stage.
 *
 * @example
 * ```ts
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Row from "@sluice/core/Row"
 *
 * type Reading = { readonly sensor: string; readonly celsius: number }
 *
 * const hot = Pipeline.filter(
 *   "hot",
 *   Row.of((row: Reading, texts) => row.celsius > 30 && texts.sensor.startsWith("north"))
 * )
 * ```
 */
export const of = <A extends object, B>(
  f: (row: A, texts: Texts<A>, cursor: Envelope.Cursor) => B
): ((record: A) => B) => formed(f, undefined)

/**
 * The same for a function that reads some fields: the others need not be parsed for it.
 *
 * Shape: the row has these fields and no others.
 *
 * @example
 * ```ts
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Row from "@sluice/core/Row"
 *
 * type Reading = { readonly sensor: string; readonly celsius: number; readonly note: string }
 *
 * const hot = Pipeline.filter(
 *   "hot",
 *   Row.reading<Reading>()("celsius")((row) => row.celsius > 30)
 * )
 * ```
 */
export const reading =
  <A extends object>() =>
  <const K extends Extract<keyof A, string>>(...names: ReadonlyArray<K>) =>
  <B>(
    f: (row: Pick<A, K>, texts: Texts<Pick<A, K>>, cursor: Envelope.Cursor) => B
  ): ((record: A) => B) =>
    formed(f, namesOf(names))

/** A field that a function makes of a row. */
export interface Computed<A, out B> {
  readonly _tag: "Number" | "Boolean" | "Choice"
  readonly values: ReadonlyArray<string>
  readonly f: (row: A, texts: Texts<A>, cursor: Envelope.Cursor) => B
}

type Function<A, B> = (row: A, texts: Texts<A>, cursor: Envelope.Cursor) => B

/** A number made of a row; NaN becomes null. */
export const number = <A, B extends number | null>(f: Function<A, B>): Computed<A, B> => ({
  _tag: "Number",
  values: [],
  f
})

/** A boolean made of a row. */
export const boolean = <A, B extends boolean | null>(f: Function<A, B>): Computed<A, B> => ({
  _tag: "Boolean",
  values: [],
  f
})

/** One of at most 250 words, made of a row. */
export const choice = <A, const W extends string, B extends W | null>(
  values: ReadonlyArray<W>,
  f: Function<A, B>
): Computed<A, B> => ({ _tag: "Choice", values, f })

/**
 * A field of the records behind `columns`: one of the row under another name, or a computed one.
 */
export type ColumnOf<A, K extends keyof A> =
  | Extract<keyof A, string>
  | Computed<Pick<A, K>, unknown>

/** The record that such fields make. */
export type ColumnsOf<A, S> = {
  readonly [N in keyof S]: S[N] extends keyof A
    ? A[S[N]]
    : S[N] extends { readonly f: (...args: never) => infer B }
      ? B
      : never
}

interface ErasedColumn {
  readonly column: ComputedColumn
  readonly f: ErasedRowFunction
}

const erasedColumn = (
  name: string,
  { _tag, values, f }: Computed<never, unknown>
): ErasedColumn => {
  const column: ComputedColumn = _tag === "Choice" ? { _tag, name, values } : { _tag, name }
  return { column, f: erasedRow(f) }
}

/** A result as it stands in a record of objects. */
const checked = (column: ComputedColumn, value: unknown): unknown => {
  if (value === null) return null
  const fits =
    column._tag === "Choice"
      ? column.values.includes(value as string)
      : typeof value === (column._tag === "Number" ? "number" : "boolean")
  if (!fits) throw notOfColumn(column, value)
  return Number.isNaN(value) ? null : value
}

type Spec = Readonly<Record<string, string | ErasedColumn>>

/** The name of a field that a layout lacks. */
const lackingIn = (spec: Spec, layout: Layout): string | undefined =>
  Object.values(spec).find(
    (each): each is string =>
      typeof each === "string" && !layout.columns.some(({ name }) => name === each)
  )

/** Fields that nobody reads may have been left out of the layout: they are passed over. */
const computedLayout = (spec: Spec, layout: Layout): ComputedLayout => {
  const columns: Array<Column> = []
  const places: Array<number | ComputedColumn> = []
  for (const [name, each] of Object.entries(spec)) {
    if (typeof each !== "string") {
      columns.push(each.column)
      places.push(each.column)
      continue
    }
    const at = layout.columns.findIndex((column) => column.name === each)
    if (at < 0) continue
    columns.push({ ...(layout.columns[at] as Column), name })
    places.push(at)
  }
  return { made: { kind: undefined, columns }, places }
}

const choicesMax = 250

/**
 * A function for `Pipeline.map` to records of another shape that stays on views: fields under new
 * names, and numbers, booleans and choices that functions make of the row. Texts are not made:
 * return them from `Row.of`, which makes objects.
 *
 * Shape: one for one. The names, where some are given, are the fields that the functions read.
 * Limits: a choice has at most 250 words.
 * Errors: a function that throws, or returns something of another kind, fails its record.
 *
 * @example
 * ```ts
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Row from "@sluice/core/Row"
 *
 * type Sale = { readonly city: string; readonly price: number; readonly pieces: number }
 *
 * const totals = Pipeline.map(
 *   "totals",
 *   Row.columns<Sale>()("price", "pieces")({
 *     where: "city",
 *     total: Row.number((row) => row.price * row.pieces),
 *     size: Row.choice(["small", "large"], (row) => (row.pieces > 10 ? "large" : "small"))
 *   })
 * )
 * ```
 */
export const columns =
  <A extends object>() =>
  <const K extends Extract<keyof A, string>>(...names: ReadonlyArray<K>) =>
  <const S extends Readonly<Record<string, ColumnOf<A, K>>>>(
    spec: S
  ): ((record: A) => ColumnsOf<A, S>) =>
    columnsForm(
      Object.fromEntries(
        Object.entries<ColumnOf<A, K>>(spec).map(([name, each]) => [
          name,
          typeof each === "string" ? each : erasedColumn(name, each)
        ])
      ),
      namesOf(names)
    )

const columnsForm = <A, B>(
  spec: Spec,
  names: ReadonlyArray<string> | undefined
): ((record: A) => B) => {
  const entries = Object.entries(spec)
  const made = entries.flatMap(([, each]) => (typeof each === "string" ? [] : [each]))
  for (const { column } of made) {
    if (column._tag === "Choice" && column.values.length > choicesMax)
      throw new TypeError(
        `column "${column.name}" has ${column.values.length} words. ` +
          `Cure: give at most ${choicesMax}`
      )
  }
  const list = made.map(({ column }) => column)
  const functions = made.map(({ f }) => f)
  const usesCursor = functions.some((f) => f.length >= 3)
  const calls = made.map(({ f }) => onObjects(f, names))
  const onRecord = (record: unknown, cursor: Envelope.Cursor): unknown => {
    const values = made.map(({ column }, k) => checked(column, calls[k]?.(record, cursor)))
    const from = record as Readonly<Record<string, unknown>>
    return Object.fromEntries(
      entries.map(([name, each]) => [
        name,
        typeof each === "string" ? from[each] : values[made.indexOf(each)]
      ])
    )
  }
  const alone = (record: unknown): unknown => onRecord(record, undefined as never)
  const f = withForm(usesCursor ? onRecord : alone, (kind) => {
    if (kind !== "Map") return "Row.columns is for map"
    const loopFor = memoised((layout) =>
      compileRows({ _tag: "Columns", columns: list }, layout, names, usesCursor)
    )
    const layoutOf = memoised((layout) => computedLayout(spec, layout))
    return {
      reads: made.length === 0 ? [] : names,
      made: (layout) => lackingIn(spec, layout) ?? layoutOf(layout).made,
      before: (name) => {
        const each = spec[name]
        return typeof each === "string" ? each : undefined
      },
      operator: (emitsViews) =>
        columnsStage({ functions, loopFor, emitsViews }, { columns: list, layoutOf })
    }
  })
  // The types of rows are those of the functions that were given.
  return f as (record: A) => B
}
