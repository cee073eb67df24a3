// Running a closed pipeline to its result.
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as AsyncEngine from "../AsyncEngine.ts"
import type * as Engine from "../Engine.ts"
import type * as Graph from "../Graph.ts"
import type * as GraphError from "../GraphError.ts"
import type * as PipelineResult from "../PipelineResult.ts"

/** Options of a run: those of the engine, and the engine itself. */
export interface RunOptions extends Engine.ExecutionOptions {
  /** Default: a new async engine. */
  readonly engine?: Engine.Engine
}

/** What a run may fail with. */
export type RunError = PipelineResult.PipelineError | GraphError.GraphError

/** Starts a graph in the caller's scope. */
export const start = (
  graph: Graph.PipelineGraph,
  options: RunOptions
): Effect.Effect<Engine.RunningPipeline, GraphError.GraphError, Scope.Scope> =>
  (options.engine ?? AsyncEngine.make()).start(graph, options)

/** Runs a graph to its end. */
export const run = (
  graph: Graph.PipelineGraph,
  options: RunOptions
): Effect.Effect<PipelineResult.PipelineResult, RunError> =>
  Effect.scoped(Effect.flatMap(start(graph, options), (running) => running.result))
