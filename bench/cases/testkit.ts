// What the kit's own runs cost beside a bare run, so that nobody turns it off: the same small
// pipeline bare, at virtual time, simulated with every check, as a given-when-then case; random
// pipelines; a pipeline cut before every step. A "record" is a run here.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Differential from "@sluice/testkit/Differential"
import * as Interruption from "@sluice/testkit/Interruption"
import * as Simulation from "@sluice/testkit/Simulation"
import * as TestCase from "@sluice/testkit/TestCase"
import * as VirtualRun from "@sluice/testkit/VirtualRun"
import * as Effect from "effect/Effect"
import type { Case } from "../src/Case.ts"

const runs = 200
const numbers = [1, 2, 3, 4, 5]

const pipeline = (): Pipeline.Closed<unknown> =>
  Pipeline.source("numbers", Source.fromIterable(numbers)).pipe(
    Pipeline.mapEffect("nap", (n: number) => Effect.as(Effect.sleep("1 second"), 2 * n)),
    Pipeline.sink("out", Sink.drain)
  )

const testable: TestCase.Testable = (io) =>
  Pipeline.source("numbers", io.source<number>("numbers")).pipe(
    Pipeline.mapEffect("nap", (n: number) => Effect.as(Effect.sleep("1 second"), 2 * n)),
    Pipeline.sink("out", io.sink<number>("out"))
  )

const given: TestCase.TestCase = {
  name: "doubles",
  given: { numbers: [{ items: numbers }] },
  expect: { sinks: { out: numbers.map((n) => 2 * n) } }
}

/** One after the other; the number of those that went well. */
const times = async (one: () => Promise<boolean>): Promise<number> => {
  let well = 0
  for (let n = 0; n < runs; n++) if (await one()) well++
  return well
}

const small = "the test kit: a run of a small pipeline that sleeps five seconds"
const random = "the test kit: a random pipeline, its meaning and its run"
const cut = "the test kit: a small pipeline, ended before each of its steps"

const whole = (name: string, group: string, run: Case["run"], baseline = false): Case => ({
  name,
  group,
  records: runs,
  run,
  baseline
})

const cutting = (make: Interruption.MakeStepped) => async (): Promise<number> => {
  const { found } = await Interruption.everyStep({ make, pipeline, cut: "abort" })
  return found.length
}

const agreeing = (subject: Differential.Subject) => async (): Promise<number> =>
  (await Differential.assertAgrees({ ...subject, cases: runs })).cases

const cases: ReadonlyArray<Case> = [
  whole(
    "bare, sync engine",
    small,
    () =>
      times(async () => {
        const run = Pipeline.run(pipeline(), { engine: SyncEngine.make() })
        return (await Effect.runPromise(run)).status === "completed"
      }),
    true
  ),
  whole("VirtualRun, async engine", small, () =>
    times(async () => (await VirtualRun.run(pipeline())).status === "completed")
  ),
  whole("Simulation, no faults, all checks", small, async () => {
    const subject = () => ({ pipeline: pipeline() })
    return (await Simulation.assertHolds({ subject, runs, faults: [], stops: false })).runs
  }),
  whole("TestCase", small, () => times(async () => (await TestCase.run(testable, given)).passed)),
  whole("sync engine", random, agreeing(Differential.reference), true),
  whole(
    "async engine, and the sync one beside it",
    random,
    agreeing({ makeEngine: () => AsyncEngine.make() })
  ),
  { ...whole("sync engine, cut", cut, cutting(Interruption.sync), true), records: 1 },
  {
    ...whole("async engine, cut", cut, cutting(Interruption.virtual(() => AsyncEngine.make()))),
    records: 1
  }
]

export default cases
