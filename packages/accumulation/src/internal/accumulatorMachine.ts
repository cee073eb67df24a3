// The accumulator machine over objects: keys are values of a key function, entries are objects.
// Looks up the keys of a block before the first of its fragments is taken.
import type * as Accumulator from "@sluice/core/Accumulator"
import type * as Batch from "@sluice/core/Batch"
import type { KeyValue } from "./entry.ts"
import { Entry } from "./entry.ts"
import { missingKey } from "./failures.ts"
import { KeyedMachine } from "./keyedMachine.ts"
import { KeyIndex } from "./keyIndex.ts"
import { EntryTable } from "./keyTable.ts"
import type { Logic } from "./logic.ts"
import { verdicts } from "./logic.ts"
import { LookAhead } from "./lookAhead.ts"
import { reasons } from "./reasons.ts"
import type { Settings } from "./settings.ts"
import { memoryOf } from "./stateMemory.ts"

const tableOf = <Key extends KeyValue, State>(
  host: Accumulator.AccumulatorHost
): EntryTable<Key, State> => {
  const { memory, close } = memoryOf(host, (): number => table.open)
  const table = new EntryTable(new KeyIndex<Key, Entry<Key, State>>(memory), close)
  return table
}

/** The keyed state of one running stage that is fed with objects. */
export class AccumulatorMachine<In, Key extends KeyValue, State, Out> extends KeyedMachine<
  In,
  Key,
  State,
  Out,
  Entry<Key, State>
> {
  declare readonly logic: Logic<In, Key, State, Out>
  declare readonly table: EntryTable<Key, State>
  private readonly ahead: LookAhead<In, Key, State>

  constructor(
    host: Accumulator.AccumulatorHost,
    logic: Logic<In, Key, State, Out>,
    settings: Settings
  ) {
    const table = tableOf<Key, State>(host)
    super(host, logic, settings, table)
    this.ahead = new LookAhead(logic, table.map)
  }

  override process(batch: Batch.Batch<In>): Accumulator.Emitted<Out> {
    this.ahead.forget()
    return super.process(batch)
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
      this.table.forget(closed)
    }
    const entry = new Entry<Key, State>(key, this.now)
    this.logic.open(entry)
    return entry
  }
}
