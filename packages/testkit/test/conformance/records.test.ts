// Sources and sinks of records of a declared format keep the contract, as objects and as views.
import { readFileSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import * as Format from "@sluice/core/Format"
import * as Records from "@sluice/core/node/Records"
import type * as Sink from "@sluice/core/Sink"
import type * as Source from "@sluice/core/Source"
import { blockOf, everything } from "@sluice/core/Views"
import * as Effect from "effect/Effect"
import { sinkConformance, sourceConformance } from "../../src/Conformance.ts"

/** Disks answer when they do. */
const turns = 2_000_000

interface Named {
  readonly n: number
  readonly name: string
}

const records: ReadonlyArray<Named> = Array.from({ length: 600 }, (_, n) => ({
  n,
  name: `number ${n}`
}))

const fields = { n: Format.integer(), name: Format.text() }

const formats: ReadonlyArray<readonly [string, Format.Format<Named>, string, string]> = [
  [
    "delimited",
    Format.delimited(fields, { separator: ";" }),
    records.map(({ n, name }) => `${n};${name}\n`).join(""),
    "no number;a name\n"
  ],
  [
    "csv",
    Format.csv(fields),
    `n,name\n${records.map(({ n, name }) => `${n},"${name}"\n`).join("")}`,
    "no number,a name\n"
  ],
  [
    "ndjson",
    Format.ndjson(fields),
    records.map((record) => `${JSON.stringify(record)}\n`).join(""),
    '{"n":"no number","name":"a name"}\n'
  ]
]

const folder = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "conformance-"))),
  (name) => Effect.promise(() => fs.rm(name, { recursive: true }))
)

/** The source as those see it whose stages read views: all fields, a block at a time. */
const seenAsViews = (source: Source.Source<Named, unknown>): Source.Source<unknown, unknown> => {
  const { views } = source
  if (views === undefined) throw new Error("the source has no views")
  const chunkOf = (chunk: Source.Chunk<unknown> | undefined): Source.Chunk<unknown> | undefined => {
    const block = blockOf(chunk?.items)
    if (chunk === undefined || block === undefined) return chunk
    const items = block.toObjects()
    block.release()
    return { ...chunk, items }
  }
  const open: Source.Source<unknown, unknown>["open"] = Effect.map(
    views.open(everything(views.layout)),
    (reader) => ({
      pull: () => {
        const pulled = reader.pull()
        return Effect.isEffect(pulled) ? Effect.map(pulled, chunkOf) : chunkOf(pulled)
      }
    })
  )
  return { _tag: "Source", label: source.label, open }
}

const seen = [
  ["objects", (source: Source.Source<Named, unknown>) => source],
  ["views", seenAsViews]
] as const

for (const [name, format, text, bad] of formats) {
  for (const [form, as] of seen) {
    const over = (content: string) =>
      Effect.gen(function* () {
        const at = path.join(yield* folder, name)
        yield* Effect.promise(() => fs.writeFile(at, content))
        return { source: as(Records.files(at, format, { chunkBytes: 1_024 })), expected: records }
      })
    sourceConformance({
      name: `Records.files, ${name} as ${form}`,
      turns,
      make: over(text),
      makeFailing: over(text + bad)
    })
  }
}

const written = (
  make: (at: string) => Sink.Sink<never, unknown>,
  read: (content: string) => ReadonlyArray<unknown>,
  given: ReadonlyArray<unknown> = records
) =>
  Effect.gen(function* () {
    const at = path.join(yield* folder, "out")
    const output = Effect.sync(() => read(readFileSync(at, "utf8")))
    return { sink: make(at), records: given, output }
  })

const linesOf = (content: string): ReadonlyArray<string> =>
  content.split("\n").filter((line) => line !== "")

const objectsOf = (content: string): ReadonlyArray<unknown> =>
  linesOf(content).map((line) => JSON.parse(line) as unknown)

const rowsOf = (content: string): ReadonlyArray<unknown> =>
  linesOf(content)
    .slice(1)
    .map((line) => line.split(","))
    .map(([n, name]) => ({ n: Number(n), name }))

const refusing = (make: ReturnType<typeof written>) =>
  Effect.map(make, (own) => ({ ...own, refused: [1] }))

sinkConformance({
  name: "Records.ndjsonSink",
  turns,
  make: written((at) => Records.ndjsonSink(at), objectsOf),
  makeRefusing: refusing(
    written((at) => Records.ndjsonSink(at), objectsOf, [{ n: 1 }, undefined, { n: 2 }])
  )
})

sinkConformance({
  name: "Records.csvSink",
  turns,
  make: written((at) => Records.csvSink<Named>(at), rowsOf),
  makeRefusing: refusing(
    written((at) => Records.csvSink<Named>(at), rowsOf, [
      { n: 1, name: "a" },
      { n: {}, name: "b" },
      { n: 2, name: "c" }
    ])
  )
})
