// By hand, chunk-wise: the same maps, but a promise per chunk of text instead of one per line.

import { createReadStream } from "node:fs"
import { fragmentsOf } from "@sluice/example-wordnet/Files"
import type { Format } from "@sluice/example-wordnet/Inputs"
import { synsetJson } from "@sluice/example-wordnet/Synset"
import { LineFile } from "./LineFile.ts"
import { LineSplitter } from "./LineSplitter.ts"
import { endWith, inputs, outputPath } from "./programArguments.ts"
import { SynsetTable } from "./SynsetTable.ts"

const table = new SynsetTable()
const output = new LineFile(outputPath())

const readChunks = async (path: string, format: Format): Promise<void> => {
  let behind: Promise<void> | undefined
  const onLine = (line: string): void => {
    for (const fragment of fragmentsOf(format, line)) {
      const synset = table.add(fragment)
      if (synset !== undefined) behind = output.add(synsetJson(synset))
    }
  }
  const splitter = new LineSplitter()
  const file = createReadStream(path, { encoding: "utf8", highWaterMark: 256 * 1024 })
  for await (const chunk of file as AsyncIterable<string>) {
    splitter.split(chunk, onLine)
    if (behind !== undefined) await behind
  }
  splitter.end(onLine)
}

await Promise.all(inputs().map(({ path, format }) => readChunks(path, format)))
await output.close()
endWith(table.size)
