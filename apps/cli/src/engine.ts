// The one file that knows core's DSL, engines, planner and printers; what a command does not need
// is not imported.
import type * as Engine from "@sluice/core/Engine"
import type * as Graph from "@sluice/core/Graph"
import type * as GraphError from "@sluice/core/GraphError"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { EngineName, GraphFormat } from "./commandLine/invocation.ts"
import { CliFailure } from "./failure.ts"

/** What a module may export: a pipeline, closed or by mistake still open. */
export type PipelineValue =
  | Pipeline.Closed<unknown, unknown>
  | Pipeline.Pipeline<unknown, unknown, unknown>

/** True for a pipeline of the DSL, whether it ends in sinks or not. */
export const isPipeline = (value: unknown): value is PipelineValue =>
  Pipeline.isClosed(value) || Pipeline.isOpen(value)

/** The refusal of a graph with all of its findings, as one message. */
export const refused = (error: GraphError.GraphError): CliFailure =>
  new CliFailure({ exitCode: 3, message: error.message, cause: error })

const openEnded = (pipeline: Pipeline.Pipeline<unknown, unknown, unknown>): CliFailure => {
  const last = pipeline.end.link.node.id
  const message =
    `the pipeline is open: nothing takes the records of stage "${last}". ` +
    `Cure: close it with Pipeline.sink("…", …).`
  return new CliFailure({ exitCode: 3, message })
}

/** The checked graph of a pipeline; exit code 3 with every finding when it is refused. */
export const graphOf = (pipeline: PipelineValue): Effect.Effect<Graph.PipelineGraph, CliFailure> =>
  Pipeline.isClosed(pipeline)
    ? Effect.fromResult(Result.mapError(Pipeline.build(pipeline), refused))
    : Effect.fail(openEnded(pipeline))

/** The engine of that name. */
export const engineNamed = (name: EngineName): Effect.Effect<Engine.Engine> =>
  Effect.promise(async () => {
    const { make } =
      name === "sync"
        ? await import("@sluice/core/SyncEngine")
        : await import("@sluice/core/AsyncEngine")
    return make()
  })

/** The plan of a graph for an engine, as text. */
export const explainGraph = (
  graph: Graph.PipelineGraph,
  engine: EngineName
): Effect.Effect<string> =>
  Effect.promise(async () => {
    const Plan = await import("@sluice/core/Plan")
    return Plan.explain(Plan.make(graph, { engine, fuse: engine !== "sync" }))
  })

/**
 * The graph as text. References to functions in the JSON are relative to `folder`, so that the text
 * says the same on every machine.
 */
export const printGraph = (
  graph: Graph.PipelineGraph,
  format: Exclude<GraphFormat, "svg">,
  folder: URL
): Effect.Effect<string> =>
  Effect.promise(async () => {
    if (format === "json") {
      const GraphJson = await import("@sluice/core/GraphJson")
      return JSON.stringify(GraphJson.encode(graph, { base: folder }), undefined, 2)
    }
    const GraphPrint = await import("@sluice/core/GraphPrint")
    return format === "dot" ? GraphPrint.dot(graph) : GraphPrint.mermaid(graph)
  })
