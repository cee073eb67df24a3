// WordNet assembled by plain functions: lines parsed to objects, each with its key; slots, state
// and output record are what functions make of them. The same result as Assembly.ts.

import * as Accumulate from "@sluice/accumulation/Accumulate"
import * as Complete from "@sluice/accumulation/Complete"
import * as Files from "@sluice/core/node/Files"
import * as Pipeline from "@sluice/core/Pipeline"
import { fragmentsOf } from "./Files.ts"
import type { Fragment } from "./Fragment.ts"
import { countDeclaredBy, lemmaOf, lemmasDeclaredBy, rowKind } from "./Fragment.ts"
import type { Format } from "./Inputs.ts"
import { inputFiles } from "./Inputs.ts"
import type { Parts } from "./Parts.ts"
import { collect, emptyParts, synsetOfParts } from "./Parts.ts"
import type { Synset } from "./Synset.ts"

/** When a synset is complete. */
export type CompleteBy = "slots" | "count"

/** Sources of different speed: the big files are read in larger chunks than the small ones. */
const chunkBytes: Readonly<Record<Format, number>> = {
  data: 262_144,
  index: 131_072,
  sense: 65_536
}

/**
 * Nearly every line is kept until its synset is complete, so it may as well stay one string a
 * chunk.
 */
const textBytes = 262_144

const bySlots = Complete.discoveredSlots({
  slot: lemmaOf,
  parts: { required: ["sense", "lemma"], of: rowKind },
  declares: (fragment: Fragment) =>
    fragment._tag === "Gloss" ? lemmasDeclaredBy(fragment) : undefined,
  declaredBy: "the gloss row"
})

const byCount = Complete.count((fragment: Fragment) =>
  fragment._tag === "Gloss" ? countDeclaredBy(fragment) : undefined
)

const synsets = (completeBy: CompleteBy) =>
  Accumulate.make({
    key: (fragment: Fragment) => fragment.key,
    complete: completeBy === "slots" ? bySlots : byCount,
    state: { init: (): Parts => emptyParts(), add: collect },
    output: (group) => synsetOfParts(group.state),
    limits: { keys: 500_000 },
    expire: { idle: "10 minutes", emit: "discard" },
    atEnd: "discard"
  })

/** The synsets of the nine files in a directory. */
export const synsetsByFunctions = (
  directory: string,
  completeBy: CompleteBy
): Pipeline.Pipeline<Synset, Files.FileError> => {
  const fragments = inputFiles.map(({ name, format }) =>
    Pipeline.source(
      name,
      Files.lines(`${directory}/${name}`, { chunkBytes: chunkBytes[format], textBytes })
    ).pipe(Pipeline.flatMap(`parse-${name}`, (line: string) => fragmentsOf(format, line)))
  )
  return Pipeline.merge("fragments", fragments).pipe(
    Pipeline.accumulate("synsets", synsets(completeBy))
  )
}
