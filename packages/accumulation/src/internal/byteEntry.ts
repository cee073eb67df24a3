// A row as the machine knows keys: an entry that is read from and written to the arena. It is made
// for whoever asks, or moved from row to row; nobody keeps it.
import { decodeUtf8 } from "@sluice/core/SegmentPool"
import type { ByteRows } from "./byteRows.ts"
import { keyAt, rowFloats, rowWords } from "./byteRows.ts"
import type { Phase } from "./entry.ts"

/** An entry whose content is a row. */
export class ByteEntry {
  row: number
  private readonly rows: ByteRows

  constructor(rows: ByteRows, row: number) {
    this.rows = rows
    this.row = row
  }

  /** Undefined once closed; the row's own cells are released then. */
  get state(): number | undefined {
    const { phase } = this
    return phase === "closed" || phase === "forgotten" ? undefined : this.row
  }

  /** Nothing to let go of: the phase says whether there is a state. */
  set state(_: undefined) {}

  /** Slots are in the row's cells. */
  get slots(): undefined {
    return undefined
  }

  set slots(_: undefined) {}

  private word(at: number): number {
    return this.rows.arena.words[(this.row >> 2) + at] as number
  }

  get key(): string {
    const from = this.row + keyAt
    return decodeUtf8(this.rows.arena.bytes, from, from + this.word(rowWords.keyLength))
  }

  get phase(): Phase {
    return this.rows.phase(this.row)
  }

  set phase(phase: Phase) {
    this.rows.setPhase(this.row, phase)
  }

  get fragments(): number {
    return this.word(rowWords.fragments)
  }

  set fragments(count: number) {
    this.rows.arena.words[(this.row >> 2) + rowWords.fragments] = count
  }

  get expected(): number {
    return this.rows.expected(this.row)
  }

  set expected(count: number) {
    this.rows.expect(this.row, count)
  }

  get bytes(): number {
    return this.rows.arena.floats[(this.row >> 3) + rowFloats.bytes] as number
  }

  set bytes(bytes: number) {
    this.rows.arena.floats[(this.row >> 3) + rowFloats.bytes] = bytes
  }

  get first(): number {
    return this.rows.first(this.row)
  }

  get last(): number {
    return this.rows.last(this.row)
  }

  set last(at: number) {
    this.rows.arena.floats[(this.row >> 3) + rowFloats.last] = at
  }
}
