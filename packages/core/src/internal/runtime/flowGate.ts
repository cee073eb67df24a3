// The flow control in front of one stage: asks the strategy, waits where it says no, tells it what
// was processed, and swaps it for another between two batches. A record is settled with the
// strategy that let it in, whatever became of that strategy since. It holds no records.
import * as Effect from "effect/Effect"
import * as Batch from "../../Batch.ts"
import type * as Batching from "../../Batching.ts"
import type * as FlowStrategy from "../../FlowStrategy.ts"
import type * as Policy from "../../Policy.ts"
import type { Wait } from "./wait.ts"
import { repeat } from "./wait.ts"
import type { Wakeup } from "./wakeup.ts"

/** Records that were let in before the strategy changed; undefined: by nobody. */
interface Lot {
  readonly strategy: FlowStrategy.FlowStrategy | undefined
  records: number
}

const decisionsNone: ReadonlyArray<FlowStrategy.FlowDecision> = []

/** Lets everything in: where a named policy asks for a bounded channel alone. */
const openStrategy: FlowStrategy.FlowStrategy = {
  kind: "bounded",
  unit: "records",
  side: "send",
  admit: ({ records }) => records,
  settled: () => undefined,
  dueNanos: () => undefined,
  change: ({ _tag }) => _tag === "Bounded",
  statistics: () => ({})
}

const weightOf = (
  unit: FlowStrategy.FlowUnit,
  batch: Batch.Batch<unknown>,
  from: number
): number => {
  const records = batch.items.length - from
  if (unit === "records") return records
  if (unit === "bytes") return (batch.bytes * records) / batch.items.length
  const costs = batch.columns?.costs
  if (costs === undefined) return records
  let weight = 0
  for (let i = from; i < batch.items.length; i++) weight += costs[i]?.cpuHint ?? 1
  return weight
}

/** What a gate needs of its run. */
export interface GateHost extends Omit<FlowStrategy.FlowHost, "wake"> {
  /** Records in the channel in front of the stage. */
  readonly queued: () => number
  /** Told of the time a producer waited here, microseconds. */
  readonly waited: (micros: number) => void
}

/** Flow control of one stage in one run. */
export class FlowGate {
  private readonly host: GateHost
  private readonly make: (descriptor: Policy.BackpressureStrategy) => FlowStrategy.FlowStrategy
  private current: FlowStrategy.FlowStrategy
  private lots: Array<Lot> = []
  /** Records let in by the current strategy and not yet settled. */
  private admitted = 0
  /** Records taken out of the channel and not yet settled. */
  private taken = 0
  private cancelled = false
  private readonly waiting = new Set<Wakeup>()

  /** Throws what the implementation throws when the descriptor cannot work. */
  constructor(
    host: GateHost,
    implementation: FlowStrategy.FlowImplementation | undefined,
    descriptor: Policy.BackpressureStrategy | undefined
  ) {
    this.host = host
    this.make = (wanted) => {
      if (wanted._tag === "Bounded") return openStrategy
      if (implementation === undefined)
        throw new Error(
          `nobody carries out ${wanted._tag}: use Flow of @sluice/backpressure, or provide Flow.layer`
        )
      return implementation(wanted, { ...host, wake: () => this.wake() })
    }
    this.current = descriptor === undefined ? openStrategy : this.make(descriptor)
  }

  get side(): "send" | "take" {
    return this.current.side
  }

  get sizer(): Batching.BatchSizer | undefined {
    return this.current.sizer
  }

  private wake(): void {
    const woken = [...this.waiting]
    this.waiting.clear()
    for (const wakeup of woken) wakeup.signal()
  }

  /** The stage is gone: whoever waits goes on, and finds the channel closed. */
  cancel(): void {
    this.cancelled = true
    this.wake()
  }

  /** Hands a batch on in as many portions as the strategy lets through. */
  pass(
    batch: Batch.Batch<unknown>,
    wakeup: Wakeup,
    hand: (part: Batch.Batch<unknown>) => Wait,
    skip = 0
  ): Wait {
    const count = batch.items.length
    let from = 0
    return repeat(() => {
      if (from >= count) return "done"
      const free = this.cancelled ? count - from : Math.max(0, skip - from)
      const portion = free > 0 ? Math.min(free, count - from) : this.ask(batch, from)
      if (portion === 0) return this.wait(batch, from, wakeup)
      const part = Batch.slice(batch, from, from + portion)
      from += portion
      return hand(part)
    })
  }

  private ask(batch: Batch.Batch<unknown>, from: number): number {
    const records = batch.items.length - from
    const weight = weightOf(this.current.unit, batch, from)
    const portion = Math.min(records, this.current.admit({ records, weight }))
    this.admitted += portion
    return portion
  }

  /** How many records from `from` on may pass now; waits until there is one. */
  portion(
    batch: Batch.Batch<unknown>,
    from: number,
    wakeup: Wakeup,
    skip: number
  ): Effect.Effect<number> {
    return Effect.suspend(() => {
      const count = batch.items.length - from
      const free = this.cancelled ? count : Math.min(count, Math.max(0, skip - from))
      const portion = free > 0 ? free : this.ask(batch, from)
      if (portion > 0) return Effect.succeed(portion)
      return Effect.flatMap(this.wait(batch, from, wakeup), () =>
        this.portion(batch, from, wakeup, skip)
      )
    })
  }

  /** Enters the line at once, so that no wake-up falls between the answer and the wait. */
  private wait(batch: Batch.Batch<unknown>, from: number, wakeup: Wakeup): Effect.Effect<void> {
    const records = batch.items.length - from
    const weight = weightOf(this.current.unit, batch, from)
    const startedAt = this.host.nowNanos()
    const due = this.current.dueNanos({ records, weight })
    this.waiting.add(wakeup)
    const told = Effect.sync(() => {
      this.waiting.delete(wakeup)
      this.host.waited(Number(this.host.nowNanos() - startedAt) / 1_000)
    })
    if (due === undefined) return Effect.andThen(wakeup.wait, told)
    const leftMs = Math.max(0, Number(due - startedAt)) / 1e6
    return Effect.andThen(Effect.raceFirst(Effect.sleep(leftMs), wakeup.wait), told)
  }

  /** Records the stage takes now; answers how many of them were let in before a change of sides. */
  take(records: number): number {
    let covered = -this.taken
    for (const lot of this.lots) covered += lot.records
    this.taken += records
    return Math.max(0, Math.min(records, covered))
  }

  /** Records are processed, or were dropped from the channel. */
  settled(records: number, dropped = false): void {
    if (!dropped) this.taken -= records
    let left = records
    while (left > 0 && this.lots.length > 0) {
      const lot = this.lots[0] as Lot
      const part = Math.min(left, lot.records)
      lot.records -= part
      left -= part
      lot.strategy?.settled(part)
      if (lot.records === 0) this.lots.shift()
    }
    const own = Math.min(left, this.admitted)
    this.admitted -= own
    if (own > 0) this.current.settled(own)
  }

  /** Tells the strategy what a batch took. */
  observe(count: number, micros: number, fill: number): void {
    const seen = { count, latencyMs: micros / 1_000, fill }
    this.current.sizer?.observe(seen)
    this.current.observe?.(seen)
  }

  get observes(): boolean {
    return this.current.sizer !== undefined || this.current.observe !== undefined
  }

  /** Takes over another descriptor; to be called between two batches. Throws as the constructor. */
  change(descriptor: Policy.BackpressureStrategy): void {
    if (!this.current.change(descriptor)) {
      const next = this.make(descriptor)
      const before = this.current.side
      if (this.admitted > 0) this.lots.push({ strategy: this.current, records: this.admitted })
      // What a strategy at the stage has not let in yet waits in the channel, let in by nobody.
      const queued = before === "take" && next.side === "send" ? this.host.queued() : 0
      if (queued > 0) this.lots.push({ strategy: undefined, records: queued })
      this.admitted = 0
      this.current = next
    }
    this.wake()
  }

  /** What `inspect` tells. */
  state(): FlowStrategy.FlowState {
    const { kind, decisions } = this.current
    return {
      kind,
      statistics: this.current.statistics(),
      decisions: decisions?.() ?? decisionsNone
    }
  }

  /** Records let in and not yet settled, with whatever strategy; for tests and simulation. */
  inFlight(): number {
    return this.lots.reduce(
      (sum, lot) => sum + (lot.strategy === undefined ? 0 : lot.records),
      this.admitted
    )
  }
}
