// The one file that knows core's engines, planner and printers; each is imported when it is first needed.
import type * as Engine from "@sluice/core/Engine"
import type * as Graph from "@sluice/core/Graph"
import type * as GraphError from "@sluice/core/GraphError"
import * as Effect from "effect/Effect"
import type { EngineName, GraphFormat } from "./commandLine/invocation.ts"
import { CliFailure } from "./failure.ts"

const isGraph = (value: unknown): value is Graph.PipelineGraph =>
  typeof value === "object" &&
  value !== null &&
  "nodes" in value &&
  Array.isArray(value.nodes) &&
  "edges" in value &&
  Array.isArray(value.edges)

/** True for a pipeline of the DSL and for a graph. */
export const isPipeline = (value: unknown): boolean => isGraph(value)

/** The refusal of a graph with all of its findings, as one message. */
export const refused = (error: GraphError.GraphError): CliFailure =>
  new CliFailure({ exitCode: 3, message: error.message, cause: error })

/** The graph of a value that `isPipeline` accepted. */
export const graphOf = (value: unknown): Effect.Effect<Graph.PipelineGraph, CliFailure> =>
  Effect.succeed(value as Graph.PipelineGraph)

/** The engine of that name. */
export const engineNamed = (name: EngineName): Effect.Effect<Engine.Engine> =>
  Effect.die(new Error(`engine ${name}`))

/** The graph as text. */
export const printGraph = (
  graph: Graph.PipelineGraph,
  format: Exclude<GraphFormat, "svg">
): Effect.Effect<string, CliFailure> => Effect.succeed(JSON.stringify(graph) + format)

/** The plan of a graph for an engine, as text. */
export const explainGraph = (
  graph: Graph.PipelineGraph,
  engine: EngineName
): Effect.Effect<string> =>
  Effect.promise(async () => {
    const Plan = await import("@sluice/core/Plan")
    return Plan.explain(Plan.make(graph, { engine, fuse: engine !== "sync" }))
  })
