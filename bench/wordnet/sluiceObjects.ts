// The main job as a user of Sluice writes it with plain functions, on objects.

import * as Files from "@sluice/core/node/Files"
import * as Pipeline from "@sluice/core/Pipeline"
import { synsetsByFunctions } from "@sluice/example-wordnet/ByFunctions"
import { wordnetDirectory } from "@sluice/example-wordnet/Inputs"
import * as Effect from "effect/Effect"

const out = process.argv[2] ?? "out/sluiceObjects.ndjson"
await synsetsByFunctions(wordnetDirectory(), "slots").pipe(
  Pipeline.sink("write", Files.ndjsonSink(out)),
  Pipeline.run,
  Effect.runPromise
)
