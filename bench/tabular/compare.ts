// CSV grouped by a key, and NDJSON filtered, projected and grouped: Sluice on views and on objects,
// parsers for JavaScript, and DuckDB. Each program in a fresh process, interleaved, medians; their
// outputs must be the same lines.
//   node -C sluice-source tabular/compare.ts [--kind csv] [--megabytes 200] [--rounds 3] [--write]
// With --write the table is put into tabular/RESULTS.md, and that file into RESULTS.md.

import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { writeTable } from "../src/Appendix.ts"
import { runNode } from "../src/Child.ts"
import { interleave, median, ratio } from "../src/Rounds.ts"

const { values } = parseArgs({
  options: {
    kind: { type: "string", default: "csv" },
    only: { type: "string", default: "" },
    megabytes: { type: "string", default: "200" },
    rounds: { type: "string", default: "3" },
    write: { type: "boolean", default: false }
  }
})

const here = (name: string): string => new URL(name, import.meta.url).pathname

interface Program {
  readonly name: string
  readonly args: ReadonlyArray<string>
}

const groups: Readonly<Record<string, ReadonlyArray<Program>>> = {
  csv: [
    { name: "Sluice, views", args: [here("sluiceCsv.ts")] },
    { name: "Sluice, objects", args: [here("sluiceCsv.ts"), "objects"] },
    { name: "papaparse", args: [here("papaparse.ts")] },
    { name: "csv-parse", args: [here("csvParse.ts")] },
    { name: "DuckDB", args: [here("duckdbCsv.ts")] }
  ],
  ndjson: [
    { name: "Sluice, views", args: [here("sluiceNdjson.ts")] },
    { name: "Sluice, objects", args: [here("sluiceNdjson.ts"), "objects"] },
    { name: "JSON.parse by line", args: [here("jsonParse.ts")] },
    { name: "DuckDB", args: [here("duckdbNdjson.ts")] }
  ]
}

const { kind } = values
const group = groups[kind]
if (group === undefined) throw new Error(`--kind is ${kind}; give csv or ndjson`)
const programs = group.filter(({ name }, i) => i === 0 || name.includes(values.only))

const directory = join(tmpdir(), "sluice-tabular")
mkdirSync(directory, { recursive: true })
const input = join(directory, `sales-${values.megabytes}.${kind}`)
if (!existsSync(input))
  execFileSync(process.execPath, [here("generate.ts"), kind, values.megabytes, input])

const outputOf = (program: Program): string => join(directory, `${kind} ${program.name}.out`)

const results = await interleave(programs, Number(values.rounds), (program, round) => {
  process.stderr.write(`round ${round + 1}: ${program.name}\n`)
  return runNode([...program.args, input, outputOf(program)], [])
})

const linesOf = (program: Program): string =>
  readFileSync(outputOf(program), "utf8").split("\n").sort().join("\n")

const expected = linesOf(programs[0]!)
for (const program of programs)
  if (linesOf(program) !== expected) throw new Error(`${program.name} writes other lines`)

const megabytes = statSync(input).size / 1e6
const base = results.get(programs[0]!)!.map(({ seconds }) => seconds)
const titles: Readonly<Record<string, string>> = {
  csv: "grouped by one of 5,000 keys: sum, count, maximum",
  ndjson: "filtered, projected, grouped"
}
const title = `${megabytes.toFixed(0)} MB of ${kind.toUpperCase()} ${titles[kind]}`
const rows = programs.map((program) => {
  const runs = results.get(program)!
  const seconds = runs.map((run) => run.seconds)
  const cells = [
    (megabytes / median(seconds)).toFixed(0),
    ratio(seconds, base).median.toFixed(2),
    median(runs.map(({ cpuSeconds }) => cpuSeconds)).toFixed(1),
    median(runs.map(({ rssMaxMb }) => rssMaxMb)).toFixed(0)
  ]
  return `| ${program.name} | ${cells.join(" | ")} |`
})
const head = `| ${title} | MB/s | × views | CPU s | peak RSS MB |\n|---|--:|--:|--:|--:|`
const table = `${head}\n${rows.join("\n")}`
console.log(table)

if (values.write) {
  if (programs.length < group.length)
    throw new Error("--write takes all programs: leave out --only")
  const date = new Date().toISOString().slice(0, 10)
  const how = `Measured ${date}, ${values.rounds} round(s).`
  await writeTable("tabular/RESULTS.md", kind, `${table}\n\n${how}`)
}
