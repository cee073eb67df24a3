// The pipeline DSL: typed from the source to the sink, and nothing but data until an engine runs
// it. A Pipeline<Out, E, R> is open: more stages may follow. A Closed<E, R> ends in sinks: it can
// be run. `Out` is what the last stage emits, `E` what its effects may fail with, `R` the services
// they need.
import type * as Effect from "effect/Effect"
import type { Pipeable } from "effect/Pipeable"
import type * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Accumulator from "./Accumulator.ts"
import type * as Batching from "./Batching.ts"
import type * as Engine from "./Engine.ts"
import type * as Envelope from "./Envelope.ts"
import type * as Graph from "./Graph.ts"
import type * as GraphError from "./GraphError.ts"
import type {
  BranchOptions,
  CallOptions,
  EffectOptions,
  RecordOptions,
  SinkOptions,
  SourceOptions,
  StageOptions
} from "./internal/dsl/options.ts"
import type { ErrorOf, ServicesOf } from "./internal/dsl/stages.ts"
import { append, closed, erased, nodeOptions, open, TypeId } from "./internal/dsl/stages.ts"
import * as execute from "./internal/execute.ts"
import type { Link, Port } from "./internal/link.ts"
import { collect, makeNode } from "./internal/link.ts"
import { processStage } from "./internal/processStage.ts"
import type * as PipelineResult from "./PipelineResult.ts"
import type * as Policy from "./Policy.ts"
import type * as Sink from "./Sink.ts"
import type * as Source from "./Source.ts"
import type * as Stage from "./Stage.ts"
import * as Validate from "./Validate.ts"

/** What stages may be told. */
export type {
  BranchOptions,
  CallOptions,
  EffectOptions,
  OnError,
  RecordOptions,
  SinkOptions,
  SourceErrorPolicy,
  SourceOptions,
  StageOptions
} from "./internal/dsl/options.ts"
/** Stages with several outputs or inputs. */
export { branch, broadcast, merge, otherwise, partition } from "./internal/dsl/routing.ts"
/** Marks values of this module. */
export { TypeId }

/**
 * An open pipeline: emits `Out`, may fail with `E`, needs `R`. Pipe stages onto it, or run it as a
 * Stream.
 */
export interface Pipeline<out Out, out E = never, out R = never> extends Pipeable {
  readonly [TypeId]: {
    readonly _Out: (_: never) => Out
    readonly _E: (_: never) => E
    readonly _R: (_: never) => R
  }
  readonly end: Port
}

/** A pipeline whose outputs all end in sinks. */
export interface Closed<out E = never, out R = never> extends Pipeable {
  readonly [TypeId]: { readonly _E: (_: never) => E; readonly _R: (_: never) => R }
  readonly id: string
  readonly meta: Readonly<Record<string, string>>
  readonly ends: ReadonlyArray<Link>
}

/** Options of `run`, `start` and `stream`: the engine and what it is told. */
export type RunOptions = execute.RunOptions

/**
 * Starts a pipeline from a source.
 *
 * Shape: nothing → `A`, in the order of the source.
 * Flow: reads when downstream has room; completes with the source; a failing source fails the run
 * after what was read before has gone through.
 * Errors: what is no record follows `onError`; what makes further reading impossible (a file that
 * is missing or damaged, a connection that broke) fails the run whatever the policy is.
 */
export const source = <A, E = never, R = never>(
  id: string,
  from: Source.Source<A, E, R>,
  options?: SourceOptions
): Pipeline<A, E, R> => {
  const node = makeNode(
    id,
    "source",
    { _tag: "Source", source: from as Graph.ErasedSource },
    options
  )
  return open({ link: { node, inputs: [] }, port: "out" })
}

/**
 * Applies a synchronous function to each record. Fused with its neighbours into one loop.
 *
 * Shape: one for one, order kept. The function may declare a second parameter, a `Cursor` on the
 * record's metadata.
 * Errors: an exception follows `onError`, for this record alone.
 */
export const map =
  <A, B>(
    id: string,
    f: (payload: A, cursor: Envelope.Cursor) => B,
    options?: RecordOptions<A, B>
  ) =>
  <E, R>(self: Pipeline<A, E, R>): Pipeline<B, E, R> =>
    append(self, id, { _tag: "Map", f: erased(f) }, nodeOptions(options))

/**
 * Lets through the records for which the predicate holds. Fused.
 *
 * Shape: zero or one for one, order and sequence numbers kept. With a type guard, the type narrows;
 * a predicate of a wider type leaves the records what they are.
 */
export const filter: {
  <A, B extends A>(
    id: string,
    f: (payload: NoInfer<A>, cursor: Envelope.Cursor) => payload is B,
    options?: RecordOptions<NoInfer<A>, boolean>
  ): <E, R>(self: Pipeline<A, E, R>) => Pipeline<B, E, R>
  <A, B extends A>(
    id: string,
    f: (payload: A, cursor: Envelope.Cursor) => payload is B,
    options?: RecordOptions<A, boolean>
  ): <In extends A, E, R>(self: Pipeline<In, E, R>) => Pipeline<In & B, E, R>
  <A>(
    id: string,
    f: (payload: NoInfer<A>, cursor: Envelope.Cursor) => boolean,
    options?: RecordOptions<NoInfer<A>, boolean>
  ): <E, R>(self: Pipeline<A, E, R>) => Pipeline<A, E, R>
  <A>(
    id: string,
    f: (payload: A, cursor: Envelope.Cursor) => boolean,
    options?: RecordOptions<A, boolean>
  ): <In extends A, E, R>(self: Pipeline<In, E, R>) => Pipeline<In, E, R>
} =
  <A>(
    id: string,
    f: (payload: A, cursor: Envelope.Cursor) => boolean,
    options?: RecordOptions<A, boolean>
  ) =>
  <In extends A, E, R>(self: Pipeline<In, E, R>): Pipeline<In, E, R> =>
    append(self, id, { _tag: "Filter", f: erased(f) }, nodeOptions(options))

/**
 * Turns each record into any number of records. Fused; ends its kernel.
 *
 * Shape: any number for one, order kept; all carry the sequence number of the record they came
 * from.
 * Limits: at most 1,000,000 records for one. Errors: when the iterable throws midway, none of its
 * records is emitted.
 */
export const flatMap =
  <A, B>(
    id: string,
    f: (payload: A, cursor: Envelope.Cursor) => Iterable<B>,
    options?: RecordOptions<A, Iterable<B>>
  ) =>
  <E, R>(self: Pipeline<A, E, R>): Pipeline<B, E, R> =>
    append(self, id, { _tag: "FlatMap", f: erased(f) }, nodeOptions(options))

/**
 * Applies a function to each record's envelope, to read or write headers, attributes and cost.
 *
 * Shape: one for one, order kept. Costs an envelope object per record: prefer `map` with a cursor
 * for reading.
 */
export const mapEnvelope =
  <A, B>(
    id: string,
    f: (envelope: Envelope.Envelope<A>) => Envelope.Envelope<B>,
    options?: StageOptions & { readonly onError?: Policy.ErrorPolicy }
  ) =>
  <E, R>(self: Pipeline<A, E, R>): Pipeline<B, E, R> =>
    append(self, id, { _tag: "MapEnvelope", f: erased(f) }, { ...options })

/**
 * Applies a function to the payloads of a whole batch; it may return an array or an Effect of one.
 *
 * Shape: any number for a batch. When the numbers are equal, result j stands for record j.
 * Errors: a failure concerns every record of the batch.
 */
export const mapBatch =
  <A, B, E2 = never, R2 = never>(
    id: string,
    f: (items: ReadonlyArray<A>) => ReadonlyArray<B> | Effect.Effect<ReadonlyArray<B>, E2, R2>,
    options?: RecordOptions<A, B> & CallOptions
  ) =>
  <E, R>(self: Pipeline<A, E, R>): Pipeline<B, E | E2, R | R2> =>
    append(self, id, { _tag: "MapBatch", f: erased(f) }, nodeOptions(options))

/**
 * Runs an effect for each record, up to `concurrency` at once.
 *
 * Shape: one for one; order by `ordering`: that of the input (default), of completion, or of the
 * input per key with keys in parallel, whatever their number.
 * Flow: admits a bounded window of records and backpressures behind it. A failing record never
 * takes siblings along.
 * Limits: 4 × concurrency (ordered), 2 × (unordered), 64 × (by key) records admitted and not handed
 * on, at least 512.
 * Errors: a failure follows `onError` after the retries it asks for; `timeout` bounds each attempt.
 */
export const mapEffect =
  <A, B, E2 = never, R2 = never>(
    id: string,
    f: (payload: A) => Effect.Effect<B, E2, R2>,
    options?: EffectOptions<A, B>
  ) =>
  <E, R>(self: Pipeline<A, E, R>): Pipeline<B, E | E2, R | R2> =>
    append(self, id, { _tag: "MapEffect", f: erased(f) }, nodeOptions(options))

/**
 * As `mapEffect`, for functions that return a promise; the signal is aborted when the run is. Costs
 * no fiber per record.
 */
export const mapPromise =
  <A, B>(
    id: string,
    f: (payload: A, signal: AbortSignal) => Promise<B> | B,
    options?: EffectOptions<A, B>
  ) =>
  <E, R>(self: Pipeline<A, E, R>): Pipeline<B, E, R> =>
    append(self, id, { _tag: "MapPromise", f: erased(f) }, nodeOptions(options))

/**
 * Passes the records through a stream function: anything Effect's Stream can do.
 *
 * Shape: as the stream makes it; the results are numbered anew. Flow: pulls, so it backpressures;
 * when its stream ends early the rest of the input is discarded.
 */
export const process =
  <A, B, E2 = never, R2 = never>(
    id: string,
    f: (input: Stream.Stream<A>) => Stream.Stream<B, E2, R2>,
    options?: StageOptions
  ) =>
  <E, R>(self: Pipeline<A, E, R>): Pipeline<B, E | E2, R | R2> =>
    append(
      self,
      id,
      { _tag: "Process", stage: processStage(f) as Graph.ErasedStage },
      { ...options }
    )

/** Passes the envelopes through a custom stage with init, process and close. */
export const stage =
  <A, B, E2, R2>(id: string, custom: Stage.Stage<A, B, E2, R2>, options?: StageOptions) =>
  <E, R>(self: Pipeline<A, E, R>): Pipeline<B, E | E2, R | R2> =>
    append(self, id, { _tag: "Process", stage: custom as Graph.ErasedStage }, { ...options })

/**
 * Collects records into keyed state and emits an output when a key is complete.
 *
 * Shape: any number of fragments → one output per completed (or expired) key. Specs come from
 * `@sluice/accumulation`.
 * Errors: a fragment without key, or whose update throws, follows `onError`; its group is not
 * harmed.
 */
export const accumulate =
  <A, B>(
    id: string,
    spec: Accumulator.AccumulatorSpec<A, B>,
    options?: StageOptions & { readonly onError?: Policy.ErrorPolicy }
  ) =>
  <E, R>(self: Pipeline<A, E, R>): Pipeline<B, E, R> =>
    append(
      self,
      id,
      { _tag: "Accumulate", accumulator: spec as Graph.ErasedAccumulator },
      { ...options }
    )

/**
 * Gathers records to batches for the stages behind: `mapBatch`, sinks that take batches.
 *
 * Shape: the same records in the same order with the same metadata; only where one batch ends and
 * the next begins is new.
 * Flow: holds at most one batch, for as long as `batching` says (see Batching); hands over what it
 * holds when the input ends. Backpressures while the stages behind are busy.
 * Limits: those of `batching`, at most 65,536 records; a batch may be larger than the run's
 * `batchSize` and than the buffers behind it, which then hold it alone.
 * Errors: a rule's function that throws follows `onError`, for the record it was called with.
 *
 * @example
 * ```ts
 * import * as Batching from "@sluice/core/Batching"
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Source from "@sluice/core/Source"
 *
 * const rows = Pipeline.source("rows", Source.fromIterable([1, 2, 3])).pipe(
 *   Pipeline.batch("fives", Batching.hybrid(5, "20 millis")),
 *   Pipeline.mapBatch("totals", (items) => [items.reduce((total, n) => total + n, 0)])
 * )
 * ```
 */
export const batch: {
  <A>(
    id: string,
    batching: Batching.BatchingOf<NoInfer<A>>,
    options?: BranchOptions
  ): <E, R>(self: Pipeline<A, E, R>) => Pipeline<A, E, R>
  <A>(
    id: string,
    batching: Batching.BatchingOf<A>,
    options?: BranchOptions
  ): <In extends A, E, R>(self: Pipeline<In, E, R>) => Pipeline<In, E, R>
} =
  <A>(id: string, batching: Batching.BatchingOf<A>, options?: BranchOptions) =>
  <In extends A, E, R>(self: Pipeline<In, E, R>): Pipeline<In, E, R> =>
    append(self, id, { _tag: "Batch", batching }, { ...options })

/**
 * Ends a pipeline in a sink.
 *
 * Flow: one batch at a time; while the sink's effect runs, the stages before it fill their buffers
 * and then wait.
 */
export const sink =
  <A, E2 = never, R2 = never>(id: string, to: Sink.Sink<A, E2, R2>, options?: SinkOptions<A>) =>
  <E, R>(self: Pipeline<A, E, R>): Closed<E | E2, R | R2> => {
    const operation: Graph.Operation = { _tag: "Sink", sink: to as Graph.ErasedSink }
    const settings = nodeOptions<A, void>(options)
    const node = makeNode(id, "sink", operation, settings)
    const end: Link = { node, inputs: [self.end], promise: settings.ordering }
    return closed("pipeline", [end], {})
  }

/** Several closed pipelines as one: they may share stages, and start and end together. */
export const all = <const Parts extends ReadonlyArray<Closed<unknown, unknown>>>(
  parts: Parts
): Closed<ErrorOf<Parts[number]>, ServicesOf<Parts[number]>> =>
  closed(
    parts[0]?.id ?? "pipeline",
    parts.flatMap((part) => part.ends),
    Object.assign({}, ...parts.map((part) => part.meta))
  )

/** Names a closed pipeline; the name stands in results, metrics and messages. */
export const named =
  (id: string, meta: Readonly<Record<string, string>> = {}) =>
  <E, R>(self: Closed<E, R>): Closed<E, R> =>
    closed(id, self.ends, { ...self.meta, ...meta })

/** True for closed pipelines: what `sluice run` looks for in a module. */
export const isClosed = (value: unknown): value is Closed<unknown, unknown> =>
  typeof value === "object" && value !== null && TypeId in value && "ends" in value

/** True for open pipelines. */
export const isOpen = (value: unknown): value is Pipeline<unknown, unknown, unknown> =>
  typeof value === "object" && value !== null && TypeId in value && "end" in value

/** The pipeline as plain data, unchecked. */
export const graph = (self: Closed<unknown, unknown>): Graph.PipelineGraph => ({
  id: self.id,
  ...collect(self.ends),
  meta: self.meta
})

/** The graph when it is sound, else every finding at once. Runs nothing. */
export const build = (
  self: Closed<unknown, unknown>
): Result.Result<Graph.PipelineGraph, GraphError.GraphError> => Validate.validateOrFail(graph(self))

/**
 * Starts a closed pipeline; it ends with the scope.
 *
 * Errors: `GraphError` with every finding when the graph is not sound.
 */
export const start = <E, R>(
  self: Closed<E, R>,
  options: RunOptions = {}
): Effect.Effect<Engine.RunningPipeline, GraphError.GraphError, R | Scope.Scope> =>
  execute.start(graph(self), options)

/**
 * Runs a closed pipeline to its end.
 *
 * Flow: succeeds with the result when the input is exhausted or a graceful stop has drained it;
 * interrupting it aborts the run and closes everything it opened.
 * Errors: `PipelineError` names the stage, the record and the cause, and holds the result so far.
 */
export const run = <E, R>(
  self: Closed<E, R>,
  options: RunOptions = {}
): Effect.Effect<PipelineResult.PipelineResult, execute.RunError, R> =>
  execute.run(graph(self), options)
