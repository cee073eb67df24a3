// By hand: an async iterator over the lines of each file, nine at once, and maps.

import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import { fragmentsOf } from "@sluice/example-wordnet/Files"
import type { Format } from "@sluice/example-wordnet/Inputs"
import { synsetJson } from "@sluice/example-wordnet/Synset"
import { LineFile } from "./LineFile.ts"
import { endWith, inputs, outputPath } from "./programArguments.ts"
import { SynsetTable } from "./SynsetTable.ts"

const table = new SynsetTable()
const output = new LineFile(outputPath())

const readLines = async (path: string, format: Format): Promise<void> => {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity })
  for await (const line of lines) {
    for (const fragment of fragmentsOf(format, line)) {
      const synset = table.add(fragment)
      if (synset === undefined) continue
      const behind = output.add(synsetJson(synset))
      if (behind !== undefined) await behind
    }
  }
}

await Promise.all(inputs().map(({ path, format }) => readLines(path, format)))
await output.close()
endWith(table.size)
