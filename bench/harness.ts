// The one command: measures every case and program, prints the tables, writes RESULTS.md.
//   node harness.ts [--rounds 5] [--only <part of a group or case name>]
// With --only nothing is written. Fails when a checksum or an output differs.

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { goals } from "./goals.ts"
import * as memory from "./memory/programs.ts"
import { appendix, withAppendix } from "./src/Appendix.ts"
import type { CaseResult, ListedCase } from "./src/Case.ts"
import { runNode } from "./src/Child.ts"
import { goalTable } from "./src/Goals.ts"
import { interleave, median } from "./src/Rounds.ts"
import { preamble } from "./src/Setting.ts"
import type { Group } from "./src/Table.ts"
import { groupTable } from "./src/Table.ts"
import { differences } from "./wordnet/equal.ts"
import type { Program } from "./wordnet/programs.ts"
import * as wordnet from "./wordnet/programs.ts"

const runCaseModule = new URL("./src/runCase.ts", import.meta.url).pathname

const say = (text: string): void => void process.stderr.write(`${text}\n`)

const listCases = async (): Promise<ReadonlyArray<ListedCase>> => {
  const directory = new URL("./cases/", import.meta.url).pathname
  const files = (await readdir(directory)).filter((name) => !/job\.ts$/i.test(name)).sort()
  const lists: Array<ReadonlyArray<ListedCase>> = []
  for (const file of files) {
    const { stdout } = await runNode([runCaseModule, join(directory, file), "--list"])
    lists.push(JSON.parse(stdout) as ReadonlyArray<ListedCase>)
  }
  const cases = lists.flat()
  // A case is run by its file and name: two of one name would both measure the first.
  const known = new Set<string>()
  for (const { file, name } of cases) {
    if (known.has(`${file} ${name}`)) throw new Error(`${file} has two cases named "${name}"`)
    known.add(`${file} ${name}`)
  }
  return cases
}

const measureCase = async ({ file, name }: ListedCase): Promise<CaseResult> =>
  JSON.parse((await runNode([runCaseModule, file, name])).stdout) as CaseResult

const measureCases = async (cases: ReadonlyArray<ListedCase>, rounds: number) => {
  const results = await interleave(cases, rounds, (one, round) => {
    say(`round ${round + 1}/${rounds}: ${one.name}`)
    return measureCase(one)
  })
  return [...Map.groupBy(cases, ({ group }) => group)].map(([group, members]): Group => {
    const sums = members.map((one) => results.get(one)!.map(({ checksum }) => checksum))
    if (new Set(sums.flat()).size !== 1) {
      const shown = members.map(({ name }, i) => `${name}: ${sums[i]!.join(" ")}`)
      throw new Error(`checksums of "${group}" differ\n${shown.join("\n")}`)
    }
    const rows = members.map((one) => ({
      name: one.name,
      baseline: one.baseline === true,
      subject: one.subject === true,
      perRound: results.get(one)!.map(({ samples }) => median(samples)),
      extra: { "GC ms/1M": median(results.get(one)!.map(({ gcMs }) => gcMs)) }
    }))
    return { title: group, unit: "ns/record", rows }
  })
}

/** Programs of one table. `isCompared`: their outputs must equal the batch join. */
interface ProgramGroup {
  readonly title: string
  readonly programs: ReadonlyArray<Program>
  readonly isCompared: boolean
}

const programGroups: ReadonlyArray<ProgramGroup> = [
  { ...wordnet, isCompared: true },
  { ...memory, isCompared: false }
]

// The first, unmeasured round warms the file cache and the compile cache, and its outputs are the
// ones compared. Each run writes a new file: to replace one costs what the file system makes of it.
const measurePrograms = async (
  { title, programs, isCompared }: ProgramGroup,
  chosen: ReadonlyArray<Program>,
  rounds: number
): Promise<Group> => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-bench-"))
  const pathOf = (program: Program): string =>
    join(directory, `${programs.indexOf(program)}.ndjson`)
  const compileCache = join(directory, "compiled")
  const run = async (program: Program) => {
    await rm(pathOf(program), { force: true })
    return runNode([...program.args, pathOf(program)], program.conditions, compileCache)
  }
  try {
    for (const program of chosen) await run(program)
    const outputs = chosen.map((program) => ({ name: program.name, path: pathOf(program) }))
    const different = isCompared ? await differences(outputs) : []
    if (different.length > 0) throw new Error(different.join("\n"))
    const results = await interleave(chosen, rounds, (program, round) => {
      say(`round ${round + 1}/${rounds}: ${program.name}`)
      return run(program)
    })
    const rows = chosen.map((program) => ({
      name: program.name,
      baseline: program.baseline === true,
      subject: program.subject === true,
      perRound: results.get(program)!.map(({ seconds }) => seconds),
      extra: {
        "CPU s": median(results.get(program)!.map(({ cpuSeconds }) => cpuSeconds)),
        "peak RSS MB": median(results.get(program)!.map(({ rssMaxMb }) => rssMaxMb))
      }
    }))
    return { title, unit: "seconds", rows }
  } finally {
    await rm(directory, { recursive: true })
  }
}

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "5" }, only: { type: "string" } }
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a number from 1")
  const { only } = values
  // A group's baseline always comes along: without it there is no ratio.
  const isWanted = (one: { name: string; group: string; baseline?: boolean }): boolean =>
    only === undefined || one.group.includes(only) || one.name.includes(only)
  const all = await listCases()
  const groupsWanted = new Set(all.filter(isWanted).map(({ group }) => group))
  const cases = all.filter(
    (one) => isWanted(one) || (one.baseline === true && groupsWanted.has(one.group))
  )
  const groups = [...(await measureCases(cases, rounds))]
  for (const group of programGroups) {
    const isIn = (program: Program): boolean => isWanted({ ...program, group: group.title })
    if (!group.programs.some(isIn)) continue
    const chosen = group.programs.filter((program) => isIn(program) || program.baseline === true)
    groups.push(await measurePrograms(group, chosen, rounds))
  }
  const tables = groups.map(groupTable).join("\n")
  const goalsReached = `### Goals\n\n${goalTable(goals, groups)}`
  console.log(`${tables}\n${goalsReached}`)
  if (only !== undefined) return
  const path = new URL("./RESULTS.md", import.meta.url)
  const measured = `${await preamble(rounds)}\n${tables}\n${goalsReached}`
  await writeFile(path, withAppendix(measured, await appendix()))
}

await main()
