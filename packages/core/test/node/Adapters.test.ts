// What all adapters owe, each on real files and streams: behind a slow sink the read stops after a
// bounded number of bytes; ended before any step, nothing stays open and the output is whole
// records.
import * as fs from "node:fs"
import { Readable, Writable } from "node:stream"
import * as zlib from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as CsvFiles from "../../src/node/CsvFiles.ts"
import * as Files from "../../src/node/Files.ts"
import * as fileSystem from "../../src/node/internal/fileSystem.ts"
import * as NodeStreams from "../../src/node/NodeStreams.ts"
import * as Text from "../../src/node/Text.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Sink from "../../src/Sink.ts"
import type * as Source from "../../src/Source.ts"
import * as WebStreams from "../../src/WebStreams.ts"
import { engines } from "../engines.ts"
import type { Cut, Outcome } from "../runtime/stepping.ts"
import { cutEverywhere, leftovers } from "../runtime/stepping.ts"
import { settle } from "../watchedSource.ts"
import { directory, openFiles, withFiles } from "./drive.ts"

/** The asynchronous file system, counting the bytes that were read. */
const counting = () => {
  const told = { bytes: 0 }
  const system: fileSystem.FileSystem = {
    ...fileSystem.asynchronous,
    openRead: (path, done) =>
      fileSystem.asynchronous.openRead(path, (error, handle) =>
        done(error, {
          ...handle,
          read: (buffer, offset, length, next) =>
            handle.read(buffer, offset, length, (failed, count) => {
              told.bytes += count
              next(failed, count)
            })
        })
      )
  }
  return { told, system }
}

const kibibyte = 1_024
const chunkBytes = 64 * kibibyte

/** Megabytes that no compression makes small: a counter scrambled into digits. */
const noise = (bytes: number): string => {
  const lines: Array<string> = []
  let seed = 1
  for (let length = 0; length < bytes; length += 41) {
    let line = ""
    while (line.length < 40) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      line += (seed % 1_000_000_000).toString(36)
    }
    lines.push(`"${line.slice(0, 38)}"`)
  }
  return `${lines.join("\n")}\n`
}

const read: ReadonlyArray<readonly [string, (path: string) => Source.Source<unknown, unknown>]> = [
  ["a.txt", (path) => Files.lines(path, { chunkBytes })],
  ["a.ndjson", (path) => Text.ndjson(Files.bytes(path, { chunkBytes }))],
  ["a.txt.gz", (path) => Files.lines(path, { chunkBytes })],
  ["a.txt.zst", (path) => Files.lines(path, { chunkBytes })],
  ["a.csv", (path) => CsvFiles.rows(path, { chunkBytes })],
  ["a.csv.gz", (path) => CsvFiles.rows(path, { chunkBytes })],
  ["a.bin", (path) => Files.bytes(path, { chunkBytes })],
  ["a.bin.zst", (path) => Files.bytes(path, { chunkBytes })]
]

describe("a slow sink stops the read", () => {
  for (const [name, source] of read) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const text = noise(2_000_000)
        const content = name.endsWith(".gz")
          ? zlib.gzipSync(text)
          : name.endsWith(".zst")
            ? zlib.zstdCompressSync(text)
            : Buffer.from(text)
        const at = yield* withFiles({ [name]: content })
        const { told, system } = counting()
        const gate = yield* Deferred.make<void>()
        const closed = Pipeline.source("in", source(at(name))).pipe(
          Pipeline.sink(
            "out",
            Sink.forEachBatch(() => Deferred.await(gate))
          )
        )
        const running = yield* Pipeline.start(closed).pipe(
          Effect.provideService(fileSystem.Override, system)
        )
        let before = -1
        while (told.bytes === 0 || told.bytes !== before) {
          before = told.bytes
          for (let turn = 0; turn < 5; turn++) yield* settle
        }
        expect(content.length).toBeGreaterThan(16 * chunkBytes)
        expect(told.bytes).toBeLessThanOrEqual(4 * chunkBytes)
        yield* running.stop("abort")
        const result = yield* running.result
        expect(result.status).toBe("aborted")
        expect(openFiles(at(""))).toEqual([])
      })
    )
  }
})

const orders = Array.from({ length: 60 }, (_, i) => ({ n: i, text: `öäü "${i}"` }))
const lines = orders.map((order) => `${JSON.stringify(order)}\n`).join("")
const csv = `n,text\n${orders.map(({ n }) => `${n},"öäü ""${n}"""\n`).join("")}`

/** A way from a file to a file. */
interface Way {
  readonly name: string
  readonly from: readonly [name: string, content: string | Buffer]
  readonly to: string
  readonly build: (from: string, to: string) => Pipeline.Closed<unknown>
  /** The text of the output, as far as it can be read. */
  readonly text: (bytes: Buffer) => string
}

const plain = (bytes: Buffer): string => bytes.toString()

/** What comes out of gzip data that may have been cut off. */
const gunzip = (bytes: Buffer): string =>
  bytes.length === 0
    ? ""
    : zlib.gunzipSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString()

const small = { chunkBytes: 512 }

const ways: ReadonlyArray<Way> = [
  {
    name: "gzipped NDJSON to NDJSON",
    from: ["in.ndjson.gz", zlib.gzipSync(lines)],
    to: "out.ndjson",
    build: (from, to) =>
      Pipeline.source("in", Text.ndjson(Files.bytes(from, small))).pipe(
        Pipeline.sink("out", Files.ndjsonSink<unknown>(to, { blockBytes: 256 }))
      ),
    text: plain
  },
  {
    name: "CSV to gzipped CSV",
    from: ["in.csv", csv],
    to: "out.csv.gz",
    build: (from, to) =>
      Pipeline.source("in", CsvFiles.records(from, undefined, { ...small, textBytes: 256 })).pipe(
        Pipeline.sink("out", CsvFiles.sink(to, { columns: ["n", "text"], blockBytes: 256 }))
      ),
    text: gunzip
  },
  {
    name: "Node stream to Node stream",
    from: ["in.txt", lines],
    to: "out.txt",
    build: (from, to) =>
      Pipeline.source(
        "in",
        Text.lines(
          NodeStreams.source<Buffer>(() => fs.createReadStream(from, { highWaterMark: 512 }))
        )
      ).pipe(
        Pipeline.map("line", (line: string) => `${line}\n`),
        Pipeline.sink(
          "out",
          NodeStreams.sink<string>(() => fs.createWriteStream(to))
        )
      ),
    text: plain
  },
  {
    name: "Web stream to Web stream",
    from: ["in.txt", lines],
    to: "out.txt",
    build: (from, to) =>
      Pipeline.source(
        "in",
        Text.lines(
          WebStreams.source(
            () =>
              Readable.toWeb(
                fs.createReadStream(from, { highWaterMark: 512 })
              ) as ReadableStream<Uint8Array>
          )
        )
      ).pipe(
        Pipeline.map("line", (line: string) => `${line}\n`),
        Pipeline.sink(
          "out",
          WebStreams.sink(() => Writable.toWeb(fs.createWriteStream(to)) as WritableStream<string>)
        )
      ),
    text: plain
  }
]

/** Turns until the system has closed what was let go of. */
const closedSoon = async (root: string): Promise<ReadonlyArray<string>> => {
  for (let turn = 0; turn < 500 && openFiles(root).length > 0; turn++)
    await new Promise((resolve) => setImmediate(resolve))
  return openFiles(root)
}

const cuts: ReadonlyArray<Cut> = ["interrupt", "abort", "graceful"]

describe.each(engines)("$name engine, files and streams, ended before any step", (engine) => {
  for (const way of ways) {
    for (const how of cuts) {
      it.effect(`${way.name}: ${how}`, () =>
        Effect.gen(function* () {
          const root = yield* directory
          const [name, content] = way.from
          fs.writeFileSync(`${root}/${name}`, content)
          const to = `${root}/${way.to}`
          const partial = `${to}.partial`
          const whole = way.name.startsWith("CSV") ? csv : lines
          const check = (outcome: Outcome): ReadonlyArray<string> => {
            const found = [...leftovers(outcome)]
            const there = [to, partial].find((path) => fs.existsSync(path))
            const text = there === undefined ? "" : way.text(fs.readFileSync(there))
            if (!whole.startsWith(text)) found.push(`not what was read: ${text.slice(-80)}`)
            if (text !== "" && !text.endsWith("\n")) found.push(`half a record: ${text.slice(-80)}`)
            const stopped = Exit.isSuccess(outcome.exit) ? outcome.exit.value : undefined
            const heads = way.name.startsWith("CSV") ? 1 : 0
            if (how === "graceful" && stopped !== undefined && stopped.recordsOut > 0) {
              const count = text.split("\n").length - 1 - heads
              if (count !== stopped.recordsOut) found.push(`${count} of ${stopped.recordsOut}`)
            }
            for (const path of [to, partial]) fs.rmSync(path, { force: true })
            return found
          }
          const build = () => way.build(`${root}/${name}`, to)
          const kind = engine.name === "sync" ? "sync" : "async"
          const { steps, found } = yield* Effect.promise(() =>
            cutEverywhere(kind, how, build, check)
          )
          expect(found).toEqual([])
          expect(steps).toBeGreaterThan(10)
          expect(yield* Effect.promise(() => closedSoon(root))).toEqual([])
        })
      )
    }
  }
})
