// Deadlines of open entries: a binary heap whose stored times may be too early, never too late.
// To move a deadline later the owner only changes the entry; the heap asks again when it reaches
// the top, so `deadline()` is exact. Removed entries stay until they are as many as the live ones,
// then go at once. It reads no clock.

import type { HandleList, HandleLists } from "./handleLists.ts"
import { objects } from "./handleLists.ts"

/** How the heap asks its entries. */
export interface TimerSource<E> {
  readonly dueOf: (entry: E) => number
  readonly isArmed: (entry: E) => boolean
  /** From now on the heap names it. */
  readonly hold?: (entry: E) => void
  /** The heap names it no more. */
  readonly letGo?: (entry: E) => void
}

/**
 * Dead entries tolerated however few live ones there are. To sort them out reads each entry once,
 * in the order in which they stand; one that comes to the top instead is sifted out, which takes
 * longer.
 */
const deadMinDefault = 1_024

/** Room for as many is never given back. */
const heldMin = 64

/** A lazy binary heap of entries by due time. */
export class TimerHeap<E> {
  private readonly source: TimerSource<E>
  private readonly lists: HandleLists<E>
  private readonly deadMin: number
  private times = new Float64Array(heldMin)
  private entries: HandleList<E>
  private count = 0
  private dead = 0

  constructor(source: TimerSource<E>, lists: HandleLists<E> = objects(), deadMin = deadMinDefault) {
    this.source = source
    this.lists = lists
    this.deadMin = deadMin
    this.entries = lists.make(heldMin)
  }

  /** Entries that are armed. */
  get live(): number {
    return this.count - this.dead
  }

  /** Entries held, armed or not: at most twice the armed ones and a constant. */
  get held(): number {
    return this.count
  }

  arm(entry: E): void {
    const at = this.count++
    if (at === this.times.length) this.resize(at * 2, at)
    const due = this.source.dueOf(entry)
    this.source.hold?.(entry)
    this.up(at, due, entry)
  }

  /** What it holds, armed or not. */
  *all(): Generator<E> {
    for (let i = 0; i < this.count; i++) yield this.entries[i]!
  }

  /** One armed entry stopped being so: `isArmed` says false of it from now on. */
  disarmed(): void {
    this.dead++
    if (this.dead > this.deadMin && this.dead > this.live) this.compact()
  }

  /** The exact earliest due time of the armed entries; Infinity when none. */
  deadline(): number {
    const { dueOf, isArmed } = this.source
    while (this.count > 0) {
      const top = this.entries[0]!
      if (!isArmed(top)) {
        this.removeTop()
        this.dead--
        this.source.letGo?.(top)
        continue
      }
      const due = dueOf(top)
      if (due <= this.times[0]!) return this.times[0]!
      this.down(0, due, top)
    }
    return Number.POSITIVE_INFINITY
  }

  /**
   * True when an armed entry is due. A stored time is never too late, so that of the top says no
   * for most calls, and nothing is looked at that lies elsewhere in memory.
   */
  isDue(now: number): boolean {
    return this.count > 0 && this.times[0]! <= now && this.deadline() <= now
  }

  /** The armed entry with the earliest due time, if that is not after `now`; it stays armed. */
  due(now: number): E | undefined {
    return this.isDue(now) ? this.entries[0] : undefined
  }

  /** Throws when an armed entry could fire too late, or the count of dead ones is wrong. */
  assertInvariants(): void {
    let dead = 0
    for (let i = 0; i < this.count; i++) {
      const parent = (i - 1) >> 1
      if (i > 0 && this.times[parent]! > this.times[i]!)
        throw new Error(`timer heap: order at ${i}`)
      if (!this.source.isArmed(this.entries[i]!)) dead++
      else if (this.source.dueOf(this.entries[i]!) < this.times[i]!) {
        throw new Error(`timer heap: entry ${i} would fire too late`)
      }
    }
    if (dead !== this.dead)
      throw new Error(`timer heap: ${dead} dead entries, counted ${this.dead}`)
  }

  private resize(length: number, count: number): void {
    const times = new Float64Array(length)
    times.set(this.times.subarray(0, count))
    this.times = times
    this.entries = this.lists.resized(this.entries, length, count)
  }

  private removeTop(): void {
    const last = --this.count
    const entry = this.entries[last]!
    const due = this.times[last]!
    this.entries[last] = this.lists.none
    if (last > 0) this.down(0, due, entry)
  }

  /** Sorts out what is not armed any more. */
  compact(): void {
    const { isArmed, letGo } = this.source
    const held = this.count
    let count = 0
    for (let i = 0; i < held; i++) {
      const entry = this.entries[i]!
      if (!isArmed(entry)) {
        letGo?.(entry)
        continue
      }
      this.entries[count] = entry
      this.times[count] = this.times[i]!
      count++
    }
    for (let i = count; i < held; i++) this.entries[i] = this.lists.none
    this.count = count
    this.dead = 0
    if (count * 4 < this.times.length && this.times.length > heldMin)
      this.resize(Math.max(heldMin, count * 2), count)
    for (let i = (count >> 1) - 1; i >= 0; i--) this.down(i, this.times[i]!, this.entries[i]!)
  }

  private up(from: number, due: number, entry: E): void {
    const { times, entries } = this
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (times[parent]! <= due) break
      times[at] = times[parent]!
      entries[at] = entries[parent]!
      at = parent
    }
    times[at] = due
    entries[at] = entry
  }

  private down(from: number, due: number, entry: E): void {
    const { times, entries, count } = this
    let at = from
    while (true) {
      let child = 2 * at + 1
      if (child >= count) break
      if (child + 1 < count && times[child + 1]! < times[child]!) child++
      if (times[child]! >= due) break
      times[at] = times[child]!
      entries[at] = entries[child]!
      at = child
    }
    times[at] = due
    entries[at] = entry
  }
}
