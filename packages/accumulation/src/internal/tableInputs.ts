// What a program over the table of keys reads, in the memory before the arena: columns of the
// fragments that are taken next, their keys, the bytes their texts point into, and what program and
// host tell each other.
import type { ColumnData, ViewBlock } from "@sluice/core/Views"
import type { Place } from "@sluice/core/WasmProgram"

/** Fragments of one call. */
export const rowsMax = 512
const elementsMax = 8_192
const textMax = 262_144
const keyMax = 65_536

/** Numbers that program and host tell each other, by position in the array ST. */
export const stateWords = {
  /** Why it stopped. */
  stop: 0,
  row: 1,
  /** Fragments it took, keys it opened, and how many of those wait for a timer. */
  taken: 2,
  opened: 3,
  fresh: 4,
  /** What positions of texts and keys are before where their copies begin. */
  text: 5,
  key: 6,
  /** Where the arena ends. */
  limit: 7,
  itemsMax: 8,
  slotsMax: 9,
  /** Up to where keys were looked up. */
  looked: 10,
  origin: 11,
  touched: 12,
  /** Where the elements of each group begin; by column. */
  elements: 16
} as const

/** Floats that the host tells it, by position in the array FL. */
export const stateFloats = { now: 0, bytes: 1, bytesMax: 2 } as const

/** Why a program stopped. */
export const stops = { end: 0, complete: 1, overflow: 2, left: 3 } as const

/** A part of a column. */
export type Part = "start" | "length" | "hash" | "value" | "code"

const kinds = {
  start: "ints",
  length: "ints",
  hash: "ints",
  value: "floats",
  code: "bytes"
} as const
const widths = { bytes: 1, ints: 4, floats: 8 } as const

type Kind = keyof typeof widths

interface Reserved extends Place {
  readonly kind: Kind
  readonly count: number
}

/** A part of a column that a program reads. */
interface Binding {
  readonly array: string
  readonly column: number
  /** Position among the children of a group, or -1. */
  readonly child: number
  readonly part: Part
}

/** The columns that the program of one layout reads. */
export class LayoutInputs {
  readonly bindings: Array<Binding> = []
  /** Groups whose elements are read. */
  readonly groups: Array<number> = []
  private readonly id: number

  constructor(id: number) {
    this.id = id
  }

  /** The array of a part of a column. */
  own(column: number, part: Part): string {
    return this.bound({ array: `${part}${this.id}_${column}`, column, child: -1, part })
  }

  /** The array of a part of a column of elements. */
  inner(column: number, child: number, part: Part): string {
    if (!this.groups.includes(column)) this.groups.push(column)
    this.own(column, "start")
    this.own(column, "length")
    return this.bound({ array: `${part}${this.id}_${column}_${child}`, column, child, part })
  }

  private bound(binding: Binding): string {
    if (!this.bindings.some(({ array }) => array === binding.array)) this.bindings.push(binding)
    return binding.array
  }
}

type Values = Int32Array | Float64Array | Uint8Array

/** Where everything lies before the arena. */
export class TableInputs {
  readonly arrays = new Map<string, Reserved>()
  readonly layouts: ReadonlyArray<LayoutInputs>
  /** Where the arena begins. */
  readonly bytes: number

  constructor(layouts: ReadonlyArray<LayoutInputs>, columns: number) {
    this.layouts = layouts
    let end = 0
    const reserve = (name: string, kind: Kind, count: number): void => {
      this.arrays.set(name, { kind, base: end, count })
      end = (end + count * widths[kind] + 7) & ~7
    }
    reserve("ST", "ints", stateWords.elements + columns)
    reserve("FL", "floats", 4)
    for (const name of ["KS", "KL", "KH", "F", "FR"]) reserve(name, "ints", rowsMax)
    reserve("kw", "ints", keyMax / 4)
    reserve("b", "bytes", textMax)
    // One layout is read at a time.
    const from = end
    let most = end
    for (const { bindings } of layouts) {
      end = from
      for (const { array, child, part } of bindings)
        reserve(array, kinds[part], child < 0 ? rowsMax : elementsMax)
      most = Math.max(most, end)
    }
    this.bytes = (most + 63) & ~63
  }

  view(memory: ArrayBuffer, name: string): Values {
    const { kind, base, count } = this.arrays.get(name) as Reserved
    if (kind === "ints") return new Int32Array(memory, base, count)
    return kind === "floats"
      ? new Float64Array(memory, base, count)
      : new Uint8Array(memory, base, count)
  }
}

/** The least and the most that entries of texts point at, or elements of a group. */
class Extent {
  from = 0
  to = 0

  begin(): void {
    this.from = 2 ** 31 - 1
    this.to = 0
  }

  add(start: Int32Array, length: Int32Array, from: number, to: number): void {
    let least = this.from
    let most = this.to
    for (let i = from; i < to; i++) {
      const count = length[i] as number
      if (count <= 0) continue
      const first = start[i] as number
      if (first < least) least = first
      if (first + count > most) most = first + count
    }
    this.from = least
    this.to = most
  }

  /** How many there are, with the first at the place of a whole word. */
  aligned(): number {
    if (this.to === 0) this.from = 0
    this.from &= ~3
    return this.to - this.from
  }
}

/** The inputs in one memory. */
export class BoundInputs {
  readonly state: Int32Array
  readonly floats: Float64Array
  readonly fresh: Int32Array
  private readonly inputs: TableInputs
  private readonly keyStart: Int32Array
  private readonly keyLength: Int32Array
  private readonly keyHash: Int32Array
  private readonly keyWords: Int32Array
  private readonly text: Uint8Array
  private readonly values: ReadonlyArray<ReadonlyArray<Values>>
  private readonly extent = new Extent()

  constructor(inputs: TableInputs, memory: ArrayBuffer) {
    this.inputs = inputs
    const ints = (name: string) => inputs.view(memory, name) as Int32Array
    this.state = ints("ST")
    this.floats = inputs.view(memory, "FL") as Float64Array
    this.fresh = ints("FR")
    this.keyStart = ints("KS")
    this.keyLength = ints("KL")
    this.keyHash = ints("KH")
    this.keyWords = ints("kw")
    this.text = inputs.view(memory, "b") as Uint8Array
    this.values = inputs.layouts.map(({ bindings }) =>
      bindings.map(({ array }) => inputs.view(memory, array))
    )
  }

  /** Copies the fragments from row `from` on; false where there is no room for them. */
  load(layout: number, { sheet }: ViewBlock, from: number, count: number): boolean {
    const { state, extent } = this
    const to = from + count
    const { keyStart, keyLength, keyHash, keyWords, columns } = sheet
    extent.begin()
    extent.add(keyStart, keyLength, from, to)
    const keyBytes = extent.aligned()
    if (keyBytes > keyMax) return false
    state[stateWords.key] = extent.from
    this.keyWords.set(keyWords.subarray(extent.from >> 2, (extent.to + 3) >> 2))
    this.keyStart.set(keyStart.subarray(from, to))
    this.keyLength.set(keyLength.subarray(from, to))
    this.keyHash.set(keyHash.subarray(from, to))
    return this.loadColumns(layout, columns, sheet.bytes, from, to)
  }

  private loadColumns(
    layout: number,
    columns: ReadonlyArray<ColumnData>,
    bytes: Uint8Array,
    from: number,
    to: number
  ): boolean {
    const { state, extent } = this
    const { bindings, groups } = this.inputs.layouts[layout] as LayoutInputs
    for (const group of groups) {
      const { start, length } = columns[group] as ColumnData
      extent.begin()
      extent.add(start, length, from, to)
      if (extent.aligned() > elementsMax) return false
      state[stateWords.elements + group] = extent.from
      this.elementsTo[group] = extent.to
    }
    extent.begin()
    const values = this.values[layout] as ReadonlyArray<Values>
    for (let i = 0; i < bindings.length; i++) {
      const { column, child, part } = bindings[i] as Binding
      const outer = columns[column] as ColumnData
      const data = child < 0 ? outer : (outer.children[child] as ColumnData)
      const first = child < 0 ? from : (state[stateWords.elements + column] as number)
      const end = child < 0 ? to : (this.elementsTo[column] as number)
      ;(values[i] as Values).set(data[part].subarray(first, end))
      if (part === "start" && data.column._tag === "Text")
        extent.add(data.start, data.length, first, end)
    }
    if (extent.aligned() > textMax) return false
    state[stateWords.text] = extent.from
    this.text.set(bytes.subarray(extent.from, extent.to))
    return true
  }

  private readonly elementsTo: Array<number> = []
}
