// How fragments and keys leave the machine: complete, partial, discarded, failed. Each way out is
// counted once, emits at most once and leaves a tombstone. It does not decide when a key leaves.
import type * as Accumulator from "@sluice/core/Accumulator"
import type { Entry, KeyValue } from "./entry.ts"
import { missingMax, partialHeaders } from "./headers.ts"
import type { KeyTable } from "./keyTable.ts"
import type { KeyLogic, Leaving } from "./logic.ts"
import { nothing } from "./logic.ts"
import type { Outputs } from "./outputs.ts"
import { reasons } from "./reasons.ts"
import type { TimerHeap } from "./timerHeap.ts"
import type { Tombstones } from "./tombstones.ts"
import type { Totals } from "./totals.ts"

/** A way out. */
export type Departure =
  | { readonly _tag: "Complete"; readonly reason: string }
  | { readonly _tag: "Partial"; readonly reason: string }
  | { readonly _tag: "Discard"; readonly reason: string }

/** The rule holds. */
export const complete = (reason: string): Departure => ({ _tag: "Complete", reason })

/** It must go although the rule does not hold. */
export const unfinished = (reason: string, discard: boolean): Departure => ({
  _tag: discard ? "Discard" : "Partial",
  reason
})

/** Keys that left incomplete and are remembered for the report at the end. */
const incompleteMax = 1000

/** The parts of the machine that a leaving key touches. */
export interface ExitContext<Key extends KeyValue, State, Out, H> {
  readonly host: Accumulator.AccumulatorHost
  readonly logic: Pick<
    KeyLogic<never, Key, State, Out>,
    "completeness" | "missing" | "output" | "release"
  >
  readonly table: KeyTable<Key, State, H>
  readonly counts: Totals
  readonly timers: TimerHeap<H> | undefined
  readonly tombstones: Tombstones<H>
  readonly outputs: Outputs<Out>
  readonly settings: { readonly late: "drop" | "reopen" }
  readonly epoch: number
  readonly now: number
}

const none: ReadonlyArray<string> = Object.freeze([])

/** The ways out of one machine. */
export class Exits<Key extends KeyValue, State, Out, H> {
  /** The first keys that left incomplete, for the report at the end. */
  readonly incomplete: Array<Accumulator.OpenKey> = []
  /** The host said that the run must end: nothing more is taken. */
  halted = false
  private readonly context: ExitContext<Key, State, Out, H>
  /** What was said of the last key that completed: the same of most keys. */
  private completed: Leaving | undefined = undefined

  constructor(context: ExitContext<Key, State, Out, H>) {
    this.context = context
  }

  /** A fragment could not be taken; its key stays as it was. */
  fragmentFailed(index: number, key: unknown, cause: unknown): void {
    const { counts, host } = this.context
    counts.fragmentsFailed++
    if (!host.failed(index, key, cause, "non-recoverable")) this.halted = true
  }

  /**
   * Takes a key out; `position` is that of the record that caused it, -1 when time or the end did.
   */
  leave(entry: Entry<Key, State>, departure: Departure, position: number): void {
    switch (departure._tag) {
      case "Complete":
        this.leaveComplete(entry, departure.reason, position)
        return
      case "Partial":
        this.leavePartial(entry, departure.reason, position)
        return
      case "Discard":
        this.remember(entry)
        this.discard(entry, departure.reason)
    }
  }

  /** What the report says of a key. */
  openKeyOf(entry: Entry<Key, State>): Accumulator.OpenKey {
    const { logic } = this.context
    return {
      key: entry.key,
      fragments: entry.fragments,
      completeness: logic.completeness(entry),
      missing: logic.missing(entry, missingMax)
    }
  }

  private leaveComplete(entry: Entry<Key, State>, reason: string, position: number): void {
    const { counts, outputs } = this.context
    if (this.completed?.reason !== reason) this.completed = this.leaving(reason, true, 1, none)
    const out = this.outputOf(entry, this.completed, position)
    if (out === nothing) return
    outputs.complete(out, reason, position, entry.bytes)
    counts.completed(entry.fragments, reason)
    this.shut(entry, entry.fragments > 1)
  }

  private leavePartial(entry: Entry<Key, State>, reason: string, position: number): void {
    const { counts, outputs } = this.context
    const { completeness, missing } = this.remember(entry)
    const out = this.outputOf(entry, this.leaving(reason, false, completeness, missing), position)
    if (out === nothing) return
    const headers = partialHeaders(entry.key, reason, completeness, missing)
    outputs.partial(out, headers, position, entry.bytes)
    counts.fragmentsPartial += entry.fragments
    counts.keysPartial++
    this.shut(entry, true)
  }

  private discard(entry: Entry<Key, State>, reason: string): void {
    const { counts } = this.context
    counts.dropped(entry.fragments, reason)
    counts.keysDropped++
    this.shut(entry, true)
  }

  // When the user's output function throws, the group cannot be handed on by anybody: it is closed,
  // its fragments count as failed, and the error policy gets the state once.
  private outputOf(
    entry: Entry<Key, State>,
    leaving: Leaving,
    position: number
  ): Out | typeof nothing {
    const { logic, counts, host } = this.context
    try {
      const out = logic.output(entry, leaving)
      if (out === nothing) this.discard(entry, reasons.flushedEmpty)
      return out
    } catch (cause) {
      const { key, state, fragments } = entry
      counts.fragmentsFailed += fragments
      counts.keysFailed++
      this.shut(entry, fragments > 1 || !leaving.complete)
      const payload = { key, state, fragments, reason: leaving.reason }
      if (!host.failed(position, key, cause, "non-recoverable", payload)) this.halted = true
      return nothing
    }
  }

  private leaving(
    reason: string,
    isComplete: boolean,
    completeness: number,
    missing: ReadonlyArray<string>
  ): Leaving {
    const judged = reason === reasons.expired
    const epochMs = this.context.epoch
    return { reason, complete: isComplete, judged, completeness, missing, epochMs }
  }

  private remember(entry: Entry<Key, State>): Accumulator.OpenKey {
    const key = this.openKeyOf(entry)
    if (this.incomplete.length < incompleteMax) this.incomplete.push(key)
    return key
  }

  /** `armed`: a key completed by its first fragment never had a timer. */
  private shut(entry: Entry<Key, State>, armed: boolean): void {
    const { logic, table, counts, timers, tombstones, settings, now } = this.context
    logic.release?.(entry)
    counts.fragmentsOpen -= entry.fragments
    counts.bytesOpen -= entry.bytes
    table.open--
    entry.phase = "closed"
    entry.last = now
    entry.state = undefined
    entry.slots = undefined
    if (armed) timers?.disarmed()
    if (settings.late === "drop") tombstones.add(table.handle(entry))
    else table.forget(table.handle(entry))
  }
}
