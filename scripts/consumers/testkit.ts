// What the author of an engine might run with @sluice/testkit alone: random pipelines and cuts,
// without a test runner.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Differential from "@sluice/testkit/Differential"
import * as Interruption from "@sluice/testkit/Interruption"

const makeEngine = (): ReturnType<typeof AsyncEngine.make> => AsyncEngine.make()

const { cases } = await Differential.assertAgrees({ makeEngine, cases: 100 })

const pipeline = () =>
  Pipeline.source("in", Source.fromIterable([1, 2, 3])).pipe(Pipeline.sink("out", Sink.drain))

const { found } = await Interruption.everyStep({
  make: Interruption.virtual(makeEngine),
  pipeline,
  cut: "abort"
})

console.log(`testkit: ${cases} cases agree, ${found.length} findings`)
