// The named slots of a key, in cells of an arena: which there are, which are required, which
// fragment fills which part. Slots are found by hash, and by their bytes where the hash matches.
// The counts stand in the key's row; the slots in a cell that is replaced by a larger one as they
// grow. A short name stands in its slot, a long one in a cell of its own: memory that is not at
// hand is what such tables wait for.
//
//   slot:  [hash, length of the name and whether it is required, part 0, part 1, …,
//           name or its cell]
//
// A part is empty (0), filled by a fragment that is kept (its cell), by one of which nothing is
// kept (-1), or by one of which a small number is kept (below that).
import type { ByteArena } from "./byteArena.ts"
import { copyName, sameName } from "./byteArena.ts"
import { rowFlags, rowWords } from "./byteRows.ts"

/** Slots there is room for at first. */
export const roomFirst = 2
/** Stands in a part whose fragment is not kept. */
export const filledOnly = -1

/** Above this many slots they are searched through a Map. */
export const scanMax = 16

/** Words of a slot for its name; a longer name has a cell, and its reference stands here. */
const nameWords = 4
/** Bytes of a name that stands in its slot. */
export const nameBytes = nameWords * 4

const { slots: countAt, waiting: waitingAt, flags: flagsAt, cell: cellAt } = rowWords

/** Slots there is room for where there are `count`. */
const roomOf = (count: number): number => {
  if (count === 0) return 0
  return count <= roomFirst ? roomFirst : 2 ** (32 - Math.clz32(count - 1))
}

/** Words of a slot before its parts. */
export const partsAt = 2

/** Words of a slot. */
export const slotWords = (parts: number): number => partsAt + parts + nameWords

/** Stands beside the length of a name, which is shifted by one bit. */
const requiredBit = 1

/** The slots of all keys of one accumulator. */
export class SlotCells {
  readonly arena: ByteArena
  readonly parts: number
  private readonly slotWords: number
  private readonly nameAt: number
  /** For keys of many slots: position by hash, of the first slot with that hash. */
  private readonly lookups = new Map<number, Map<number, Array<number>>>()

  constructor(arena: ByteArena, parts: number) {
    this.arena = arena
    this.parts = parts
    this.slotWords = slotWords(parts)
    this.nameAt = partsAt + parts
  }

  private sizeOf(room: number): number {
    return 4 * room * this.slotWords
  }

  count(state: number): number {
    return this.arena.words[(state >> 2) + countAt] as number
  }

  waiting(state: number): number {
    return this.arena.words[(state >> 2) + waitingAt] as number
  }

  declared(state: number): boolean {
    const flags = this.arena.words[(state >> 2) + flagsAt] as number
    return (flags & rowFlags.declared) !== 0
  }

  /** Word index of a slot. */
  private slot(state: number, slot: number): number {
    return ((this.arena.words[(state >> 2) + cellAt] as number) >> 2) + slot * this.slotWords
  }

  /** The fragment that fills a part of a slot, or 0. */
  fragment(state: number, slot: number, part: number): number {
    return this.arena.words[this.slot(state, slot) + partsAt + part] as number
  }

  isRequired(state: number, slot: number): boolean {
    return ((this.arena.words[this.slot(state, slot) + 1] as number) & requiredBit) !== 0
  }

  /** Where a slot's name stands, and its length. */
  name(state: number, slot: number): readonly [from: number, length: number] {
    const at = this.slot(state, slot)
    const length = (this.arena.words[at + 1] as number) >> 1
    return [this.nameFrom(at, length), length]
  }

  private nameFrom(at: number, length: number): number {
    const place = at + this.nameAt
    return length > nameBytes ? (this.arena.words[place] as number) : place << 2
  }

  /** Position of a name, or -1. */
  find(state: number, hash: number, names: DataView, from: number, length: number): number {
    const { words } = this.arena
    const k = state >> 2
    const count = words[k + countAt] as number
    if (count > scanMax) return this.lookUp(state, hash, names, from, length)
    for (let i = 0, at = (words[k + cellAt] as number) >> 2; i < count; i++, at += this.slotWords) {
      if (words[at] === hash && this.isName(at, names, from, length)) return i
    }
    return -1
  }

  private isName(at: number, names: DataView, from: number, length: number): boolean {
    const { arena } = this
    if ((arena.words[at + 1] as number) >> 1 !== length) return false
    return sameName(arena.view, this.nameFrom(at, length), names, from, length)
  }

  private lookUp(
    state: number,
    hash: number,
    names: DataView,
    from: number,
    length: number
  ): number {
    let lookup = this.lookups.get(state)
    if (lookup === undefined) {
      lookup = new Map()
      this.lookups.set(state, lookup)
      for (let i = 0; i < this.count(state); i++) this.note(lookup, state, i)
    }
    for (const i of lookup.get(hash) ?? [])
      if (this.isName(this.slot(state, i), names, from, length)) return i
    return -1
  }

  private note(lookup: Map<number, Array<number>>, state: number, slot: number): void {
    const hash = this.arena.words[this.slot(state, slot)] as number
    const same = lookup.get(hash)
    if (same === undefined) lookup.set(hash, [slot])
    else same.push(slot)
  }

  /** Adds a name that `find` does not know, behind the others. */
  append(state: number, hash: number, names: DataView, from: number, length: number): void {
    const { arena } = this
    const k = state >> 2
    const cell = length > nameBytes ? arena.take(length) : 0
    const count = arena.words[k + countAt] as number
    if (count === roomOf(count)) this.grow(state, count)
    const { words } = arena
    const at = this.slot(state, count)
    for (let i = partsAt; i < this.nameAt; i++) words[at + i] = 0
    words[at] = hash
    words[at + 1] = length << 1
    if (cell !== 0) words[at + this.nameAt] = cell
    copyName(names, from, length, arena.view, this.nameFrom(at, length))
    words[k + countAt] = count + 1
    if (count >= scanMax) {
      const lookup = this.lookups.get(state)
      if (lookup !== undefined) this.note(lookup, state, count)
    }
  }

  private grow(state: number, room: number): void {
    const { arena } = this
    const next = arena.take(this.sizeOf(room === 0 ? roomFirst : room * 2))
    const { words } = arena
    const k = state >> 2
    if (room > 0) {
      const cell = words[k + cellAt] as number
      words.copyWithin(next >> 2, cell >> 2, (cell + this.sizeOf(room)) >> 2)
      arena.give(cell, this.sizeOf(room))
    }
    words[k + cellAt] = next
  }

  /** A fragment fills a part that is empty. */
  fill(state: number, slot: number, part: number, fragment: number): void {
    const { words } = this.arena
    const at = this.slot(state, slot)
    words[at + partsAt + part] = fragment
    const waiting = (state >> 2) + waitingAt
    if (((words[at + 1] as number) & requiredBit) !== 0)
      words[waiting] = (words[waiting] as number) - 1
  }

  /** Another fragment takes the place of the one that fills a part. */
  replace(state: number, slot: number, part: number, fragment: number): void {
    this.arena.words[this.slot(state, slot) + partsAt + part] = fragment
  }

  /** The key is not complete without every part of this slot. */
  require(state: number, slot: number): void {
    const { words } = this.arena
    const at = this.slot(state, slot)
    const named = words[at + 1] as number
    if ((named & requiredBit) !== 0) return
    words[at + 1] = named | requiredBit
    let missing = 0
    for (let part = 0; part < this.parts; part++) if (words[at + partsAt + part] === 0) missing++
    words[(state >> 2) + waitingAt] = (words[(state >> 2) + waitingAt] as number) + missing
  }

  /** The required set is known. */
  declare(state: number): void {
    const { words } = this.arena
    const at = (state >> 2) + flagsAt
    words[at] = (words[at] as number) | rowFlags.declared
  }

  /** Gives back a fragment's cell. */
  drop(fragment: number): void {
    if (fragment > 0) this.arena.give(fragment, this.arena.words[fragment >> 2] as number)
  }

  /** Gives back the slots of a key, with what fills them. */
  release(state: number): void {
    const { arena } = this
    const { words } = arena
    const k = state >> 2
    const count = words[k + countAt] as number
    const room = roomOf(count)
    for (let i = 0, at = (words[k + cellAt] as number) >> 2; i < count; i++, at += this.slotWords) {
      for (let part = 0; part < this.parts; part++) this.drop(words[at + partsAt + part] as number)
      const length = (words[at + 1] as number) >> 1
      if (length > nameBytes) arena.give(words[at + this.nameAt] as number, length)
    }
    if (count > scanMax) this.lookups.delete(state)
    if (room > 0) arena.give(words[k + cellAt] as number, this.sizeOf(room))
    words[k + countAt] = 0
  }
}
