// The keys of an accumulator that is fed with views: a key is the offset of its row in an arena,
// never an object. A row holds what the machine counts, the head of the state and the key itself;
// its memory is another's once nobody names it.
//
//   words: [hash, place in the list, key length, flags, fragments, expected, slots, waiting,
//           head, origin of the head, slot cell, (the rest of the state)]
//   then two floats [bytes, last], then the key; behind it, where ages are bounded, a float [first]
//
// The flags are the phase, whether the required slots are known, and one bit for each holder.
import type { ByteArena } from "./byteArena.ts"
import { copyBytes } from "./byteArena.ts"
import type { Phase } from "./entry.ts"
import type { Holder } from "./keyTable.ts"
import { holders } from "./keyTable.ts"

/** Words of a row, by name. */
export const rowWords = {
  hash: 0,
  place: 1,
  keyLength: 2,
  flags: 3,
  fragments: 4,
  expected: 5,
  slots: 6,
  waiting: 7,
  head: 8,
  origin: 9,
  cell: 10,
  /** Figures, or the first fragments of further kinds: whatever keeps them knows. */
  rest: 11
} as const

const wordCount = 12
const floatsAt = wordCount * 4

/** Offset of the key in its row. */
export const keyAt = floatsAt + 2 * 8

/** Floats of a row, counted from its beginning. */
export const rowFloats = { bytes: floatsAt / 8, last: floatsAt / 8 + 1 } as const

/** Bits of the flags. */
export const rowFlags = { phase: 3, declared: 4 } as const

const holderShift = 3
const firstHolder = 1 << holderShift
const onlyTimers = holders.timers << holderShift
const everyHolder = Object.values(holders).reduce((sum, each) => sum | each, 0) << holderShift

const phases: ReadonlyArray<Phase> = ["fresh", "open", "closed", "forgotten"]

/** The code of phase `open`. */
export const isOpen = 1

/** What rows that only timers name may take before these are sorted out, bytes. */
const lingeringMin = 4 << 20

/** Rows in an arena. */
export class ByteRows {
  readonly arena: ByteArena
  /** Whether rows know when their first fragment came; otherwise nothing is asked of it. */
  readonly keepsFirst: boolean
  /** Bytes of rows that only dead timers name. */
  lingering = 0

  constructor(arena: ByteArena, keepsFirst: boolean) {
    this.arena = arena
    this.keepsFirst = keepsFirst
    // Row 0 is nobody's, and not open.
    arena.words[rowWords.flags] = phases.indexOf("forgotten")
  }

  /** A row for a key, its bytes copied, that nobody names yet. */
  make(hash: number, bytes: Uint8Array, from: number, length: number, now: number): number {
    const { arena } = this
    const row = arena.take(this.sizeFor(length))
    const { words, floats } = arena
    const k = row >> 2
    for (let i = 0; i < wordCount; i++) words[k + i] = 0
    words[k] = hash
    words[k + rowWords.keyLength] = length
    floats[(row >> 3) + rowFloats.bytes] = 0
    floats[(row >> 3) + rowFloats.last] = now
    if (this.keepsFirst) floats[this.firstAt(row)] = now
    // Zeros up to the next word: keys are compared word by word.
    if ((length & 3) !== 0) words[(row + keyAt + length) >> 2] = 0
    copyBytes(bytes, from, length, arena.bytes, row + keyAt)
    return row
  }

  private sizeFor(keyLength: number): number {
    const plain = keyAt + ((keyLength + 3) & ~3)
    return this.keepsFirst ? ((plain + 7) & ~7) + 8 : plain
  }

  /** Bytes of a row. */
  size(row: number): number {
    return this.sizeFor(this.arena.words[(row >> 2) + rowWords.keyLength] as number)
  }

  /** Index among the floats of when the first fragment came. */
  private firstAt(row: number): number {
    return (row + this.size(row)) / 8 - 1
  }

  /** When the first fragment came; the last one, where nobody asks for the first. */
  first(row: number): number {
    const { floats } = this.arena
    return floats[this.keepsFirst ? this.firstAt(row) : (row >> 3) + rowFloats.last] as number
  }

  last(row: number): number {
    return this.arena.floats[(row >> 3) + rowFloats.last] as number
  }

  isOpen(row: number): boolean {
    const flags = this.arena.words[(row >> 2) + rowWords.flags] as number
    return (flags & rowFlags.phase) === isOpen
  }

  phase(row: number): Phase {
    const flags = this.arena.words[(row >> 2) + rowWords.flags] as number
    return phases[flags & rowFlags.phase] as Phase
  }

  setPhase(row: number, phase: Phase): void {
    const { words } = this.arena
    const at = (row >> 2) + rowWords.flags
    words[at] = ((words[at] as number) & ~rowFlags.phase) | phases.indexOf(phase)
  }

  isHeld(row: number, by: Holder): boolean {
    const flags = this.arena.words[(row >> 2) + rowWords.flags] as number
    return (flags & (by << holderShift)) !== 0
  }

  hold(row: number, by: Holder): void {
    const { words } = this.arena
    const at = (row >> 2) + rowWords.flags
    words[at] = (words[at] as number) | (by << holderShift)
  }

  /** `by` names the row no more; whoever is the last frees it. */
  letGo(row: number, by: Holder): void {
    const { words } = this.arena
    const at = (row >> 2) + rowWords.flags
    const flags = (words[at] as number) & ~(by << holderShift)
    words[at] = flags
    if (flags < firstHolder) {
      if (by === holders.timers) this.lingering -= this.size(row)
      this.discard(row)
    } else if ((flags & everyHolder) === onlyTimers) this.lingering += this.size(row)
  }

  /** Frees a row that nobody names. */
  discard(row: number): void {
    this.arena.give(row, this.size(row))
  }

  /** Dead timers keep more memory than they should. */
  get isCluttered(): boolean {
    return this.lingering > lingeringMin && this.lingering > this.arena.taken / 2
  }
}
