// The sources and sinks of core keep the contract.
import { createReadStream } from "node:fs"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import * as Files from "@sluice/core/node/Files"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Streams from "@sluice/core/Streams"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { sinkConformance, sourceConformance } from "../../src/Conformance.ts"

const boom = new Error("boom")
const range = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i)
const records = range(600)

/** Counts what is taken and whether somebody still reads. */
class Tracked<A> {
  open = 0
  taken = 0
  private readonly values: ReadonlyArray<A>
  private readonly fails: boolean

  constructor(values: ReadonlyArray<A>, fails = false) {
    this.values = values
    this.fails = fails
  }

  *[Symbol.iterator](): Generator<A> {
    this.open++
    try {
      for (const value of this.values) {
        this.taken++
        yield value
      }
      if (this.fails) throw boom
    } finally {
      this.open--
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<A> {
    yield* this[Symbol.iterator]()
  }
}

const tracked = <A>(
  make: (tracked: Tracked<A>) => Source.Source<unknown, unknown>,
  values: ReadonlyArray<A>,
  expected: ReadonlyArray<unknown>,
  fails?: boolean
) =>
  Effect.sync(() => {
    const input = new Tracked(values, fails)
    return { source: make(input), expected, open: () => input.open, taken: () => input.taken }
  })

sourceConformance({
  name: "Source.fromIterable",
  make: tracked((input) => Source.fromIterable(input), records, records),
  makeFailing: tracked((input) => Source.fromIterable(input), records, records, true),
  tellsOpen: true,
  tellsTaken: true
})

const chunks = range(60).map((k) => range(10).map((i) => k * 10 + i))

sourceConformance({
  name: "Source.fromChunks",
  make: tracked((input) => Source.fromChunks(input), chunks, records),
  makeFailing: tracked((input) => Source.fromChunks(input), chunks, records, true),
  tellsOpen: true,
  tellsTaken: true
})

const silentAsync = async function* (): AsyncGenerator<number> {
  yield* records
  await new Promise(() => undefined)
}

sourceConformance({
  name: "Source.fromAsyncIterable",
  make: tracked((input) => Source.fromAsyncIterable(input), records, records),
  makeFailing: tracked((input) => Source.fromAsyncIterable(input), records, records, true),
  makeSilent: Effect.sync(() => ({
    source: Source.fromAsyncIterable(silentAsync()),
    expected: records
  })),
  tellsOpen: true,
  tellsTaken: true
})

const streamed = Stream.fromIterable(records)

sourceConformance({
  name: "Streams.source",
  make: tracked((input) => Streams.source(Stream.fromIterable(input)), records, records),
  makeFailing: Effect.succeed({
    source: Streams.source(Stream.concat(streamed, Stream.fail(boom))),
    expected: records
  }),
  makeSilent: Effect.succeed({
    source: Streams.source(Stream.concat(streamed, Stream.never)),
    expected: records
  })
})

const queued = Effect.fnUntraced(function* (ends: boolean) {
  const queue = yield* Queue.unbounded<number, Cause.Done>()
  yield* Queue.offerAll(queue, records)
  if (ends) yield* Queue.end(queue)
  return { source: Source.fromQueue(queue), expected: records }
})

sourceConformance({
  name: "Source.fromQueue",
  make: queued(true),
  makeSilent: queued(false),
  reopens: false
})

/** A folder for one test. */
const folder = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "conformance-"))),
  (name) => Effect.promise(() => fs.rm(name, { recursive: true }))
)

const lines = records.map((n) => `line ${n}`)

/** Disks answer when they do. */
const turns = 2_000_000

sourceConformance({
  name: "Files.lines",
  turns,
  make: Effect.gen(function* () {
    const file = path.join(yield* folder, "lines.txt")
    yield* Effect.promise(() => fs.writeFile(file, `${lines.join("\n")}\n`))
    return { source: Files.lines(file), expected: lines }
  })
})

sinkConformance({
  name: "Sink.collectInto",
  make: Effect.sync(() => {
    const output: Array<unknown> = []
    return { sink: Sink.collectInto(output), records, output: Effect.sync(() => output) }
  })
})

const refused = [3, 5, 8]

const refusing = (make: (take: (n: number) => void) => Sink.Sink<number, unknown>) =>
  Effect.sync(() => {
    const output: Array<number> = []
    const take = (n: number): void => {
      if (refused.includes(n)) throw boom
      output.push(n)
    }
    return { sink: make(take), records: range(12), refused, output: Effect.sync(() => output) }
  })

const taking = (make: (take: (n: number) => void) => Sink.Sink<number, unknown>) =>
  Effect.sync(() => {
    const output: Array<number> = []
    return {
      sink: make((n) => void output.push(n)),
      records,
      output: Effect.sync(() => output)
    }
  })

const forEachEffect = (take: (n: number) => void): Sink.Sink<number, unknown> =>
  Sink.forEachEffect((n: number) => Effect.try({ try: () => take(n), catch: (cause) => cause }))

sinkConformance({
  name: "Sink.forEach",
  make: taking((take) => Sink.forEach(take)),
  makeRefusing: refusing((take) => Sink.forEach(take))
})

sinkConformance({
  name: "Sink.forEachEffect",
  make: taking(forEachEffect),
  makeRefusing: refusing(forEachEffect)
})

sinkConformance({
  name: "Sink.forEachBatch",
  make: taking((take) =>
    Sink.forEachBatch((ns: ReadonlyArray<number>) => Effect.sync(() => ns.forEach(take)))
  )
})

const read = async (file: string): Promise<ReadonlyArray<unknown>> => {
  const text = (await createReadStream(file, "utf8").toArray()).join("")
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown)
}

const writes = (records: ReadonlyArray<unknown>, refusedAt: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const file = path.join(yield* folder, "out.ndjson")
    const output = Effect.promise(() => read(file))
    return { sink: Files.ndjsonSink(file), records, refused: refusedAt, output }
  })

const circular: { self?: unknown } = {}
circular.self = circular

sinkConformance({
  name: "Files.ndjsonSink",
  turns,
  make: writes(
    records.map((n) => ({ n })),
    []
  ),
  makeRefusing: writes([{ n: 1 }, circular, { n: 2 }], [1])
})
