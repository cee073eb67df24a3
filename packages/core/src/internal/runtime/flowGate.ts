// The flow control in front of one stage: asks the strategy, waits where it says no, tells it what
// was processed, and swaps it for another between two batches. It holds no records.
import * as Effect from "effect/Effect"
import * as Batch from "../../Batch.ts"
import type * as Batching from "../../Batching.ts"
import type * as FlowStrategy from "../../FlowStrategy.ts"
import type * as Policy from "../../Policy.ts"
import { AdmissionBook } from "./admissionBook.ts"
import type { Wait } from "./wait.ts"
import { repeat } from "./wait.ts"
import type { Wakeup } from "./wakeup.ts"

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
  /** Records in the channel in front of the stage; absent where a source feeds it. */
  readonly queued?: () => number
  /** Told of the time a producer waited here, microseconds. */
  readonly waited: (micros: number) => void
}

/** Flow control of one stage in one run. */
export class FlowGate {
  private readonly host: GateHost
  private readonly make: (descriptor: Policy.BackpressureStrategy) => FlowStrategy.FlowStrategy
  private current: FlowStrategy.FlowStrategy
  private readonly book = new AdmissionBook()
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
          `nobody carries out ${wanted._tag}: use Flow of @sluice/backpressure, ` +
            "or provide Flow.layer"
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

  /** Before the channel: hands a batch on in as many portions as the strategy lets through. */
  enter(
    batch: Batch.Batch<unknown>,
    wakeup: Wakeup,
    hand: (part: Batch.Batch<unknown>) => Wait
  ): Wait {
    return this.inPortions(batch, wakeup, hand, (from) => {
      const count = batch.items.length - from
      // What comes for a stage that is gone is discarded by its channel, which settles nothing.
      if (this.cancelled) return count
      const asked = this.current.side === "send"
      const portion = asked ? this.ask(batch, from) : count
      this.book.add(asked ? this.current : "unasked", portion)
      return portion
    })
  }

  /** Records came to a stage without a channel before it. */
  arrived(records: number): void {
    this.book.add("unasked", records)
  }

  /** Into the stage: as `enter`, for records that were entered. */
  pass(
    batch: Batch.Batch<unknown>,
    wakeup: Wakeup,
    hand: (part: Batch.Batch<unknown>) => Wait
  ): Wait {
    return this.inPortions(batch, wakeup, hand, (from) => this.into(batch, from))
  }

  private inPortions(
    batch: Batch.Batch<unknown>,
    wakeup: Wakeup,
    hand: (part: Batch.Batch<unknown>) => Wait,
    admit: (from: number) => number
  ): Wait {
    let from = 0
    return repeat(() => {
      if (from >= batch.items.length) return "done"
      const portion = admit(from)
      if (portion === 0) return this.wait(batch, from, wakeup)
      const part = Batch.slice(batch, from, from + portion)
      from += portion
      return hand(part)
    })
  }

  /** How many records from `from` on may pass into the stage now. */
  private into(batch: Batch.Batch<unknown>, from: number): number {
    const count = batch.items.length - from
    const { author, records } = this.book.next()
    const same = Math.min(count, records)
    if (author !== "unasked") {
      this.book.pass(author, same)
      return same
    }
    const asked = this.current.side === "take" || this.host.queued === undefined
    const portion = asked ? Math.min(same, this.ask(batch, from, same)) : same
    if (portion > 0) this.book.pass(asked ? this.current : "nobody", portion)
    return portion
  }

  private ask(batch: Batch.Batch<unknown>, from: number, most = Number.MAX_SAFE_INTEGER): number {
    const left = batch.items.length - from
    const records = Math.min(left, most)
    const weight = (weightOf(this.current.unit, batch, from) * records) / left
    return Math.min(records, this.current.admit({ records, weight }))
  }

  /** How many records from `from` on pass into the stage; waits until there is one. */
  portion(batch: Batch.Batch<unknown>, from: number, wakeup: Wakeup): Effect.Effect<number> {
    return Effect.suspend(() => {
      const portion = this.into(batch, from)
      if (portion > 0) return Effect.succeed(portion)
      return Effect.flatMap(this.wait(batch, from, wakeup), () => this.portion(batch, from, wakeup))
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

  /** The oldest records are processed. */
  settled(records: number): void {
    this.book.settle(records)
  }

  /** The channel discarded records. */
  dropped(records: number): void {
    this.book.discard(records)
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
    if (!this.current.change(descriptor)) this.current = this.make(descriptor)
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
    return this.book.inFlight()
  }
}
