// The nine WordNet files once or several times over: lines, parsed, filtered, counted. Nothing is
// kept, so memory must not follow the input. Called with the number of times and an unused path.

import { mkdtemp, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Files from "@sluice/core/node/Files"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import { fragmentsOf } from "@sluice/example-wordnet/Files"
import { inputFiles, wordnetDirectory } from "@sluice/example-wordnet/Inputs"
import * as Effect from "effect/Effect"

const times = Number(process.argv[2])

// A file is read once however often it is named, so each time gets a name of its own.
const directory = await mkdtemp(join(tmpdir(), "sluice-memory-"))
for (const { name } of inputFiles) {
  for (let k = 0; k < times; k++) {
    await symlink(join(wordnetDirectory(), name), join(directory, `${k}.${name}`))
  }
}

const lanes = inputFiles.map(({ name, format }) => {
  const paths = Array.from({ length: times }, (_, k) => join(directory, `${k}.${name}`))
  return Pipeline.source(name, Files.lines(paths)).pipe(
    Pipeline.flatMap(`parse-${name}`, (line: string) => fragmentsOf(format, line)),
    Pipeline.filter(`kept-${name}`, (fragment) => fragment.key.length > 0)
  )
})

const result = await Effect.runPromise(
  Pipeline.run(Pipeline.merge("all", lanes).pipe(Pipeline.sink("count", Sink.drain)))
)
await rm(directory, { recursive: true })
if (result.recordsOut !== 532_261 * times) throw new Error(`${result.recordsOut} records came out`)
