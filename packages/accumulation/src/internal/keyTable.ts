// The keys of one accumulator: a Map of entries, open and closed, and the running count of the
// open ones. Finds the open key that was touched longest ago in time proportional to a small
// share of the table. It decides nothing about when a key closes.
import type { Entry } from "./entry.ts"
import { KeyIndex } from "./keyIndex.ts"

/** One scan serves the eviction of this share of the open keys. */
const scanShare = 2

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
  readonly set: (key: Key, value: Value) => void
  readonly delete: (key: Key) => boolean
  readonly values: () => Iterable<Value>
}

/** All keys of one accumulator. */
export class KeyTable<Key, State> {
  readonly map: KeyMap<Key, Entry<Key, State>>
  /** Returns the memory; nobody looks up a key afterwards. */
  readonly close: () => void
  /** Entries whose phase is `open`. */
  open = 0
  /** Oldest open entries at the last scan, the oldest last. */
  private oldest: Array<Entry<Key, State>> = []
  /** Their `last` at that scan: an entry touched since is no candidate. */
  private touched: Array<number> = []

  constructor(
    map: KeyMap<Key, Entry<Key, State>> = new KeyIndex<Key, Entry<Key, State>>(),
    close: () => void = () => undefined
  ) {
    this.map = map
    this.close = close
  }

  insert(entry: Entry<Key, State>): void {
    entry.phase = "open"
    this.map.set(entry.key, entry)
    this.open++
  }

  /** Forgets a key. */
  remove(entry: Entry<Key, State>): void {
    this.map.delete(entry.key)
  }

  /** Open entries in the order of their first fragment. */
  *openEntries(): Generator<Entry<Key, State>> {
    if (this.open === 0) return
    for (const entry of this.map.values()) if (entry.phase === "open") yield entry
  }

  /** The open entry whose last fragment came first; of several, the one opened first. */
  oldestOpen(): Entry<Key, State> | undefined {
    for (let pass = 0; pass < 2; pass++) {
      while (this.oldest.length > 0) {
        const entry = this.oldest.pop()!
        const touched = this.touched.pop()!
        if (entry.phase === "open" && entry.last === touched) return entry
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
    for (const entry of this.openEntries()) times[count++] = entry.last
    times.sort()
    const share = Math.ceil(this.open / scanShare)
    const bound = times[share - 1]!
    let ties = share
    while (ties > 0 && times[ties - 1] === bound) ties--
    ties = share - ties
    const found: Array<Entry<Key, State>> = []
    for (const entry of this.openEntries()) {
      if (entry.last < bound || (entry.last === bound && ties-- > 0)) found.push(entry)
    }
    this.oldest = found.sort((a, b) => a.last - b.last).reverse()
    this.touched = this.oldest.map((entry) => entry.last)
  }
}
