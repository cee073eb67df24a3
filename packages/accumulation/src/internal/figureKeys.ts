// The inside of a key that is added up from columns: a cell of figures next to its row, changed by
// code generated for the layout. The same figures as Aggregate's own functions over objects.
import type * as Batch from "@sluice/core/Batch"
import type { ColumnData, Layout, Sheet, ViewBlock } from "@sluice/core/Views"
import type { Figure, Figures } from "../Aggregate.ts"
import { initial } from "../Aggregate.ts"
import type { ByteArena } from "./byteArena.ts"
import { keyAt, rowFloats, rowWords } from "./byteEntry.ts"
import type { ByteKeys } from "./byteKeys.ts"
import type { ByteOutputs } from "./byteOutputs.ts"
import type { Entry } from "./entry.ts"
import { verdicts } from "./logic.ts"

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

/** Everything such a key consists of. */
export interface FigureOptions {
  readonly figures: Figures
  readonly addOf: (layout: Layout) => AddRow
  readonly outputs: ByteOutputs
}

const none: ReadonlyArray<number> = Object.freeze([])

/** Keys whose state is figures. */
export class FigureKeys implements ByteKeys {
  readonly triggers: ReadonlyArray<string> = ["never"]
  readonly duplicates = 0
  averageBytes = 0
  private readonly arena: ByteArena
  private readonly options: FigureOptions
  private readonly list: ReadonlyArray<Figure>
  private readonly cellBytes: number
  private columns: ReadonlyArray<ColumnData> = []
  private add: AddRow | undefined
  private left: Array<number> = []

  constructor(arena: ByteArena, options: FigureOptions) {
    this.arena = arena
    this.options = options
    this.list = Object.values(options.figures)
    this.cellBytes = Math.max(8, 8 * this.list.length)
  }

  begin(batch: Batch.Batch<unknown>): void {
    const { length } = batch.items
    this.averageBytes = length === 0 ? 0 : Math.round(batch.bytes / length)
  }

  enter(block: ViewBlock): void {
    this.columns = block.sheet.columns
    this.add = this.options.addOf(block.sheet.layout)
  }

  takeRow(state: number, row: number): number {
    const k = state >> 2
    let cell = this.arena.words[k + rowWords.cell] as number
    if (cell === 0) cell = this.openCell(k)
    const { floats } = this.arena
    const add = this.add as AddRow
    add(floats, cell >> 3, this.columns, row)
    const bytes = (state >> 3) + rowFloats.bytes
    floats[bytes] = (floats[bytes] as number) + this.averageBytes
    return verdicts.incomplete
  }

  private openCell(k: number): number {
    const cell = this.arena.take(this.cellBytes)
    this.arena.words[k + rowWords.cell] = cell
    this.list.forEach((figure, i) => {
      this.arena.floats[(cell >> 3) + i] = initial(figure)
    })
    return cell
  }

  touch(rows: Int32Array, count: number): number {
    const { words } = this.arena
    let touched = 0
    for (let i = 0; i < count; i++)
      touched ^= words[(words[((rows[i] as number) >> 2) + rowWords.cell] as number) >> 2] as number
    return touched
  }

  output(entry: Entry<string, number>): number {
    const row = entry.state as number
    const { words, floats } = this.arena
    const cell = (words[(row >> 2) + rowWords.cell] as number) >> 3
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

  release(entry: Entry<string, number>): void {
    if (entry.state !== undefined) this.left.push(entry.state)
  }

  takeLeft(): ReadonlyArray<number> {
    if (this.left.length === 0) return none
    const { left } = this
    this.left = []
    return left
  }

  free(row: number): void {
    const at = (row >> 2) + rowWords.cell
    const cell = this.arena.words[at] as number
    if (cell !== 0) this.arena.give(cell, this.cellBytes)
    this.arena.words[at] = 0
  }

  completeness(): number {
    return 0
  }

  missing(): ReadonlyArray<string> {
    return ["(never)"]
  }

  keyOf(): string {
    throw new Error("keys of views are bytes: they are looked up by the machine")
  }

  open(): never {
    throw new Error("keys of views are opened by the machine")
  }

  take(): number {
    throw new Error("fragments of views are taken by row")
  }

  assertEntry(entry: Entry<string, number>): void {
    if (entry.fragments === 0) throw new Error(`${entry.key} is open without a fragment`)
  }

  close(): void {}
}
