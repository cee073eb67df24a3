// The nine WordNet files once or several times over, joined to synsets on views: every key is
// opened and completed again for each time; memory follows the keys that are open, not the input:
// no limit is given beside those every accumulator has. Called with the number of times and the
// path of the output.

import { mkdtemp, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Accumulate from "@sluice/accumulation/Accumulate"
import * as Assemble from "@sluice/accumulation/Assemble"
import * as Complete from "@sluice/accumulation/Complete"
import * as Fields from "@sluice/core/Fields"
import * as Records from "@sluice/core/node/Records"
import * as Pipeline from "@sluice/core/Pipeline"
import { gloss, lemma, sense } from "@sluice/example-wordnet/Formats"
import { inputFiles, wordnetDirectory } from "@sluice/example-wordnet/Inputs"
import * as Effect from "effect/Effect"

const times = Number(process.argv[2])
const output = process.argv.at(-1) as string

// A file is read once however often it is named, so each time gets a name of its own.
const directory = await mkdtemp(join(tmpdir(), "sluice-memory-"))
const pathsOf = (name: string): ReadonlyArray<string> =>
  Array.from({ length: times }, (_, k) => join(directory, `${k}.${name}`))
for (const { name } of inputFiles)
  for (const path of pathsOf(name)) await symlink(join(wordnetDirectory(), name), path)

const lanes = inputFiles.map(({ name, format }) => {
  const paths = pathsOf(name)
  if (format === "data") return Pipeline.source(name, Records.files(paths, gloss))
  if (format === "sense") return Pipeline.source(name, Records.files(paths, sense))
  return Pipeline.source(name, Records.files(paths, lemma))
})

const synsets = Accumulate.make({
  key: Fields.joined("pos", "offset"),
  complete: Complete.discoveredSlots({
    slot: Fields.of("lemma"),
    parts: { required: ["Sense", "Lemma"], of: Fields.kind },
    declares: Fields.each("words", "lemma")
  }),
  duplicates: "drop",
  late: "reopen",
  output: Assemble.record("Gloss", { key: Assemble.key, gloss: Assemble.own("gloss") }),
  timeBoundWaived: "the input ends",
  atEnd: "discard"
})

const result = await Effect.runPromise(
  Pipeline.run(
    Pipeline.merge("fragments", lanes).pipe(
      Pipeline.accumulate("synsets", synsets),
      Pipeline.sink("write", Records.ndjsonSink(output))
    )
  )
)
await rm(directory, { recursive: true })
const { fragmentsIn = 0 } = result.accumulators[0]?.totals ?? {}
if (fragmentsIn !== 532_261 * times) throw new Error(`${fragmentsIn} fragments came in`)
