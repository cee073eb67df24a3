// A small HTTP server that answers Prometheus: GET /metrics, nothing else. It reads counters when
// asked, and closes with its scope.
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import type * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/** Where to listen. */
export interface MetricsServerOptions {
  /** 0 takes a free one. */
  readonly port: number
  /** Address to bind; default `127.0.0.1`, so that nobody outside the machine can ask. */
  readonly host?: string
  /** Default `/metrics`. */
  readonly path?: string
}

/** The server could not listen. */
export class MetricsServerError extends Data.TaggedError("MetricsServerError")<{
  readonly message: string
  readonly cause: unknown
}> {}

const causes: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there; choose another port, or 0 for a free one",
  EACCES: "ports below 1,024 need rights; choose a higher one",
  EADDRNOTAVAIL: "this machine has no such address; leave the host out, or use 0.0.0.0"
}

const refused = (options: MetricsServerOptions, cause: NodeJS.ErrnoException) => {
  const place = `${options.host ?? "127.0.0.1"}:${options.port}`
  const reason = causes[cause.code ?? ""] ?? cause.message
  return new MetricsServerError({ message: `cannot serve metrics on ${place}: ${reason}`, cause })
}

const answer =
  (path: string, format: () => string, contentType: string) =>
  (request: Http.IncomingMessage, response: Http.ServerResponse): void => {
    const asked = (request.url ?? "").split("?")[0]
    if (asked !== path) {
      response.writeHead(404, { "content-type": "text/plain" }).end(`metrics are at ${path}\n`)
    } else if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end()
    } else {
      response.writeHead(200, { "content-type": contentType }).end(format())
    }
  }

const listen = (
  options: MetricsServerOptions,
  onRequest: Http.RequestListener
): Effect.Effect<Http.Server, MetricsServerError> =>
  Effect.callback((resume) => {
    const server = Http.createServer(onRequest)
    server.once("error", (cause) => resume(Effect.fail(refused(options, cause))))
    server.listen(options.port, options.host ?? "127.0.0.1", () => resume(Effect.succeed(server)))
    return Effect.sync(() => void server.close())
  })

const close = (server: Http.Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/**
 * Serves the metrics of the context it is called in, until the scope closes; answers with the URL.
 *
 * Limits: no authentication and no TLS: bind it where only your scraper can reach it.
 * Errors: `MetricsServerError` when it cannot listen, with the place and the cure.
 */
export const serve: (
  options: MetricsServerOptions
) => Effect.Effect<string, MetricsServerError, Scope.Scope> = Effect.fnUntraced(function* (
  options: MetricsServerOptions
) {
  const context: Context.Context<never> = yield* Effect.context<never>()
  const path = options.path ?? "/metrics"
  // Only who serves metrics loads the exporter and what it needs of HTTP.
  const prometheus = yield* Effect.promise(() => import("../telemetry/Prometheus.ts"))
  const format = (): string => prometheus.formatUnsafe(context)
  const onRequest = answer(path, format, prometheus.contentType)
  const server = yield* Effect.acquireRelease(listen(options, onRequest), close)
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}${path}`
})

/**
 * Serves metrics as long as the layer lives.
 *
 * @example
 * ```ts
 * import * as MetricsServer from "@sluice/core/node/MetricsServer"
 * import * as Telemetry from "@sluice/core/Telemetry"
 * import * as Layer from "effect/Layer"
 *
 * const observed = Layer.mergeAll(Telemetry.layer(), MetricsServer.layer({ port: 9464 }))
 * ```
 */
export const layer = (options: MetricsServerOptions): Layer.Layer<never, MetricsServerError> =>
  Layer.effectDiscard(serve(options))
