// The engines every runtime test runs on, and short ways to run a pipeline and look at the outcome.
import * as Effect from "effect/Effect"
import * as AsyncEngine from "../src/AsyncEngine.ts"
import type * as Engine from "../src/Engine.ts"
import type * as GraphError from "../src/GraphError.ts"
import * as Pipeline from "../src/Pipeline.ts"
import type * as PipelineResult from "../src/PipelineResult.ts"
import * as Sink from "../src/Sink.ts"
import * as Source from "../src/Source.ts"
import * as SyncEngine from "../src/SyncEngine.ts"

/** An engine by name; a new one for each run. */
export interface EngineCase {
  readonly name: string
  readonly make: () => Engine.Engine
}

/** Everything below holds on each of these. */
export const engines: ReadonlyArray<EngineCase> = [
  { name: "sync", make: () => SyncEngine.make() },
  { name: "async", make: () => AsyncEngine.make() }
]

/** What reached the sink, and the result. */
export interface Collected<A> {
  readonly out: ReadonlyArray<A>
  readonly result: PipelineResult.PipelineResult
}

/** Runs an open pipeline into an array. */
export const collect = <A, E, R>(
  engine: EngineCase,
  open: Pipeline.Pipeline<A, E, R>,
  options: Engine.ExecutionOptions = {}
): Effect.Effect<Collected<A>, PipelineResult.PipelineError | GraphError.GraphError, R> =>
  Effect.suspend(() => {
    const out: Array<A> = []
    const closed = open.pipe(Pipeline.sink("out", Sink.collectInto(out)))
    return Effect.map(Pipeline.run(closed, { ...options, engine: engine.make() }), (result) => ({
      out,
      result
    }))
  })

/** As `collect`, for a run that must fail: its error, and what had reached the sink. */
export const collectFailing = <A, E, R>(
  engine: EngineCase,
  open: Pipeline.Pipeline<A, E, R>,
  options: Engine.ExecutionOptions = {}
): Effect.Effect<
  { readonly out: ReadonlyArray<A>; readonly error: PipelineResult.PipelineError },
  PipelineResult.PipelineResult,
  R
> =>
  Effect.suspend(() => {
    const out: Array<A> = []
    const closed = open.pipe(Pipeline.sink("out", Sink.collectInto(out)))
    return Pipeline.run(closed, { ...options, engine: engine.make() }).pipe(
      Effect.catchTag("GraphError", (refused) => Effect.die(refused)),
      Effect.flip,
      Effect.map((error) => ({ out, error }))
    )
  })

/** A source of arrays, one batch each (an unseeded async run keeps them whole). */
export const batches = <A>(...arrays: ReadonlyArray<ReadonlyArray<A>>): Pipeline.Pipeline<A> =>
  Pipeline.source("in", Source.fromChunks(arrays))

/** The numbers from 0, in batches of ten. */
export const numbers = (count: number, size = 10): Pipeline.Pipeline<number> => {
  const all = Array.from({ length: count }, (_, i) => i)
  return batches(
    ...Array.from({ length: Math.ceil(count / size) }, (_, i) =>
      all.slice(i * size, (i + 1) * size)
    )
  )
}

/** The whole numbers below `count`. */
export const range = (count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => i)

/** Sorted copy, to compare as multisets. */
export const sorted = (values: ReadonlyArray<number>): ReadonlyArray<number> =>
  values.toSorted((a, b) => a - b)
