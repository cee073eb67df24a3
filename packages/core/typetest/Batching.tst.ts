// What the types promise of batches, adapters and the ways out of a pipeline.
import * as Batching from "@sluice/core/Batching"
import * as Http from "@sluice/core/Http"
import * as CsvFiles from "@sluice/core/node/CsvFiles"
import type { FileError } from "@sluice/core/node/FileError"
import * as Files from "@sluice/core/node/Files"
import * as Text from "@sluice/core/node/Text"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Streams from "@sluice/core/Streams"
import * as WebStreams from "@sluice/core/WebStreams"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Schema from "effect/Schema"

/** True when two types are the same one. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

declare const same: <A, B>(equal: Same<A, B>) => void

const numbers = Pipeline.source("numbers", Source.fromIterable([1, 2, 3]))

const sums = Batching.accumulated({
  initial: 0,
  add: (total, n: number) => total + n,
  complete: (total) => total > 10,
  window: "1 second"
})

// A batch is of the same records, with failures and services as they were.
const gathered = numbers.pipe(
  Pipeline.batch("by count", Batching.hybrid(10, "1 second")),
  Pipeline.batch("by sum", sums)
)
same<typeof gathered, Pipeline.Pipeline<number>>(true)

// A rule is for the records it reads.
const texts = Pipeline.source("texts", Source.fromIterable(["a"]))
// error: 'string' is not assignable to type 'number'
texts.pipe(Pipeline.batch("by sum", sums))

// A rule without a time says so.
// error: Property 'window' is missing
Batching.accumulated({ initial: 0, add: (n: number) => n, complete: () => true })

// A schema types the records of a file; without one they are texts by column, or unknown.
const City = Schema.Struct({ name: Schema.String, people: Schema.Number })
const cities = CsvFiles.records("a.csv", City)
same<typeof cities, Source.Source<(typeof City)["Type"], FileError>>(true)
const cells = CsvFiles.records("a.csv")
same<typeof cells, Source.Source<Readonly<Record<string, string>>, FileError>>(true)

// A sink of rows names columns that its records have.
// error: Type '"mayor"' is not assignable to type
CsvFiles.sink<(typeof City)["Type"]>("a.csv", { columns: ["mayor"] })

// Text adds its failures to those of the bytes, and keeps what they need.
const body = Text.ndjson(Http.response("https://example.com"), City)
same<
  typeof body,
  Source.Source<
    (typeof City)["Type"],
    FileError | HttpClientError.HttpClientError,
    HttpClient.HttpClient
  >
>(true)

// Lines are made of bytes.
// error: 'string' is not assignable to type 'Uint8Array
Text.lines(Files.lines("a.txt"))

// A way out has the pipeline's records, and asks for its services where it is made.
const readable = WebStreams.readable(numbers)
same<typeof readable, Effect.Effect<ReadableStream<number>>>(true)
const iterable = Streams.asyncIterable(numbers)
same<typeof iterable, Effect.Effect<AsyncIterable<number>>>(true)

// A body is texts or bytes.
// error: 'number' is not assignable to type 'string \| Uint8Array
Http.respond(numbers)

// A sink of bytes takes bytes.
const bytes: Sink.Sink<Uint8Array, FileError> = Files.bytesSink("a.bin")
// error: 'number' is not assignable to type 'Uint8Array
numbers.pipe(Pipeline.sink("out", bytes))
