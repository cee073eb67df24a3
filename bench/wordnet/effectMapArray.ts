// Effect Stream in its best form: one stream per file, split, parsed, joined and written in whole
// chunks (`mapArray`), merged by `mergeAll`.

import { createReadStream } from "node:fs"
import { fragmentsOf } from "@sluice/example-wordnet/Files"
import type { Fragment } from "@sluice/example-wordnet/Fragment"
import type { Format } from "@sluice/example-wordnet/Inputs"
import { synsetJson } from "@sluice/example-wordnet/Synset"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { LineFile } from "./LineFile.ts"
import { endWith, inputs, outputPath } from "./programArguments.ts"
import { SynsetTable } from "./SynsetTable.ts"

const table = new SynsetTable()
const output = new LineFile(outputPath())

const textOf = (path: string) =>
  Stream.fromAsyncIterable(
    createReadStream(path, {
      encoding: "utf8",
      highWaterMark: 256 * 1024
    }) as AsyncIterable<string>,
    (cause) => new Error(`reading ${path} failed`, { cause })
  )

// A chunk in, one array out: `mapArray` must not return an empty chunk, an element may be empty.
const fragmentsIn = ({ path, format }: { path: string; format: Format }) =>
  textOf(path).pipe(
    Stream.splitLines,
    Stream.mapArray((lines) => {
      const fragments: Array<Fragment> = []
      for (const line of lines) fragments.push(...fragmentsOf(format, line))
      return [fragments]
    })
  )

const linesOf = (fragments: ReadonlyArray<Fragment>): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const fragment of fragments) {
    const synset = table.add(fragment)
    if (synset !== undefined) lines.push(synsetJson(synset))
  }
  return lines
}

const write = (blocks: ReadonlyArray<ReadonlyArray<string>>) => {
  let behind: Promise<void> | undefined
  for (const lines of blocks) for (const line of lines) behind = output.add(line)
  return behind === undefined ? Effect.void : Effect.promise(() => behind)
}

const program = Stream.mergeAll(inputs().map(fragmentsIn), { concurrency: 9 }).pipe(
  Stream.map(linesOf),
  Stream.runForEachArray(write),
  Effect.andThen(Effect.promise(() => output.close()))
)

await Effect.runPromise(program)
endWith(table.size)
