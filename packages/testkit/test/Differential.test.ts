// Both engines deliver what random pipelines mean; a broken engine is caught, and its case is made
// small and replayed by the code that is printed.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import { describe, expect, it } from "vitest"
import * as Differential from "../src/Differential.ts"
import {
  forgetsHeaders,
  forgetsOrder,
  givesUpAtOnce,
  hidesDeadLetters,
  losesRecords
} from "./brokenEngines.ts"

/** Cases per engine; some thousands are asked for by the environment. */
const cases = Number(process.env["SLUICE_CASES"] ?? 300)
const seed = process.env["SLUICE_SEED"] ?? "kit"
const patience = 30_000 + cases * 100

const async: Differential.Subject = {
  makeEngine: () => AsyncEngine.make(),
  code: "AsyncEngine.make()"
}

describe("engines deliver what random pipelines mean", () => {
  it("sync", { timeout: patience }, async () => {
    const report = await Differential.assertAgrees({ ...Differential.reference, cases, seed })
    expect(report.cases).toBe(cases)
  })

  it("async, under a seeded scheduler", { timeout: patience }, async () => {
    const { stages } = await Differential.assertAgrees({ ...async, cases, seed })
    for (const op of ["mapEffect", "process", "accumulate", "partition", "merge", "read"])
      expect(stages[op]).toBeGreaterThan(cases / 10)
  })

  it("async, as it is", { timeout: patience }, async () => {
    const few = Math.ceil(cases / 6)
    await Differential.assertAgrees({ ...async, time: "real", cases: few, seed: `${seed} real` })
  })
})

describe("a broken engine is caught, and its case is small", () => {
  it.each([
    ["forgets order", forgetsOrder, /in order/],
    ["loses records", losesRecords, /expected/],
    ["hides dead letters", hidesDeadLetters, /dead letters: expected 1, found 0/],
    ["gives up at once", givesUpAtOnce, /expected/],
    ["forgets headers", forgetsHeaders, /sink-\d/]
  ])("one that %s", async (_name, makeEngine, finding) => {
    const { failure } = await Differential.run({ makeEngine, cases: 1_000 })
    expect(failure?.findings.join("\n")).toMatch(finding)
    expect(failure?.plan.steps.length).toBeLessThanOrEqual(3)
    expect(failure?.plan.sources.flat().length).toBeLessThanOrEqual(4)
  })

  it("the printed code holds the plan that fails, and nothing that does not compile", async () => {
    const subject = { makeEngine: hidesDeadLetters, code: "AsyncEngine.make()" }
    const { failure } = await Differential.run(subject)
    const [, written = ""] = /: Differential.Plan = (\{.*?\n\})/s.exec(failure?.code ?? "") ?? []
    const plan: Differential.Plan = new Function(`return ${written}`)()
    const seed = failure?.seed ?? ""
    expect(await Differential.replay(plan, { ...subject, seed })).toEqual(failure?.findings)
    const sound = { makeEngine: () => AsyncEngine.make(), seed }
    expect(await Differential.replay(plan, sound)).toEqual([])
  })

  it("assertAgrees says what differs and how to replay it", async () => {
    const agrees = Differential.assertAgrees({ makeEngine: hidesDeadLetters })
    await expect(agrees).rejects.toThrow(/differs:\n {2}.*\nreplay it:\n\nimport/s)
  })
})
