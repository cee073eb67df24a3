// Runs the kit once over both engines and prints one line for each part that finds something. It
// is started by seededBugs.ts in a copy whose core is broken.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as Differential from "../src/Differential.ts"
import * as Interruption from "../src/Interruption.ts"
import * as Simulation from "../src/Simulation.ts"
import { diamond, effects } from "../test/pipelines.ts"

const makeEngine = AsyncEngine.make
const cases = 300
const runs = 100
const shownMax = 110

const tell = (part: string, finding: string | undefined): void => {
  if (finding === undefined) return
  const line = finding.replaceAll("\n", " ")
  console.log(`${part}: ${line.length > shownMax ? `${line.slice(0, shownMax)}…` : line}`)
}

const differential = async (): Promise<void> => {
  for (const [name, subject] of [
    ["async", { makeEngine }],
    ["sync", Differential.reference]
  ] as const) {
    const { cases: ran, failure } = await Differential.run({ ...subject, cases })
    const steps = failure?.plan.steps.map(({ op }) => op).join(" → ")
    const where = `case ${ran}, shrunk to ${steps === "" ? "no stage" : steps}`
    tell(`differential, ${name}`, failure && `${where}: ${failure.findings[0]}`)
  }
}

const interruption = async (): Promise<void> => {
  const engines = { sync: Interruption.sync, async: Interruption.virtual(makeEngine) }
  for (const [name, make] of Object.entries(engines)) {
    for (const cut of ["interrupt", "abort", "graceful"] as const) {
      for (const pipeline of [effects, diamond]) {
        const { found } = await Interruption.everyStep({
          make,
          pipeline,
          cut,
          freeze: true
        })
        tell(`interruption, ${name}`, found[0])
        if (found.length > 0) return
      }
    }
  }
}

const simulation = async (): Promise<void> => {
  for (const make of [effects, diamond]) {
    const { found } = await Simulation.run({ subject: () => ({ pipeline: make() }), runs })
    tell("simulation", found && Simulation.describe(found))
    if (found !== undefined) return
  }
}

await differential()
await interruption()
await simulation()
