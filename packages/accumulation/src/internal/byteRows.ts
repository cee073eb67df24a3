// The keys of an accumulator that is fed with views: a key is the offset of its row in an arena,
// never an object. A row holds what the machine counts, the head of the state and the key itself;
// its memory is another's once nobody names it.
//
//   words: [place in the list, key length, flags, fragments, slots, waiting, head of the state,
//           slot cell], then two floats [bytes, last], then the key
//   behind the key, where they are asked for: words [first fragments of further kinds, expected],
//           a float [first]
//
// So the rows of short keys take 64 bytes: one line of the cache, which is what a fragment waits
// for. The flags are the phase, whether the required slots are known, and one bit for each holder.
import { hashBytes } from "@sluice/core/ByteHash"
import type { ByteArena } from "./byteArena.ts"
import type { Phase } from "./entry.ts"
import type { Holder } from "./keyTable.ts"
import { holders } from "./keyTable.ts"

/** Words of a row, by name. */
export const rowWords = {
  place: 0,
  keyLength: 1,
  flags: 2,
  fragments: 3,
  slots: 4,
  waiting: 5,
  /** The leading fragment, or the figures: whatever keeps them knows. */
  head: 6,
  cell: 7
} as const

/** Words of a row before its floats. */
export const wordCount = 8
const floatsAt = wordCount * 4

/** Offset of the key in its row. */
export const keyAt = floatsAt + 2 * 8

/** Offset of what stands behind a key, from its beginning. */
export const behindKey = (keyLength: number): number => (keyLength + 7) & ~7

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

/** Flags of a row that is open and in the table. */
export const openFlags = isOpen | (holders.table << holderShift)

const codes: Readonly<Record<Phase, number>> = { fresh: 0, open: isOpen, closed: 2, forgotten: 3 }

// Each phase is a constant where it is set: to search the list costs what a fragment costs.
const codeOf = (phase: Phase): number => {
  if (phase === "open") return codes.open
  return phase === "closed" ? codes.closed : codes[phase]
}

/** What rows that only timers name may take before these are sorted out, bytes. */
const lingeringMin = 4 << 20

/** What rows know that not every accumulator asks for. */
export interface RowExtras {
  /** When the first fragment came: ages are bounded. */
  readonly first: boolean
  /** How many fragments were announced. */
  readonly expected: boolean
  /** The first fragments of further kinds. */
  readonly firsts: boolean
}

/** Rows in an arena. */
export class ByteRows {
  readonly arena: ByteArena
  /** Bytes of rows that only dead timers name. */
  lingering = 0
  private readonly extras: RowExtras
  private readonly hasWords: boolean

  constructor(arena: ByteArena, extras: RowExtras) {
    this.arena = arena
    this.extras = extras
    this.hasWords = extras.expected || extras.firsts
    // Row 0 is nobody's, and not open.
    arena.words[rowWords.flags] = codes.forgotten
  }

  /**
   * A row for a key that nobody names yet; the key is copied, from where a word begins, with the
   * zeros behind it. Until the row has a place in the list, its hash stands there.
   */
  make(hash: number, key: Int32Array, from: number, length: number, now: number): number {
    const { arena } = this
    const row = arena.take(this.sizeFor(length))
    const { words, floats } = arena
    const k = row >> 2
    for (let i = 0; i < wordCount; i++) words[k + i] = 0
    words[k + rowWords.place] = hash
    words[k + rowWords.keyLength] = length
    floats[(row >> 3) + rowFloats.bytes] = 0
    floats[(row >> 3) + rowFloats.last] = now
    if (this.hasWords) floats[(row + keyAt + behindKey(length)) >> 3] = 0
    if (this.extras.first) floats[this.firstAt(row)] = now
    const at = (row + keyAt) >> 2
    const start = from >> 2
    const count = (length + 3) >> 2
    for (let i = 0; i < count; i++) words[at + i] = key[start + i] as number
    return row
  }

  private sizeFor(keyLength: number): number {
    return keyAt + behindKey(keyLength) + (this.hasWords ? 8 : 0) + (this.extras.first ? 8 : 0)
  }

  private keyLength(row: number): number {
    return this.arena.words[(row >> 2) + rowWords.keyLength] as number
  }

  private flags(row: number): number {
    return this.arena.words[(row >> 2) + rowWords.flags] as number
  }

  /** Bytes of a row. */
  size(row: number): number {
    return this.sizeFor(this.keyLength(row))
  }

  /** Hash of the key of a row. */
  hash(row: number): number {
    const from = row + keyAt
    return hashBytes(this.arena.bytes, from, from + this.keyLength(row))
  }

  /** Index among the words of the first fragments of further kinds. */
  firstsAt(row: number): number {
    return (row + keyAt + behindKey(this.keyLength(row))) >> 2
  }

  /** The number of fragments that was announced; 0: none, or nobody asks. */
  expected(row: number): number {
    return this.extras.expected ? (this.arena.words[this.firstsAt(row) + 1] as number) : 0
  }

  expect(row: number, count: number): void {
    if (this.extras.expected) this.arena.words[this.firstsAt(row) + 1] = count
  }

  /** Index among the floats of when the first fragment came. */
  private firstAt(row: number): number {
    return (row + this.size(row)) / 8 - 1
  }

  /** When the first fragment came; the last one, where nobody asks for the first. */
  first(row: number): number {
    return this.extras.first ? (this.arena.floats[this.firstAt(row)] as number) : this.last(row)
  }

  last(row: number): number {
    return this.arena.floats[(row >> 3) + rowFloats.last] as number
  }

  isOpen(row: number): boolean {
    return (this.flags(row) & rowFlags.phase) === isOpen
  }

  phase(row: number): Phase {
    return phases[this.flags(row) & rowFlags.phase] as Phase
  }

  setPhase(row: number, phase: Phase): void {
    const { words } = this.arena
    const at = (row >> 2) + rowWords.flags
    words[at] = ((words[at] as number) & ~rowFlags.phase) | codeOf(phase)
  }

  isHeld(row: number, by: Holder): boolean {
    return (this.flags(row) & (by << holderShift)) !== 0
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
