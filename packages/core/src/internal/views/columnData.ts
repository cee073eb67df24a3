// The values of one field of many records, in typed arrays that grow. It knows neither the records
// nor the bytes they point into.
import type { Column, Needs } from "../../Views.ts"

/** No entries. */
export const noInts = new Int32Array(0)
const noFloats = new Float64Array(0)
/** No bytes. */
export const noBytes = new Uint8Array(0)

/**
 * The values of one column.
 *
 * Shape, by the column's tag: `Text`: `start` and `length` in the sheet's bytes (length -1: null),
 * `hash` where asked for; `Number`: `value` (NaN: null); `Boolean` and `Choice`: `code`; `Group`:
 * `start` is the first element and `length` the number, in `children`, which hold `used` elements.
 */
export class ColumnData {
  readonly column: Column
  start: Int32Array = noInts
  length: Int32Array = noInts
  hash: Int32Array = noInts
  value: Float64Array = noFloats
  code: Uint8Array = noBytes
  readonly children: ReadonlyArray<ColumnData>
  /** Elements in the children of a group. */
  used = 0
  private readonly hashed: boolean
  private readonly elements: boolean

  constructor(column: Column, needs: Needs, path: string, elements: boolean) {
    this.column = column
    this.elements = elements
    this.hashed = needs.hashes.has(path)
    this.children =
      column._tag === "Group"
        ? column.columns.map((each) => new ColumnData(each, needs, `${path}.${each.name}`, true))
        : []
  }

  /** Makes room for `count` entries; what is there stays. */
  ensure(count: number): void {
    const { _tag } = this.column
    if (_tag === "Text" || _tag === "Group") {
      if (this.start.length >= count) return
      this.start = grownInts(this.start, count)
      this.length = grownInts(this.length, count)
      if (this.hashed) this.hash = grownInts(this.hash, count)
    } else if (_tag === "Number") {
      if (this.value.length < count) this.value = grownFloats(this.value, count)
    } else if (this.code.length < count) this.code = grownBytes(this.code, count)
  }

  /** Elements of a group there is room for. */
  elementRoom = 0

  /** Makes room for `count` elements of a group. */
  ensureElements(count: number): void {
    if (count <= this.elementRoom) return
    for (const child of this.children) child.ensure(count)
    this.elementRoom = Math.min(...this.children.map((child) => child.room))
  }

  /** Entries `rows` become the entries from `to` on; `rows` ascend and none lies before `to`. */
  compact(rows: ReadonlyArray<number>, to: number): void {
    const { _tag } = this.column
    if (_tag === "Number") moveEntries(this.value, rows, to)
    else if (_tag === "Text" || _tag === "Group") {
      moveEntries(this.start, rows, to)
      moveEntries(this.length, rows, to)
      if (this.hashed) moveEntries(this.hash, rows, to)
    } else moveEntries(this.code, rows, to)
  }

  /** Entries there is room for. */
  get room(): number {
    return Math.max(this.start.length, this.value.length, this.code.length)
  }

  /** True for a column of elements. */
  get isElement(): boolean {
    return this.elements
  }
}

/** Entries `rows` become those from `to` on. */
export const moveEntries = (
  entries: Int32Array | Float64Array | Uint8Array,
  rows: ReadonlyArray<number>,
  to: number
): void => {
  for (let j = 0; j < rows.length; j++) entries[to + j] = entries[rows[j] as number] as number
}

/** Adds `by` to entries `from` to `to`. */
export const moveBy = (entries: Int32Array, from: number, to: number, by: number): void => {
  for (let i = from; i < to; i++) entries[i] = (entries[i] as number) + by
}

const roomFor = (before: number, count: number): number => Math.max(count, before * 2, 16)

/** The same entries with room for more. */
export const grownInts = (before: Int32Array, count: number): Int32Array => {
  const after = new Int32Array(roomFor(before.length, count))
  after.set(before)
  return after
}

const grownFloats = (before: Float64Array, count: number): Float64Array => {
  const after = new Float64Array(roomFor(before.length, count))
  after.set(before)
  return after
}

const grownBytes = (before: Uint8Array, count: number): Uint8Array => {
  const after = new Uint8Array(roomFor(before.length, count))
  after.set(before)
  return after
}
