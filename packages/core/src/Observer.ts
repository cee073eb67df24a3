// Hooks into a run. Events are plain data; an observer that throws is cut off and never harms the
// run.

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
    }
  | { readonly _tag: "StopRequested"; readonly atMs: number; readonly mode: string }
  | { readonly _tag: "RunEnded"; readonly atMs: number; readonly status: string }

/** Receives the events of a run, in the order in which they happened. */
export interface PipelineObserver {
  readonly onEvent: (event: PipelineEvent) => void
}

/**
 * An observer that writes each event as one line of JSON; under the sync engine equal runs give
 * equal bytes.
 */
export const lines = (write: (line: string) => void): PipelineObserver => ({
  onEvent: (event) => write(`${JSON.stringify(event)}\n`)
})
