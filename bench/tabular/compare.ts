// CSV grouped by a key: Sluice on views and on objects, two JavaScript parsers, and DuckDB. Each
// program in a fresh process, interleaved, medians; their outputs must be the same lines.
//   node -C sluice-source tabular/compare.ts [--megabytes 200] [--rounds 3]

import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { runNode } from "../src/Child.ts"
import { interleave, median, ratio } from "../src/Rounds.ts"

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "200" },
    rounds: { type: "string", default: "3" }
  }
})

const here = (name: string): string => new URL(name, import.meta.url).pathname

const programs = [
  { name: "Sluice, views", args: [here("sluice.ts")] },
  { name: "Sluice, objects", args: [here("sluice.ts"), "objects"] },
  { name: "papaparse", args: [here("papaparse.ts")] },
  { name: "csv-parse", args: [here("csvParse.ts")] },
  { name: "DuckDB", args: [here("duckdb.ts")] }
] as const

type Program = (typeof programs)[number]

const directory = join(tmpdir(), "sluice-tabular")
mkdirSync(directory, { recursive: true })
const input = join(directory, `sales-${values.megabytes}.csv`)
if (!existsSync(input))
  execFileSync(process.execPath, [here("generate.ts"), "csv", values.megabytes, input])

const outputOf = (program: Program): string => join(directory, `${program.name}.ndjson`)

const results = await interleave(programs, Number(values.rounds), (program, round) => {
  process.stderr.write(`round ${round + 1}: ${program.name}\n`)
  return runNode([...program.args, input, outputOf(program)], [])
})

const linesOf = (program: Program): string =>
  readFileSync(outputOf(program), "utf8").split("\n").sort().join("\n")

const expected = linesOf(programs[0])
for (const program of programs)
  if (linesOf(program) !== expected) throw new Error(`${program.name} writes other lines`)

const megabytes = statSync(input).size / 1e6
const base = results.get(programs[0])!.map(({ seconds }) => seconds)
console.log(`| ${megabytes.toFixed(0)} MB of CSV | MB/s | × views | CPU s | peak RSS MB |`)
console.log("|---|--:|--:|--:|--:|")
for (const program of programs) {
  const runs = results.get(program)!
  const seconds = runs.map((run) => run.seconds)
  const cells = [
    (megabytes / median(seconds)).toFixed(0),
    ratio(seconds, base).median.toFixed(2),
    median(runs.map(({ cpuSeconds }) => cpuSeconds)).toFixed(1),
    median(runs.map(({ rssMaxMb }) => rssMaxMb)).toFixed(0)
  ]
  console.log(`| ${program.name} | ${cells.join(" | ")} |`)
}
