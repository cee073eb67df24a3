// HTTP bodies in and out, against a real server and a real client: the text as it was sent, however
// the network cuts it; pressure and aborts that the other side notices; failures with their place.
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Http from "../../src/Http.ts"
import * as Text from "../../src/node/Text.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import { collect, collectFailing, engines, numbers, range } from "../engines.ts"

const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
})

/** Turns until something is so. */
const until = (holds: () => boolean) =>
  Effect.gen(function* () {
    for (let turn = 0; turn < 2_000 && !holds(); turn++) yield* settle
    expect(holds()).toBe(true)
  })

/** A server for the scope; answers its address. */
const serving = (listener: http.RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<http.Server>((resume) => {
      const server = http.createServer(listener)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`))

const textOf = (count: number): string =>
  range(count)
    .map((n) => `${JSON.stringify({ n, text: "öäü €" })}\n`)
    .join("")

describe.each(engines)("$name engine, the body of a response", (engine) => {
  it.effect("is lines, NDJSON, rows, however the network cuts it", () =>
    Effect.gen(function* () {
      const text = textOf(2_000)
      const url = yield* serving((request, response) => {
        const body = Buffer.from(request.url === "/csv" ? 'a,b\n1,"x\ny"\n' : text)
        for (let at = 0; at < body.length; at += 777) response.write(body.subarray(at, at + 777))
        response.end()
      })
      const body = Http.response(`${url}/data`)
      const lines = yield* collect(engine, Pipeline.source("in", Text.lines(body)))
      expect(lines.out.map((line) => `${line}\n`).join("")).toBe(text)
      expect(lines.result.bytesIn).toBe(Buffer.byteLength(text))
      const records = yield* collect(engine, Pipeline.source("in", Text.ndjson(body)))
      expect(records.out).toEqual(range(2_000).map((n) => ({ n, text: "öäü €" })))
      const csv = Text.csvRecords(Http.response(`${url}/csv`))
      const rows = yield* collect(engine, Pipeline.source("in", csv))
      expect(rows.out).toEqual([{ a: "1", b: "x\ny" }])
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.effect("a status that is no success fails the source before a record", () =>
    Effect.gen(function* () {
      const url = yield* serving((_, response) => {
        response.statusCode = 503
        response.end("busy")
      })
      const open = Pipeline.source("in", Http.response(url))
      const { out, error } = yield* collectFailing(engine, open)
      expect(out).toEqual([])
      expect(error.message).toContain("503")
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.effect("a body cut short fails after the lines before; a bad line names label and line", () =>
    Effect.gen(function* () {
      const url = yield* serving((request, response) => {
        response.setHeader("content-length", 1_000)
        response.write('{"n":1}\n{"n":2}\n')
        if (request.url === "/bad") response.write("{bad\n")
        response.write('{"n":')
        // Once it is on its way.
        setImmediate(() => setImmediate(() => response.destroy()))
      })
      const cut = Pipeline.source("in", Text.ndjson(Http.response(`${url}/cut`)))
      const { error } = yield* collectFailing(engine, cut)
      expect(error.message).toMatch(/the body broke off: .+\. Cure: run again.+\(200 GET http/)
      expect(error.failure.stageId).toBe("in")
      const bad = Pipeline.source("in", Text.ndjson(Http.response(`${url}/bad`)))
      const failed = yield* collectFailing(engine, bad)
      expect(failed.out).toEqual([{ n: 1 }, { n: 2 }])
      expect(failed.error.message).toContain(`GET ${url}/bad:3 (byte 16): not JSON`)
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.effect("a slow sink stops the sender; an abort gives the connection up", () =>
    Effect.gen(function* () {
      let [sent, stopped, gone] = [0, false, false]
      const block = Buffer.alloc(65_536, "x")
      const url = yield* serving((_, response) => {
        const send = (): void => {
          while (!response.destroyed) {
            sent += block.length
            stopped = !response.write(block)
            if (stopped) return
          }
        }
        response.on("drain", send)
        response.on("close", () => {
          gone = true
        })
        send()
      })
      const gate = yield* Deferred.make<void>()
      const closed = Pipeline.source("in", Http.response(url)).pipe(
        Pipeline.sink(
          "out",
          Sink.forEachBatch(() => Deferred.await(gate))
        )
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() })
      let before = -1
      while (sent === 0 || before !== sent) {
        before = sent
        for (let turn = 0; turn < 20; turn++) yield* settle
      }
      expect(stopped).toBe(true)
      // What the sockets of both sides hold: some megabytes, of an endless body.
      expect(sent).toBeLessThan(32_000_000)
      yield* running.stop("abort")
      yield* running.result
      yield* until(() => gone)
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})

describe.each(engines)("$name engine, a request that is served", (engine) => {
  const asked = (body: string | ReadableStream<Uint8Array>) =>
    HttpServerRequest.fromWeb(
      new Request("http://localhost/in", { method: "POST", body, duplex: "half" } as RequestInit)
    )

  it.effect("its body is a source", () =>
    Effect.gen(function* () {
      const open = Pipeline.source("in", Text.ndjson(Http.request))
      const { out } = yield* collect(engine, open).pipe(
        Effect.provideService(HttpServerRequest.HttpServerRequest, asked(textOf(300)))
      )
      expect(out).toEqual(range(300).map((n) => ({ n, text: "öäü €" })))
    })
  )

  it.effect("a slow pipeline reads no further", () =>
    Effect.gen(function* () {
      let pulled = 0
      const body = new ReadableStream<Uint8Array>(
        {
          pull: (controller) => {
            pulled++
            controller.enqueue(new Uint8Array(10))
          }
        },
        { highWaterMark: 0 }
      )
      const gate = yield* Deferred.make<void>()
      const closed = Pipeline.source("in", Http.request).pipe(
        Pipeline.sink(
          "out",
          Sink.forEachBatch(() => Deferred.await(gate))
        )
      )
      const running = yield* Pipeline.start(closed, { engine: engine.make() }).pipe(
        Effect.provideService(HttpServerRequest.HttpServerRequest, asked(body))
      )
      yield* settle
      expect(pulled).toBeGreaterThan(0)
      expect(pulled).toBeLessThanOrEqual(2)
      yield* running.stop("abort")
      yield* running.result
    })
  )

  it.effect("is answered with a pipeline, which ends with the client", () =>
    Effect.gen(function* () {
      const lines = numbers(40).pipe(Pipeline.map("line", (n: number) => `${n}\n`))
      const response = yield* Http.respond(lines, {
        contentType: "text/plain",
        run: { engine: engine.make() }
      })
      const web = HttpServerResponse.toWeb(response)
      expect(web.headers.get("content-type")).toBe("text/plain")
      expect(yield* Effect.promise(() => web.text())).toBe(
        range(40)
          .map((n) => `${n}\n`)
          .join("")
      )
      let closed = 0
      const endless = Source.make(
        "endless",
        Effect.as(
          Effect.acquireRelease(Effect.void, () => Effect.sync(() => void closed++)),
          { pull: () => ({ items: ["x"], bytes: 0, provenance: undefined }) }
        )
      )
      const left = HttpServerResponse.toWeb(
        yield* Http.respond(Pipeline.source("in", endless), { run: { engine: engine.make() } })
      )
      const reader = (left.body as ReadableStream<Uint8Array>).getReader()
      yield* Effect.promise(() => reader.read())
      yield* Effect.promise(() => reader.cancel())
      yield* until(() => closed === 1)
    })
  )
})
