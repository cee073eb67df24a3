// The stage contract (init, process, close), what a stage is told about its run, and what can be
// asked of a running stage.
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as Breaker from "./Breaker.ts"
import type * as Envelope from "./Envelope.ts"
import type * as FlowStrategy from "./FlowStrategy.ts"

/** The six kinds of node in a pipeline graph. */
export type StageKind = "source" | "transform" | "accumulator" | "branch" | "merge" | "sink"

/** Structured log lines of a stage; the run's Effect logger receives them. */
export interface StageLogger {
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string) => Effect.Effect<void>
}

/** Opens spans named by a stage under the run's tracer. */
export interface StageTracer {
  readonly span: <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** What a stage is told when it starts. */
export interface StageContext {
  readonly pipelineId: string
  readonly stageId: string
  readonly config: Readonly<Record<string, unknown>>
  readonly logger: StageLogger
  readonly tracer: StageTracer
}

/**
 * A custom transform: the general form of which `map` and its kin are special cases.
 *
 * Shape: a stream of envelopes in, a stream of envelopes out; any cardinality. The output order is
 * the stage's own.
 * Flow: `init` runs before the first record, `close` on every exit after a successful `init`. The
 * stage pulls its input, so a slow stage backpressures; it completes when its output stream ends
 * and fails when that stream fails.
 */
export interface Stage<in In, out Out, out E = never, out R = never> {
  readonly init: (context: StageContext) => Effect.Effect<void, E, R>
  readonly process: (
    input: Stream.Stream<Envelope.Envelope<In>>
  ) => Stream.Stream<Envelope.Envelope<Out>, E, R>
  readonly close: Effect.Effect<void, never, R>
}

/** Life of a stage within one run. */
export type StageStatus =
  | "pending"
  | "running"
  | "draining"
  | "completed"
  | "failed"
  | "aborted"
  /** Set aside by its error policy; what came for it since are dead letters. */
  | "quarantined"

/**
 * A latency histogram: `counts[i]` batches took at most `2^i` microseconds (the last bucket:
 * longer).
 */
export interface LatencyHistogram {
  readonly counts: ReadonlyArray<number>
  readonly p50Micros: number
  readonly p95Micros: number
  readonly maxMicros: number
}

/** What `inspect` answers for one stage, while running or afterwards. */
export interface StageRuntimeState {
  readonly stageId: string
  readonly kind: StageKind
  readonly status: StageStatus
  /** Records waiting before and behind the stage, in records. */
  readonly inputQueueDepth: number
  readonly outputQueueDepth: number
  /** Of a source: records it read. */
  readonly recordsIn: number
  readonly recordsOut: number
  /**
   * Records the stage's function made beyond one for each it took; negative where it took some in,
   * as a filter or an accumulator does. At every moment `in + made = out + dropped + dead + in
   * flight`, where only what was dropped inside the stage counts (see `dropped`).
   */
  readonly recordsMade: number
  readonly errors: number
  readonly deadLetters: number
  /**
   * Records given up: by `Ignore`, by a branch without a way for them, by an accumulator's rule;
   * and in front of the stage, where they never entered it: `metrics["dropped.full"]` by a full
   * channel, `metrics["dropped.gone"]` since the stage had ended or failed before they came.
   */
  readonly dropped: number
  readonly batches: number
  readonly bytes: number
  /**
   * Records taken of which nothing has become yet. After a run that was cut off or has failed: what
   * was under way, the record that ended it included.
   */
  readonly inFlight: number
  readonly latency: LatencyHistogram
  readonly lastError: string | undefined
  /** Stage-specific figures, e.g. `openKeys` of an accumulator. */
  readonly metrics: Readonly<Record<string, number>>
  /** Time spent in the stage's calls, microseconds; calls that ran at the same time count each. */
  readonly busyMicros: number
  /** Time for which others waited in front of this stage, microseconds; see Blame. */
  readonly blockedMicros: number
  /** What limits the records on their way into the stage, beyond a bounded channel. */
  readonly flow: FlowStrategy.FlowState | undefined
  /** Where the stage's circuit is, if it has one. */
  readonly circuit: Breaker.CircuitState | undefined
}
