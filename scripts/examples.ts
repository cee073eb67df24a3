// Runs every example as its package.json promises and compares what comes out.
// The promise: `"sluice": { "checks": [{ "run": "…", "exit": 0, "prints": ["…"] }] }`. `run` goes
// to the shell in the example's folder, with the workspace's commands on PATH; `prints` are texts
// that standard output or standard error must contain. An example without a check is a finding:
// nothing would run it.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import type { ExampleCheck, Finding, Package } from "./source/workspace.ts"
import { listFiles, listPackages, report, root } from "./source/workspace.ts"

/** What a command did. */
export interface Outcome {
  readonly exit: number
  readonly output: string
}

const minutesMax = 5

const run = (folder: string, command: string): Outcome => {
  const cwd = join(root, folder)
  const bins = [join(cwd, "node_modules/.bin"), join(root, "node_modules/.bin")]
  const ran = spawnSync(command, {
    cwd,
    shell: true,
    encoding: "utf8",
    timeout: minutesMax * 60_000,
    maxBuffer: 2 ** 26,
    env: { ...process.env, PATH: [...bins, process.env["PATH"]].join(delimiter) }
  })
  // Without an exit code a signal ended it, the time limit for instance.
  const signal = ran.signal === null ? "" : `ended by ${ran.signal}\n`
  return { exit: ran.status ?? -1, output: `${ran.stdout}${ran.stderr}${signal}` }
}

/** What is wrong with an outcome, or undefined. */
export const compare = (check: ExampleCheck, { exit, output }: Outcome): string | undefined => {
  const wanted = check.exit ?? 0
  const tail = output.trimEnd().split("\n").slice(-30).join("\n  ")
  if (exit !== wanted) return `exit code ${exit}, expected ${wanted}; it printed:\n  ${tail}`
  const missing = (check.prints ?? []).filter((text) => !output.includes(text))
  if (missing.length === 0) return undefined
  return `did not print ${missing.map((text) => JSON.stringify(text)).join(", ")}, but:\n  ${tail}`
}

const lineOfText = (path: string, text: string): number => {
  const lines = readFileSync(join(root, path), "utf8").split("\n")
  return lines.findIndex((line) => line.includes(JSON.stringify(text).slice(1, -1))) + 1
}

const checkExample = ({ folder, manifest }: Package): ReadonlyArray<Finding> => {
  const path = `${folder}/package.json`
  const checks = manifest.sluice?.checks ?? []
  if (checks.length === 0) {
    const cure = 'add "sluice": { "checks": [{ "run": "…", "prints": ["…"] }] }'
    return [{ path, line: 1, rule: "example", cure }]
  }
  return checks.flatMap((check) => {
    const wrong = compare(check, run(folder, check.run))
    if (wrong === undefined) return []
    return [
      { path, line: lineOfText(path, check.run), rule: "example", cure: `${check.run}: ${wrong}` }
    ]
  })
}

const main = (): void => {
  const examples = listPackages(listFiles()).filter(({ folder }) => folder.startsWith("examples/"))
  const findings = examples.flatMap(checkExample)
  const checks = examples.flatMap(({ manifest }) => manifest.sluice?.checks ?? [])
  report(findings, `${checks.length} commands of ${examples.length} examples did as promised`)
}

if (import.meta.main) main()
