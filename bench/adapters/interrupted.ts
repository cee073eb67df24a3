// A pipeline that `sluice run` can interrupt, through one adapter: ADAPTER names it, INPUT is the
// file it reads, OUTPUT the one it writes. Every line of the output is a line of the input.
import { createReadStream, createWriteStream } from "node:fs"
import { createInterface } from "node:readline"
import { Readable, Writable } from "node:stream"
import * as Http from "@sluice/core/Http"
import * as CsvFiles from "@sluice/core/node/CsvFiles"
import type { FileError } from "@sluice/core/node/FileError"
import * as Files from "@sluice/core/node/Files"
import * as NodeStreams from "@sluice/core/node/NodeStreams"
import * as Text from "@sluice/core/node/Text"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Streams from "@sluice/core/Streams"
import * as WebStreams from "@sluice/core/WebStreams"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

const { ADAPTER: adapter = "", INPUT: input = "", OUTPUT: output = "" } = process.env

type Lines = Source.Source<string, unknown>
type Out = Sink.Sink<string, unknown>

const toFile = (): Sink.Sink<string, FileError> => Files.linesSink(output)

/** A source of lines over HTTP; the client comes with it. */
const fetched = (): Lines => {
  const source = Text.lines(Http.response(input))
  return { ...source, open: Effect.provide(source.open, FetchHttpClient.layer) } as Lines
}

/** A queue that another run fills, with the lines of the file. */
const queued = (): Lines =>
  Source.make(
    "queue",
    Effect.gen(function* () {
      const queue = yield* Queue.bounded<string, Cause.Done>(4_096)
      const lines = Streams.stream(Pipeline.source("file", Files.lines(input)))
      yield* Effect.forkScoped(Stream.runIntoQueue(lines as Stream.Stream<string>, queue))
      return yield* Source.fromQueue(queue).open
    })
  )

const sources: Readonly<Record<string, () => Lines>> = {
  http: fetched,
  queue: queued,
  nodeStream: () => Text.lines(NodeStreams.source<Buffer>(() => createReadStream(input))),
  webStream: () =>
    Text.lines(
      WebStreams.source(() => Readable.toWeb(createReadStream(input)) as ReadableStream<Uint8Array>)
    ),
  // Opened when it is read: what readline sees before is lost.
  asyncIterable: () =>
    Source.fromAsyncIterable({
      [Symbol.asyncIterator]: () =>
        createInterface({ input: createReadStream(input) })[Symbol.asyncIterator]()
    }),
  stream: () => Streams.source(Streams.stream(Pipeline.source("file", Files.lines(input))))
}

const sinks: Readonly<Record<string, () => Out>> = {
  toNodeStream: () => NodeStreams.sink<string>(() => createWriteStream(output)),
  toWebStream: () =>
    WebStreams.sink(() => Writable.toWeb(createWriteStream(output)) as WritableStream<string>)
}

/** These write the lines themselves; a stream wants their line breaks, too. */
const lined = (line: string): string => (adapter in sinks ? `${line}\n` : line)

interface Row {
  readonly n: string
  readonly text: string
}

const open = (): Pipeline.Closed<unknown, never> => {
  if (adapter === "csv") {
    const rows = CsvFiles.records(input) as Source.Source<Row, FileError>
    const sink = CsvFiles.sink<Row>(output, { columns: ["n", "text"] })
    return Pipeline.source("in", rows).pipe(Pipeline.sink("out", sink))
  }
  const source = (sources[adapter] ?? (() => Files.lines(input)))()
  const sink = (sinks[adapter] ?? toFile)()
  return Pipeline.source("in", source).pipe(
    Pipeline.map("line", lined),
    Pipeline.sink("out", sink as Sink.Sink<string, never>)
  )
}

export default open().pipe(Pipeline.named(adapter))
