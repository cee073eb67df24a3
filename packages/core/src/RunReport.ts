// What a pipeline module may add to the final table of a run: its own figures and its own verdict.
// Types only; the `sluice` command calls the module's `report` export after a completed run.
import type * as Effect from "effect/Effect"
import type * as PipelineResult from "./PipelineResult.ts"

/**
 * Rows for the final table and the verdict; `ok: false` ends the command with its own exit code.
 */
export interface RunReport {
  readonly rows: ReadonlyArray<readonly [label: string, value: string | number]>
  readonly ok: boolean
}

/**
 * The type of a module's `report` export.
 *
 * Flow: called once per pipeline that completed (not after a failed or interrupted run), with the
 * run's result and the parameter values the pipeline was built with.
 */
export type ReportFunction<Values = Readonly<Record<string, unknown>>> = (
  result: PipelineResult.PipelineResult,
  parameters: Values
) => RunReport | Promise<RunReport> | Effect.Effect<RunReport, unknown>
