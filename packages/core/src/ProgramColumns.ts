// Columns of views in the memory of a program: which parts of which column it reads, and the
// copying of the rows it works on next. Programs reach a column by the name of an array.
import { moveBy } from "./internal/views/columnData.ts"
import type { Part } from "./internal/views/columnParts.ts"
import { kinds, letters, partsOf } from "./internal/views/columnParts.ts"
import type { Column, ColumnData, Layout, Sheet } from "./Views.ts"
import type { Place } from "./WasmProgram.ts"

/** A part of a column. */
export type { Part } from "./internal/views/columnParts.ts"

/** Bytes of an entry, by kind of array. */
const widths = { bytes: 1, ints: 4, floats: 8 } as const

/** What an array holds. */
export type Kind = keyof typeof widths

/** An array with room for so many entries. */
export interface Reserved extends Place {
  readonly kind: Kind
  readonly count: number
}

/** The entries of an array. */
export type Values = Int32Array | Float64Array | Uint8Array

/**
 * Arrays one behind the other.
 *
 * @example
 * ```ts
 * import { Arrays } from "@sluice/core/ProgramColumns"
 * import { scratchBytes } from "@sluice/core/WasmProgram"
 *
 * const arrays = new Arrays(scratchBytes)
 * arrays.reserve("counts", "ints", 16)
 * ```
 */
export class Arrays {
  readonly places = new Map<string, Reserved>()
  /** Where the last one ends. */
  end: number

  constructor(from: number) {
    this.end = from
  }

  reserve(name: string, kind: Kind, count: number): void {
    this.places.set(name, { kind, base: this.end, count })
    this.end = (this.end + count * widths[kind] + 7) & ~7
  }

  view(memory: ArrayBuffer, name: string): Values {
    const { kind, base, count } = this.places.get(name) as Reserved
    if (kind === "ints") return new Int32Array(memory, base, count)
    return kind === "floats"
      ? new Float64Array(memory, base, count)
      : new Uint8Array(memory, base, count)
  }

  ints(memory: ArrayBuffer, name: string): Int32Array {
    return this.view(memory, name) as Int32Array
  }

  bytes(memory: ArrayBuffer, name: string): Uint8Array {
    return this.view(memory, name) as Uint8Array
  }
}

interface Binding {
  readonly array: string
  readonly column: number
  /** Position among the children of a group, or -1. */
  readonly child: number
  readonly part: Part
}

/**
 * The columns that a program reads.
 *
 * Shape: asked for the array of a part while the text of the program is made; `reserve` then makes
 * room for `rows` records and `elements` of each group.
 *
 * @example
 * ```ts
 * import { Arrays, ProgramColumns } from "@sluice/core/ProgramColumns"
 * import { scratchBytes } from "@sluice/core/WasmProgram"
 *
 * const columns = new ProgramColumns("orders")
 * const text = `sum += ${columns.own(0, "value")}[i];`
 * const arrays = new Arrays(scratchBytes)
 * columns.reserve(arrays, 512, 1_024)
 * ```
 */
export class ProgramColumns {
  readonly bindings: Array<Binding> = []
  /** Groups whose elements are read. */
  readonly groups: Array<number> = []
  /** Elements of each group there is room for. */
  elements = 0
  private readonly name: string

  constructor(name: string) {
    this.name = name
  }

  /** The array of a part of a column. */
  own(column: number, part: Part): string {
    return this.bound({ array: `${part}_${this.name}_${column}`, column, child: -1, part })
  }

  /** The array of a part of a column of elements. */
  inner(column: number, child: number, part: Part): string {
    if (!this.groups.includes(column)) this.groups.push(column)
    this.own(column, "start")
    this.own(column, "length")
    return this.bound({ array: `${part}_${this.name}_${column}_${child}`, column, child, part })
  }

  private bound(binding: Binding): string {
    if (!this.bindings.some(({ array }) => array === binding.array)) this.bindings.push(binding)
    return binding.array
  }

  reserve(arrays: Arrays, rows: number, elements: number): void {
    this.elements = elements
    for (const { array, child, part } of this.bindings)
      arrays.reserve(array, kinds[part], child < 0 ? rows : elements)
  }
}

/**
 * From the first to the last of what entries point at: bytes of texts, or elements. It begins at a
 * whole word, so that copies keep whole words where they are.
 */
export class Extent {
  from = 0
  to = 0
  private isEmpty = true

  begin(): void {
    this.from = 0
    this.to = 0
    this.isEmpty = true
  }

  add(start: Int32Array, length: Int32Array, from: number, to: number): void {
    let least = this.isEmpty ? 2 ** 31 - 1 : this.from
    let most = this.to
    for (let i = from; i < to; i++) {
      const count = length[i] as number
      if (count <= 0) continue
      const first = start[i] as number
      if (first < least) least = first
      if (first + count > most) most = first + count
    }
    if (most === 0) return
    this.isEmpty = false
    this.from = least & ~3
    this.to = most
  }

  get length(): number {
    return this.to - this.from
  }
}

/**
 * Columns in one memory.
 *
 * Shape: `load` copies rows of a sheet to where the program reads them, `store` adds rows it made
 * to a sheet; elements are counted from the first that is there.
 * Limits: the rows and elements of `ProgramColumns.reserve`. More elements are not loaded, and the
 * caller is told; more rows are the caller's mistake and throw a `RangeError`.
 *
 * @example
 * ```ts
 * import { Arrays, BoundColumns, ProgramColumns } from "@sluice/core/ProgramColumns"
 * import type { Sheet } from "@sluice/core/Views"
 * import { scratchBytes } from "@sluice/core/WasmProgram"
 *
 * const columns = new ProgramColumns("orders")
 * columns.own(0, "value")
 * const arrays = new Arrays(scratchBytes)
 * columns.reserve(arrays, 512, 1_024)
 * arrays.reserve("elements", "ints", 1)
 *
 * export const loadFirst = (sheet: Sheet, memory: ArrayBuffer) => {
 *   const bound = new BoundColumns(columns, arrays, memory)
 *   return bound.load(sheet.columns, 0, sheet.rows, arrays.ints(memory, "elements"), 0)
 * }
 * ```
 */
export class BoundColumns {
  private readonly columns: ProgramColumns
  private readonly values: ReadonlyArray<Values>
  private readonly elements: ReadonlyArray<Extent>

  constructor(columns: ProgramColumns, arrays: Arrays, memory: ArrayBuffer) {
    this.columns = columns
    this.values = columns.bindings.map(({ array }) => arrays.view(memory, array))
    this.elements = columns.groups.map(() => new Extent())
  }

  /**
   * Copies rows `from` to `to`; false where they have more elements than there is room for. The
   * first element of group `g` is written to `state[at + g]`; `texts` grows by what texts point at.
   */
  load(
    data: ReadonlyArray<ColumnData>,
    from: number,
    to: number,
    state: Int32Array,
    at: number,
    texts?: Extent
  ): boolean {
    const { bindings, groups, elements: room } = this.columns
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i] as number
      const { start, length } = data[group] as ColumnData
      const extent = this.elements[i] as Extent
      extent.begin()
      extent.add(start, length, from, to)
      if (extent.length > room) return false
      state[at + group] = extent.from
    }
    for (let i = 0; i < bindings.length; i++) {
      const { column, child, part } = bindings[i] as Binding
      const outer = data[column] as ColumnData
      const inner = child < 0 ? outer : (outer.children[child] as ColumnData)
      const extent = child < 0 ? undefined : this.elements[groups.indexOf(column)]
      const first = extent === undefined ? from : extent.from
      const end = extent === undefined ? to : extent.to
      ;(this.values[i] as Values).set(inner[part].subarray(first, end))
      if (texts !== undefined && part === "start" && inner.column._tag === "Text")
        texts.add(inner.start, inner.length, first, end)
    }
    return true
  }

  /**
   * Adds the first `rows` rows to a sheet. The number of elements of group `g` is `state[at + g]`;
   * the sheet counts them behind those it has.
   */
  store(sheet: Sheet, rows: number, state: Int32Array, at: number): void {
    const { bindings, groups } = this.columns
    const before = sheet.rows
    sheet.ensure(before + rows)
    for (const group of groups) {
      const data = sheet.columns[group] as ColumnData
      data.ensureElements(data.used + (state[at + group] as number))
    }
    for (let i = 0; i < bindings.length; i++) {
      const { column, child, part } = bindings[i] as Binding
      const outer = sheet.columns[column] as ColumnData
      const inner = child < 0 ? outer : (outer.children[child] as ColumnData)
      const count = child < 0 ? rows : (state[at + column] as number)
      const values = (this.values[i] as Values).subarray(0, count)
      inner[part].set(values, child < 0 ? before : outer.used)
      if (part === "start" && outer.used > 0 && inner.column._tag === "Group")
        moveBy(outer.start, before, before + rows, outer.used)
    }
    for (const group of groups)
      (sheet.columns[group] as ColumnData).used += state[at + group] as number
    sheet.rows = before + rows
  }
}

/**
 * All columns of a layout under short names: a letter for the part (S, L, V or K) and the position
 * of the column, with that of its field behind `_` for elements.
 */
export const shortNames = (
  columns: ProgramColumns,
  layout: Layout
): ReadonlyMap<string, string> => {
  const names = new Map<string, string>()
  layout.columns.forEach((column, k) => {
    for (const part of partsOf[column._tag]) names.set(letters[part] + k, columns.own(k, part))
    if (column._tag !== "Group") return
    column.columns.forEach((each: Column, j) => {
      for (const part of partsOf[each._tag])
        names.set(`${letters[part]}${k}_${j}`, columns.inner(k, j, part))
    })
  })
  return names
}
