// Effect Stream as most people write it: lines, `flatMap` to fragments, one element at a time.

import { createReadStream } from "node:fs"
import { fragmentsOf } from "@sluice/example-wordnet/Files"
import type { Format } from "@sluice/example-wordnet/Inputs"
import type { Synset } from "@sluice/example-wordnet/Synset"
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
    createReadStream(path, { encoding: "utf8" }) as AsyncIterable<string>,
    (cause) => new Error(`reading ${path} failed`, { cause })
  )

const fragmentsIn = ({ path, format }: { path: string; format: Format }) =>
  textOf(path).pipe(
    Stream.splitLines,
    Stream.flatMap((line) => Stream.fromIterable(fragmentsOf(format, line)))
  )

const write = (synset: Synset) => {
  const behind = output.add(synsetJson(synset))
  return behind === undefined ? Effect.void : Effect.promise(() => behind)
}

const program = Stream.mergeAll(inputs().map(fragmentsIn), { concurrency: 9 }).pipe(
  Stream.map((fragment) => table.add(fragment)),
  Stream.filter((synset) => synset !== undefined),
  Stream.runForEach(write),
  Effect.andThen(Effect.promise(() => output.close()))
)

await Effect.runPromise(program)
endWith(table.size)
