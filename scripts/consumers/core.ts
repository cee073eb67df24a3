// What a user of @sluice/core alone might write: runs on the installed package, by its barrel.
import { Pipeline, Sink, Source, SyncEngine } from "@sluice/core"
import * as Effect from "effect/Effect"

const squares: Array<number> = []

const pipeline = Pipeline.source("numbers", Source.fromIterable([1, 2, 3, 4])).pipe(
  Pipeline.filter("even", (n) => n % 2 === 0),
  Pipeline.map("square", (n) => n * n),
  Pipeline.sink("keep", Sink.collectInto(squares))
)

const run = (options: Pipeline.RunOptions): Promise<number> =>
  Effect.runPromise(Effect.map(Pipeline.run(pipeline, options), (result) => result.recordsOut))

const records = [await run({}), await run({ engine: SyncEngine.make() })]

console.log(`core: ${records.join(" and ")} records, ${squares.join(" ")}`)
