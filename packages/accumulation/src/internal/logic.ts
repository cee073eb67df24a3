// What the machine asks of the code that knows fragments, rules and states. The machine owns keys,
// time and counts; a logic owns what happens inside one key. Everything here may run user code and
// throw, and must leave the entry as it was when it does.
import type * as Batch from "@sluice/core/Batch"
import type { Entry } from "./entry.ts"

/** What `take` says: an index into `triggers` when the key is complete, else one of these. */
export const verdicts = {
  incomplete: -1,
  /** A second fragment for a filled slot, not taken. */
  duplicate: -2,
  /** Over in its own judgement, though not complete. */
  expired: -3
} as const

/** Returned by `output` when there is nothing to hand on. */
export const nothing: unique symbol = Symbol("nothing")

/** How a key leaves. */
export interface Leaving {
  readonly reason: string
  readonly complete: boolean
  /** `take` said so, by `expired`. */
  readonly judged: boolean
  readonly completeness: number
  readonly missing: ReadonlyArray<string>
  readonly epochMs: number
}

/** The inside of a key, however its fragments come. */
export interface KeyLogic<In, Key, State, Out> {
  /** Names of the ways to be complete; a verdict is an index into it. */
  readonly triggers: ReadonlyArray<string>
  /** Fragments that came for a filled slot. */
  readonly duplicates: number
  /** The following calls concern this batch. */
  readonly begin: (batch: Batch.Batch<In>) => void
  /** 0..1; 1 exactly when the rule holds. */
  readonly completeness: (entry: Entry<Key, State>) => number
  /** At most `limit` names of what it waits for. */
  readonly missing: (entry: Entry<Key, State>, limit: number) => ReadonlyArray<string>
  readonly output: (entry: Entry<Key, State>, leaving: Leaving) => Out | typeof nothing
  /** The key has left: lets go of what its state holds outside the entry. */
  readonly release?: (entry: Entry<Key, State>) => void
  /** Throws when the entry is open although it is complete, or its parts contradict each other. */
  readonly assertEntry: (entry: Entry<Key, State>) => void
  readonly close: () => void
}

/** The inside of a key whose fragments are objects. */
export interface Logic<In, Key, State, Out> extends KeyLogic<In, Key, State, Out> {
  /** May be asked for a whole block before the first of its fragments is taken. */
  readonly keyOf: (fragment: In, index: number) => Key | undefined | null
  /** Fills in the state of a fresh entry. */
  readonly open: (entry: Entry<Key, State>) => void
  /** Takes a fragment into the entry, counts its bytes, and says whether the key is complete. */
  readonly take: (entry: Entry<Key, State>, fragment: In, index: number) => number
}
