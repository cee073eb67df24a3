// What a run leaves behind: counts, final stage states, dead letters, open keys; and the error a
// failed run ends with.
import * as Data from "effect/Data"
import type * as Accumulator from "./Accumulator.ts"
import * as DeadLetter from "./DeadLetter.ts"
import type * as Quarantine from "./Quarantine.ts"
import type * as Stage from "./Stage.ts"

/** How a run ended. `stopped` is a graceful stop: everything read was drained. */
export type PipelineStatus = "completed" | "stopped" | "aborted" | "failed"

/**
 * Totals of one accumulating stage and a bounded list of the keys it still held when the input
 * ended.
 */
export interface AccumulatorReport {
  readonly stageId: string
  readonly totals: Accumulator.AccumulatorTotals
  readonly openKeys: ReadonlyArray<Accumulator.OpenKey>
}

/**
 * Outcome of a run. `deadLetters` keeps the first `deadLettersMax` (default 1,000),
 * `deadLetterCount` counts them all.
 */
export interface PipelineResult {
  readonly pipelineId: string
  readonly engine: string
  readonly seed: string | undefined
  readonly success: boolean
  readonly status: PipelineStatus
  /** Records read from sources and records accepted by sinks. */
  readonly recordsIn: number
  readonly recordsOut: number
  readonly errorCount: number
  readonly droppedCount: number
  readonly bytesIn: number
  readonly durationMs: number
  readonly deadLetters: ReadonlyArray<DeadLetter.DeadLetter>
  readonly deadLetterCount: number
  readonly accumulators: ReadonlyArray<AccumulatorReport>
  /** Stages that were set aside while the rest ran. */
  readonly quarantined: ReadonlyArray<Quarantine.Quarantined>
  readonly finalStates: Readonly<Record<string, Stage.StageRuntimeState>>
}

/**
 * A run that failed. `failure` is the record or the resource that ended it, `result` everything
 * that was known by then.
 */
export class PipelineError extends Data.TaggedError("PipelineError")<{
  readonly pipelineId: string
  readonly failure: DeadLetter.DeadLetter
  readonly result: PipelineResult
}> {
  constructor(fields: {
    readonly pipelineId: string
    readonly failure: DeadLetter.DeadLetter
    readonly result: PipelineResult
  }) {
    super(fields)
    // A console shows enumerable fields: the result of a large pipeline would bury the message.
    Object.defineProperty(this, "result", { value: fields.result, enumerable: false })
  }

  override get message(): string {
    return `pipeline "${this.pipelineId}": ${DeadLetter.describe(this.failure)}`
  }
}
