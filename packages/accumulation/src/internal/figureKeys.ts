// Figures of keys that are added up from columns: a cell of numbers beside the row, changed by code
// generated for the layout. The same figures as Aggregate's own functions over objects.
import type { ColumnData, Layout, Sheet, ViewBlock } from "@sluice/core/Views"
import type { Figure, Figures } from "../Aggregate.ts"
import { initial } from "../Aggregate.ts"
import type { ByteArena } from "./byteArena.ts"
import type { Keeper } from "./byteKeys.ts"
import type { ByteOutputs } from "./byteOutputs.ts"
import { keyAt, rowWords } from "./byteRows.ts"
import { filledOnly } from "./slotCells.ts"

/** Adds the fragment at a row of the columns to the figures from `at` on. */
export type AddRow = (
  floats: Float64Array,
  at: number,
  columns: ReadonlyArray<ColumnData>,
  row: number
) => void

const addCode = (figure: Figure, i: number, layout: Layout): string => {
  if (figure._tag === "Key") return ""
  if (figure._tag === "Count") return `f[a + ${i}]++;`
  const at = layout.columns.findIndex((column) => column.name === figure.name)
  if (layout.columns[at]?._tag !== "Number") return ""
  const value = `v = C[${at}].value[i];`
  if (figure._tag === "Sum") return `${value} if (v === v) f[a + ${i}] += v;`
  const sign = figure._tag === "Min" ? "<" : ">"
  return `${value} if (v === v && !(f[a + ${i}] ${sign}= v)) f[a + ${i}] = v;`
}

let identity = 0

/** Compiles the code that adds a fragment. */
export const compileAdd = (figures: Figures, layout: Layout): AddRow => {
  const lines = Object.values(figures).map((figure, i) => addCode(figure, i, layout))
  const text = `// add ${identity++}
"use strict";
return function add_${identity}(f, a, C, i) { let v = 0; ${lines.join(" ")} }`
  return new Function(text)() as AddRow
}

/** Everything such keys consist of. */
export interface FigureOptions {
  readonly figures: Figures
  readonly addOf: (layout: Layout) => AddRow
  readonly outputs: ByteOutputs
  /** Whether predicates are asked. */
  readonly hasPredicate: boolean
}

/** Keys whose state is figures. */
export class FigureKeys implements Keeper {
  readonly origin = 0
  readonly leads = false
  readonly stateOf: Keeper["stateOf"]
  private readonly arena: ByteArena
  private readonly options: FigureOptions
  private readonly list: ReadonlyArray<Figure>
  private readonly cellBytes: number
  private columns: ReadonlyArray<ColumnData> = []
  private add: AddRow | undefined

  constructor(arena: ByteArena, options: FigureOptions) {
    this.arena = arena
    this.options = options
    this.list = Object.values(options.figures)
    this.cellBytes = Math.max(8, 8 * this.list.length)
    this.stateOf = options.hasPredicate ? (state) => this.figuresOf(state) : undefined
  }

  begin(): void {}

  enter(block: ViewBlock): void {
    this.columns = block.sheet.columns
    this.add = this.options.addOf(block.sheet.layout)
  }

  keep(state: number, row: number): number {
    const k = state >> 2
    let cell = this.arena.words[k + rowWords.head] as number
    if (cell === 0) cell = this.openCell(k)
    const add = this.add as AddRow
    add(this.arena.floats, cell >> 3, this.columns, row)
    return filledOnly
  }

  declared(): void {}

  chosen(before: number): number {
    return before
  }

  settle(): void {}

  private openCell(k: number): number {
    const cell = this.arena.take(this.cellBytes)
    this.arena.words[k + rowWords.head] = cell
    this.list.forEach((figure, i) => {
      this.arena.floats[(cell >> 3) + i] = initial(figure)
    })
    return cell
  }

  /** The figures as the state of the object form. */
  private figuresOf(state: number): Array<number> {
    const cell = (this.arena.words[(state >> 2) + rowWords.head] as number) >> 3
    return [...this.arena.floats.subarray(cell, cell + this.list.length)]
  }

  touch(rows: Int32Array, count: number): number {
    const { words } = this.arena
    let touched = 0
    for (let i = 0; i < count; i++)
      touched ^= words[(words[((rows[i] as number) >> 2) + rowWords.head] as number) >> 2] as number
    return touched
  }

  output(row: number): number {
    const { words, floats } = this.arena
    const cell = (words[(row >> 2) + rowWords.head] as number) >> 3
    const sheet: Sheet = this.options.outputs.sheet
    const at = sheet.rows
    sheet.ensure(at + 1)
    sheet.columns.forEach((data, i) => {
      if (this.list[i]?._tag === "Key") {
        data.start[at] = row + keyAt
        data.length[at] = words[(row >> 2) + rowWords.keyLength] as number
      } else data.value[at] = floats[cell + i] as number
    })
    sheet.rows = at + 1
    return at
  }

  finish(): void {}

  free(row: number): void {
    const at = (row >> 2) + rowWords.head
    const cell = this.arena.words[at] as number
    if (cell !== 0) this.arena.give(cell, this.cellBytes)
    this.arena.words[at] = 0
  }
}
