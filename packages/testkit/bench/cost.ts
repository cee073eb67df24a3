// What the kit's own runs cost, as a table: `node -C sluice-source bench/cost.ts`.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Rules from "../src/ConformanceRules.ts"
import * as Differential from "../src/Differential.ts"
import * as Faulty from "../src/Faulty.ts"
import * as Interruption from "../src/Interruption.ts"
import * as Simulation from "../src/Simulation.ts"
import * as TestCase from "../src/TestCase.ts"
import { diamond, effects } from "../test/pipelines.ts"
import { testable } from "./testable.ts"

const makeEngine = AsyncEngine.make
const virtual = Interruption.virtual(makeEngine)

const cuts = async (make: Interruption.MakeStepped): Promise<number> => {
  let runs = 0
  for (const cut of ["interrupt", "abort", "graceful"] as const) {
    for (const pipeline of [effects, diamond]) {
      runs += 1 + (await Interruption.everyStep({ make, pipeline, cut })).steps
    }
  }
  return runs
}

const cases = async (): Promise<number> => {
  const given = { numbers: [{ items: [1, 2] }, { wait: "1 hour" }, { item: 3 }] }
  const one = { name: "one", given, expect: { sinks: { doubled: [2, 4, 6] } } }
  for (let n = 0; n < 100; n++) await TestCase.run(testable, one)
  return 100
}

/** Every rule of a suite, on every subject. */
const checks = async <S>(
  rules: ReadonlyArray<Rules.Rule<S>>,
  subjects: ReadonlyArray<S>
): Promise<number> => {
  let runs = 0
  for (const subject of subjects) {
    for (const rule of rules) {
      if (rule.applies?.(subject) === false) continue
      runs++
      await Effect.runPromise(Effect.exit(Rules.check(rule, subject)))
    }
  }
  return runs
}

const sync: Rules.EngineSubject = { makeEngine: () => SyncEngine.make(), clock: "virtual" }
const async: Rules.EngineSubject = { makeEngine, clock: "context" }
const faulty = Faulty.engines.map(({ subject }) => subject)

const parts: ReadonlyArray<readonly [what: string, run: () => Promise<number>]> = [
  [
    "random pipelines, sync engine",
    async () => (await Differential.run({ ...Differential.reference, cases: 1_000 })).cases
  ],
  [
    "random pipelines, async engine, seeded scheduler",
    async () => (await Differential.run({ makeEngine, cases: 1_000 })).cases
  ],
  [
    "random pipelines, async engine, real time",
    async () => (await Differential.run({ makeEngine, time: "real", cases: 200 })).cases
  ],
  [
    "simulation with faults",
    async () => (await Simulation.run({ subject: () => ({ pipeline: effects() }), runs: 500 })).runs
  ],
  ["cut before every step, sync engine", () => cuts(Interruption.sync)],
  ["cut before every step, async engine", () => cuts(virtual)],
  ["given-when-then cases", cases],
  ["the rules of an engine, sync and async engine", () => checks(Rules.engine, [sync, async])],
  ["the rules of an engine, every faulty engine", () => checks(Rules.engine, faulty)]
]

console.log("| part | runs | seconds | ms a run |\n| --- | --: | --: | --: |")
for (const [what, run] of parts) {
  const startedMs = performance.now()
  const runs = await run()
  const ms = performance.now() - startedMs
  console.log(`| ${what} | ${runs} | ${(ms / 1_000).toFixed(1)} | ${(ms / runs).toFixed(1)} |`)
}
