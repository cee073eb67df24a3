// What the stages of one run share: slots for calls, a ceiling for bytes. It counts what channels
// and accumulators hold by the counters they keep anyway.
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Semaphore from "effect/Semaphore"
import type * as Policy from "../../Policy.ts"
import type { Run } from "./run.ts"

/** The budget of one run. */
export class Budget {
  private readonly run: Run
  private policy: Policy.ResourcePolicy
  /** Slots for calls of effects, over all stages; undefined without a limit. */
  readonly slots: Semaphore.Semaphore | undefined
  private readonly news = Latch.makeUnsafe(false)
  private waits = 0
  private overruns = 0
  private bytesPeak = 0

  constructor(run: Run, policy: Policy.ResourcePolicy) {
    this.run = run
    this.policy = policy
    this.slots =
      policy.concurrency === undefined ? undefined : Semaphore.makeUnsafe(policy.concurrency)
  }

  get deadline(): { readonly ms: number; readonly mode: "drain" | "abort" } | undefined {
    const { deadlineMs, onDeadline = "drain" } = this.policy
    return deadlineMs === undefined ? undefined : { ms: deadlineMs, mode: onDeadline }
  }

  /** Waits until the deadline is there, and answers it; one that is set meanwhile counts. */
  readonly late: Effect.Effect<{ readonly ms: number; readonly mode: "drain" | "abort" }> =
    Effect.suspend(() => {
      const { deadline } = this
      this.news.closeUnsafe()
      const changed = Effect.flatMap(this.news.await, () => this.late)
      if (deadline === undefined) return changed
      const passedMs = (this.run.micros() - this.run.startedMicros) / 1_000
      const due = Effect.sleep(Math.max(0, deadline.ms - passedMs))
      return Effect.raceFirst(Effect.as(due, deadline), changed)
    })

  get hasCeiling(): boolean {
    return this.policy.bytesMax !== undefined
  }

  /** Bytes on the way in channels, and held by accumulators. */
  private held(): { readonly moving: number; readonly open: number } {
    let moving = 0
    let open = 0
    for (const channel of this.run.channels.values()) moving += channel.buffer.bytes
    for (const node of this.run.graph.nodes)
      if (node.kind === "accumulator") open += this.run.statsOf(node.id).metrics()["bytesOpen"] ?? 0
    return { moving, open }
  }

  /** Whether so many bytes more are too many; without anything on the way they never are. */
  isOver(bytes: number): boolean {
    const { bytesMax } = this.policy
    if (bytesMax === undefined) return false
    const { moving, open } = this.held()
    this.bytesPeak = Math.max(this.bytesPeak, moving + open)
    if (moving + open + bytes <= bytesMax) return false
    if (moving === 0) {
      this.overruns++
      return false
    }
    this.waits++
    return true
  }

  /** Takes over other limits, at once; a deadline counts from the start of the run. */
  change(policy: Policy.ResourcePolicy): void {
    const { concurrency } = policy
    if (concurrency !== undefined && concurrency !== this.policy.concurrency)
      this.run.fork(this.slots?.resize(concurrency) ?? Effect.void)
    this.policy = policy
    this.run.mode.schedule(() => this.news.openUnsafe())
  }

  /** Figures for the sources' own. */
  statistics(): Readonly<Record<string, number>> {
    return {
      budget_waits: this.waits,
      budget_overruns: this.overruns,
      budget_bytes_peak: this.bytesPeak
    }
  }
}
