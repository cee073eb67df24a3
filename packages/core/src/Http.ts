// HTTP bodies as sources, and pipelines as bodies, on Effect's own HTTP modules: what fetches or
// serves is a service of theirs, so core brings neither. It decodes nothing; Text makes lines,
// NDJSON or rows of the bytes.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Pipeline from "./Pipeline.ts"
import * as Source from "./Source.ts"
import * as Streams from "./Streams.ts"

type Bytes = Source.Chunk<Uint8Array>

/** The chunks of a stream of bytes, counted. */
const readerOf = <E>(
  stream: Stream.Stream<Uint8Array, E>
): Effect.Effect<Source.SourceReader<Uint8Array, E>, never, Scope.Scope> =>
  Effect.map(Stream.toPull(stream), (pull) => {
    const counted = Effect.map(pull, (items): Bytes | undefined => {
      let bytes = 0
      for (const item of items) bytes += item.byteLength
      return { items, bytes, provenance: undefined }
    })
    const next = Effect.catchIf(counted, Cause.isDone, () => Effect.succeed(undefined))
    // `catchIf` has taken the end out of the failures.
    const ended = next as Effect.Effect<Bytes | undefined, E>
    return { pull: () => ended }
  })

const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return "the connection ended"
  // Fetch says "terminated", and why one level below.
  return cause.cause instanceof Error ? cause.cause.message : cause.message
}

/** What a body that ended too early is told as: the client itself says that decoding failed. */
const brokenOff = (error: HttpClientError.HttpClientError): HttpClientError.HttpClientError => {
  const { reason } = error
  if (reason._tag !== "DecodeError" || reason.description !== undefined) return error
  const { request, response, cause } = reason
  const description =
    `the body broke off: ${reasonOf(cause)}. Cure: run again, and ask the sender why; what came ` +
    "before was handed on"
  const told = new HttpClientError.DecodeError({ request, response, cause, description })
  return new HttpClientError.HttpClientError({ reason: told })
}

/**
 * The body of a response, as it comes.
 *
 * Shape: one record per chunk of bytes, decompressed as the client does it. The request is sent
 * once for each run, when the source opens.
 * Flow: reads the body only when downstream has room, so the connection's own window stops the
 * sender. The connection is given up when the run ends before the body does.
 * Errors: Effect's `HttpClientError`: no connection, a status outside 200 to 299, a body cut short;
 * what was read before comes first. Retry by the client (`HttpClient.retry`), which asks anew:
 * a body half read cannot be read again.
 *
 * @example
 * ```ts
 * import * as Http from "@sluice/core/Http"
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Sink from "@sluice/core/Sink"
 * import * as Effect from "effect/Effect"
 * import * as FetchHttpClient from "effect/http/FetchHttpClient"
 *
 * const closed = Pipeline.source("body", Http.response("https://example.com/data.ndjson")).pipe(
 *   Pipeline.sink("out", Sink.drain)
 * )
 * const run = Effect.provide(Pipeline.run(closed), FetchHttpClient.layer)
 * ```
 */
export const response = (
  request: HttpClientRequest.HttpClientRequest | string | URL
): Source.Source<Uint8Array, HttpClientError.HttpClientError, HttpClient.HttpClient> => {
  const asked = HttpClientRequest.isHttpClientRequest(request)
    ? request
    : HttpClientRequest.get(request)
  return Source.make(
    `${asked.method} ${asked.url}`,
    Effect.gen(function* () {
      const client = HttpClient.withScope(yield* HttpClient.HttpClient)
      const answered = yield* client.execute(asked)
      const good = yield* HttpClientResponse.filterStatusOk(answered)
      return yield* readerOf(Stream.mapError(good.stream, brokenOff))
    })
  )
}

/**
 * The body of the request that is being served.
 *
 * Shape: one record per chunk of bytes. Needs the `HttpServerRequest` of the handler it runs in.
 * Flow: reads only when downstream has room: a slow pipeline slows the sender down.
 * Errors: Effect's `HttpServerError` when the sender is gone before the end.
 */
export const request: Source.Source<
  Uint8Array,
  HttpServerError.HttpServerError,
  HttpServerRequest.HttpServerRequest
> = Source.make(
  "HTTP request",
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (asked) => readerOf(asked.stream))
)

/** Options of `respond`: those of the response, and of the run behind it. */
export interface RespondOptions extends HttpServerResponse.Options {
  readonly run?: Pipeline.RunOptions
}

const encoder = new TextEncoder()

/**
 * An open pipeline of texts or bytes as the body of a response.
 *
 * Shape: the records one after the other, texts in UTF-8, with nothing between them: lines need
 * their line breaks. Status and headers go out first, so a failure later can only cut the body
 * short.
 * Flow: the run starts when the body is sent, reads no faster than the client does, and is aborted
 * when the client goes away.
 *
 * @example
 * ```ts
 * import * as Http from "@sluice/core/Http"
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Source from "@sluice/core/Source"
 *
 * const handler = Http.respond(
 *   Pipeline.source("numbers", Source.fromIterable([1, 2, 3])).pipe(
 *     Pipeline.map("lines", (n) => `${JSON.stringify(n)}\n`)
 *   ),
 *   { contentType: "application/x-ndjson" }
 * )
 * ```
 */
export const respond = <E, R>(
  self: Pipeline.Pipeline<string | Uint8Array, E, R>,
  options: RespondOptions = {}
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.map(Effect.context<R>(), (context) => {
    const { run, ...response } = options
    const body = Stream.map(Streams.stream(self, run), (record) =>
      typeof record === "string" ? encoder.encode(record) : record
    )
    return HttpServerResponse.stream(Stream.provideContext(body, context), response)
  })
