// `sluice explain`: the plan of each pipeline of a module; nothing is run.
import * as Effect from "effect/Effect"
import type { ExplainInvocation } from "../commandLine/invocation.ts"
import { explainGraph } from "../engine.ts"
import type { ExitCode } from "../exitCode.ts"
import { exitCodes } from "../exitCode.ts"
import type { CliFailure } from "../failure.ts"
import type { LoadedModule } from "../module/load.ts"
import { graphs } from "../module/pipelines.ts"
import { Screen } from "../terminal/screen.ts"

/** Prints the plans, an empty line between two. */
export const explain = (
  invocation: ExplainInvocation,
  module: LoadedModule
): Effect.Effect<ExitCode, CliFailure, Screen> =>
  Effect.gen(function* () {
    const list = yield* graphs(module, invocation.parameters)
    const plans = yield* Effect.forEach(list, (graph) => explainGraph(graph, invocation.engine))
    const screen = yield* Screen
    screen.out.write(plans.map((plan) => `${plan.trimEnd()}\n`).join("\n"))
    return exitCodes.ok
  })
