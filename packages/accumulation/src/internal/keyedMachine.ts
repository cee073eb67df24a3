// Keyed accumulation as a machine without Effect, clock or I/O: batches and times in, batches of
// outputs out. It owns the life of a key, open → completed | expired | evicted → tombstone →
// forgotten, and every count; what happens inside a key is the Logic's, how fragments find their
// key the business of the machines over objects and over views. One owner at a time; it mutates in
// place.
import type * as Accumulator from "@sluice/core/Accumulator"
import type * as Batch from "@sluice/core/Batch"
import type { Entry, KeyValue } from "./entry.ts"
import type { Departure } from "./exits.ts"
import { complete, Exits, unfinished } from "./exits.ts"
import { checkInvariants } from "./invariants.ts"
import type { KeyTable } from "./keyTable.ts"
import { holders } from "./keyTable.ts"
import type { KeyLogic } from "./logic.ts"
import { Outputs } from "./outputs.ts"
import { reasons } from "./reasons.ts"
import type { Settings } from "./settings.ts"
import { TimerHeap } from "./timerHeap.ts"
import { Tombstones } from "./tombstones.ts"
import { Totals } from "./totals.ts"

/** Outputs of one slice of `fire` or `end`. */
export const sliceOutputs = 1024

/** Keys looked at in one slice, when they are discarded and give no output. */
const sliceKeys = 4096

/** What the machine is told; one of the calls below, as data. */
export type MachineEvent<In> =
  | { readonly _tag: "Batch"; readonly batch: Batch.Batch<In> }
  | { readonly _tag: "Fire"; readonly now: number }
  | { readonly _tag: "End" }

/** The keyed state of one running stage. */
export abstract class KeyedMachine<In, Key extends KeyValue, State, Out, H>
  implements Accumulator.AccumulatorInstance<In, Out>
{
  readonly logic: KeyLogic<In, Key, State, Out>
  readonly settings: Settings
  readonly table: KeyTable<Key, State, H>
  readonly counts = new Totals()
  readonly timers: TimerHeap<H> | undefined
  readonly tombstones: Tombstones<H>
  readonly outputs: Outputs<Out>
  readonly exits: Exits<Key, State, Out, H>
  readonly host: Accumulator.AccumulatorHost
  readonly epoch: number
  /** Milliseconds since `epoch`; never goes back, whatever the clock does. */
  now = 0
  private remaining: Iterator<Entry<Key, State>> | undefined = undefined
  private ended = false
  /** One departure for each trigger: keys that complete make nothing of their own. */
  private readonly completions: ReadonlyArray<Departure>

  constructor(
    host: Accumulator.AccumulatorHost,
    logic: KeyLogic<In, Key, State, Out>,
    settings: Settings,
    table: KeyTable<Key, State, H>
  ) {
    this.host = host
    this.table = table
    this.completions = logic.triggers.map(complete)
    this.logic = logic
    this.settings = settings
    this.epoch = Math.floor(host.now())
    this.outputs = new Outputs<Out>(host.stageId)
    this.tombstones = new Tombstones<H>(settings.tombstones, table)
    const { idleMs, ageMs } = settings
    const bounded = idleMs !== Number.POSITIVE_INFINITY || ageMs !== Number.POSITIVE_INFINITY
    this.timers = bounded
      ? new TimerHeap<H>(
          {
            dueOf: (key) => Math.min(table.firstOf(key) + ageMs, table.lastOf(key) + idleMs),
            isArmed: (key) => table.isOpen(key),
            hold: (key) => table.hold(key, holders.timers),
            letGo: (key) => table.letGo(key, holders.timers)
          },
          table.lists
        )
      : undefined
    this.exits = new Exits(this)
  }

  /** Every call as one function, for simulators and traces. */
  transition(event: MachineEvent<In>): Accumulator.Emitted<Out> {
    if (event._tag === "Batch") return this.process(event.batch)
    return event._tag === "Fire" ? this.fire(event.now) : this.end()
  }

  process(batch: Batch.Batch<In>): Accumulator.Emitted<Out> {
    this.tick(this.host.now())
    this.tombstones.sweep(this.now, batch.items.length + sliceKeys)
    this.logic.begin(batch)
    this.outputs.begin(batch)
    let next = 0
    while (next < batch.items.length && !this.exits.halted) {
      const until = this.run(batch.items, next)
      this.counts.fragmentsIn += until - next
      next = until
    }
    return this.outputs.take(this.epoch + this.now)
  }

  fire(now: number): Accumulator.Emitted<Out> {
    this.tick(now)
    this.outputs.begin(undefined)
    for (let i = 0; i < sliceKeys && this.outputs.count < sliceOutputs && !this.exits.halted; i++) {
      if (!this.expireNext() && !this.evictNext()) break
    }
    this.tombstones.sweep(this.now, sliceKeys)
    return this.outputs.take(this.epoch + this.now)
  }

  deadline(): number {
    return this.timers === undefined || this.exits.halted
      ? Number.POSITIVE_INFINITY
      : this.epoch + this.timers.deadline()
  }

  pending(): boolean {
    if (this.exits.halted) return false
    if (this.table.open > this.settings.keysMax) return true
    return this.timers?.isDue(this.now) === true
  }

  end(): Accumulator.Emitted<Out> {
    this.ended = true
    this.tick(this.host.now())
    this.outputs.begin(undefined)
    this.remaining ??= this.table.openEntries()
    const discard = this.settings.atEnd === "discard"
    // Closed keys stand in the list, too: where no key is open nobody need look.
    while (this.table.open > 0 && this.outputs.count < sliceOutputs && !this.exits.halted) {
      const { done, value } = this.remaining.next()
      if (done === true) break
      this.exits.leave(value, unfinished(reasons.end, discard), -1)
    }
    return this.outputs.take(this.epoch + this.now)
  }

  totals(): Accumulator.AccumulatorTotals {
    return this.counts.snapshot(this.table.open, this.logic.duplicates)
  }

  openKeys(limit: number): ReadonlyArray<Accumulator.OpenKey> {
    const found = this.ended ? this.exits.incomplete.slice(0, limit) : []
    if (found.length === limit || this.table.open === 0) return found
    for (const entry of this.table.openEntries()) {
      found.push(this.exits.openKeyOf(entry))
      if (found.length >= limit) break
    }
    return found
  }

  close(): void {
    this.logic.close()
    this.table.close()
  }

  /** Throws, naming it, when a rule of the machine does not hold. */
  assertInvariants(): void {
    checkInvariants(this)
  }

  private tick(now: number): void {
    const elapsed = Math.floor(now - this.epoch)
    // As a small integer (12 days) it needs no box in each entry; beyond, it is only slower.
    if (elapsed > this.now) this.now = elapsed < 2 ** 30 ? elapsed | 0 : elapsed
  }

  /** Takes fragments from `from` on, up to one that failed; answers where it stopped. */
  protected abstract run(items: ReadonlyArray<In>, from: number): number

  protected insert(entry: Entry<Key, State>, complete: boolean): void {
    this.table.insert(entry)
    if (!complete) this.timers?.arm(this.table.handle(entry))
  }

  protected concluded(entry: Entry<Key, State>, verdict: number, position: number): void {
    if (verdict >= 0) {
      this.exits.leave(entry, this.completions[verdict]!, position)
      return
    }
    const discard = this.settings.expireEmit === "discard"
    this.exits.leave(entry, unfinished(reasons.expired, discard), position)
  }

  protected overflow(entry: Entry<Key, State>, position: number): void {
    const { itemsMax, limitEmit } = this.settings
    const reason = entry.fragments >= itemsMax ? reasons.limitItems : reasons.limitBytes
    this.exits.leave(entry, unfinished(reason, limitEmit === "discard"), position)
  }

  protected expireNext(): boolean {
    const due = this.timers?.due(this.now)
    if (due === undefined) return false
    const entry = this.table.entry(due)
    const { idleMs, ageMs, expireEmit } = this.settings
    const reason = entry.last + idleMs <= entry.first + ageMs ? reasons.idle : reasons.age
    this.exits.leave(entry, unfinished(reason, expireEmit === "discard"), -1)
    return true
  }

  private evictNext(): boolean {
    if (this.table.open <= this.settings.keysMax) return false
    const entry = this.table.oldestOpen()
    if (entry === undefined) return false
    const discard = this.settings.limitEmit === "discard"
    this.counts.keysEvicted++
    this.exits.leave(entry, unfinished(reasons.keyExplosion, discard), -1)
    return true
  }
}
