// A fresh node process, run to its end and measured from outside (wall clock) and inside (memory,
// processor time). Throws, with what the process said, when it does not end with exit code 0.

import { spawn } from "node:child_process"
import { once } from "node:events"
import type { Readable } from "node:stream"
import { text } from "node:stream/consumers"

export interface ChildRun {
  readonly stdout: string
  readonly seconds: number
  readonly cpuSeconds: number
  readonly rssMaxMb: number
}

const usageModule = new URL("./reportUsage.ts", import.meta.url).href

/**
 * Runs `node <args>`; workspace packages resolve to their TypeScript source unless told otherwise.
 * Compiled code is kept in `compileCache` for the next run of the same program, if one is given.
 */
export const runNode = async (
  args: ReadonlyArray<string>,
  conditions: ReadonlyArray<string> = ["sluice-source"],
  compileCache?: string
): Promise<ChildRun> => {
  const flags = [...conditions.flatMap((name) => ["-C", name]), "--import", usageModule]
  const started = performance.now()
  const child = spawn(process.execPath, [...flags, ...args], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: { ...process.env, ...(compileCache && { NODE_COMPILE_CACHE: compileCache }) }
  })
  const exit = once(child, "exit").then(([code, signal]) => ({
    ending: code ?? signal,
    seconds: (performance.now() - started) / 1000
  }))
  const [stdout, stderr, usage, { ending, seconds }] = await Promise.all([
    text(child.stdio[1] as Readable),
    text(child.stdio[2] as Readable),
    text(child.stdio[3] as Readable),
    exit
  ])
  if (ending !== 0) throw new Error(`node ${args.join(" ")} ended with ${ending}\n${stderr}`)
  return { stdout, seconds, ...(JSON.parse(usage) as { rssMaxMb: number; cpuSeconds: number }) }
}
