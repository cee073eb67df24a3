// Do all programs write the same lines? `node equal.ts <output file>...` compares each file with
// the batch join, prints what it found and fails when one differs.

import { argv } from "node:process"
import { pathToFileURL } from "node:url"
import { digestFile } from "@sluice/example-wordnet/Digest"
import { wordnetDirectory } from "@sluice/example-wordnet/Inputs"
import { oracle } from "@sluice/example-wordnet/Join"

/** One sentence for each output that is not what the batch join gives; none when all are. */
export const differences = async (
  outputs: ReadonlyArray<{ readonly name: string; readonly path: string }>
): Promise<ReadonlyArray<string>> => {
  const expected = await oracle(wordnetDirectory())
  const found: Array<string> = []
  for (const { name, path } of outputs) {
    const { lines, digest } = await digestFile(path)
    if (digest === expected.digest) continue
    found.push(`${name}: ${lines} lines, digest ${digest}; the join has ${expected.keys} lines`)
  }
  return found
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const paths = argv.slice(2)
  const found = await differences(paths.map((path) => ({ name: path, path })))
  for (const sentence of found) console.error(sentence)
  if (found.length > 0 || paths.length === 0) process.exitCode = 1
  else console.log(`${paths.length} outputs equal the batch join`)
}
