// One key of an accumulator that is fed with views. All of it lies in one cell of an arena, next to
// each other: what the machine counts, the head of the state, the key itself. The object only gives
// the machine a handle; the hot loop reads and writes the cell.
//
//   words: [hash, place in the list, key length, phase, fragments, expected,
//           slots, room, waiting, declared, head, origin of the head, slot cell, (the rest of the
// state)]   then two floats [bytes, last], then the key
import { decodeUtf8 } from "@sluice/core/SegmentPool"
import type { ByteArena } from "./byteArena.ts"
import { copyBytes } from "./byteArena.ts"
import type { Phase } from "./entry.ts"

/** Words of a row, by name. */
export const rowWords = {
  hash: 0,
  place: 1,
  keyLength: 2,
  phase: 3,
  fragments: 4,
  expected: 5,
  slots: 6,
  room: 7,
  waiting: 8,
  declared: 9,
  head: 10,
  origin: 11,
  cell: 12,
  /** Figures, or the first fragments of further kinds: whatever keeps them knows. */
  rest: 13
} as const

const wordCount = 14
const floatsAt = wordCount * 4
const [bytesFloat, lastFloat] = [0, 1]

/** Offset of the key in its row. */
export const keyAt = floatsAt + 2 * 8

/** Offsets of the floats, for the hot loop. */
export const rowFloats = {
  bytes: floatsAt / 8 + bytesFloat,
  last: floatsAt / 8 + lastFloat
} as const

const phases: ReadonlyArray<Phase> = ["fresh", "open", "closed", "forgotten"]

/** The code of phase `open`. */
export const isOpen = 1

/** A row for a key, its bytes copied; nothing else is in it yet. */
export const makeRow = (
  arena: ByteArena,
  hash: number,
  bytes: Uint8Array,
  from: number,
  length: number,
  now: number
): number => {
  const row = arena.take(keyAt + ((length + 3) & ~3))
  const { words, floats } = arena
  const k = row >> 2
  for (let i = 0; i < wordCount; i++) words[k + i] = 0
  words[k] = hash
  words[k + rowWords.keyLength] = length
  const f = (row >> 3) + floatsAt / 8
  floats[f + bytesFloat] = 0
  floats[f + lastFloat] = now
  // Zeros up to the next word: keys are compared word by word.
  if ((length & 3) !== 0) words[(row + keyAt + length) >> 2] = 0
  copyBytes(bytes, from, length, arena.bytes, row + keyAt)
  return row
}

/** Makes the row of forgotten keys, which is nobody's. */
export const makeNothing = (arena: ByteArena): void => {
  arena.words[rowWords.phase] = phases.indexOf("forgotten")
}

/** Bytes of a row. */
export const rowSize = (arena: ByteArena, row: number): number =>
  keyAt + (((arena.words[(row >> 2) + rowWords.keyLength] as number) + 3) & ~3)

/** An entry as the machine knows it, whose content is a row. */
export class ByteEntry {
  /** 0 once the key is forgotten: its cell may then be another's. */
  row: number
  /** The phase, here as well as in the row: timers ask many keys for nothing else. */
  private current: Phase = "fresh"
  private readonly arena: ByteArena

  /** When the first fragment came: here, since timers ask for it and for little else. */
  readonly first: number

  constructor(arena: ByteArena, row: number, now: number) {
    this.arena = arena
    this.row = row
    this.first = now
  }

  /** Undefined once closed; the row's own cells are released then. */
  get state(): number | undefined {
    return this.current === "closed" || this.current === "forgotten" ? undefined : this.row
  }

  /** Nothing to let go of: the phase says whether there is a state. */
  set state(_: undefined) {}

  /** Slots are in the row's cells. */
  get slots(): undefined {
    return undefined
  }

  set slots(_: undefined) {}

  private word(at: number): number {
    return this.arena.words[(this.row >> 2) + at] as number
  }

  private float(at: number): number {
    return this.arena.floats[(this.row >> 3) + floatsAt / 8 + at] as number
  }

  private setFloat(at: number, value: number): void {
    this.arena.floats[(this.row >> 3) + floatsAt / 8 + at] = value
  }

  get key(): string {
    const from = this.row + keyAt
    return decodeUtf8(this.arena.bytes, from, from + this.word(rowWords.keyLength))
  }

  get phase(): Phase {
    return this.current
  }

  set phase(phase: Phase) {
    this.current = phase
    this.arena.words[(this.row >> 2) + rowWords.phase] = phases.indexOf(phase)
  }

  get fragments(): number {
    return this.word(rowWords.fragments)
  }

  set fragments(count: number) {
    this.arena.words[(this.row >> 2) + rowWords.fragments] = count
  }

  get expected(): number {
    return this.word(rowWords.expected)
  }

  set expected(count: number) {
    this.arena.words[(this.row >> 2) + rowWords.expected] = count
  }

  get bytes(): number {
    return this.float(bytesFloat)
  }

  set bytes(bytes: number) {
    this.setFloat(bytesFloat, bytes)
  }

  get last(): number {
    return this.float(lastFloat)
  }

  set last(at: number) {
    this.setFloat(lastFloat, at)
  }
}
