// The keys of an accumulator that is fed with views, as its machine sees them: handles are rows.
import { ByteEntry } from "./byteEntry.ts"
import { ByteIndex } from "./byteIndex.ts"
import type { ByteRows } from "./byteRows.ts"
import type { Entry } from "./entry.ts"
import { rowNumbers } from "./handleLists.ts"
import type { Holder } from "./keyTable.ts"
import { KeyTable } from "./keyTable.ts"

/** Rows, and the index that finds them. */
export class ByteTable extends KeyTable<string, number, number> {
  readonly lists = rowNumbers
  readonly rows: ByteRows
  readonly index: ByteIndex

  constructor(rows: ByteRows, close?: () => void) {
    super(close)
    this.rows = rows
    this.index = new ByteIndex(rows)
  }

  handle(entry: Entry<string, number>): number {
    return (entry as ByteEntry).row
  }

  entry(row: number): ByteEntry {
    return new ByteEntry(this.rows, row)
  }

  isOpen(row: number): boolean {
    return this.rows.isOpen(row)
  }

  firstOf(row: number): number {
    return this.rows.first(row)
  }

  lastOf(row: number): number {
    return this.rows.last(row)
  }

  forget(row: number): void {
    if (this.rows.phase(row) === "closed") this.index.remove(row)
    this.rows.setPhase(row, "forgotten")
  }

  hold(row: number, by: Holder): void {
    this.rows.hold(row, by)
  }

  letGo(row: number, by: Holder): void {
    this.rows.letGo(row, by)
  }

  handles(): Iterable<number> {
    return this.index.all()
  }

  finds(entry: Entry<string, number>): boolean {
    return this.index.finds((entry as ByteEntry).row)
  }

  protected add(entry: Entry<string, number>): void {
    this.index.add((entry as ByteEntry).row)
  }
}
