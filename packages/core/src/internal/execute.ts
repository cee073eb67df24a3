// Running a pipeline value: with a sink to its result, without one as a Stream.
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AsyncEngine from "../AsyncEngine.ts"
import type * as Engine from "../Engine.ts"
import type * as Graph from "../Graph.ts"
import type * as GraphError from "../GraphError.ts"
import type * as PipelineResult from "../PipelineResult.ts"
import type * as Sink from "../Sink.ts"
import { TimedOut } from "./operators/attempt.ts"

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

/** Batches a stream reader may lie behind. */
const streamCapacity = 4

/**
 * Operations whose functions declare what they may fail with: an Effect's or a Stream's error type.
 */
const declaring: ReadonlySet<Graph.OperationTag> = new Set([
  "Source",
  "MapEffect",
  "MapBatch",
  "Process"
])

/** The failure of a stage's own effect, if that is what ended the run; else the run's error. */
const unwrapFailure = (graph: Graph.PipelineGraph, error: RunError): unknown => {
  if (error._tag !== "PipelineError") return error
  const { stageId, kind, cause } = error.failure
  const tag = graph.nodes.find((node) => node.id === stageId)?.operation._tag
  const declared = kind === "recoverable" && tag !== undefined && declaring.has(tag)
  return declared && !(cause instanceof TimedOut) ? cause : error
}

/** Runs an open graph as a stream: `close` ends it in the given sink. */
export const stream = <Out>(
  close: (sink: Sink.Sink<Out>) => Graph.PipelineGraph,
  options: RunOptions
): Stream.Stream<Out, unknown> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const queue = yield* Queue.bounded<ReadonlyArray<Out>, unknown | Cause.Done>(streamCapacity)
      const sink: Sink.Sink<Out> = {
        _tag: "Sink",
        label: "stream",
        open: Effect.succeed({ write: (batch) => Effect.asVoid(Queue.offer(queue, batch.items)) })
      }
      const graph = close(sink)
      const running = yield* start(graph, options)
      yield* Effect.forkScoped(
        Effect.matchEffect(running.result, {
          onFailure: (error) => Queue.fail(queue, unwrapFailure(graph, error)),
          onSuccess: () => Queue.end(queue)
        })
      )
      return Stream.flatMap(Stream.fromQueue(queue), (items) => Stream.fromIterable(items))
    })
  ) as Stream.Stream<Out, unknown>
