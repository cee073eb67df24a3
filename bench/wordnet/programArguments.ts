// What every program of the comparison is called with, and how it ends.

import { join } from "node:path"
import { inputFiles, wordnetDirectory } from "@sluice/example-wordnet/Inputs"

/** `program.ts <output file> [<directory with the nine files>]` */
export const outputPath = (): string => {
  const path = process.argv[2]
  if (path === undefined) throw new Error("usage: node program.ts <output file> [<directory>]")
  return path
}

/** The nine files with their formats, each with its whole path. */
export const inputs = () => {
  const directory = process.argv[3] ?? wordnetDirectory()
  return inputFiles.map(({ name, format }) => ({ path: join(directory, name), format }))
}

/** Says so and fails when keys are left over. */
export const endWith = (openKeys: number): void => {
  if (openKeys === 0) return
  process.stderr.write(`${openKeys} keys never became complete\n`)
  process.exitCode = 1
}
