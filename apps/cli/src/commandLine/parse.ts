// Turns the arguments into an invocation, or shows help. The only file that runs effect/cli (an
// unstable module).

import type * as Parameters from "@sluice/core/Parameters"
import { problems } from "@sluice/core/Parameters"
import * as Cause from "effect/Cause"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import type { CliFailure } from "../failure.ts"
import { usage } from "../failure.ts"
import { Screen } from "../terminal/screen.ts"
import { commandTree, reservedFlags } from "./commandTree.ts"
import { environment } from "./environment.ts"
import type { Invocation } from "./invocation.ts"
import { parameterFlagNames } from "./parameterFlags.ts"
import { helpPage, usageMessage } from "./presenter.ts"

/** A loaded module's part in the command line. */
export interface ModuleFlags {
  readonly file: string
  readonly parameters: Parameters.Parameters
}

const clashes = (module: ModuleFlags): ReadonlyArray<string> =>
  parameterFlagNames(module.parameters)
    .filter(
      (name) => reservedFlags.includes(name) || reservedFlags.includes(name.replace(/^no-/, ""))
    )
    .map(
      (name) => `its flag --${name} is one of the command's own; give the parameter another name`
    )

/** Refuses parameters that cannot become flags. */
export const checkParameters = (module: ModuleFlags): Effect.Effect<void, CliFailure> => {
  const found = problems(module.parameters)
  const all = found.length > 0 ? found : clashes(module)
  return all.length === 0
    ? Effect.void
    : Effect.fail(usage(`the parameters of ${module.file} were refused:\n  ${all.join("\n  ")}`))
}

/**
 * Parses the arguments behind `sluice`.
 *
 * Shape: one invocation, or undefined when help, the version or completions were printed instead.
 * Errors: `CliFailure` with exit code 2 and every finding in its message.
 */
export const parse = (
  args: ReadonlyArray<string>,
  version: string,
  module: ModuleFlags | undefined
): Effect.Effect<Invocation | undefined, CliFailure, Screen> =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const asked: Array<Invocation> = []
    const wrong: Array<string> = []
    const presenter: CliOutput.Presenter = {
      present: (event) =>
        Effect.sync(() => {
          if (event._tag === "Version") return screen.out.write(`${event.name} ${event.version}\n`)
          const own = module && { file: module.file, flags: parameterFlagNames(module.parameters) }
          if (event._tag === "Help")
            return screen.out.write(helpPage(event.helpDoc, own, screen.out))
          wrong.push(...event.errors.map((error) => usageMessage(error, event.helpDoc)))
          const place = module === undefined ? "" : ` ${module.file}`
          wrong.push(`see ${event.commandPath.join(" ")}${place} --help`)
        })
    }
    const tree = commandTree(module?.parameters ?? {}, (invocation) => asked.push(invocation))
    const builtIns = [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions]
    yield* Command.runWith(tree, { version })(args).pipe(
      Effect.provideService(CliOutput.Presenter, presenter),
      Effect.provideService(CliConfig.CliConfig, CliConfig.make({ builtIns })),
      Effect.provide(environment),
      Effect.catchCause((cause) => {
        const error = Cause.squash(cause)
        if (wrong.length > 0) return Effect.fail(usage(wrong.join("\n  "), error))
        const isHelp =
          typeof error === "object" &&
          error !== null &&
          "_tag" in error &&
          error._tag === "ShowHelp"
        return isHelp ? Effect.void : Effect.fail(usage(String(error), error))
      })
    )
    return asked[0]
  })
