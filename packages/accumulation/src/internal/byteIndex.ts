// Rows by the bytes of their key: open addressing over stored hashes. A hash that matches is never
// trusted alone: the bytes are compared. Places of many keys are found before any row is read, and
// the rows before any key is compared, so that the processor overlaps the misses. Deletion shifts
// back: there are no dead places. Rows are listed by insertion for those who go through them. Both
// lie in the arena and are described there, so that a program over its memory can add rows, too.
import { arenaWords } from "./byteArena.ts"
import type { ByteRows } from "./byteRows.ts"
import { keyAt, rowWords } from "./byteRows.ts"
import { holders } from "./keyTable.ts"

const { places: placesAt, mask: maskAt, live: liveAt, list: listAt, listed: listedAt } = arenaWords

/** Rows for each place, at most. */
export const loadMax = 0.5
const capacityMin = 1_024
/** Below as many places the next table has four times as many: each costs its pages and a pass. */
const quadrupledMax = 131_072
/** Hash and row. */
const placeBytes = 8
const listBytes = 4
/** As many rows taken out are left in the list. */
export const holesMin = 1_024

/** A Map of rows by key bytes. */
export class ByteIndex {
  readonly rows: ByteRows
  /** Taken out since the last `forgetGone`. */
  private readonly gone: Array<number> = []

  constructor(rows: ByteRows) {
    this.rows = rows
    this.begin(capacityMin)
  }

  private begin(capacity: number): void {
    const { arena } = this.rows
    const places = arena.reserve(placeBytes * capacity)
    const list = arena.reserve(listBytes * capacity)
    const { words } = arena
    words.fill(0, places >> 2, (places + placeBytes * capacity) >> 2)
    words[placesAt] = places
    words[listAt] = list
    words[maskAt] = capacity - 1
  }

  get size(): number {
    return this.rows.arena.words[liveAt] as number
  }

  /** Place of a key, as the index of its hash among the words, or -1. */
  private place(hash: number, key: Int32Array, from: number, length: number): number {
    const { words } = this.rows.arena
    const first = (words[placesAt] as number) >> 2
    const mask = words[maskAt] as number
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const at = first + 2 * place
      const row = words[at + 1] as number
      if (row === 0) return -1
      if (words[at] === hash && this.isKey(row, key, from, length)) return at
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
    return place < 0 ? 0 : (this.rows.arena.words[place + 1] as number)
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
    const { words } = this.rows.arena
    const first = (words[placesAt] as number) >> 2
    const mask = words[maskAt] as number
    let touched = 0
    for (let i = 0; i < count; i++)
      touched ^= words[first + 2 * ((hashes[from + i] as number) & mask)] as number
    for (let i = 0; i < count; i++) {
      const hash = hashes[from + i] as number
      let at = hash & mask
      while (words[first + 2 * at + 1] !== 0 && words[first + 2 * at] !== hash) at = (at + 1) & mask
      out[i] = words[first + 2 * at + 1] as number
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
    this.makeRoom()
    const { words } = this.rows.arena
    this.rows.hold(row, holders.table)
    const hash = words[(row >> 2) + rowWords.place] as number
    const listed = words[listedAt] as number
    words[(row >> 2) + rowWords.place] = listed
    words[((words[listAt] as number) >> 2) + listed] = row
    words[listedAt] = listed + 1
    words[liveAt] = (words[liveAt] as number) + 1
    this.occupy(hash, row)
  }

  /** Makes room for one more row. */
  private makeRoom(): void {
    const { words } = this.rows.arena
    const [live, listed] = [words[liveAt] as number, words[listedAt] as number]
    const capacity = (words[maskAt] as number) + 1
    const holes = listed - live
    if (live + 1 > capacity * loadMax) this.rebuild(capacity * (capacity < quadrupledMax ? 4 : 2))
    else if (listed === capacity || (holes > holesMin && holes > live)) this.rebuild(capacity)
  }

  private occupy(hash: number, row: number): void {
    const { words } = this.rows.arena
    const first = (words[placesAt] as number) >> 2
    const mask = words[maskAt] as number
    let place = hash & mask
    while (words[first + 2 * place + 1] !== 0) place = (place + 1) & mask
    words[first + 2 * place] = hash
    words[first + 2 * place + 1] = row
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
    return place >= 0 && this.rows.arena.words[place + 1] === row
  }

  /**
   * Takes a row out. It is held until `forgetGone`: whoever found it before sees that it is not
   * open.
   */
  remove(row: number): boolean {
    const { words } = this.rows.arena
    const place = this.placeOf(row)
    if (place < 0 || words[place + 1] !== row) return false
    words[((words[listAt] as number) >> 2) + (words[(row >> 2) + rowWords.place] as number)] = 0
    this.vacate(place)
    words[liveAt] = (words[liveAt] as number) - 1
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
    const { words } = this.rows.arena
    const first = (words[listAt] as number) >> 2
    for (let at = first; at < first + (words[listedAt] as number); at++)
      if (words[at] !== 0) yield words[at] as number
  }

  /** Moves later rows back so that each stays reachable from its hash. */
  private vacate(from: number): void {
    const { words } = this.rows.arena
    const first = (words[placesAt] as number) >> 2
    const mask = words[maskAt] as number
    let hole = (from - first) >> 1
    for (
      let place = (hole + 1) & mask;
      words[first + 2 * place + 1] !== 0;
      place = (place + 1) & mask
    ) {
      const ideal = (words[first + 2 * place] as number) & mask
      if (((place - ideal) & mask) < ((place - hole) & mask)) continue
      words[first + 2 * hole] = words[first + 2 * place] as number
      words[first + 2 * hole + 1] = words[first + 2 * place + 1] as number
      hole = place
    }
    words[first + 2 * hole + 1] = 0
  }

  /** Closes the holes of the list and places everything anew. */
  private rebuild(capacity: number): void {
    const { arena } = this.rows
    const before = arena.words
    const [places, list] = [before[placesAt] as number, before[listAt] as number]
    const capacityBefore = (before[maskAt] as number) + 1
    const listed = before[listedAt] as number
    this.begin(capacity)
    const { words } = arena
    const to = (words[listAt] as number) >> 2
    let count = 0
    for (let i = 0; i < listed; i++) {
      const row = words[(list >> 2) + i] as number
      if (row === 0) continue
      words[(row >> 2) + rowWords.place] = count
      words[to + count++] = row
    }
    words[listedAt] = count
    for (let at = places >> 2; at < (places >> 2) + 2 * capacityBefore; at += 2) {
      const row = words[at + 1] as number
      if (row !== 0) this.occupy(words[at] as number, row)
    }
    arena.unreserve(places, placeBytes * capacityBefore)
    arena.unreserve(list, listBytes * capacityBefore)
  }
}
