// Node streams in and out: a Readable as a source, a Writable as a sink, a pipeline as a Readable.
// Each side asks for more only when there is room for it, passes failures on, and destroys what it
// was given on every way out that is not the end. It decodes nothing.
import type { Writable } from "node:stream"
import { Readable } from "node:stream"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { PulledRun } from "../internal/pulledRun.ts"
import { streamFailureText } from "../internal/streamFailure.ts"
import type * as Pipeline from "../Pipeline.ts"
import * as Sink from "../Sink.ts"
import * as Source from "../Source.ts"
import * as Streams from "../Streams.ts"
import { ReadingFromNode } from "./internal/readingFromNode.ts"
import { WritingToNode } from "./internal/writingToNode.ts"

/**
 * A Node stream could not be used, or failed.
 *
 * Shape: `cause` is what the stream failed with, as it is.
 */
export class NodeStreamError extends Data.TaggedError("NodeStreamError")<{
  readonly operation: "open" | "read" | "write" | "end"
  readonly label: string
  readonly cause: unknown
}> {
  override get message(): string {
    return streamFailureText(this, "node stream", "open")
  }
}

/** Options of `source`. */
export interface SourceOptions {
  /** Shown by `explain` and named in errors. Default "node stream". */
  readonly label?: string
  /** Records taken at once, where so many wait in the stream. Default 256. */
  readonly chunkRecords?: number
}

/** Options of `sink`. */
export interface SinkOptions {
  /** Shown by `explain` and named in errors. Default "node stream". */
  readonly label?: string
  /** Default false: the stream is ended when all is written. True for `process.stdout`. */
  readonly preventEnd?: boolean
}

const labelDefault = "node stream"

const failing =
  (label: string) =>
  (operation: NodeStreamError["operation"]) =>
  (cause: unknown): NodeStreamError =>
    new NodeStreamError({ operation, label, cause })

/**
 * What a Readable gives: objects, texts, or buffers.
 *
 * Shape: one record per `read()`, in order; the type is what you say it is, since a Readable does
 * not tell. `open` is called once for each run. Buffers are counted as `bytes`.
 * Flow: takes what waits in the stream, and only when downstream has room: the stream then stops at
 * its `highWaterMark`. A run that ends early destroys it.
 * Errors: `NodeStreamError`: the stream flows already, failed, or closed before its end; what was
 * read before comes first.
 *
 * @example
 * ```ts
 * import { createReadStream } from "node:fs"
 * import { createInflate } from "node:zlib"
 * import * as NodeStreams from "@sluice/core/node/NodeStreams"
 *
 * const bytes = NodeStreams.source<Buffer>(() => createReadStream("a.zz").pipe(createInflate()))
 * ```
 */
export const source = <A>(
  open: () => Readable,
  options: SourceOptions = {}
): Source.Source<A, NodeStreamError> => {
  const { label = labelDefault, chunkRecords = 256 } = options
  const failed = failing(label)
  if (!(Number.isSafeInteger(chunkRecords) && chunkRecords > 0))
    throw new RangeError(`NodeStreams: chunkRecords is ${chunkRecords}. Cure: give 1 or more.`)
  return Source.make(
    label,
    Effect.acquireRelease(
      Effect.try({
        try: () => new ReadingFromNode<A, NodeStreamError>(open(), chunkRecords, failed("read")),
        catch: failed("open")
      }),
      (reading) => reading.release
    )
  )
}

/**
 * Writes each record to a Writable.
 *
 * Shape: in the order of arrival. `open` is called once for each run.
 * Flow: waits for `drain` where the stream is full, and at the end of a batch for what was written:
 * a slow stream stops the read. Ends the stream at the end and waits for it to finish; a run that
 * failed or was aborted destroys it.
 * Errors: `NodeStreamError`; a write that fails breaks the stream: the records from there on are
 * refused with the same cause, those before it were taken.
 *
 * @example
 * ```ts
 * import * as NodeStreams from "@sluice/core/node/NodeStreams"
 *
 * const out = NodeStreams.sink<string>(() => process.stdout, { preventEnd: true })
 * ```
 */
export const sink = <A>(
  open: () => Writable,
  options: SinkOptions = {}
): Sink.Sink<A, NodeStreamError> => {
  const { label = labelDefault, preventEnd = false } = options
  const failed = failing(label)
  return Sink.make(
    label,
    Effect.acquireRelease(
      Effect.try({ try: () => new WritingToNode<A>(open(), preventEnd), catch: failed("open") }),
      (writing) => writing.release
    ).pipe(
      Effect.map((writing) => ({
        write: (batch) => writing.write(batch.items, failed("write")),
        end: Effect.mapError(writing.end, failed("end"))
      }))
    )
  )
}

/** Options of `readable`: those of a run, and how the stream keeps its records. */
export interface ReadableOptions extends Pipeline.RunOptions {
  /** Default true: records are objects. False: they are texts or buffers, joined by the stream. */
  readonly objectMode?: boolean
  /** Records, or bytes, the stream asks for before anybody reads. Default: Node's. */
  readonly highWaterMark?: number
}

/**
 * An open pipeline as a Readable of its records.
 *
 * Shape: the records in the pipeline's order; null and undefined, which end a Readable, fail it.
 * Flow: the run starts when the stream is first read, reads no more than its readers do (a batch
 * and what `Streams.stream` holds), and ends with the stream; `destroy` aborts the run, and
 * `close` comes when everything it had opened is closed.
 * Errors: the stream fails with what `Streams.stream` fails with, after the records before it.
 *
 * @example
 * ```ts
 * import * as NodeStreams from "@sluice/core/node/NodeStreams"
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Source from "@sluice/core/Source"
 * import * as Effect from "effect/Effect"
 *
 * const numbers = Pipeline.source("numbers", Source.fromIterable([1, 2, 3]))
 * const readable = Effect.runSync(NodeStreams.readable(numbers))
 * ```
 */
export const readable = <Out, E, R>(
  self: Pipeline.Pipeline<Out, E, R>,
  options: ReadableOptions = {}
): Effect.Effect<Readable, never, R> =>
  Effect.map(Effect.context<R>(), (context) => {
    const { objectMode = true, highWaterMark, ...runOptions } = options
    const run = new PulledRun(Streams.stream(self, runOptions), Effect.runForkWith(context))
    let pulling = false
    return new Readable({
      objectMode,
      ...(highWaterMark === undefined ? {} : { highWaterMark }),
      read() {
        if (pulling) return
        pulling = true
        run.pull((answer) => {
          pulling = false
          if (answer._tag === "End") return void this.push(null)
          if (answer._tag === "Failed") return void this.destroy(asError(answer.cause))
          if (answer._tag === "Cancelled") return
          for (const item of answer.items) {
            if (item === null || item === undefined)
              return void this.destroy(new TypeError("a record is null or undefined"))
            this.push(item)
          }
        })
      },
      destroy(error, callback) {
        run.cancel(() => callback(error))
      }
    })
  })

const asError = (cause: unknown): Error =>
  cause instanceof Error ? cause : new Error(String(cause), { cause })
