// Always-on counters of one stage: plain numbers, updated once per batch, read by inspect, results
// and scrapers.
import type * as Stage from "../../Stage.ts"

const bucketCount = 32
/** About 18 minutes; the last bucket holds whatever took longer. */
const longestMicros = 2 ** (bucketCount - 2)

/** Mutable figures of a stage; owned by the fiber that runs it, read by anyone. */
export class StageStats {
  readonly stageId: string
  readonly kind: Stage.StageKind
  status: Stage.StageStatus = "pending"
  recordsIn = 0
  recordsOut = 0
  errors = 0
  deadLetters = 0
  dropped = 0
  batches = 0
  bytes = 0
  lastError: string | undefined = undefined
  readonly latency = new Float64Array(bucketCount)
  latencyMicrosMax = 0
  /** Set by operators that hold something: read at inspection, never on the hot path. */
  inFlight: () => number = () => 0
  /** Records the stage itself gave up by its rules, beside those counted in `dropped`. */
  givenUp: () => number = () => 0
  inputDepth: () => number = () => 0
  outputDepth: () => number = () => 0
  metrics: () => Readonly<Record<string, number>> = () => ({})

  constructor(stageId: string, kind: Stage.StageKind) {
    this.stageId = stageId
    this.kind = kind
  }

  /**
   * `weight` batches took about `micros`: bucket i holds durations in (2^(i-1), 2^i] microseconds.
   */
  recordLatency(micros: number, weight = 1): void {
    const exact = micros <= 1 ? 0 : 32 - Math.clz32(Math.ceil(micros) - 1)
    const bucket = micros > longestMicros ? bucketCount - 1 : exact
    this.latency[bucket] = (this.latency[bucket] as number) + weight
    if (micros > this.latencyMicrosMax) this.latencyMicrosMax = micros
  }

  private quantile(q: number): number {
    let total = 0
    for (const count of this.latency) total += count
    let seen = 0
    for (let i = 0; i < bucketCount; i++) {
      seen += this.latency[i] as number
      if (total === 0 || seen < q * total) continue
      return i === bucketCount - 1 ? this.latencyMicrosMax : Math.min(2 ** i, this.latencyMicrosMax)
    }
    return 0
  }

  /** An immutable picture of now. */
  snapshot(): Stage.StageRuntimeState {
    return {
      stageId: this.stageId,
      kind: this.kind,
      status: this.status,
      inputQueueDepth: this.inputDepth(),
      outputQueueDepth: this.outputDepth(),
      recordsIn: this.recordsIn,
      recordsOut: this.recordsOut,
      errors: this.errors,
      deadLetters: this.deadLetters,
      dropped: this.dropped + this.givenUp(),
      batches: this.batches,
      bytes: this.bytes,
      inFlight: this.inFlight(),
      latency: {
        counts: Array.from(this.latency),
        p50Micros: this.quantile(0.5),
        p95Micros: this.quantile(0.95),
        maxMicros: this.latencyMicrosMax
      },
      lastError: this.lastError,
      metrics: this.metrics()
    }
  }
}
