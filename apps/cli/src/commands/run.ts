// `sluice run`: the module's pipelines, one after the other; the first that does not end well is
// the last.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { RunInvocation } from "../commandLine/invocation.ts"
import { engineNamed } from "../engine.ts"
import type { ExitCode } from "../exitCode.ts"
import type { CliFailure } from "../failure.ts"
import type { LoadedModule } from "../module/load.ts"
import { graphs } from "../module/pipelines.ts"
import { implementationsOf, policiesOf } from "../policies.ts"
import type { Signals } from "../signals.ts"
import { telemetryOf } from "../telemetry.ts"
import * as OutputFile from "../terminal/outputFile.ts"
import type { Output } from "../terminal/screen.ts"
import { Screen } from "../terminal/screen.ts"
import type { RunFiles } from "./runPipeline.ts"
import { runPipeline } from "./runPipeline.ts"

const openFiles = Effect.fnUntraced(function* (invocation: RunInvocation) {
  const { deadLetters, trace } = invocation
  const files: RunFiles = {
    deadLetters:
      deadLetters === undefined ? undefined : yield* OutputFile.open("--dead-letters", deadLetters),
    trace: trace === undefined ? undefined : yield* OutputFile.open("--trace", trace)
  }
  return files
})

/** Writes above a status line that is repainted. */
const above =
  (output: Output) =>
  (text: string): void =>
    output.write(output.isTerminal ? `\r\u001b[2K${text}` : text)

/** Runs every pipeline of the module; the exit code is that of the last one run. */
export const run = (
  invocation: RunInvocation,
  module: LoadedModule
): Effect.Effect<ExitCode, CliFailure, Screen | Signals> =>
  Effect.scoped(
    Effect.gen(function* () {
      const list = yield* graphs(module, invocation.parameters)
      const engine = yield* engineNamed(invocation.engine)
      const files = yield* openFiles(invocation)
      let exitCode: ExitCode = 0
      const { out, err } = yield* Screen
      const telemetry = yield* telemetryOf(invocation, invocation.quiet ? () => {} : err.write)
      const policies = yield* policiesOf(invocation.policies, above(err))
      const implementations = yield* implementationsOf(list, policies !== undefined)
      const services = yield* Layer.build(Layer.mergeAll(telemetry, implementations))
      for (const [position, graph] of list.entries()) {
        if (position > 0 && !invocation.json) out.write("\n")
        const one = runPipeline({ invocation, module, files, engine, graph, policies })
        exitCode = yield* Effect.provideContext(one, services)
        if (exitCode !== 0) return exitCode
      }
      return exitCode
    })
  )
