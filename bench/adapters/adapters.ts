// The adapters of core, each as a way to read one file of orders whole, or to write one: by name,
// so that every one can run in a process of its own.
import { createReadStream, createWriteStream } from "node:fs"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { Readable, Writable } from "node:stream"
import * as Http from "@sluice/core/Http"
import * as CsvFiles from "@sluice/core/node/CsvFiles"
import * as Files from "@sluice/core/node/Files"
import * as NodeStreams from "@sluice/core/node/NodeStreams"
import * as Text from "@sluice/core/node/Text"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Streams from "@sluice/core/Streams"
import * as WebStreams from "@sluice/core/WebStreams"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** The files of one set of orders, and where to write. */
export interface Inputs {
  readonly ndjson: string
  readonly gzip: string
  readonly zstd: string
  readonly csv: string
  readonly out: string
}

type Counted = { readonly recordsOut: number; readonly bytesIn: number }

/** One adapter at work on the whole file. */
export type Adapter = (inputs: Inputs) => Effect.Effect<Counted, unknown, Scope.Scope>

const drained = <A, E, R>(source: Source.Source<A, E, R>): Effect.Effect<Counted, unknown, R> =>
  Pipeline.run(Pipeline.source("in", source).pipe(Pipeline.sink("out", Sink.drain)))

const into = <E>(inputs: Inputs, sink: Sink.Sink<string, E>): Effect.Effect<Counted, unknown> =>
  Pipeline.run(Pipeline.source("in", Files.lines(inputs.ndjson)).pipe(Pipeline.sink("out", sink)))

const orders = (path: string): Source.Source<unknown, unknown> => Files.ndjson(path)

/** A server that sends the file to whoever asks. */
const serving = (path: string) =>
  Effect.acquireRelease(
    Effect.callback<http.Server>((resume) => {
      const server = http.createServer((_, response) => createReadStream(path).pipe(response))
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`))

const throughQueue = (inputs: Inputs): Effect.Effect<Counted, unknown> =>
  Effect.gen(function* () {
    const queue = yield* Queue.bounded<string, Cause.Done>(4_096)
    const filling = yield* Effect.forkChild(into(inputs, Sink.intoQueue(queue)))
    const { recordsOut } = yield* drained(Source.fromQueue(queue))
    yield* Effect.exit(Effect.sync(() => filling.pollUnsafe()))
    return { recordsOut, bytesIn: 0 }
  })

const counted = async (records: AsyncIterable<unknown>): Promise<Counted> => {
  let recordsOut = 0
  for await (const _ of records) recordsOut++
  return { recordsOut, bytesIn: 0 }
}

const linesOf = (inputs: Inputs) => Pipeline.source("in", Files.lines(inputs.ndjson))

export const adapters: Readonly<Record<string, Adapter>> = {
  "Files.bytes": ({ ndjson }) => drained(Files.bytes(ndjson)),
  "Files.lines": ({ ndjson }) => drained(Files.lines(ndjson)),
  "Files.lines, gzip": ({ gzip }) => drained(Files.lines(gzip)),
  "Files.lines, zstd": ({ zstd }) => drained(Files.lines(zstd)),
  "Files.ndjson": ({ ndjson }) => drained(orders(ndjson)),
  "CsvFiles.rows": ({ csv }) => drained(CsvFiles.rows(csv)),
  "CsvFiles.records": ({ csv }) => drained(CsvFiles.records(csv)),
  "Text.lines of Node stream": ({ ndjson }) =>
    drained(Text.lines(NodeStreams.source<Buffer>(() => createReadStream(ndjson)))),
  "Text.lines of Web stream": ({ ndjson }) => {
    const open = () => Readable.toWeb(createReadStream(ndjson)) as ReadableStream<Uint8Array>
    return drained(Text.lines(WebStreams.source(open)))
  },
  "Text.lines of HTTP": ({ ndjson }) =>
    Effect.flatMap(serving(ndjson), (url) =>
      Effect.provide(drained(Text.lines(Http.response(url))), FetchHttpClient.layer)
    ),
  "Files.linesSink": (inputs) => into(inputs, Files.linesSink(inputs.out)),
  "Files.linesSink, gzip": (inputs) => into(inputs, Files.linesSink(`${inputs.out}.gz`)),
  "Files.linesSink, zstd": (inputs) => into(inputs, Files.linesSink(`${inputs.out}.zst`)),
  "CsvFiles.sink": (inputs) => {
    const columns = ["id", "customer", "amount", "city", "note"] as const
    const sink = CsvFiles.sink<Record<(typeof columns)[number], unknown>>(inputs.out, { columns })
    const read = orders(inputs.ndjson) as Source.Source<Record<(typeof columns)[number], unknown>>
    return Pipeline.run(Pipeline.source("in", read).pipe(Pipeline.sink("out", sink)))
  },
  "NodeStreams.sink": (inputs) => {
    const sink = NodeStreams.sink<string>(() => createWriteStream(inputs.out))
    return into(inputs, sink)
  },
  "WebStreams.sink": (inputs) => {
    const open = () => Writable.toWeb(createWriteStream(inputs.out)) as WritableStream<string>
    return into(inputs, WebStreams.sink(open))
  },
  "Queue, out and in": throughQueue,
  "Streams.stream": (inputs) =>
    Effect.map(Stream.runCount(Streams.stream(linesOf(inputs))), (recordsOut) => ({
      recordsOut,
      bytesIn: 0
    })),
  "Streams.asyncIterable": (inputs) =>
    Effect.flatMap(Streams.asyncIterable(linesOf(inputs)), (records) =>
      Effect.promise(() => counted(records))
    ),
  "WebStreams.readable": (inputs) =>
    Effect.flatMap(WebStreams.readable(linesOf(inputs)), (records) =>
      Effect.promise(() => counted(records))
    ),
  "NodeStreams.readable": (inputs) =>
    Effect.flatMap(NodeStreams.readable(linesOf(inputs)), (records) =>
      Effect.promise(() => counted(records))
    )
}
