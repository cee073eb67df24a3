// Effect streams as sources, and open pipelines as Effect streams. Apart from `Source` and
// `Pipeline`, since Effect's Stream takes as long to load as the engines.

import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type * as Graph from "./Graph.ts"
import * as execute from "./internal/execute.ts"
import { TimedOut } from "./internal/operators/attempt.ts"
import * as Pipeline from "./Pipeline.ts"
import type * as Sink from "./Sink.ts"
import type { Chunk, Source } from "./Source.ts"
import { make } from "./Source.ts"

/**
 * Records of any Effect Stream.
 *
 * Shape: in the order of the stream, chunk by chunk as it makes them.
 * Flow: pulls the stream only while there is room behind the source; its finalizers run on every
 * exit.
 * Errors: the failures of the stream are the source's, after the records before them.
 *
 * @example
 * ```ts
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Streams from "@sluice/core/Streams"
 * import * as Stream from "effect/Stream"
 *
 * const ticks = Pipeline.source("ticks", Streams.source(Stream.tick("1 second")))
 * ```
 */
export const source = <A, E, R>(stream: Stream.Stream<A, E, R>): Source<A, E, R> =>
  make(
    "stream",
    Stream.toPull(stream).pipe(
      Effect.map((pull) => {
        const next: Effect.Effect<Chunk<A> | undefined, E> = pull.pipe(
          Effect.map((items): Chunk<A> | undefined => ({
            items: items as ReadonlyArray<A>,
            bytes: 0,
            provenance: undefined
          })),
          Effect.catchIf(Cause.isDone, () => Effect.succeed(undefined))
        ) as Effect.Effect<Chunk<A> | undefined, E>
        return { pull: () => next }
      })
    )
  ) as Source<A, E, R>

/** Batches that wait for the puller, with the one whose offer waits for room. */
const waitingMax = 4

/**
 * Operations whose functions declare what they may fail with: an Effect's or a Stream's error type.
 */
const declaring: ReadonlySet<Graph.OperationTag> = new Set([
  "Source",
  "MapEffect",
  "MapBatch",
  "Process"
])

const isNonEmpty = <A>(items: ReadonlyArray<A>): items is Arr.NonEmptyReadonlyArray<A> =>
  items.length > 0

/** The failure of a stage's own effect, if that is what ended the run; else the run's error. */
const unwrapFailure = (graph: Graph.PipelineGraph, error: execute.RunError): unknown => {
  if (error._tag !== "PipelineError") return error
  const { stageId, kind, cause } = error.failure
  const tag = graph.nodes.find((node) => node.id === stageId)?.operation._tag
  const declared = kind === "recoverable" && tag !== undefined && declaring.has(tag)
  return declared && !(cause instanceof TimedOut) ? cause : error
}

/**
 * An open pipeline as an Effect Stream.
 *
 * Shape: the records of its last stage, in order.
 * Flow: each time the stream is run the pipeline is; it runs while the stream is pulled and stops
 * reading when the puller does; at most four batches wait behind the one that was taken. Leaving
 * the stream early aborts the run.
 * Errors: a failure of a stage's effect as it is, everything else as `PipelineError` or
 * `GraphError`.
 *
 * @example
 * ```ts
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Source from "@sluice/core/Source"
 * import * as Streams from "@sluice/core/Streams"
 * import * as Stream from "effect/Stream"
 *
 * const numbers = Pipeline.source("numbers", Source.fromIterable([1, 2, 3]))
 * const sum = Stream.runSum(Streams.stream(numbers))
 * ```
 */
export const stream = <Out, E, R>(
  self: Pipeline.Pipeline<Out, E, R>,
  options: Pipeline.RunOptions = {}
): Stream.Stream<Out, E | execute.RunError, R> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const queue = yield* Queue.bounded<Arr.NonEmptyReadonlyArray<Out>, unknown | Cause.Done>(
        waitingMax - 1
      )
      const sink: Sink.Sink<Out> = {
        _tag: "Sink",
        label: "stream",
        open: Effect.succeed({
          write: ({ items }) =>
            isNonEmpty(items) ? Effect.asVoid(Queue.offer(queue, items)) : undefined
        })
      }
      const graph = Pipeline.graph(Pipeline.sink("stream", sink)(self))
      const running = yield* execute.start(graph, options)
      yield* Effect.forkScoped(
        Effect.matchEffect(running.result, {
          onFailure: (error) => Queue.fail(queue, unwrapFailure(graph, error)),
          onSuccess: () => Queue.end(queue)
        })
      )
      // One batch a pull: whoever takes all that is there makes room for as many again.
      return Stream.fromPull(Effect.succeed(Queue.take(queue)))
    })
  ) as Stream.Stream<Out, E | execute.RunError, R>

/**
 * An open pipeline as an AsyncIterable: `for await (const record of …)`.
 *
 * Flow: each iteration is a run of its own, which starts with its first `next`, reads no more than
 * the iteration asks for (as `stream`), and is aborted when that is left early.
 * Errors: `next` rejects with what `stream` fails with, after the records before it.
 *
 * @example
 * ```ts
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Source from "@sluice/core/Source"
 * import * as Streams from "@sluice/core/Streams"
 * import * as Effect from "effect/Effect"
 *
 * const numbers = Pipeline.source("numbers", Source.fromIterable([1, 2, 3]))
 * for await (const n of Effect.runSync(Streams.asyncIterable(numbers))) console.log(n)
 * ```
 */
export const asyncIterable = <Out, E, R>(
  self: Pipeline.Pipeline<Out, E, R>,
  options: Pipeline.RunOptions = {}
): Effect.Effect<AsyncIterable<Out>, never, R> =>
  Effect.map(Effect.context<R>(), (context) =>
    Stream.toAsyncIterableWith(stream(self, options), context)
  )
