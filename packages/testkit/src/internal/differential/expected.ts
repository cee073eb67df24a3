// What a run must come to: the open ends of a plan, its sinks, and the counts. How the steps of a
// plan lead there is in oracle.ts.
import type { Failing, Item } from "./plan.ts"

/** Order promised at an end. */
export type Promised = "ordered" | "perKey" | "none"

/** A record on its way. */
export interface Entry {
  readonly item: Item
  /** The record of the source it derives from. */
  readonly place: string
  readonly stamp: number
  readonly poisoned: boolean
}

/** One open end: what flows there, and what is known of it. */
export interface End {
  readonly entries: ReadonlyArray<Entry>
  readonly promised: Promised
  /** Sources whose keys may come by. */
  readonly sources: ReadonlySet<number>
  /** False behind stages that make new records: their headers are their own. */
  readonly stamped: boolean
  /** False behind stages that make new records: they have places of their own. */
  readonly placed: boolean
  /** True behind an accumulator: what a failed run delivers there is not told. */
  readonly gathered: boolean
  /** True behind a branch or merge: what a failed run delivers depends on the interleaving. */
  readonly split: boolean
  /** True behind what drops by the interleaving or by the batch: any part of the entries comes. */
  readonly lossy: boolean
}

/** What a sink must receive. */
export interface ExpectedSink {
  readonly id: string
  readonly items: ReadonlyArray<Item>
  readonly promised: Promised
  readonly gathered: boolean
  /** Any part of the items may come. */
  readonly lossy: boolean
  /** Items before the failure, where that is told exactly. */
  readonly before: number | undefined
}

/** What a run must come to. */
export interface Expected {
  readonly sinks: ReadonlyArray<ExpectedSink>
  /** Whether a record's failure ends the run; `maybe` where it may have been dropped before. */
  readonly fails: "yes" | "no" | "maybe"
  readonly deadLetters: ReadonlyArray<string>
  readonly dropped: number
  /** What may be set aside or dropped besides. */
  readonly deadLettersMaybe: ReadonlyArray<string>
  /** Stages whose dead letters tell a record of a source. */
  readonly placed: ReadonlySet<string>
  readonly droppedMaybe: number
  readonly recordsIn: number
  readonly keysCompleted: number
  readonly keysPartial: number
}

/** Text of a dead letter, to compare as multisets; the place where that is told. */
export const letterText = (stage: string, item: Item, place?: string): string =>
  `${stage} key ${item.key} value ${item.value}${place === undefined ? "" : ` of ${place}`}`

/** A record of a source, by its sequence number. */
export const placeOf = (origin: string, seqId: number): string => `${origin}#${seqId}`

/** Counts of the run, filled as the steps are applied. */
export class Counts {
  fails = false
  failsMaybe = false
  readonly deadLetters: Array<string> = []
  readonly deadLettersMaybe: Array<string> = []
  readonly placed = new Set<string>()
  dropped = 0
  droppedMaybe = 0
  keysCompleted = 0
  keysPartial = 0

  /** A record that is given up by a policy. */
  refuse(stage: string, end: End, { item, place }: Entry, failing: Failing, fails = true): void {
    const sure = fails && !end.lossy
    if (end.placed) this.placed.add(stage)
    if (failing.policy === "fail") {
      if (sure) this.fails = true
      else this.failsMaybe = true
    } else if (failing.policy === "deadLetter") {
      const letters = sure ? this.deadLetters : this.deadLettersMaybe
      letters.push(letterText(stage, item, end.placed ? place : undefined))
    } else if (sure) this.dropped++
    else this.droppedMaybe++
  }
}
