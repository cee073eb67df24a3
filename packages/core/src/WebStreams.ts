// Web Streams in and out: a ReadableStream as a source, a WritableStream as a sink, a pipeline as a
// ReadableStream. Each side asks for the next record only when there is room for it, passes
// failures on, and lets go of its lock on every way out. It decodes nothing.
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { PulledRun } from "./internal/pulledRun.ts"
import { streamFailureText } from "./internal/streamFailure.ts"
import { ReadingFromWeb } from "./internal/webStreams/reading.ts"
import { WritingToWeb } from "./internal/webStreams/writing.ts"
import type * as Pipeline from "./Pipeline.ts"
import * as Sink from "./Sink.ts"
import * as Source from "./Source.ts"
import * as Streams from "./Streams.ts"

/**
 * A Web Stream could not be used, or failed.
 *
 * Shape: `operation` says at what, `cause` is what the stream failed with, as it is.
 */
export class WebStreamError extends Data.TaggedError("WebStreamError")<{
  readonly operation: "lock" | "read" | "write" | "close"
  readonly label: string
  readonly cause: unknown
}> {
  override get message(): string {
    return streamFailureText(this, "web stream", "lock")
  }
}

/** Options of `source`. */
export interface SourceOptions {
  /** Shown by `explain` and named in errors. Default "web stream". */
  readonly label?: string
  /**
   * Default false: a run that ends before the stream cancels it. True leaves it as it is, unlocked,
   * with what was not read.
   */
  readonly preventCancel?: boolean
}

/** Options of `sink`. */
export interface SinkOptions {
  /** Shown by `explain` and named in errors. Default "web stream". */
  readonly label?: string
  /** Default false: the stream is closed when all is written. True leaves it open, unlocked. */
  readonly preventClose?: boolean
  /** Default false: a failed or aborted run aborts the stream. True leaves it open, unlocked. */
  readonly preventAbort?: boolean
}

const labelDefault = "web stream"

const stopped = (): Error => new Error("the run ended before this stream did")

/**
 * The chunks of a ReadableStream, one record each.
 *
 * Shape: in the order of the stream. `open` is called once for each run, since a stream can be read
 * only once; byte chunks are counted as `bytes`.
 * Flow: one read at a time, only when downstream has room: what the stream prefetches is its own
 * affair (its `highWaterMark`). A run that ends early cancels the stream, or only lets go of it
 * (`preventCancel`).
 * Errors: `WebStreamError`: the stream is locked, or failed; what was read before comes first.
 *
 * @example
 * ```ts
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as WebStreams from "@sluice/core/WebStreams"
 *
 * const chunks = Pipeline.source(
 *   "chunks",
 *   WebStreams.source(() => new Blob(["some text"]).stream())
 * )
 * ```
 */
export const source = <A>(
  open: () => ReadableStream<A>,
  options: SourceOptions = {}
): Source.Source<A, WebStreamError> => {
  const label = options.label ?? labelDefault
  const failed = (operation: WebStreamError["operation"]) => (cause: unknown) =>
    new WebStreamError({ operation, label, cause })
  return Source.make(
    label,
    Effect.acquireRelease(
      Effect.try({
        try: () => new ReadingFromWeb(open(), failed("read")),
        catch: failed("lock")
      }),
      (reading) => reading.release(options.preventCancel ?? false, stopped)
    )
  )
}

/**
 * Writes each record as one chunk of a WritableStream.
 *
 * Shape: in the order of arrival. `open` is called once for each run.
 * Flow: waits for `ready` before each chunk that finds the stream full, and at the end of a batch
 * for what was written: a slow stream stops the read. Closes the stream at the end; a run that
 * failed or was aborted aborts it.
 * Errors: `WebStreamError`: the stream is locked, or failed. A chunk that fails breaks the stream:
 * the records behind it are refused with the same cause, those before it were taken.
 *
 * @example
 * ```ts
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Source from "@sluice/core/Source"
 * import * as WebStreams from "@sluice/core/WebStreams"
 *
 * const closed = Pipeline.source("numbers", Source.fromIterable([1, 2, 3])).pipe(
 *   Pipeline.sink(
 *     "out",
 *     WebStreams.sink(() => new WritableStream<number>({ write: (n) => console.log(n) }))
 *   )
 * )
 * ```
 */
export const sink = <A>(
  open: () => WritableStream<A>,
  options: SinkOptions = {}
): Sink.Sink<A, WebStreamError> => {
  const label = options.label ?? labelDefault
  const failed = (operation: WebStreamError["operation"]) => (cause: unknown) =>
    new WebStreamError({ operation, label, cause })
  return Sink.make(
    label,
    Effect.acquireRelease(
      Effect.try({
        try: () => new WritingToWeb(open().getWriter()),
        catch: failed("lock")
      }),
      (writing) => writing.release(options.preventAbort ?? false, stopped)
    ).pipe(
      Effect.map((writing) => ({
        write: (batch) => writing.write(batch.items, failed("write")),
        end: Effect.mapError(writing.end(options.preventClose ?? false), failed("close"))
      }))
    )
  )
}

/** Options of `readable`: those of a run, and how many records wait in the stream. */
export interface ReadableOptions extends Pipeline.RunOptions {
  /**
   * Records the stream asks for before anybody reads. Default 0: the run starts with the first
   * read.
   */
  readonly highWaterMark?: number
}

/**
 * An open pipeline as a ReadableStream of its records.
 *
 * Shape: the records in the pipeline's order; the stream is read once.
 * Flow: the run starts when the stream is first asked for something, reads no more than its readers
 * do (a batch and what `Streams.stream` holds), and ends with the stream. `cancel` aborts the run
 * and resolves when everything it had opened is closed.
 * Errors: the stream fails with what `Streams.stream` fails with, after the records before it.
 *
 * @example
 * ```ts
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Source from "@sluice/core/Source"
 * import * as WebStreams from "@sluice/core/WebStreams"
 * import * as Effect from "effect/Effect"
 *
 * const numbers = Pipeline.source("numbers", Source.fromIterable([1, 2, 3]))
 * const readable: ReadableStream<number> = Effect.runSync(WebStreams.readable(numbers))
 * ```
 */
export const readable = <Out, E, R>(
  self: Pipeline.Pipeline<Out, E, R>,
  options: ReadableOptions = {}
): Effect.Effect<ReadableStream<Out>, never, R> =>
  Effect.map(Effect.context<R>(), (context) => {
    const { highWaterMark = 0, ...runOptions } = options
    const run = new PulledRun(Streams.stream(self, runOptions), Effect.runForkWith(context))
    return new ReadableStream<Out>(
      {
        pull: (controller) =>
          new Promise((resolve) => {
            run.pull((pulled) => {
              if (pulled._tag === "Items") for (const item of pulled.items) controller.enqueue(item)
              else if (pulled._tag === "End") controller.close()
              else if (pulled._tag === "Failed") controller.error(pulled.cause)
              resolve()
            })
          }),
        cancel: () => new Promise((resolve) => run.cancel(resolve))
      },
      { highWaterMark }
    )
  })
