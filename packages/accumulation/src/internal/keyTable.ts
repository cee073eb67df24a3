// The keys of one accumulator, open and closed, and the running count of the open ones. What is
// stored in place of a key is its handle: the entry itself, or the number of a row. Finds the open
// key that was touched longest ago in time proportional to a small share of the table. It decides
// nothing about when a key closes.
import type { Entry } from "./entry.ts"
import type { HandleLists } from "./handleLists.ts"
import { objects } from "./handleLists.ts"
import { KeyIndex } from "./keyIndex.ts"

/** One scan serves the eviction of this share of the open keys. */
const scanShare = 2

/** Who names a key although the table may have forgotten it, as bits. */
export const holders = {
  table: 1,
  /** It was taken out during this call: look-ups made before may still name it. */
  call: 2,
  /** An output that is not read yet. */
  output: 4,
  /** The timer heap, where what is dead stays for a while. */
  timers: 8,
  /** The ring of closed keys, where what was replaced stays for a while. */
  ring: 16,
  /** The candidates for eviction. */
  oldest: 32
} as const

/** One of them. */
export type Holder = (typeof holders)[keyof typeof holders]

/** Values by key, in the order in which the keys were added. */
export interface KeyMap<Key, Value> extends Iterable<readonly [Key, Value]> {
  readonly size: number
  readonly get: (key: Key) => Value | undefined
  readonly getAll: (
    keys: ReadonlyArray<Key | null | undefined>,
    count: number,
    scratch: Int32Array,
    out: Array<Value | undefined>
  ) => void
  readonly set: (value: Value) => void
  readonly delete: (key: Key) => boolean
  readonly values: () => Iterable<Value>
}

/** All keys of one accumulator; `H` is what stands for one of them. */
export abstract class KeyTable<Key, State, H> {
  /** Returns the memory; nobody looks up a key afterwards. */
  readonly close: () => void
  /** Keys whose phase is `open`. */
  open = 0
  /** Oldest open keys at the last scan, the oldest last. */
  private oldest: Array<H> = []
  /** Their `last` at that scan: one touched since is no candidate. */
  private touched: Array<number> = []

  constructor(close: () => void = () => undefined) {
    this.close = close
  }

  /** How handles are listed. */
  abstract readonly lists: HandleLists<H>
  /** What is stored in place of an entry. */
  abstract handle(entry: Entry<Key, State>): H
  /** The entry of a handle. */
  abstract entry(handle: H): Entry<Key, State>
  abstract isOpen(handle: H): boolean
  abstract firstOf(handle: H): number
  abstract lastOf(handle: H): number
  /** Ends a closed key, which leaves the table unless a new life of the key replaced it. */
  abstract forget(handle: H): void
  /** From now on `by` names it: its memory stays its own. */
  abstract hold(handle: H, by: Holder): void
  abstract letGo(handle: H, by: Holder): void
  /** All keys in the order of their first fragment. Nobody adds a key meanwhile. */
  abstract handles(): Iterable<H>
  /** Whether its key finds this entry. */
  abstract finds(entry: Entry<Key, State>): boolean
  protected abstract add(entry: Entry<Key, State>): void

  insert(entry: Entry<Key, State>): void {
    entry.phase = "open"
    this.add(entry)
    this.open++
  }

  /** Everything in the table. */
  *entries(): Generator<Entry<Key, State>> {
    for (const handle of this.handles()) yield this.entry(handle)
  }

  /** Open entries in the order of their first fragment. */
  *openEntries(): Generator<Entry<Key, State>> {
    for (const handle of this.openHandles()) yield this.entry(handle)
  }

  private *openHandles(): Generator<H> {
    if (this.open === 0) return
    for (const handle of this.handles()) if (this.isOpen(handle)) yield handle
  }

  /** Keys that are kept as candidates for eviction, the latest first. */
  candidates(): ReadonlyArray<H> {
    return this.oldest
  }

  /** The open entry whose last fragment came first; of several, the one opened first. */
  oldestOpen(): Entry<Key, State> | undefined {
    for (let pass = 0; pass < 2; pass++) {
      while (this.oldest.length > 0) {
        const handle = this.oldest.pop()!
        const touched = this.touched.pop()!
        const isOldest = this.isOpen(handle) && this.lastOf(handle) === touched
        this.letGo(handle, holders.oldest)
        if (isOldest) return this.entry(handle)
      }
      this.scan()
    }
    return undefined
  }

  // Whoever is not among the oldest share was touched later than all of it, and stays so: the next
  // share is only needed once this one is used up.
  private scan(): void {
    if (this.open === 0) return
    const times = new Float64Array(this.open)
    let count = 0
    for (const handle of this.openHandles()) times[count++] = this.lastOf(handle)
    times.sort()
    const share = Math.ceil(this.open / scanShare)
    const bound = times[share - 1]!
    let ties = share
    while (ties > 0 && times[ties - 1] === bound) ties--
    ties = share - ties
    const found: Array<H> = []
    for (const handle of this.openHandles()) {
      const last = this.lastOf(handle)
      if (last < bound || (last === bound && ties-- > 0)) found.push(handle)
    }
    for (const handle of found) this.hold(handle, holders.oldest)
    this.oldest = found.sort((a, b) => this.lastOf(a) - this.lastOf(b)).reverse()
    this.touched = this.oldest.map((handle) => this.lastOf(handle))
  }
}

/** Keys whose entries are objects: whoever names one keeps it. */
export class EntryTable<Key, State> extends KeyTable<Key, State, Entry<Key, State>> {
  readonly lists: HandleLists<Entry<Key, State>> = objects()
  readonly map: KeyMap<Key, Entry<Key, State>>

  constructor(
    map: KeyMap<Key, Entry<Key, State>> = new KeyIndex<Key, Entry<Key, State>>(),
    close?: () => void
  ) {
    super(close)
    this.map = map
  }

  handle(entry: Entry<Key, State>): Entry<Key, State> {
    return entry
  }

  entry(handle: Entry<Key, State>): Entry<Key, State> {
    return handle
  }

  isOpen(handle: Entry<Key, State>): boolean {
    return handle.phase === "open"
  }

  firstOf(handle: Entry<Key, State>): number {
    return handle.first
  }

  lastOf(handle: Entry<Key, State>): number {
    return handle.last
  }

  forget(handle: Entry<Key, State>): void {
    if (handle.phase === "closed") this.map.delete(handle.key)
    handle.phase = "forgotten"
  }

  hold(): void {}

  letGo(): void {}

  handles(): Iterable<Entry<Key, State>> {
    return this.map.values()
  }

  finds(entry: Entry<Key, State>): boolean {
    return this.map.get(entry.key) === entry
  }

  protected add(entry: Entry<Key, State>): void {
    this.map.set(entry)
  }
}
