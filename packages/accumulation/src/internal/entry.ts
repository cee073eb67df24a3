// One key: its state, what it has gathered and when. One class for every rule, so that the
// code that updates it stays monomorphic. A closed entry is its own tombstone: it drops state and
// slots and stays in the table until it is forgotten.
import type { SlotTable } from "./slotTable.ts"

/** What may be a key: values that a Map compares by content. */
export type KeyValue = string | number

/**
 * `fresh` (not in the table yet) → `open` → `closed` (a tombstone) → `forgotten` (replaced or
 * removed).
 */
export type Phase = "fresh" | "open" | "closed" | "forgotten"

/**
 * One key. Times are whole milliseconds since the machine started, which keeps them small integers.
 */
export class Entry<Key, State> {
  readonly key: Key
  phase: Phase = "fresh"
  /** Undefined before the first fragment and once closed. */
  state: State | undefined = undefined
  slots: SlotTable | undefined = undefined
  /** Fragments in the state. */
  fragments = 0
  /** Number of fragments the data announced; 0: not yet. */
  expected = 0
  bytes = 0
  /** When the first fragment came. */
  readonly first: number
  /** When the last fragment came; of a closed entry: when it was closed. */
  last: number

  constructor(key: Key, now: number) {
    this.key = key
    this.first = now
    this.last = now
  }
}
