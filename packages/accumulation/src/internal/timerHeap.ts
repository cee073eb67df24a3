// Deadlines of open entries: a binary heap whose stored times may be too early, never too late.
// To move a deadline later the owner only changes the entry; the heap asks again when it reaches
// the top, so `deadline()` is exact. Removed entries stay until they are as many as the live ones,
// then go at once. It reads no clock.

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
 * Dead entries tolerated however few live ones there are: to sort them out reads each of them, and
 * most are in memory anyway, as tombstones.
 */
const deadMinDefault = 32_768

/** A lazy binary heap of entries by due time. */
export class TimerHeap<E> {
  private readonly source: TimerSource<E>
  private readonly deadMin: number
  private times = new Float64Array(64)
  private entries: Array<E> = []
  private dead = 0

  constructor(source: TimerSource<E>, deadMin = deadMinDefault) {
    this.source = source
    this.deadMin = deadMin
  }

  /** Entries that are armed. */
  get live(): number {
    return this.entries.length - this.dead
  }

  /** Entries held, armed or not: at most twice the armed ones and a constant. */
  get held(): number {
    return this.entries.length
  }

  arm(entry: E): void {
    const at = this.entries.length
    if (at === this.times.length) {
      const times = new Float64Array(at * 2)
      times.set(this.times)
      this.times = times
    }
    const due = this.source.dueOf(entry)
    this.source.hold?.(entry)
    this.entries.push(entry)
    this.times[at] = due
    this.up(at, due, entry)
  }

  /** What it holds, armed or not. */
  all(): ReadonlyArray<E> {
    return this.entries
  }

  /** One armed entry stopped being so: `isArmed` says false of it from now on. */
  disarmed(): void {
    this.dead++
    if (this.dead > this.deadMin && this.dead > this.live) this.compact()
  }

  /** The exact earliest due time of the armed entries; Infinity when none. */
  deadline(): number {
    const { dueOf, isArmed } = this.source
    while (this.entries.length > 0) {
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
    return this.entries.length > 0 && this.times[0]! <= now && this.deadline() <= now
  }

  /** The armed entry with the earliest due time, if that is not after `now`; it stays armed. */
  due(now: number): E | undefined {
    return this.isDue(now) ? this.entries[0] : undefined
  }

  /** Throws when an armed entry could fire too late, or the count of dead ones is wrong. */
  assertInvariants(): void {
    let dead = 0
    for (let i = 0; i < this.entries.length; i++) {
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

  private removeTop(): void {
    const last = this.entries.length - 1
    const entry = this.entries[last]!
    const due = this.times[last]!
    this.entries.pop()
    if (last > 0) this.down(0, due, entry)
  }

  /** Sorts out what is not armed any more. */
  compact(): void {
    const { isArmed, letGo } = this.source
    let count = 0
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i]!
      if (!isArmed(entry)) {
        letGo?.(entry)
        continue
      }
      this.entries[count] = entry
      this.times[count] = this.times[i]!
      count++
    }
    this.entries.length = count
    this.dead = 0
    if (count * 4 < this.times.length && this.times.length > 64) {
      this.times = this.times.slice(0, Math.max(64, count * 2))
    }
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
    const { times, entries } = this
    const count = entries.length
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
