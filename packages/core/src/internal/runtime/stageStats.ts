// Always-on counters of one stage: plain numbers, updated once per batch, read by inspect, results
// and scrapers.
import type * as Breaker from "../../Breaker.ts"
import type * as FlowStrategy from "../../FlowStrategy.ts"
import type * as Stage from "../../Stage.ts"

/** Why a record was discarded in front of a stage: no room, or a stage that takes no more. */
export type FrontDrop = "full" | "gone"

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
  /** Time spent in the stage's calls; calls at the same time count each. */
  busyMicros = 0
  /** Time records stood in front of the stage since it, or its flow control, took none. */
  blockedMicros = 0
  /**
   * Records the stage's function made beyond one for each, counted where that is done; negative
   * where it let none out.
   */
  made = 0
  /** What never entered the stage: discarded in front of it, by reason. */
  readonly kept: Record<FrontDrop, number> = { full: 0, gone: 0 }
  /** Records a window holds: admitted and not yet handed on. Read between batches. */
  inFlight: () => number = () => 0
  /** Set where the number of records changes otherwise than by `made`: what the stage holds. */
  held: (() => number) | undefined = undefined
  /** Records the stage itself gave up by its rules, beside those counted in `dropped`. */
  givenUp: () => number = () => 0
  inputDepth: () => number = () => 0
  outputDepth: () => number = () => 0
  metrics: () => Readonly<Record<string, number>> = () => ({})
  flow: () => FlowStrategy.FlowState | undefined = () => undefined
  circuit: () => Breaker.CircuitState | undefined = () => undefined

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
    this.busyMicros += micros * weight
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

  /** Records given up in front of the stage; the others of `dropped` had entered it. */
  private get droppedInFront(): number {
    return this.kept.full + this.kept.gone
  }

  /** Records that were taken and of which nothing has become yet. */
  private unanswered(dropped: number): number {
    const entered = this.recordsIn + this.made
    return entered - this.recordsOut - (dropped - this.droppedInFront) - this.deadLetters
  }

  private dropReasons(): Readonly<Record<string, number>> {
    const { full, gone } = this.kept
    return {
      ...(full === 0 ? {} : { "dropped.full": full }),
      ...(gone === 0 ? {} : { "dropped.gone": gone })
    }
  }

  /** An immutable picture of now. */
  snapshot(): Stage.StageRuntimeState {
    const dropped = this.dropped + this.givenUp()
    const unanswered = this.unanswered(dropped)
    // What knows what it holds makes of its records what it likes; the rest is one for one.
    const inFlight = this.held?.() ?? unanswered
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
      recordsMade: this.made + inFlight - unanswered,
      dropped,
      batches: this.batches,
      bytes: this.bytes,
      inFlight,
      latency: {
        counts: Array.from(this.latency),
        p50Micros: this.quantile(0.5),
        p95Micros: this.quantile(0.95),
        maxMicros: this.latencyMicrosMax
      },
      lastError: this.lastError,
      metrics: { ...this.metrics(), ...this.dropReasons() },
      busyMicros: this.busyMicros,
      blockedMicros: this.blockedMicros,
      flow: this.flow(),
      circuit: this.circuit()
    }
  }
}
