// What a program over the table of keys reads, in the memory before the arena: columns of the
// fragments that are taken next, their keys, the bytes their texts point into, and what program and
// host tell each other.
import type { ProgramColumns } from "@sluice/core/ProgramColumns"
import { Arrays, BoundColumns, Extent } from "@sluice/core/ProgramColumns"
import type { ViewBlock } from "@sluice/core/Views"
import { scratchBytes } from "@sluice/core/WasmProgram"

/** Fragments of one call. */
export const rowsMax = 512
/** Elements of each group. */
export const elementsMax = 8_192
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
  /** Records made. */
  rows: 13,
  /** Where the elements of each group begin, or how many were made; by column. */
  elements: 16
} as const

/** Floats that the host tells it, by position in the array FL. */
export const stateFloats = { now: 0, bytes: 1, bytesMax: 2 } as const

/** Why a program stopped. */
export const stops = { end: 0, complete: 1, overflow: 2, left: 3 } as const

/** Where everything lies before the arena. */
export class TableInputs {
  readonly arrays = new Arrays(scratchBytes)
  readonly layouts: ReadonlyArray<ProgramColumns>
  /** The columns of records that are made. */
  readonly made: ProgramColumns
  /** Where the arena begins. */
  readonly bytes: number

  constructor(layouts: ReadonlyArray<ProgramColumns>, made: ProgramColumns, columns: number) {
    const { arrays } = this
    this.layouts = layouts
    this.made = made
    arrays.reserve("ST", "ints", stateWords.elements + columns)
    arrays.reserve("FL", "floats", Object.keys(stateFloats).length)
    for (const name of ["KS", "KL", "KH", "F", "FR", "rows"]) arrays.reserve(name, "ints", rowsMax)
    arrays.reserve("kw", "ints", keyMax / 4)
    arrays.reserve("b", "bytes", textMax)
    // One layout is read at a time, or records are made.
    const from = arrays.end
    let most = from
    for (const layout of [...layouts, made]) {
      arrays.end = from
      layout.reserve(arrays, rowsMax, elementsMax)
      most = Math.max(most, arrays.end)
    }
    this.bytes = (most + 63) & ~63
  }
}

/** The inputs in one memory. */
export class BoundInputs {
  readonly state: Int32Array
  readonly floats: Float64Array
  readonly fresh: Int32Array
  /** Rows of keys that left. */
  readonly rows: Int32Array
  readonly made: BoundColumns
  private readonly keyStart: Int32Array
  private readonly keyLength: Int32Array
  private readonly keyHash: Int32Array
  private readonly keyWords: Int32Array
  private readonly text: Uint8Array
  private readonly layouts: ReadonlyArray<BoundColumns>
  private readonly extent = new Extent()

  constructor({ arrays, layouts, made }: TableInputs, memory: ArrayBuffer) {
    this.state = arrays.ints(memory, "ST")
    this.floats = arrays.view(memory, "FL") as Float64Array
    this.fresh = arrays.ints(memory, "FR")
    this.rows = arrays.ints(memory, "rows")
    this.made = new BoundColumns(made, arrays, memory)
    this.keyStart = arrays.ints(memory, "KS")
    this.keyLength = arrays.ints(memory, "KL")
    this.keyHash = arrays.ints(memory, "KH")
    this.keyWords = arrays.ints(memory, "kw")
    this.text = arrays.bytes(memory, "b")
    this.layouts = layouts.map((layout) => new BoundColumns(layout, arrays, memory))
  }

  /** Copies the fragments from row `from` on; false where there is no room for them. */
  load(layout: number, { sheet }: ViewBlock, from: number, count: number): boolean {
    const { state, extent } = this
    const to = from + count
    const { keyStart, keyLength, keyHash, keyWords, columns, bytes } = sheet
    extent.begin()
    extent.add(keyStart, keyLength, from, to)
    if (extent.length > keyMax) return false
    state[stateWords.key] = extent.from
    this.keyWords.set(keyWords.subarray(extent.from >> 2, (extent.to + 3) >> 2))
    this.keyStart.set(keyStart.subarray(from, to))
    this.keyLength.set(keyLength.subarray(from, to))
    this.keyHash.set(keyHash.subarray(from, to))
    extent.begin()
    const bound = this.layouts[layout] as BoundColumns
    if (!bound.load(columns, from, to, state, stateWords.elements, extent)) return false
    if (extent.length > textMax) return false
    state[stateWords.text] = extent.from
    this.text.set(bytes.subarray(extent.from, extent.to))
    return true
  }
}
