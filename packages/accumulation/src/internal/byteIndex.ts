// Rows by the bytes of their key: open addressing over stored hashes. A hash that matches is never
// trusted alone: the bytes are compared. Places of many keys are found before any row is read, and
// the rows before any key is compared, so that the processor overlaps the misses. Deletion shifts
// back: there are no dead places. Rows are listed by insertion for those who go through them.
import type { ByteRows } from "./byteRows.ts"
import { keyAt, rowWords } from "./byteRows.ts"
import { holders } from "./keyTable.ts"
import type { Block } from "./stateMemory.ts"

const loadMax = 0.5
const capacityMin = 1_024
/** Below as many places the next table has four times as many: each costs its pages and a pass. */
const quadrupledMax = 131_072
/** Bytes of a place: two words, and one of the list. */
const placeBytes = 12
const holesMin = 1_024

/** A Map of rows by key bytes. */
export class ByteIndex {
  readonly rows: ByteRows
  /** Hash and row of each place; row 0 is none. */
  private places: Int32Array
  /** Rows in the order in which they were added; 0 for those taken out. */
  private list: Int32Array
  private listed = 0
  private block: Block
  private mask = capacityMin - 1
  private live = 0
  /** Taken out since the last `forgetGone`. */
  private readonly gone: Array<number> = []

  constructor(rows: ByteRows) {
    this.rows = rows
    this.block = rows.arena.memory.rent(placeBytes * capacityMin)
    this.places = new Int32Array(this.block.buffer, 0, 2 * capacityMin)
    this.list = new Int32Array(this.block.buffer, 8 * capacityMin)
  }

  get size(): number {
    return this.live
  }

  /** Place of a key, or -1. */
  private place(hash: number, key: Int32Array, from: number, length: number): number {
    const { places, mask } = this
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const row = places[2 * place + 1] as number
      if (row === 0) return -1
      if (places[2 * place] === hash && this.isKey(row, key, from, length)) return place
    }
  }

  private isKey(row: number, key: Int32Array, from: number, length: number): boolean {
    const { words } = this.rows.arena
    if (words[(row >> 2) + rowWords.keyLength] !== length) return false
    const at = (row + keyAt) >> 2
    const start = from >> 2
    const count = (length + 3) >> 2
    for (let i = 0; i < count; i++) if (words[at + i] !== key[start + i]) return false
    return true
  }

  /** The row of a key, or 0. */
  find(hash: number, key: Int32Array, from: number, length: number): number {
    const place = this.place(hash, key, from, length)
    return place < 0 ? 0 : (this.places[2 * place + 1] as number)
  }

  /** `out[i]` becomes the row of key `from + i`, or 0. */
  findAll(
    hashes: Int32Array,
    keys: Int32Array,
    starts: Int32Array,
    lengths: Int32Array,
    from: number,
    count: number,
    out: Int32Array
  ): void {
    const { places, mask } = this
    const { words } = this.rows.arena
    let touched = 0
    for (let i = 0; i < count; i++)
      touched ^= places[2 * ((hashes[from + i] as number) & mask)] as number
    for (let i = 0; i < count; i++) {
      const hash = hashes[from + i] as number
      let place = hash & mask
      while (places[2 * place + 1] !== 0 && places[2 * place] !== hash) place = (place + 1) & mask
      out[i] = places[2 * place + 1] as number
    }
    for (let i = 0; i < count; i++) {
      touched ^= words[((out[i] as number) + keyAt) >> 2] as number
    }
    this.touched = touched
    for (let i = 0; i < count; i++) {
      const row = out[i] as number
      if (row === 0) continue
      const start = starts[from + i] as number
      const length = lengths[from + i] as number
      // Another key of the same hash came first: rare, so the whole search.
      if (!this.isKey(row, keys, start, length))
        out[i] = this.find(hashes[from + i] as number, keys, start, length)
    }
  }

  /** Sum of what was read only to bring it into the cache. */
  touched = 0

  /** Adds a row just made, whose key is not there. */
  add(row: number): void {
    const capacity = this.mask + 1
    const holes = this.listed - this.live
    if (this.live + 1 > capacity * loadMax)
      this.rebuild(capacity * (capacity < quadrupledMax ? 4 : 2))
    else if (this.listed === capacity || (holes > holesMin && holes > this.live))
      this.rebuild(capacity)
    const { words } = this.rows.arena
    this.rows.hold(row, holders.table)
    const hash = words[(row >> 2) + rowWords.place] as number
    words[(row >> 2) + rowWords.place] = this.listed
    this.list[this.listed++] = row
    this.live++
    this.occupy(hash, row)
  }

  private occupy(hash: number, row: number): void {
    const { places, mask } = this
    let place = hash & mask
    while (places[2 * place + 1] !== 0) place = (place + 1) & mask
    places[2 * place] = hash
    places[2 * place + 1] = row
  }

  /** The place of the row that the key of a row finds, or -1. */
  private placeOf(row: number): number {
    const { words } = this.rows.arena
    const length = words[(row >> 2) + rowWords.keyLength] as number
    return this.place(this.rows.hash(row), words, row + keyAt, length)
  }

  /** Whether the key of a row finds that row. */
  finds(row: number): boolean {
    const place = this.placeOf(row)
    return place >= 0 && this.places[2 * place + 1] === row
  }

  /**
   * Takes a row out. It is held until `forgetGone`: whoever found it before sees that it is not
   * open.
   */
  remove(row: number): boolean {
    const place = this.placeOf(row)
    if (place < 0 || this.places[2 * place + 1] !== row) return false
    this.list[this.rows.arena.words[(row >> 2) + rowWords.place] as number] = 0
    this.vacate(place)
    this.live--
    this.gone.push(row)
    this.rows.hold(row, holders.call)
    this.rows.letGo(row, holders.table)
    return true
  }

  /** Nobody looks at what was found before. */
  forgetGone(): void {
    const { gone } = this
    for (let i = 0; i < gone.length; i++) this.rows.letGo(gone[i] as number, holders.call)
    gone.length = 0
  }

  /**
   * The rows in the order in which they were added. Rows may be taken out meanwhile, but none may
   * be added: that is when holes are closed.
   */
  *all(): Generator<number> {
    const { list } = this
    for (let i = 0; i < this.listed; i++) if (list[i] !== 0) yield list[i] as number
  }

  /** Moves later rows back so that each stays reachable from its hash. */
  private vacate(from: number): void {
    const { places, mask } = this
    let hole = from
    for (let place = (from + 1) & mask; places[2 * place + 1] !== 0; place = (place + 1) & mask) {
      const ideal = (places[2 * place] as number) & mask
      if (((place - ideal) & mask) < ((place - hole) & mask)) continue
      places[2 * hole] = places[2 * place] as number
      places[2 * hole + 1] = places[2 * place + 1] as number
      hole = place
    }
    places[2 * hole + 1] = 0
  }

  /** Closes the holes of the list and places everything anew. */
  private rebuild(capacity: number): void {
    const { list, listed, places, mask, block } = this
    const { words, memory } = this.rows.arena
    this.block = memory.rent(placeBytes * capacity)
    this.places = new Int32Array(this.block.buffer, 0, 2 * capacity)
    this.list = new Int32Array(this.block.buffer, 8 * capacity)
    this.mask = capacity - 1
    if (listed === this.live) this.list.set(list.subarray(0, listed))
    else {
      this.listed = 0
      for (let i = 0; i < listed; i++) {
        const row = list[i] as number
        if (row === 0) continue
        words[(row >> 2) + rowWords.place] = this.listed
        this.list[this.listed++] = row
      }
    }
    for (let from = 0; from <= mask; from++) {
      const row = places[2 * from + 1] as number
      if (row !== 0) this.occupy(places[2 * from] as number, row)
    }
    memory.give(block)
  }
}
