// Memory for the state of byte-keyed tables: cells of any size in one buffer, free cells kept by
// size for the next one. A reference is the offset of a cell; 0 is none. It grows by copying itself
// into a larger buffer, so whoever reads it fetches `words` and `bytes` anew after each `take`.
import type { Block, StateMemory } from "./stateMemory.ts"
import { unpooled } from "./stateMemory.ts"

/** Cells up to this size are kept to the eighth byte, larger ones to the power of two. */
export const fineMax = 512
const classes = fineMax / 8 + 1 + 32

/** Bytes of a line of the cache. */
export const lineMax = 64

/**
 * Where large buffers begin in a line of the cache: allocators of Linux put 16 bytes before them.
 * Elsewhere cells lie in more lines than they need, which is slower and nothing else. The memory of
 * a program begins with a page.
 */
const bufferAt = 16

/**
 * What a buffer begins with, by the index of the word: it is the same for whoever works on it.
 * Before that stands what a reference of 0 reads: words of nothing.
 */
export const arenaWords = {
  taken: 32,
  /** Where cells end. */
  end: 33,
  /** What the index of keys says of itself. */
  places: 34,
  mask: 35,
  live: 36,
  list: 37,
  listed: 38,
  /** The first free cell of each class. */
  free: 39
} as const

const reserved = (4 * (arenaWords.free + classes) + 63) & -64

/** Enough for small tables; the next step is large, for memory not written to costs nothing. */
const bytesFirst = 1 << 20
const bytesSecond = 1 << 26
const bytesMax = 2 ** 31 - 8

const classOf = (size: number): number =>
  size <= fineMax ? (size + 7) >>> 3 : fineMax / 8 + 32 - Math.clz32(size - 1) - 9 + 1

// Whole 32-bit numbers, here and wherever a reference is made: as floating-point numbers, which a
// power or a sum may be, they are converted at every access.
const sizeOf = (size: number): number =>
  size <= fineMax ? (size + 7) & -8 : 1 << (32 - Math.clz32(checked(size) - 1))

const cellMax = 2 ** 30

const checked = (size: number): number => {
  if (size <= cellMax) return size
  throw new RangeError(
    `a fragment of ${size} bytes is kept in one piece, which may have ${cellMax}. ` +
      "Cure: take the input as objects, or keep fewer of its fields"
  )
}

const none: ReadonlyArray<Block> = Object.freeze([])

/** Cells of bytes. */
export class ByteArena {
  readonly memory: StateMemory
  words: Int32Array
  bytes: Block
  floats: Float64Array
  /** The same memory for accesses that are not aligned. */
  view: DataView
  private retired: Array<Block> = []

  constructor(memory: StateMemory = unpooled) {
    this.memory = memory
    this.bytes = memory.rent(bytesFirst)
    const { buffer, byteOffset, byteLength } = this.bytes
    this.words = new Int32Array(buffer, byteOffset, byteLength >> 2)
    this.floats = new Float64Array(buffer, byteOffset, byteLength >> 3)
    this.view = new DataView(buffer, byteOffset, byteLength)
    this.words[arenaWords.end] = reserved
  }

  /** Bytes in the cells of keys. */
  get taken(): number {
    return this.words[arenaWords.taken] as number
  }

  /** Bytes of the buffer that were ever used. */
  get reached(): number {
    return this.words[arenaWords.end] as number
  }

  /** A cell of at least `size` bytes, at a multiple of 8; its content is whatever it was. */
  take(size: number): number {
    const kind = arenaWords.free + classOf(size)
    const whole = sizeOf(size)
    this.words[arenaWords.taken] = this.taken + whole
    const known = this.words[kind] as number
    if (known !== 0) {
      this.words[kind] = this.words[known >> 2] as number
      return known
    }
    if (this.reached + whole + lineMax > this.bytes.length)
      this.grow(this.reached + whole + lineMax)
    const at = this.aligned(whole)
    this.words[arenaWords.end] = at + whole
    return at
  }

  // Cells of 16, 32 or 64 bytes lie in one line of the cache, larger ones in as few as they can.
  // What is skipped is a free cell.
  private aligned(whole: number): number {
    const line = Math.min(lineMax, whole & -whole)
    const end = this.reached
    const before = this.bytes.byteOffset === 0 ? bufferAt : 0
    const skipped = -(end + before) & (line - 1)
    if (skipped > 0) this.put(end, arenaWords.free + (skipped >> 3))
    return (end + skipped) | 0
  }

  /** A cell is the first free one of its class. */
  private put(at: number, kind: number): void {
    this.words[at >> 2] = this.words[kind] as number
    this.words[kind] = at
  }

  /** Gives a cell back; `size` as it was asked for. */
  give(at: number, size: number): void {
    this.words[arenaWords.taken] = this.taken - sizeOf(size)
    this.put(at, arenaWords.free + classOf(size))
  }

  /** A cell that is no key's: it does not count as taken. */
  reserve(size: number): number {
    const at = this.take(size)
    this.words[arenaWords.taken] = this.taken - sizeOf(size)
    return at
  }

  /** Gives back what was reserved. */
  unreserve(at: number, size: number): void {
    this.words[arenaWords.taken] = this.taken + sizeOf(size)
    this.give(at, size)
  }

  private grow(needed: number): void {
    const next = this.bytes.length < bytesSecond ? bytesSecond : this.bytes.length * 2
    const length = Math.min(bytesMax, Math.max(next, 2 ** Math.ceil(Math.log2(needed))))
    if (needed > length) {
      throw new RangeError(
        `the state of the open keys takes more than ${bytesMax} bytes. Cure: lower limits.keys, ` +
          "or take the input as objects"
      )
    }
    const { bytes, reached } = this
    this.bytes = this.memory.rent(length)
    this.bytes.set(bytes.subarray(0, reached))
    const { buffer, byteOffset, byteLength } = this.bytes
    this.words = new Int32Array(buffer, byteOffset, byteLength >> 2)
    this.floats = new Float64Array(buffer, byteOffset, byteLength >> 3)
    this.view = new DataView(buffer, byteOffset, byteLength)
    this.retired.push(bytes)
  }

  /** The buffers it has outgrown since the last call: whoever reads them gives them back. */
  takeRetired(): ReadonlyArray<Block> {
    if (this.retired.length === 0) return none
    const { retired } = this
    this.retired = []
    return retired
  }
}

/** Above this a copy by `set` is faster than one by hand; it makes an object. */
const byHandMax = 256

/** Copies a text four bytes at a time; returns where it ends. Views are of the same bytes. */
export const copyText = (
  from: Uint8Array,
  fromView: DataView,
  start: number,
  length: number,
  to: Uint8Array,
  toView: DataView,
  at: number
): number => {
  const end = (at + length) | 0
  if (length > byHandMax) {
    to.set(from.subarray(start, start + length), at)
    return end
  }
  let q = start
  let t = at
  for (; t < end - 3; q += 4, t += 4) toView.setInt32(t, fromView.getInt32(q, true), true)
  for (; t < end; q++, t++) to[t] = from[q] as number
  return end
}

/** Copies a name four bytes at a time. */
export const copyName = (
  from: DataView,
  start: number,
  length: number,
  to: DataView,
  at: number
): void => {
  const words = length & -4
  for (let i = 0; i < words; i += 4) to.setInt32(at + i, from.getInt32(start + i, true), true)
  for (let i = words; i < length; i++) to.setUint8(at + i, from.getUint8(start + i))
}

/** Whether two names of one length are the same; of four bytes or more, the last four are one. */
export const sameName = (
  a: DataView,
  atA: number,
  b: DataView,
  atB: number,
  length: number
): boolean => {
  if (length < 4) {
    for (let i = 0; i < length; i++) if (a.getUint8(atA + i) !== b.getUint8(atB + i)) return false
    return true
  }
  const last = length - 4
  for (let i = 0; i < last; i += 4)
    if (a.getInt32(atA + i, true) !== b.getInt32(atB + i, true)) return false
  return a.getInt32(atA + last, true) === b.getInt32(atB + last, true)
}
