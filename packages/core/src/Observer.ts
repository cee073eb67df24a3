// Hooks into a run: one stream of events as plain data, and named hooks for those who want only
// some, with more detail. An observer that throws is cut off and never harms the run.
import type * as Accumulator from "./Accumulator.ts"
import type * as Breaker from "./Breaker.ts"
import type * as DeadLetter from "./DeadLetter.ts"
import type * as Policy from "./Policy.ts"
import type * as Stage from "./Stage.ts"

/** Everything a run can tell. `atMs` is the run's Clock. */
export type PipelineEvent =
  | { readonly _tag: "StageStarted"; readonly atMs: number; readonly stageId: string }
  | {
      readonly _tag: "StageEnded"
      readonly atMs: number
      readonly stageId: string
      readonly status: string
    }
  | {
      readonly _tag: "BatchProcessed"
      readonly atMs: number
      readonly stageId: string
      readonly origin: string
      readonly seqBase: number
      readonly recordsIn: number
      readonly recordsOut: number
    }
  | {
      readonly _tag: "AccumulatorFired"
      readonly atMs: number
      readonly stageId: string
      readonly outputs: number
    }
  | {
      readonly _tag: "RecordFailed"
      readonly atMs: number
      readonly stageId: string
      readonly seqId: number
      readonly message: string
    }
  | {
      readonly _tag: "RecordsDropped"
      readonly atMs: number
      readonly stageId: string
      readonly count: number
      /**
       * In front of the stage: its channel was `full`, or it was `gone`; in it: a branch had no
       * way.
       */
      readonly reason: "full" | "gone" | "unrouted"
    }
  | {
      readonly _tag: "PoliciesTaken"
      readonly atMs: number
      readonly version: number
      readonly origin: string
    }
  | {
      readonly _tag: "PoliciesRefused"
      readonly atMs: number
      readonly version: number
      readonly origin: string
      readonly reason: string
    }
  | {
      readonly _tag: "StageQuarantined"
      readonly atMs: number
      readonly stageId: string
      readonly reason: string
    }
  | ({
      readonly _tag: "CircuitChanged"
      readonly atMs: number
      readonly stageId: string
    } & Breaker.CircuitChange)
  | { readonly _tag: "StopRequested"; readonly atMs: number; readonly mode: string }
  | { readonly _tag: "RunEnded"; readonly atMs: number; readonly status: string }

/** What a hook is told of a stage that starts. */
export interface StageRuntimeInfo {
  readonly atMs: number
  readonly pipelineId: string
  readonly kind: Stage.StageKind
  readonly engine: string
  readonly parallelism: Policy.ParallelismHint
}

/** What a hook is told of a batch that went through; depths are in records. */
export interface BatchMetrics {
  readonly atMs: number
  readonly pipelineId: string
  readonly origin: string
  readonly seqBase: number
  readonly recordsIn: number
  readonly recordsOut: number
  readonly queueDepthIn: number
  readonly queueDepthOut: number
}

/** What became of the keys of an accumulator in one call. */
export interface KeysLeft {
  /** Their rule was satisfied. */
  readonly completed: number
  /** They left as partials. */
  readonly flushed: number
  /** They left without an output. */
  readonly dropped: number
  /** Of all these, those that had to go to make room. */
  readonly evicted: number
}

/**
 * What a hook is told of an accumulator: keys that left with a batch of fragments, that a timer or
 * limit fired, or that the end of the input released. The span `accumulator.update` of the same
 * call tells the same numbers.
 */
export interface AccumulatorEvent extends KeysLeft {
  readonly _tag: "Emitted" | "Fired" | "Drained"
  readonly atMs: number
  readonly pipelineId: string
  readonly outputs: number
  readonly totals: Accumulator.AccumulatorTotals
}

/** Which record failed, and where; `location` is `file:line` where the source knows it. */
export interface ErrorContext {
  readonly atMs: number
  readonly pipelineId: string
  readonly kind: DeadLetter.FailureKind
  readonly seqId: number
  readonly origin: string
  readonly location: string | undefined
  readonly key: unknown
  readonly attempts: number
}

/**
 * Receives what happens in a run, in the order in which it happened.
 *
 * Shape: `onEvent` gets every event; each other hook gets one kind of them, with its detail. Fused
 * stages process a batch as one, under their ids joined by `+`.
 * Flow: called synchronously from the run, so a slow hook slows the run; per batch, never per
 * record, but for failures. A hook may keep what it is given: nothing is used again.
 * Errors: an observer that throws is told nothing more; the run goes on. With a redaction
 * configured, messages and causes come masked.
 */
export interface PipelineObserver {
  readonly onEvent?: (event: PipelineEvent) => void
  readonly onStageStart?: (stageId: string, info: StageRuntimeInfo) => void
  readonly onBatchProcessed?: (stageId: string, metrics: BatchMetrics) => void
  readonly onAccumulatorEvent?: (stageId: string, event: AccumulatorEvent) => void
  readonly onError?: (stageId: string, cause: unknown, context: ErrorContext) => void
  readonly onCircuitChange?: (
    stageId: string,
    change: Breaker.CircuitChange,
    pipelineId: string
  ) => void
}

/**
 * An observer that writes each event as one line of JSON; under the sync engine equal runs give
 * equal bytes.
 */
export const lines = (write: (line: string) => void): PipelineObserver => ({
  onEvent: (event) => write(`${JSON.stringify(event)}\n`)
})
