// The main job as a user of Sluice writes it: the example's pipeline, run by the library without
// the command around it. `sluice.ts [objects] <output file>`: with `objects` its form on plain
// functions.

import * as Parameters from "@sluice/core/Parameters"
import * as Pipeline from "@sluice/core/Pipeline"
import pipeline, { parameters } from "@sluice/example-wordnet/pipeline"
import * as Effect from "effect/Effect"

const out = process.argv.at(-1) ?? "out/sluice.ndjson"
const shape = process.argv.includes("objects") ? "objects" : "views"
const values = { ...Parameters.defaults(parameters), out, shape } as const
await Effect.runPromise(Pipeline.run(pipeline(values)))
