// Everything that needs only Node, cheap steps first; `pnpm test`. One line per step with its time,
// the output of a step only when it fails, all steps even when one fails, and at the end the
// counts. `node scripts/check.ts tidy types` runs only the steps it names.
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { listFiles, listPackages, root } from "./source/workspace.ts"

/** One step: a command, and the vitest reports it leaves behind. */
interface Step {
  readonly name: string
  readonly command: ReadonlyArray<string>
  readonly reports?: ReadonlyArray<string>
  /** A step without whose success this one would look at old output. */
  readonly needs?: string
}

/** What a step came to. `tests` are counted besides the step itself. */
interface Outcome {
  readonly ok: boolean
  readonly summary: string
  readonly output: string
  readonly passedTests: number
  readonly failedTests: number
}

const script = (name: string, ...more: ReadonlyArray<string>): ReadonlyArray<string> => [
  process.execPath,
  join(root, "scripts", `${name}.ts`),
  ...more
]

const turbo = (task: string, ...more: ReadonlyArray<string>): ReadonlyArray<string> =>
  script("turbo", "run", task, ...more, "--output-logs=errors-only")

const testReports = (): ReadonlyArray<string> => {
  const files = listFiles()
  return listPackages(files)
    .filter(({ folder }) =>
      files.some((path) => path.startsWith(`${folder}/test/`) && path.endsWith(".test.ts"))
    )
    .map(({ folder }) => `${folder}/out/vitest.json`)
}

const steps = (): ReadonlyArray<Step> => [
  { name: "lint", command: ["biome", "check", "--error-on-warnings", "."] },
  { name: "tidy", command: script("tidy") },
  { name: "dependencies", command: script("dependencies") },
  { name: "barrels", command: script("barrels", "--check") },
  { name: "types", command: turbo("types", "types:root", "--continue") },
  { name: "typetests", command: script("typetests") },
  { name: "snippets", command: script("snippets") },
  {
    name: "checkers",
    command: ["vitest", "run", "--root", "scripts"],
    reports: ["scripts/out/vitest.json"]
  },
  // One package at a time: tests that watch a child process should not share the cores with others.
  { name: "unit", command: turbo("test", "--concurrency=1", "--continue"), reports: testReports() },
  { name: "build", command: turbo("build") },
  { name: "examples", command: script("examples"), needs: "build" },
  { name: "pack", command: script("pack"), needs: "build" }
  // Steps that need more than Node (model checking, .NET) belong to .ci/run, after these.
]

const environment = {
  ...process.env,
  PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
  NO_COLOR: "1",
  // Makes vitest write the reports whose counts are summed below.
  SLUICE_TEST_REPORT: "1",
  FORCE_COLOR: undefined
}

const run = (command: ReadonlyArray<string>): Promise<{ status: number; output: string }> =>
  new Promise((resolve) => {
    const [file, ...args] = command
    const child = spawn(file!, args, {
      cwd: root,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"]
    })
    const chunks: Array<string> = []
    child.stdout.setEncoding("utf8").on("data", (text: string) => chunks.push(text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => chunks.push(text))
    child.on("error", (error) => resolve({ status: -1, output: String(error) }))
    child.on("close", (status) => resolve({ status: status ?? -1, output: chunks.join("") }))
  })

/** Counts of one vitest JSON report; a report that is missing means that its run never ended. */
export const readReport = (
  text: string | undefined
): { readonly passed: number; readonly failed: number; readonly idle: number } => {
  if (text === undefined) return { passed: 0, failed: 1, idle: 0 }
  const report = JSON.parse(text) as {
    readonly numPassedTests: number
    readonly numFailedTests: number
    readonly numPendingTests: number
    readonly numTodoTests: number
  }
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    idle: report.numPendingTests + report.numTodoTests
  }
}

const lastLine = (output: string): string => {
  const lines = output.split("\n").map((line) => line.trim())
  return lines.findLast((line) => /^Tasks:|\d/.test(line) && !/^(Time|Cached):/.test(line)) ?? ""
}

const runStep = async ({ command, reports = [] }: Step): Promise<Outcome> => {
  // A report of an earlier run must not be taken for this one's; turbo restores those it cached.
  for (const path of reports) rmSync(join(root, path), { force: true })
  const { status, output } = await run(command)
  const counts = reports.map((path) => {
    const file = join(root, path)
    return { path, ...readReport(existsSync(file) ? readFileSync(file, "utf8") : undefined) }
  })
  const passedTests = counts.reduce((sum, { passed }) => sum + passed, 0)
  const failedTests = counts.reduce((sum, { failed }) => sum + failed, 0)
  const idle = counts.filter((count) => count.idle > 0).map(({ path }) => path)
  const ok = status === 0 && failedTests === 0 && idle.length === 0
  const skipped = idle.length === 0 ? "" : `\ntests that did not run: ${idle.join(", ")}`
  const tests = `${passedTests} tests passed, ${failedTests} failed`
  const summary = reports.length > 0 ? tests : ok ? lastLine(output) : "see above"
  return { ok, summary, output: output + skipped, passedTests, failedTests }
}

const blocked = (needs: string): Outcome => ({
  ok: false,
  summary: `not run: it needs ${needs}`,
  output: "",
  passedTests: 0,
  failedTests: 0
})

const pnpmIsThere = (): boolean => spawnSync("pnpm", ["--version"]).status === 0

const chosen = (names: ReadonlyArray<string>): ReadonlyArray<Step> => {
  const all = steps()
  const unknown = names.filter((name) => !all.some((step) => step.name === name))
  if (unknown.length === 0)
    return all.filter(({ name }) => names.length === 0 || names.includes(name))
  const known = all.map(({ name }) => name).join(", ")
  throw new Error(`No step ${unknown.join(", ")}; the steps are ${known}.`)
}

const main = async (): Promise<void> => {
  if (!pnpmIsThere()) throw new Error("No pnpm on PATH: start it as `npx -y pnpm@12 test`.")
  let passed = 0
  let failed = 0
  const broken = new Set<string>()
  for (const step of chosen(process.argv.slice(2))) {
    const started = performance.now()
    const isBlocked = step.needs !== undefined && broken.has(step.needs)
    const outcome = isBlocked ? blocked(step.needs!) : await runStep(step)
    const { ok, summary, output, passedTests, failedTests } = outcome
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    if (!ok) {
      broken.add(step.name)
      console.log(output.trimEnd())
    }
    console.log(
      `${ok ? "ok  " : "FAIL"} ${step.name.padEnd(13)} ${seconds.padStart(6)} s  ${summary}`
    )
    passed += passedTests + (ok ? 1 : 0)
    failed += failedTests + (ok ? 0 : 1)
  }
  const counts = `${passed} passed, ${failed} failed`
  mkdirSync(join(root, "out"), { recursive: true })
  writeFileSync(join(root, "out/check.txt"), `${counts}\n`)
  console.log(counts)
  process.exitCode = failed === 0 ? 0 : 1
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.log(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
}
