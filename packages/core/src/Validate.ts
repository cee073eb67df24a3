// Refuses graphs that cannot run, can hang, grow without bound, or promise what they cannot keep.
// Pure: looks at the graph alone and opens nothing. It does not check payload types (the DSL did)
// and does not call user functions.
import * as Result from "effect/Result"
import type * as Graph from "./Graph.ts"
import type { GraphIssue } from "./GraphError.ts"
import { GraphError } from "./GraphError.ts"
import { arity } from "./internal/validate/arity.ts"
import * as bounds from "./internal/validate/bounds.ts"
import { controls } from "./internal/validate/controls.ts"
import { cycles } from "./internal/validate/cycles.ts"
import * as endpoints from "./internal/validate/endpoints.ts"
import { badIds, duplicateIds } from "./internal/validate/identifiers.ts"
import type { Rule } from "./internal/validate/inspection.ts"
import { inspect } from "./internal/validate/inspection.ts"
import * as policies from "./internal/validate/policies.ts"
import { backpressure } from "./internal/validate/pressure.ts"
import { promises } from "./internal/validate/promises.ts"
import { reachedFromSource, reachesSink } from "./internal/validate/reach.ts"
import { repetition } from "./internal/validate/repetition.ts"

/** From the outside in: names, shape, then what the stages promise. */
const rules: ReadonlyArray<Rule> = [
  endpoints.sources,
  endpoints.sinks,
  badIds,
  duplicateIds,
  endpoints.edgeEnds,
  arity,
  cycles,
  reachedFromSource,
  reachesSink,
  bounds.buffers,
  bounds.accumulators,
  bounds.batches,
  bounds.retries,
  bounds.parallelism,
  bounds.stateLimits,
  promises,
  policies.kinds,
  policies.errorPolicies,
  repetition,
  policies.timeouts,
  controls,
  backpressure
]

/**
 * Everything that is wrong with a graph, at once; empty when it is sound.
 *
 * Shape: findings in the order of the rules, within a rule in the order of the graph; the same
 * graph always gives the same list. Each names the stage, the reason with its value, and the cure.
 */
export const validate = (graph: Graph.PipelineGraph): ReadonlyArray<GraphIssue> => {
  const inspection = inspect(graph)
  return rules.flatMap((rule) => rule(inspection))
}

/**
 * The graph itself when it is sound, else every finding.
 *
 * Errors: `GraphError`, whose message lists the findings line by line.
 */
export const validateOrFail = (
  graph: Graph.PipelineGraph
): Result.Result<Graph.PipelineGraph, GraphError> => {
  const issues = validate(graph)
  return issues.length === 0
    ? Result.succeed(graph)
    : Result.fail(new GraphError({ pipelineId: graph.id, issues }))
}
