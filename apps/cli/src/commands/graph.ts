// `sluice graph`: the module's graphs as Mermaid, DOT, JSON or SVG; nothing is run.
import * as fs from "node:fs/promises"
import { causeText } from "@sluice/core/DeadLetter"
import type * as Graph from "@sluice/core/Graph"
import * as Effect from "effect/Effect"
import type { GraphFormat, GraphInvocation } from "../commandLine/invocation.ts"
import { printGraph } from "../engine.ts"
import type { ExitCode } from "../exitCode.ts"
import { exitCodes } from "../exitCode.ts"
import type { CliFailure } from "../failure.ts"
import { failed, usage } from "../failure.ts"
import type { LoadedModule } from "../module/load.ts"
import { graphs } from "../module/pipelines.ts"
import { Screen } from "../terminal/screen.ts"

/**
 * Graphviz compiled to WebAssembly: loaded for SVG only, works without a browser and without the
 * network.
 */
const svgOf = (dot: string): Effect.Effect<string, CliFailure> =>
  Effect.tryPromise({
    try: async () => {
      const { Graphviz } = await import("@hpcc-js/wasm-graphviz")
      return (await Graphviz.load()).layout(dot, "svg", "dot")
    },
    catch: (cause) => failed(`the SVG could not be drawn: ${causeText(cause)}`, cause)
  })

const rendered = (
  graph: Graph.PipelineGraph,
  format: GraphFormat,
  folder: URL
): Effect.Effect<string, CliFailure> =>
  format === "svg"
    ? Effect.flatMap(printGraph(graph, "dot", folder), svgOf)
    : printGraph(graph, format, folder)

const terminated = (text: string): string => (text.endsWith("\n") ? text : `${text}\n`)

/** Prints the graphs or writes them to a file; of the formats, DOT has files of several. */
export const graph = (
  invocation: GraphInvocation,
  module: LoadedModule
): Effect.Effect<ExitCode, CliFailure, Screen> =>
  Effect.gen(function* () {
    const list = yield* graphs(module, invocation.parameters)
    const { format, output } = invocation
    if (list.length > 1 && output !== undefined && format !== "dot") {
      const found = `${module.file} exports ${list.length} pipelines`
      const message = `${found}; one ${format} file holds one graph`
      return yield* Effect.fail(usage(message))
    }
    const texts = yield* Effect.forEach(list, (one) => rendered(one, format, module.folder))
    const text = texts.map(terminated).join("\n")
    if (output === undefined) {
      const screen = yield* Screen
      screen.out.write(text)
      return exitCodes.ok
    }
    yield* Effect.tryPromise({
      try: () => fs.writeFile(output, text),
      catch: (cause) => usage(`--output ${output} cannot be written: ${causeText(cause)}`, cause)
    })
    return exitCodes.ok
  })
