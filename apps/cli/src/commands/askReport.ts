// Asks the module for its own rows and verdict on a completed run.
import { causeText } from "@sluice/core/DeadLetter"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import type * as RunReport from "@sluice/core/RunReport"
import * as Effect from "effect/Effect"
import { CliFailure } from "../failure.ts"
import type { LoadedModule } from "../module/load.ts"
import { callModule } from "../module/pipelines.ts"

const isRow = (row: unknown): boolean =>
  Array.isArray(row) &&
  typeof row[0] === "string" &&
  (typeof row[1] === "string" || typeof row[1] === "number")

const isReport = (value: unknown): value is RunReport.RunReport =>
  typeof value === "object" &&
  value !== null &&
  "rows" in value &&
  Array.isArray(value.rows) &&
  value.rows.every(isRow) &&
  "ok" in value &&
  typeof value.ok === "boolean"

const reportFailure = (message: string, cause?: unknown): CliFailure =>
  new CliFailure({ exitCode: 5, message, cause })

/**
 * The module's report; undefined when it has none. A report that fails ends the command like one
 * that says no.
 */
export const askReport = (
  module: LoadedModule,
  result: PipelineResult.PipelineResult,
  parameters: Readonly<Record<string, unknown>>
): Effect.Effect<RunReport.RunReport | undefined, CliFailure> => {
  const report = module.report
  if (report === undefined) return Effect.succeed(undefined)
  return callModule(
    () => report(result, parameters),
    (cause) => reportFailure(`the report of ${module.file} failed: ${causeText(cause)}`, cause)
  ).pipe(
    Effect.flatMap((value) =>
      isReport(value)
        ? Effect.succeed(value)
        : Effect.fail(
            reportFailure(
              `the report of ${module.file} gives no { rows: [label, value][], ok: boolean }`
            )
          )
    )
  )
}
