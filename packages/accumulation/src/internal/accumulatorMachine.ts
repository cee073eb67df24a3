// Keyed accumulation as a machine without Effect, clock or I/O: batches and times in, batches of
// outputs out. It owns the life of a key, open → completed | expired | evicted → tombstone →
// forgotten, and every count; what happens inside a key is the Logic's. One owner at a time; it
// mutates in place.
import type * as Accumulator from "@sluice/core/Accumulator"
import type * as Batch from "@sluice/core/Batch"
import type { KeyValue } from "./entry.ts"
import { Entry } from "./entry.ts"
import type { Departure } from "./exits.ts"
import { complete, Exits, unfinished } from "./exits.ts"
import { missingKey } from "./failures.ts"
import { checkInvariants } from "./invariants.ts"
import { KeyIndex } from "./keyIndex.ts"
import { KeyTable } from "./keyTable.ts"
import type { Logic } from "./logic.ts"
import { verdicts } from "./logic.ts"
import { LookAhead } from "./lookAhead.ts"
import { Outputs } from "./outputs.ts"
import { reasons } from "./reasons.ts"
import type { Settings } from "./settings.ts"
import { memoryOf } from "./stateMemory.ts"
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

const tableOf = <Key extends KeyValue, State>(
  host: Accumulator.AccumulatorHost
): KeyTable<Key, State> => {
  const { memory, close } = memoryOf(host, (): number => table.open)
  const table = new KeyTable(new KeyIndex<Key, Entry<Key, State>>(memory), close)
  return table
}

/** The keyed state of one running stage. */
export class AccumulatorMachine<In, Key extends KeyValue, State, Out>
  implements Accumulator.AccumulatorInstance<In, Out>
{
  readonly logic: Logic<In, Key, State, Out>
  readonly settings: Settings
  readonly table: KeyTable<Key, State>
  readonly counts = new Totals()
  readonly timers: TimerHeap<Entry<Key, State>> | undefined
  readonly tombstones: Tombstones<Key, State>
  readonly outputs: Outputs<Out>
  readonly exits: Exits<Key, State, Out>
  readonly host: Accumulator.AccumulatorHost
  readonly epoch: number
  /** Milliseconds since `epoch`; never goes back, whatever the clock does. */
  now = 0
  private remaining: Iterator<Entry<Key, State>> | undefined = undefined
  private ended = false
  /** One departure for each trigger: keys that complete make nothing of their own. */
  private readonly completions: ReadonlyArray<Departure>
  private readonly ahead: LookAhead<In, Key, State>

  constructor(
    host: Accumulator.AccumulatorHost,
    logic: Logic<In, Key, State, Out>,
    settings: Settings,
    table: KeyTable<Key, State> = tableOf(host)
  ) {
    this.host = host
    this.table = table
    this.completions = logic.triggers.map(complete)
    this.logic = logic
    this.settings = settings
    this.epoch = Math.floor(host.now())
    this.outputs = new Outputs<Out>(host.stageId)
    this.tombstones = new Tombstones<Key, State>(settings.tombstones, (entry) => {
      this.table.remove(entry)
    })
    const { idleMs, ageMs } = settings
    const bounded = idleMs !== Number.POSITIVE_INFINITY || ageMs !== Number.POSITIVE_INFINITY
    this.timers = bounded
      ? new TimerHeap<Entry<Key, State>>({
          dueOf: (entry) => Math.min(entry.first + ageMs, entry.last + idleMs),
          isArmed: (entry) => entry.phase === "open"
        })
      : undefined
    this.exits = new Exits(this)
    this.ahead = new LookAhead(logic, this.table.map)
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
    this.ahead.forget()
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

  // The hot loop. Nothing is caught per fragment: a throw leaves the loop, is counted, and
  // `process` comes back for the rest.
  protected run(items: ReadonlyArray<In>, from: number): number {
    const { logic, counts, now, ahead } = this
    const { map } = this.table
    const { itemsMax, bytesMax } = this.settings
    let i = from
    let key: Key | null | undefined
    try {
      for (; i < items.length; i++) {
        const fragment = items[i]!
        key = undefined
        if (!ahead.covers(i)) ahead.look(items, i)
        key = ahead.keyAt(i)
        let entry = ahead.entryAt(i)
        if (entry === undefined || entry.phase !== "open") {
          entry = map.get(key!)
          if (entry === undefined || entry.phase !== "open") {
            entry = this.admit(key, entry)
            if (entry === undefined) continue
          }
        }
        const bytes = entry.bytes
        const verdict = logic.take(entry, fragment, i)
        if (verdict === verdicts.duplicate) {
          counts.dropped(1, reasons.duplicate)
          continue
        }
        entry.last = now
        entry.fragments++
        counts.fragmentsOpen++
        counts.bytesOpen += entry.bytes - bytes
        if (entry.phase === "fresh") this.insert(entry, verdict >= 0)
        if (verdict !== verdicts.incomplete) this.concluded(entry, verdict, i)
        else if (entry.fragments >= itemsMax || entry.bytes >= bytesMax) this.overflow(entry, i)
        if (this.exits.halted) return i + 1
      }
    } catch (cause) {
      this.exits.fragmentFailed(i, key, cause)
      return i + 1
    }
    return items.length
  }

  /** The entry of a key that is not open: a fresh one, or none when the fragment is late. */
  private admit(
    key: Key | null | undefined,
    closed: Entry<Key, State> | undefined
  ): Entry<Key, State> | undefined {
    if (typeof key !== "string" && typeof key !== "number") throw missingKey(key)
    if (closed !== undefined) {
      if (!this.tombstones.isOver(closed, this.now)) {
        this.counts.dropped(1, reasons.late)
        return undefined
      }
      closed.phase = "forgotten"
      this.table.remove(closed)
    }
    const entry = new Entry<Key, State>(key, this.now)
    this.logic.open(entry)
    return entry
  }

  protected insert(entry: Entry<Key, State>, complete: boolean): void {
    this.table.insert(entry)
    if (!complete) this.timers?.arm(entry)
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
    const entry = this.timers?.due(this.now)
    if (entry === undefined) return false
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
