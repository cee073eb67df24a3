// Accumulation against the same by hand, each run in a fresh process, interleaved, medians:
//   node -C sluice-source accumulation/compare.ts [--rounds 5] [--only <part of a group>]
import { execFileSync } from "node:child_process"
import { parseArgs } from "node:util"
import type { Measured } from "./programs.ts"
import { groups } from "./programs.ts"

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, only: { type: "string", default: "" } },
  allowPositionals: true
})

const median = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!

const measure = (group: string, name: string): Measured => {
  const args = ["-C", "sluice-source", import.meta.filename, "--", group, name]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Measured
}

const compare = (group: string, names: ReadonlyArray<string>, rounds: number): void => {
  const results = new Map<string, Array<Measured>>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const name of names) results.get(name)!.push(measure(group, name))
  }
  const sums = new Set([...results.values()].flat().map(({ checksum }) => checksum))
  if (sums.size > 1) throw new Error(`${group}: checksums differ: ${[...sums].join(" ")}`)
  const base = results.get(names[0]!)!
  console.log(group)
  for (const [name, all] of results) {
    const ns = median(all.map(({ nsPerRecord }) => nsPerRecord))
    const ratio = median(all.map((one, i) => base[i]!.nsPerRecord / one.nsPerRecord))
    console.log(`  ${name.padEnd(14)} ${ns.toFixed(0).padStart(6)} ns  ${ratio.toFixed(2)} x`)
  }
}

const [group, name] = positionals
if (group !== undefined && name !== undefined) {
  console.log(JSON.stringify(groups[group]![name]!()))
} else {
  for (const [title, programs] of Object.entries(groups)) {
    if (title.includes(values.only)) compare(title, Object.keys(programs), Number(values.rounds))
  }
}
