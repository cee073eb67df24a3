// Core's adapters to files, streams and queues keep the contract of sources and sinks.
import { readFileSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { Readable, Writable } from "node:stream"
import * as zlib from "node:zlib"
import * as CsvFiles from "@sluice/core/node/CsvFiles"
import * as Files from "@sluice/core/node/Files"
import * as NodeStreams from "@sluice/core/node/NodeStreams"
import * as Text from "@sluice/core/node/Text"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as WebStreams from "@sluice/core/WebStreams"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { sinkConformance, sourceConformance } from "../../src/Conformance.ts"

const boom = new Error("boom")
const range = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i)
const records = range(600)
const lines = records.map((n) => `line ${n}`)
const text = `${lines.join("\n")}\n`

/** Disks and streams answer when they do. */
const turns = 2_000_000

/** A folder for one test. */
const folder = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "conformance-"))),
  (name) => Effect.promise(() => fs.rm(name, { recursive: true }))
)

const file = (name: string, content: string | Buffer) =>
  Effect.gen(function* () {
    const at = path.join(yield* folder, name)
    yield* Effect.promise(() => fs.writeFile(at, content))
    return at
  })

/** Names, contents, and what breaks the file behind its lines. */
const compressed = [
  ["lines.txt.gz", zlib.gzipSync(text), zlib.gzipSync(text).subarray(0, 12)],
  ["lines.txt.zst", zlib.zstdCompressSync(text), Buffer.from("no frame")]
] as const

for (const [name, content, broken] of compressed) {
  sourceConformance({
    name: `Files.lines of ${name}`,
    turns,
    make: Effect.map(file(name, content), (at) => ({ source: Files.lines(at), expected: lines })),
    makeFailing: Effect.map(file(name, Buffer.concat([content, broken])), (at) => ({
      source: Files.lines(at),
      expected: lines
    }))
  })
}

sourceConformance({
  name: "Files.bytes",
  turns,
  make: Effect.map(file("bytes", text), (at) => ({
    source: Files.bytes(at, { chunkBytes: 100 }),
    expected: range(Math.ceil(text.length / 100)).map((i) =>
      Buffer.from(text.slice(i * 100, i * 100 + 100))
    )
  }))
})

const csv = `n,text\n${records.map((n) => `${n},"line\n${n}"\n`).join("")}`
const rows = records.map((n) => ({ n: String(n), text: `line\n${n}` }))

sourceConformance({
  name: "CsvFiles.records",
  turns,
  make: Effect.map(file("a.csv", csv), (at) => ({
    source: CsvFiles.records(at),
    expected: rows
  })),
  makeFailing: Effect.map(file("a.csv", `${csv}601,"open\n`), (at) => ({
    source: CsvFiles.records(at),
    expected: rows
  }))
})

const bytes = [Buffer.from(text.slice(0, 1_001)), Buffer.from(text.slice(1_001))]

sourceConformance({
  name: "Text.lines",
  turns,
  make: Effect.sync(() => ({
    source: Text.lines(Source.fromChunks([bytes])),
    expected: lines
  })),
  makeFailing: Effect.sync(() => ({
    source: Text.lines(Source.fromChunks([bytes, [Buffer.from("bad \xff\n", "latin1")]])),
    expected: lines
  }))
})

/** Objects, then the end or silence. */
const readable = (then: "end" | "silence") => {
  let open = 0
  const make = (): Readable => {
    open++
    let next = 0
    return new Readable({
      objectMode: true,
      highWaterMark: 1,
      read() {
        if (next < records.length) this.push({ n: next++ })
        else if (then === "end") this.push(null)
      },
      destroy(error, callback) {
        open--
        callback(error)
      }
    })
  }
  return {
    source: NodeStreams.source<unknown>(make, { chunkRecords: 10 }),
    expected: records.map((n) => ({ n })),
    open: () => open
  }
}

sourceConformance({
  name: "NodeStreams.source",
  turns,
  make: Effect.sync(() => readable("end")),
  makeSilent: Effect.sync(() => readable("silence")),
  tellsOpen: true
})

const web = (then: "end" | "fail" | "silence") => {
  let [taken, open] = [0, 0]
  const make = (): ReadableStream<number> => {
    open++
    let next = 0
    return new ReadableStream<number>(
      {
        pull: (controller) => {
          if (next < records.length) {
            taken++
            controller.enqueue(next++)
          } else if (then === "silence") return new Promise(() => undefined)
          else {
            open--
            if (then === "end") controller.close()
            else controller.error(boom)
          }
          return undefined
        },
        cancel: () => void open--
      },
      { highWaterMark: 0 }
    )
  }
  return {
    source: WebStreams.source(make),
    expected: records,
    open: () => open,
    taken: () => taken
  }
}

sourceConformance({
  name: "WebStreams.source",
  turns,
  make: Effect.sync(() => web("end")),
  makeFailing: Effect.sync(() => web("fail")),
  makeSilent: Effect.sync(() => web("silence")),
  tellsOpen: true,
  tellsTaken: true
})

const fileSink = (
  name: string,
  make: (at: string) => Sink.Sink<never, unknown>,
  read: (at: string) => ReadonlyArray<unknown>,
  given: ReadonlyArray<unknown>,
  refusedAt?: ReadonlyArray<number>
) =>
  Effect.gen(function* () {
    const at = path.join(yield* folder, name)
    const sink = make(at) as Sink.Sink<unknown, unknown>
    const output = Effect.sync(() => read(at))
    return refusedAt === undefined
      ? { sink, records: given, output }
      : { sink, records: given, refused: refusedAt, output }
  })

const jsonLines = (content: Buffer): ReadonlyArray<unknown> =>
  content
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown)

const objects = records.map((n) => ({ n }))

sinkConformance({
  name: "Files.ndjsonSink, gzip",
  turns,
  make: fileSink(
    "out.ndjson.gz",
    (at) => Files.ndjsonSink(at),
    (at) => jsonLines(zlib.gunzipSync(readFileSync(at))),
    objects
  ),
  makeRefusing: fileSink(
    "out.ndjson.gz",
    (at) => Files.ndjsonSink(at),
    (at) => jsonLines(zlib.gunzipSync(readFileSync(at))),
    [{ n: 1 }, undefined, { n: 2 }],
    [1]
  )
})

const cells = (content: Buffer): ReadonlyArray<unknown> =>
  content
    .toString()
    .split("\n")
    .slice(1, -1)
    .map((line) => ({ n: Number(line) }))

sinkConformance({
  name: "CsvFiles.sink, zstd",
  turns,
  make: fileSink(
    "out.csv.zst",
    (at) => CsvFiles.sink<{ readonly n: unknown }>(at, { columns: ["n"] }),
    (at) => cells(zlib.zstdDecompressSync(readFileSync(at))),
    objects
  ),
  makeRefusing: fileSink(
    "out.csv.zst",
    (at) => CsvFiles.sink<{ readonly n: unknown }>(at, { columns: ["n"] }),
    (at) => cells(zlib.zstdDecompressSync(readFileSync(at))),
    [{ n: 1 }, { n: {} }, { n: 2 }],
    [1]
  )
})

sinkConformance({
  name: "NodeStreams.sink",
  turns,
  make: Effect.sync(() => {
    const output: Array<unknown> = []
    const make = (): Writable =>
      new Writable({
        objectMode: true,
        highWaterMark: 3,
        write(record: unknown, _encoding, callback) {
          output.push(record)
          setImmediate(callback)
        }
      })
    return { sink: NodeStreams.sink<unknown>(make), records, output: Effect.sync(() => output) }
  })
})

sinkConformance({
  name: "WebStreams.sink",
  turns,
  make: Effect.sync(() => {
    const output: Array<unknown> = []
    const make = (): WritableStream<unknown> =>
      new WritableStream({ write: async (record) => void output.push(record) })
    return { sink: WebStreams.sink(make), records, output: Effect.sync(() => output) }
  })
})

sinkConformance({
  name: "Sink.intoQueue",
  make: Effect.gen(function* () {
    const queue = yield* Queue.unbounded<unknown, Cause.Done>()
    const output = Effect.map(Queue.takeAll(queue), (taken) => taken as ReadonlyArray<unknown>)
    return { sink: Sink.intoQueue(queue, { end: false }), records, output }
  })
})
