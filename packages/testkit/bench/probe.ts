// Runs the kit once over both engines and prints one line for each part that finds something. It
// is started by seededBugs.ts in a copy whose core is broken.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Rules from "../src/ConformanceRules.ts"
import * as Differential from "../src/Differential.ts"
import * as Interruption from "../src/Interruption.ts"
import { sound } from "../src/internal/faulty/webStreams.ts"
import * as Simulation from "../src/Simulation.ts"
import { diamond, effects, rich } from "../test/pipelines.ts"

const makeEngine = AsyncEngine.make
const cases = 500
const runs = 100
const shownMax = 140

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
      for (const pipeline of [effects, diamond, rich]) {
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
  for (const make of [effects, diamond, rich]) {
    const { found } = await Simulation.run({ subject: () => ({ pipeline: make() }), runs })
    tell("simulation", found && Simulation.describe(found))
    if (found !== undefined) return
  }
}

/** Rules of one suite that are broken. */
const broken = async <S>(rules: ReadonlyArray<Rules.Rule<S>>, subject: S) => {
  const found: Array<string> = []
  for (const rule of rules) {
    if (rule.applies?.(subject) === false) continue
    const exit = await Effect.runPromise(Effect.exit(Rules.check(rule, subject)))
    if (Exit.isFailure(exit)) found.push(rule.rule)
  }
  return found.length === 0 ? undefined : found.join(", ")
}

const conformance = async (): Promise<void> => {
  const async: Rules.EngineSubject = { makeEngine, clock: "context" }
  const sync: Rules.EngineSubject = { makeEngine: () => SyncEngine.make(), clock: "virtual" }
  for (const [name, subject] of [
    ["async", async],
    ["sync", sync]
  ] as const) {
    tell(`conformance, ${name}`, await broken(Rules.engine, subject))
    tell(`Reactive Streams, ${name}`, await broken(Rules.reactiveStreams, subject))
  }
  tell("Web Streams", await broken(Rules.webStreams, sound))
}

await conformance()
await differential()
await interruption()
await simulation()
// What a broken run left behind keeps nobody waiting.
process.exit(0)
