// The main job as a user of Sluice writes it: the example's pipeline, run by the library without
// the command around it.

import * as Parameters from "@sluice/core/Parameters"
import * as Pipeline from "@sluice/core/Pipeline"
import pipeline, { parameters } from "@sluice/example-wordnet/pipeline"
import * as Effect from "effect/Effect"

const out = process.argv[2] ?? "out/sluice.ndjson"
await Effect.runPromise(Pipeline.run(pipeline({ ...Parameters.defaults(parameters), out })))
