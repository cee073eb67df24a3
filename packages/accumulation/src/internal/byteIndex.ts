// Rows by the bytes of their key: open addressing over stored hashes. A hash that matches is never
// trusted alone: the bytes are compared. Places of many keys are found before any row is read, and
// the rows before any key is compared, so that the processor overlaps the misses. Deletion shifts
// back: there are no dead places. Entries are listed by insertion for those who go through them.
import { hashBytes } from "@sluice/core/ByteHash"
import type { ByteArena } from "./byteArena.ts"
import type { ByteEntry } from "./byteEntry.ts"
import { keyAt, makeNothing, makeRow, rowSize, rowWords } from "./byteEntry.ts"
import type { Entry } from "./entry.ts"
import type { KeyMap } from "./keyTable.ts"
import { KeyTable } from "./keyTable.ts"
import type { Block } from "./stateMemory.ts"

const loadMax = 0.5
const capacityMin = 1_024
/** Bytes of a place: two words. */
const placeBytes = 8
const holesMin = 1_024
const encoder = new TextEncoder()
const none: ReadonlyArray<ByteEntry> = Object.freeze([])

/** A Map of entries by key bytes, that also answers to keys as text. */
export class ByteIndex implements KeyMap<string, Entry<string, number>> {
  readonly arena: ByteArena
  /** Hash and row of each place; row 0 is none. */
  private places: Int32Array
  private block: Block
  private mask = capacityMin - 1
  private held: Array<ByteEntry | undefined> = []
  private live = 0
  /** Taken out since the last `takeGone`. */
  private gone: Array<ByteEntry> = []

  constructor(arena: ByteArena) {
    this.arena = arena
    this.block = arena.memory.rent(placeBytes * capacityMin)
    this.places = new Int32Array(this.block.buffer)
    makeNothing(arena)
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
    const { words } = this.arena
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
    const { words } = this.arena
    for (let i = 0; i < count; i++) {
      const hash = hashes[from + i] as number
      let place = hash & mask
      while (places[2 * place + 1] !== 0 && places[2 * place] !== hash) place = (place + 1) & mask
      out[i] = places[2 * place + 1] as number
    }
    let touched = 0
    for (let i = 0; i < count; i++) {
      // A row lies in two lines of the cache; its key is in the second one.
      const k = (out[i] as number) >> 2
      touched ^= (words[k] as number) ^ (words[k + (keyAt >> 2)] as number)
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

  /** A row for a key that is not there; it is in the table once it is added. */
  fresh(hash: number, bytes: Uint8Array, from: number, length: number, now: number): number {
    return makeRow(this.arena, hash, bytes, from, length, now)
  }

  /** Lets go of a row that is not in the table. */
  drop(row: number): void {
    this.arena.give(row, rowSize(this.arena, row))
  }

  /** The entry of a row that is in the table. */
  entry(row: number): ByteEntry {
    return this.held[this.arena.words[(row >> 2) + rowWords.place] as number] as ByteEntry
  }

  add(entry: ByteEntry): void {
    if (this.live + 1 > (this.mask + 1) * loadMax) this.rebuild((this.mask + 1) * 2)
    this.keep(entry)
    this.live++
  }

  private keep(entry: ByteEntry): void {
    const { places, mask } = this
    const { row } = entry
    const { words } = this.arena
    words[(row >> 2) + rowWords.place] = this.held.length
    this.held.push(entry)
    const hash = words[row >> 2] as number
    let place = hash & mask
    while (places[2 * place + 1] !== 0) place = (place + 1) & mask
    places[2 * place] = hash
    places[2 * place + 1] = row
  }

  /**
   * Takes an entry out. Its row keeps its memory until it is freed: whoever found it before sees
   * that it is not open.
   */
  remove(entry: ByteEntry): boolean {
    const { row } = entry
    const { arena } = this
    const k = row >> 2
    const length = arena.words[k + rowWords.keyLength] as number
    const place = this.place(arena.words[k] as number, arena.words, row + keyAt, length)
    if (place < 0) return false
    this.held[arena.words[k + rowWords.place] as number] = undefined
    this.vacate(place)
    this.live--
    this.gone.push(entry)
    const holes = this.held.length - this.live
    if (holes > holesMin && holes > this.live) this.rebuild(this.mask + 1)
    return true
  }

  /** What was taken out since the last call; the caller frees it once nobody reads it. */
  takeGone(): ReadonlyArray<ByteEntry> {
    if (this.gone.length === 0) return none
    const { gone } = this
    this.gone = []
    return gone
  }

  /** Gives the memory of an entry that was taken out to others. */
  free(entry: ByteEntry): void {
    this.drop(entry.row)
    entry.row = 0
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
    const { held, places, mask, block } = this
    const { words, memory } = this.arena
    this.block = memory.rent(placeBytes * capacity)
    this.places = new Int32Array(this.block.buffer)
    this.mask = capacity - 1
    const sparse = held.length - this.live > 0
    if (sparse) {
      this.held = []
      for (const entry of held) {
        if (entry === undefined) continue
        words[(entry.row >> 2) + rowWords.place] = this.held.length
        this.held.push(entry)
      }
    }
    for (let from = 0; from <= mask; from++) {
      if (places[2 * from + 1] === 0) continue
      const hash = places[2 * from] as number
      let place = hash & this.mask
      while (this.places[2 * place + 1] !== 0) place = (place + 1) & this.mask
      this.places[2 * place] = hash
      this.places[2 * place + 1] = places[2 * from + 1] as number
    }
    memory.give(block)
  }

  get(key: string): ByteEntry | undefined {
    const bytes = encoder.encode(key)
    const words = new Int32Array((bytes.length + 3) >> 2)
    new Uint8Array(words.buffer).set(bytes)
    const row = this.find(hashBytes(bytes, 0, bytes.length), words, 0, bytes.length)
    return row === 0 ? undefined : this.entry(row)
  }

  getAll(
    keys: ReadonlyArray<string | null | undefined>,
    count: number,
    _scratch: Int32Array,
    out: Array<Entry<string, number> | undefined>
  ): void {
    for (let i = 0; i < count; i++) out[i] = this.get(keys[i] ?? "")
  }

  set(_key: string, entry: Entry<string, number>): void {
    this.add(entry as ByteEntry)
  }

  delete(key: string): boolean {
    const entry = this.get(key)
    return entry !== undefined && this.remove(entry)
  }

  *values(): Generator<ByteEntry> {
    for (const entry of this.held) if (entry !== undefined) yield entry
  }

  *[Symbol.iterator](): Generator<readonly [string, ByteEntry]> {
    for (const entry of this.values()) yield [entry.key, entry]
  }
}

/** The keys of an accumulator that is fed with views. */
export class ByteTable extends KeyTable<string, number> {
  readonly index: ByteIndex

  constructor(arena: ByteArena, close?: () => void) {
    const index = new ByteIndex(arena)
    super(index, close)
    this.index = index
  }

  override insert(entry: Entry<string, number>): void {
    entry.phase = "open"
    this.index.add(entry as ByteEntry)
    this.open++
  }

  override remove(entry: Entry<string, number>): void {
    this.index.remove(entry as ByteEntry)
  }
}
