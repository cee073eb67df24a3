// Looks up the keys of a block of fragments before the first of them is taken. The look-ups do not
// depend on one another, so the processor overlaps their cache misses: 25 % of the whole cost at
// 100,000 keys (docs/decisions/0004-key-table.md). What it finds is a hint, checked again when it
// is used; it changes nothing.
import type { Entry } from "./entry.ts"
import type { KeyMap } from "./keyTable.ts"
import type { Logic } from "./logic.ts"

/** Fragments of a block: enough misses to overlap, few enough that all lines stay in the cache. */
const blockSize = 128

/** The look-ups of the current block. */
export class LookAhead<In, Key, State> {
  private readonly logic: Pick<Logic<In, Key, State, unknown>, "keyOf">
  private readonly table: KeyMap<Key, Entry<Key, State>>
  private readonly keys: Array<Key | null | undefined> = new Array(blockSize).fill(undefined)
  private readonly found: Array<Entry<Key, State> | undefined> = new Array(blockSize).fill(
    undefined
  )
  private readonly scratch = new Int32Array(blockSize)
  private from = 0
  private to = 0
  /**
   * Sum of what was read only to bring it into the cache; kept so that the reads are not removed.
   */
  touched = 0

  constructor(
    logic: Pick<Logic<In, Key, State, unknown>, "keyOf">,
    table: KeyMap<Key, Entry<Key, State>>
  ) {
    this.logic = logic
    this.table = table
  }

  /** True when fragment `index` is in the current block. */
  covers(index: number): boolean {
    return index >= this.from && index < this.to
  }

  keyAt(index: number): Key | null | undefined {
    return this.keys[index - this.from]
  }

  entryAt(index: number): Entry<Key, State> | undefined {
    return this.found[index - this.from]
  }

  /** Another batch begins. */
  forget(): void {
    this.from = 0
    this.to = 0
  }

  /** Looks up a block from `from` on. Throws what the key function throws for the first of them. */
  look(items: ReadonlyArray<In>, from: number): void {
    this.from = from
    this.to = from
    const end = Math.min(items.length, from + blockSize)
    try {
      for (let i = from; i < end; i++) {
        this.keys[i - from] = this.logic.keyOf(items[i]!, i)
        this.to = i + 1
      }
    } catch (cause) {
      // A later fragment fails when its turn comes: the next block begins with it.
      if (this.to === from) throw cause
    }
    this.table.getAll(this.keys, this.to - from, this.scratch, this.found)
    this.touch(this.to - from)
  }

  // Each pass reads one level further, for all entries of the block; an entry is more than a line.
  private touch(count: number): void {
    const { found } = this
    let touched = 0
    for (let j = 0; j < count; j++) {
      const entry = found[j]
      if (entry !== undefined) touched += entry.fragments + entry.last
    }
    for (let j = 0; j < count; j++) touched += found[j]?.slots?.waiting ?? 0
    for (let j = 0; j < count; j++) {
      const name = found[j]?.slots?.nameAt(0)
      if (typeof name === "string") touched += name.length
    }
    for (let j = 0; j < count; j++) if (typeof found[j]?.state === "object") touched++
    this.touched = touched
  }
}
