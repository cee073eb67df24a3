// What an output function sees of a key that leaves.
// A view for the duration of that call: the state goes with the key.

/** A key that leaves, with what it gathered and why it goes. */
export interface Group<out Key, out State> {
  readonly key: Key
  readonly state: State
  /** Name of the rule that was fulfilled, or why the key had to go: `idle`, `age`, `end`, … */
  readonly reason: string
  readonly isComplete: boolean
  /** 1 when complete, else the share that is there, below 1. */
  readonly completeness: number
  /** What it still waited for; empty when complete, at most 100 names. */
  readonly missing: ReadonlyArray<string>
  /** Fragments in the state. */
  readonly fragments: number
  /** Bytes as far as known. */
  readonly bytes: number
  /** When the first and the last fragment came, milliseconds since the epoch. */
  readonly firstMs: number
  readonly lastMs: number
}
