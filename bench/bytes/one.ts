// Lines, or NDJSON records, of one file, by one of several ways: `node one.ts <way> <file>` prints
// how many there are and what a field of them sums up to.

import { createReadStream, openSync, readFileSync, readSync } from "node:fs"
import { createInterface } from "node:readline"
import { BytePipe, readRecords, untilByte } from "@sluice/core/BytePipe"
import * as Format from "@sluice/core/Format"
import * as FormatParser from "@sluice/core/FormatParser"
import { SegmentPool } from "@sluice/core/SegmentPool"
import * as Effect from "effect/Effect"
import * as Ndjson from "effect/encoding/Ndjson"
import * as Stream from "effect/Stream"
import split2 from "split2"

const [way = "", path = ""] = process.argv.slice(2)
const chunkBytes = 1 << 18
let [records, sum] = [0, 0]

const chunks = () => createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>

/** Reads the file through a pipe. */
const piped = (onRecord: (bytes: Uint8Array, from: number, to: number) => void): void => {
  const pipe = new BytePipe(
    new SegmentPool({
      name: "bench",
      segmentBytes: chunkBytes,
      allocate: (n) => Buffer.allocUnsafeSlow(n)
    }),
    1 << 26
  )
  const file = openSync(path, "r")
  const line = untilByte(10)
  for (;;) {
    const { bytes, from, to } = pipe.room()
    const count = readSync(file, bytes, from, to - from, null)
    if (count === 0) break
    pipe.filled(count)
    readRecords(pipe, line, onRecord)
  }
  pipe.end()
  readRecords(pipe, line, onRecord)
}

const amountOf = (line: string): number => (JSON.parse(line) as { amount: number }).amount

const sales = Format.ndjson({ amount: Format.decimal() })

/** Whole lines of a chunk at a time, as blocks. */
const viewed = async (): Promise<void> => {
  let rest: Uint8Array = Buffer.alloc(0)
  for await (const chunk of chunks()) {
    const end = chunk.lastIndexOf(10) + 1
    const parsed = FormatParser.parse(sales, Buffer.concat([rest, chunk.subarray(0, end)]))
    rest = chunk.subarray(end)
    if (parsed._tag === "Fault") throw new Error(JSON.stringify(parsed.fault))
    const [amounts] = parsed.block.sheet.columns
    for (let i = parsed.block.from; i < parsed.block.to; i++) sum += amounts!.value[i] as number
    records += parsed.block.length
  }
}

/** Effect's own decoder, over a stream of the chunks. */
const decoded = (): Promise<void> =>
  Stream.fromAsyncIterable(chunks(), (cause) => cause).pipe(
    Stream.pipeThroughChannel(Ndjson.decode()),
    Stream.runForEachArray((values) =>
      Effect.sync(() => {
        for (const value of values as ReadonlyArray<unknown>) {
          records++
          sum += (value as { readonly amount: number }).amount
        }
      })
    ),
    Effect.runPromise
  )

/** The floor of everything that makes objects: the whole file is one string before. */
const parsedAlone = (): void => {
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line === "") continue
    records++
    sum += amountOf(line)
  }
}

const ways: Readonly<Record<string, () => void | Promise<void>>> = {
  "lines, BytePipe": () => piped(() => void records++),
  "lines, split2": async () => {
    for await (const _ of createReadStream(path, { highWaterMark: chunkBytes }).pipe(split2()))
      records++
  },
  "lines, readline": async () => {
    for await (const _ of createInterface({ input: createReadStream(path) })) records++
  },
  "NDJSON, views": viewed,
  "NDJSON, JSON.parse of lines of bytes": () =>
    piped((bytes, from, to) => {
      records++
      sum += amountOf((bytes as Buffer).toString("utf8", from, to))
    }),
  "NDJSON, effect/encoding": decoded,
  "NDJSON, JSON.parse alone, the file one string": parsedAlone,
  "NDJSON, JSON.parse of readline": async () => {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      records++
      sum += amountOf(line)
    }
  }
}

await ways[way]?.()
console.log(JSON.stringify({ records, sum, ways: Object.keys(ways) }))
