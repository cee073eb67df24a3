// How a finished run is judged: the exit code, and what is said on stderr when it is not 0.
import type * as Blame from "@sluice/core/Blame"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import type { ExitCode } from "../exitCode.ts"
import { exitCodes } from "../exitCode.ts"
import { incompleteLines } from "../report/resultTable.ts"
import type { RunSummary } from "../report/summary.ts"
import { incompleteKeys } from "../report/summary.ts"
import type { Signal } from "../signals.ts"

/** How a run ended: the engine's result, and the error of a failed run. */
export interface Ended {
  readonly result: PipelineResult.PipelineResult
  readonly failure: PipelineResult.PipelineError | undefined
  /** The first signal that came while it ran. */
  readonly signal: Signal | undefined
  readonly durationMs: number
  /** Who held whom back, where it was asked. */
  readonly blame: Blame.Blame | undefined
}

/** The exit code, and the message and its cause where something has to be said. */
export interface Verdict {
  readonly exitCode: ExitCode
  readonly message?: string
  readonly cause?: unknown
}

/** What the user asked for that the judgement depends on. */
export interface Demands {
  readonly file: string
  readonly requireComplete: boolean
  readonly json: boolean
  readonly openKeys: number
}

const incompleteMessage = (result: PipelineResult.PipelineResult, demands: Demands): string => {
  // The table names the keys already; with --json nothing readable has been printed.
  const keys = demands.json
    ? result.accumulators.flatMap((report) => incompleteLines(report, demands.openKeys))
    : []
  const total = incompleteKeys(result)
  const subject = total === 1 ? "1 key is" : `${total} keys are`
  return [`--require-complete: ${subject} incomplete`, ...keys].join("\n")
}

const completedVerdict = (ended: Ended, summary: RunSummary, demands: Demands): Verdict => {
  const { result } = ended
  if (demands.requireComplete && incompleteKeys(result) > 0) {
    return { exitCode: exitCodes.incomplete, message: incompleteMessage(result, demands) }
  }
  if (summary.report?.ok === false) {
    return { exitCode: exitCodes.reportSaysNo, message: `the report of ${demands.file} says no` }
  }
  return { exitCode: exitCodes.ok }
}

/** An interruption comes before a failure, that before incomplete keys, those before the report. */
export const verdictOf = (ended: Ended, summary: RunSummary, demands: Demands): Verdict => {
  const { result, failure, signal } = ended
  const interrupted = signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated
  const failedCode = signal === undefined ? exitCodes.failed : interrupted
  if (failure !== undefined) {
    return { exitCode: failedCode, message: failure.message, cause: failure.failure.cause }
  }
  if (signal !== undefined) return { exitCode: interrupted }
  if (result.success) return completedVerdict(ended, summary, demands)
  const message = `pipeline "${result.pipelineId}" ended as ${result.status}`
  return { exitCode: failedCode, message }
}
