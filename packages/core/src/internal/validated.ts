// The gate every graph passes before it runs.
import * as Result from "effect/Result"
import type * as Graph from "../Graph.ts"
import { GraphError } from "../GraphError.ts"
import * as Validate from "../Validate.ts"

/** The graph, or everything that is wrong with it. */
export const validated = (graph: Graph.PipelineGraph): Result.Result<Graph.PipelineGraph, GraphError> => {
  const issues = Validate.validate(graph)
  return issues.length === 0 ? Result.succeed(graph) : Result.fail(new GraphError({ pipelineId: graph.id, issues }))
}
