// The main job as a user of Sluice declares it: the example's assembly on views, run by the library
// without the command around it. Like the programs by hand it does not check its result: the
// benchmark compares the outputs.

import * as Records from "@sluice/core/node/Records"
import * as Pipeline from "@sluice/core/Pipeline"
import { synsetsOf } from "@sluice/example-wordnet/Assembly"
import { wordnetDirectory } from "@sluice/example-wordnet/Inputs"
import * as Effect from "effect/Effect"

globalThis.T0=performance.now();const out = process.argv[2] ?? "out/sluice.ndjson"
await synsetsOf(wordnetDirectory()).pipe(
  Pipeline.sink("write", Records.ndjsonSink(out)),
  Pipeline.run,
  Effect.runPromise
)
import fs from "node:fs"
process.on("exit",()=>{const [cpu,rq,sl]=fs.readFileSync("/proc/self/task/"+process.pid+"/schedstat","utf8").split(" ").map(Number);console.log("SS wall",performance.now().toFixed(1),"cpu",(cpu/1e6).toFixed(1),"runq",(rq/1e6).toFixed(1),"sleep",(performance.now()-cpu/1e6-rq/1e6).toFixed(1),"start",globalThis.T0.toFixed(1))})
