// The command as one effect: arguments in, exit code out. Knows nothing of the process it runs in.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import type { Invocation } from "./commandLine/invocation.ts"
import { checkParameters, parse } from "./commandLine/parse.ts"
import { moduleCommands, modulePath } from "./commandLine/scan.ts"
import type { ExitCode } from "./exitCode.ts"
import type { CliFailure } from "./failure.ts"
import { failed, messageText } from "./failure.ts"
import type { LoadedModule } from "./module/load.ts"
import { load } from "./module/load.ts"
import type { Signals } from "./signals.ts"
import { Screen } from "./terminal/screen.ts"

const loadedFor = (
  args: ReadonlyArray<string>
): Effect.Effect<LoadedModule | undefined, CliFailure> => {
  const file = moduleCommands.has(args[0] ?? "") ? modulePath(args.slice(1)) : undefined
  return file === undefined ? Effect.succeed(undefined) : Effect.tap(load(file), checkParameters)
}

const dispatch = Effect.fnUntraced(function* (invocation: Invocation, module: LoadedModule) {
  switch (invocation._tag) {
    case "Run": {
      const { run } = yield* Effect.promise(() => import("./commands/run.ts"))
      return yield* run(invocation, module)
    }
    case "Graph": {
      const { graph } = yield* Effect.promise(() => import("./commands/graph.ts"))
      return yield* graph(invocation, module)
    }
    case "Explain": {
      const { explain } = yield* Effect.promise(() => import("./commands/explain.ts"))
      return yield* explain(invocation, module)
    }
    case "Test": {
      const { test } = yield* Effect.promise(() => import("./commands/test.ts"))
      return yield* test(invocation, module)
    }
  }
})

const reported = (error: CliFailure, verbose: boolean): Effect.Effect<ExitCode, never, Screen> =>
  Effect.gen(function* () {
    const { err } = yield* Screen
    err.write(messageText(error.message, error.cause, verbose, err.paint))
    return error.exitCode
  })

/**
 * Runs the command with the arguments behind `sluice`.
 *
 * Flow: never fails. Each error is one message on stderr and an exit code; a defect is reported as
 * one too.
 */
export const cli = (
  args: ReadonlyArray<string>,
  version: string
): Effect.Effect<ExitCode, never, Screen | Signals> => {
  const verbose = args.includes("--verbose")
  return Effect.gen(function* () {
    const module = yield* loadedFor(args)
    const invocation = yield* parse(args, version, module)
    return invocation === undefined || module === undefined
      ? 0
      : yield* dispatch(invocation, module)
  }).pipe(
    Effect.catchDefect((defect) =>
      Effect.fail(failed(`something went wrong inside the command: ${String(defect)}`, defect))
    ),
    Effect.catch((error) => reported(error, verbose)),
    // Standard output belongs to the result; what a module logs goes beside the progress.
    Effect.provideService(References.LogToStderr, true),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.failCause(cause)
    )
  )
}
