// Every adapter on one file of orders, each in a process of its own with a small heap: speed and
// peak memory. `node -C sluice-source adapters/compare.ts 300 "part of a name"` makes 300 MB first.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as CsvFiles from "@sluice/core/node/CsvFiles"
import * as Files from "@sluice/core/node/Files"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Source from "@sluice/core/Source"
import type { Order } from "@sluice/example-files/Order"
import { columns, orderAt } from "@sluice/example-files/Order"
import * as Effect from "effect/Effect"
import type { Inputs } from "./adapters.ts"
import { adapters } from "./adapters.ts"

const heap = ["--max-old-space-size=128", "--max-semi-space-size=16"]

const megabytes = Number(process.argv[2] ?? 300)
const part = process.argv[3] ?? ""

const directory = join(tmpdir(), `sluice-adapters-${megabytes}`)
const at = (name: string): string => join(directory, name)
const inputs: Inputs = {
  ndjson: at("orders.ndjson"),
  gzip: at("orders.ndjson.gz"),
  zstd: at("orders.ndjson.zst"),
  csv: at("orders.csv"),
  out: at("out")
}

/** Orders until the text is so long. */
function* orders(): Generator<ReadonlyArray<Order>> {
  for (let [n, written] = [0, 0]; written < megabytes * 1_000_000; ) {
    const chunk = Array.from({ length: 1_024 }, () => orderAt(n++))
    written += chunk.length * (JSON.stringify(chunk[0]).length + 1)
    yield chunk
  }
}

const generate = Effect.gen(function* () {
  mkdirSync(directory, { recursive: true })
  const made = () => Pipeline.source("orders", Source.fromChunks(orders()))
  for (const path of [inputs.ndjson, inputs.gzip, inputs.zstd]) {
    if (existsSync(path)) continue
    yield* Pipeline.run(made().pipe(Pipeline.sink("file", Files.ndjsonSink<Order>(path))))
  }
  if (existsSync(inputs.csv)) return
  const csv = CsvFiles.sink<Order>(inputs.csv, { columns })
  yield* Pipeline.run(made().pipe(Pipeline.sink("file", csv)))
})

interface Outcome {
  readonly recordsOut: number
  readonly seconds: number
  readonly peakMegabytes: number
}

const one = (name: string): Outcome | string => {
  const child = spawnSync(
    process.execPath,
    [
      "-C",
      "sluice-source",
      ...heap,
      join(import.meta.dirname, "one.ts"),
      name,
      JSON.stringify(inputs)
    ],
    { encoding: "utf8" }
  )
  if (child.status !== 0) return child.stderr.trim().split("\n").slice(-3).join(" ")
  return JSON.parse(child.stdout) as Outcome
}

await Effect.runPromise(generate)
const size = (name: string): number =>
  statSync(name.startsWith("CsvFiles.r") ? inputs.csv : inputs.ndjson).size / 1e6

process.stdout.write(
  `\n| adapter | records | s | MB/s of text | peak RSS, MB |\n|---|--:|--:|--:|--:|\n`
)
for (const name of Object.keys(adapters)) {
  if (!name.includes(part)) continue
  const outcome = one(name)
  const row =
    typeof outcome === "string"
      ? `failed: ${outcome}`
      : [
          outcome.recordsOut.toLocaleString("en-US"),
          outcome.seconds.toFixed(1),
          (size(name) / outcome.seconds).toFixed(0),
          outcome.peakMegabytes.toFixed(0)
        ].join(" | ")
  process.stdout.write(`| ${name} | ${row} |\n`)
  for (const path of ["", ".gz", ".zst"]) rmSync(inputs.out + path, { force: true })
}
