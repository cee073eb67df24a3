// The series of one stage: totals of the runs that have ended, and the counters of those that go
// on, added up when somebody scrapes. A run costs nothing but its own counters, and a counter never
// goes back because a pipeline was started again.
import type * as Stage from "../../Stage.ts"
import type { StageStats } from "../runtime/stageStats.ts"

/** Sums over a stage's runs. */
export interface StageTotals {
  readonly recordsIn: number
  readonly recordsOut: number
  readonly errors: number
  readonly deadLetters: number
  readonly dropped: number
  readonly batches: number
  readonly latencyMicros: number
  readonly latencyMicrosMax: number
  readonly blockedMicros: number
  readonly latency: ReadonlyArray<number>
}

interface Sample {
  readonly atMs: number
  readonly recordsOut: number
  readonly batches: number
}

/** Throughput is that of the last ten seconds: so many samples, at least so far apart. */
const samplesMax = 10
const spacingMs = 1_000

const none: StageTotals = {
  recordsIn: 0,
  recordsOut: 0,
  errors: 0,
  deadLetters: 0,
  dropped: 0,
  batches: 0,
  latencyMicros: 0,
  latencyMicrosMax: 0,
  blockedMicros: 0,
  latency: []
}

const plus = (totals: StageTotals, stats: StageStats): StageTotals => ({
  recordsIn: totals.recordsIn + stats.recordsIn,
  // A source hands on what it reads, a sink what it accepts: both are counted as out.
  recordsOut: totals.recordsOut + stats.recordsOut,
  errors: totals.errors + stats.errors,
  deadLetters: totals.deadLetters + stats.deadLetters,
  dropped: totals.dropped + stats.dropped + stats.givenUp(),
  batches: totals.batches + stats.batches,
  latencyMicros: totals.latencyMicros + stats.busyMicros,
  latencyMicrosMax: Math.max(totals.latencyMicrosMax, stats.latencyMicrosMax),
  blockedMicros: totals.blockedMicros + stats.blockedMicros,
  latency: Array.from(stats.latency, (count, i) => count + (totals.latency[i] ?? 0))
})

/** A stage's own figures and those of its flow control, whose names differ. */
const figuresOf = (stats: StageStats): Readonly<Record<string, number>> => {
  const flow = stats.flow()
  return flow === undefined ? stats.metrics() : { ...stats.metrics(), ...flow.statistics }
}

/** One stage of one pipeline on one engine, over all its runs. */
export class StageSeries {
  readonly kind: Stage.StageKind
  private readonly live = new Set<StageStats>()
  private readonly now: () => number
  private ended: StageTotals = none
  private samples: Array<Sample>
  /** Stage-specific figures of runs that have ended, for those that count up. */
  private readonly endedFigures = new Map<string, number>()

  constructor(kind: Stage.StageKind, now: () => number) {
    this.kind = kind
    this.now = now
    this.samples = [{ atMs: now(), recordsOut: 0, batches: 0 }]
  }

  /** A run has begun. */
  join(stats: StageStats): void {
    // Time without any run is no part of a rate.
    if (this.live.size === 0) {
      const { recordsOut, batches } = this.totals()
      this.samples = [{ atMs: this.now(), recordsOut, batches }]
    }
    this.live.add(stats)
  }

  /** A run has ended: its counts stay, its state is let go of. */
  leave(stats: StageStats): void {
    if (!this.live.delete(stats)) return
    this.ended = plus(this.ended, stats)
    for (const [name, value] of Object.entries(figuresOf(stats))) {
      this.endedFigures.set(name, (this.endedFigures.get(name) ?? 0) + value)
    }
  }

  totals(): StageTotals {
    let totals = this.ended
    for (const stats of this.live) totals = plus(totals, stats)
    return totals
  }

  /** Sum over the runs that go on. */
  sum(of: (stats: StageStats) => number): number {
    let sum = 0
    for (const stats of this.live) sum += of(stats)
    return sum
  }

  /** The largest value among the runs that go on; 0 when there is none. */
  max(of: (stats: StageStats) => number): number {
    let max = 0
    for (const stats of this.live) max = Math.max(max, of(stats))
    return max
  }

  /** A stage-specific figure of the runs that go on; `counting` ones include those that ended. */
  figure(name: string, counting: boolean): number {
    const now = this.sum((stats) => figuresOf(stats)[name] ?? 0)
    return counting ? now + (this.endedFigures.get(name) ?? 0) : now
  }

  /** Records out per second and batch, over the last ten seconds or since the run began. */
  recent(): { readonly perSecond: number; readonly perBatch: number } {
    const { recordsOut, batches } = this.totals()
    const now: Sample = { atMs: this.now(), recordsOut, batches }
    const oldest = this.samples[0] as Sample
    const newest = this.samples.at(-1) as Sample
    if (now.atMs - newest.atMs >= spacingMs) {
      this.samples.push(now)
      if (this.samples.length > samplesMax) this.samples.shift()
    }
    const elapsedMs = now.atMs - oldest.atMs
    const records = recordsOut - oldest.recordsOut
    const count = batches - oldest.batches
    return {
      perSecond: elapsedMs <= 0 ? 0 : (records * 1_000) / elapsedMs,
      perBatch: count <= 0 ? (batches === 0 ? 0 : recordsOut / batches) : records / count
    }
  }
}
