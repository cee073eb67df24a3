// Imports the user's module and reads the exports the command knows: default, parameters, report.
import { pathToFileURL } from "node:url"
import type * as Parameters from "@sluice/core/Parameters"
import type * as RunReport from "@sluice/core/RunReport"
import * as Effect from "effect/Effect"
import type { CliFailure } from "../failure.ts"
import { usage } from "../failure.ts"
import { importMessage } from "./importFailure.ts"
import { locate } from "./locate.ts"

/** A module that was imported; its parameters are not checked yet. */
export interface LoadedModule {
  readonly file: string
  /** Folder of the file, with a slash at the end. */
  readonly folder: URL
  readonly exported: unknown
  readonly exportNames: ReadonlyArray<string>
  readonly parameters: Parameters.Parameters
  readonly report: RunReport.ReportFunction | undefined
  /** For `sluice test`, which checks them. */
  readonly testable: unknown
  readonly cases: unknown
}

const reportOf = (
  file: string,
  report: unknown
): Effect.Effect<RunReport.ReportFunction | undefined, CliFailure> =>
  report === undefined || typeof report === "function"
    ? Effect.succeed(report as RunReport.ReportFunction | undefined)
    : Effect.fail(usage(`the export "report" of ${file} is no function`))

/** Imports the module at a path relative to the working directory; Node strips its types. */
export const load = (file: string): Effect.Effect<LoadedModule, CliFailure> =>
  Effect.gen(function* () {
    const target = yield* locate(file)
    const url = pathToFileURL(target).href
    const exports = yield* Effect.tryPromise({
      try: (): Promise<Record<string, unknown>> => import(url),
      catch: (cause) => cause
    }).pipe(
      Effect.catch((cause) =>
        Effect.flatMap(
          Effect.promise(() => importMessage(file, target, cause)),
          (message) => Effect.fail(usage(message, cause))
        )
      )
    )
    const report = yield* reportOf(file, exports["report"])
    return {
      file,
      folder: new URL(".", url),
      exported: exports["default"],
      exportNames: Object.keys(exports).sort(),
      parameters: (exports["parameters"] ?? {}) as Parameters.Parameters,
      report,
      testable: exports["testable"],
      cases: exports["cases"]
    }
  })
