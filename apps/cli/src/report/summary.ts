// What is said of a finished run, gathered once for the table and for --json.
import type * as Blame from "@sluice/core/Blame"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import type * as RunReport from "@sluice/core/RunReport"

/** A finished run with what the command measured and asked itself. */
export interface RunSummary {
  readonly result: PipelineResult.PipelineResult
  /** Time as a user felt it; the result's own is virtual under the sync engine. */
  readonly durationMs: number
  readonly peakRssBytes: number
  readonly report: RunReport.RunReport | undefined
  /** Who held whom back, where --blame asked. */
  readonly blame: Blame.Blame | undefined
  /** The message of a failed run. */
  readonly failure: string | undefined
}

/** Totals over all accumulating stages. */
export interface KeyTotals {
  readonly fragmentsIn: number
  readonly complete: number
  readonly partial: number
  /** Given up without an output: discarded at the end, evicted. */
  readonly discarded: number
  readonly open: number
}

/** Sums over the accumulating stages of a run, undefined when it has none. */
export const keyTotals = (result: PipelineResult.PipelineResult): KeyTotals | undefined => {
  if (result.accumulators.length === 0) return undefined
  const sum = { fragmentsIn: 0, complete: 0, partial: 0, discarded: 0, open: 0 }
  for (const { totals } of result.accumulators) {
    sum.fragmentsIn += totals.fragmentsIn
    sum.complete += totals.keysCompleted
    sum.partial += totals.keysPartial
    sum.discarded += totals.keysDropped
    sum.open += totals.keysOpen
  }
  return sum
}

/** Keys that did not become a complete output. */
export const incompleteOf = (report: PipelineResult.AccumulatorReport): number =>
  report.totals.keysPartial + report.totals.keysDropped + report.totals.keysOpen

/** Keys of all stages that did not become a complete output. */
export const incompleteKeys = (result: PipelineResult.PipelineResult): number =>
  result.accumulators.reduce((sum, report) => sum + incompleteOf(report), 0)
