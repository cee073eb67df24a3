// Both engines deliver what random pipelines mean; a broken engine is caught, and its case is made
// small and replayed by the code that is printed.
import * as Accumulate from "@sluice/accumulation/Accumulate"
import * as Complete from "@sluice/accumulation/Complete"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import { describe, expect, it } from "vitest"
import * as Differential from "../src/Differential.ts"
import {
  dropsInSilence,
  forgetsHeaders,
  forgetsOrder,
  forgetsPartials,
  givesUpAtOnce,
  hidesDeadLetters,
  keepsViews,
  losesRecords,
  miscounts,
  setsNoBounds
} from "./brokenEngines.ts"

/** Cases per engine; `SLUICE_CASES` asks for more or fewer. */
const cases = Number(process.env["SLUICE_CASES"] ?? 2_000)
const seed = process.env["SLUICE_SEED"] ?? "kit"
const patience = 60_000 + cases * 100

const async: Differential.Subject = {
  makeEngine: () => AsyncEngine.make(),
  code: "AsyncEngine.make()"
}

const kinds = [
  ...["map", "filter", "flatMap", "mapBatch", "stamp", "read", "mapEffect", "mapPromise"],
  ...["process", "custom", "batch", "accumulate", "branch", "broadcast", "partition", "merge"]
]

/** Stages of plans whose sources read bytes. */
const onViews = ["where", "columns"]

/** The accumulators of the accumulation package, gathering as the kit's own do. */
const gathered: Differential.MakeGroups = (items, value, fault) =>
  Accumulate.make({
    key: ({ key }: Differential.Item) => key,
    complete: Complete.predicate((state: { count: number }) => state.count === items),
    state: {
      init: () => ({ count: 0, sum: 0 }),
      add: (state, item) => {
        fault(item)
        state.count++
        state.sum += item.value
      }
    },
    output: ({ key, state }) => ({ key, value: value === "sum" ? state.sum : state.count }),
    expire: { idle: "1 hour" },
    late: "reopen"
  })

describe("engines deliver what random pipelines mean", () => {
  it("sync and async, to the byte where the plans decide it", {
    timeout: 2 * patience
  }, async () => {
    const sync = await Differential.assertAgrees({ ...Differential.reference, cases, seed })
    const { stages, ...report } = await Differential.assertAgrees({ ...async, cases, seed })
    expect([sync.cases, report.cases]).toEqual([cases, cases])
    expect(report.digest).toBe(sync.digest)
    for (const op of onViews) expect([op, (stages[op] ?? 0) > cases / 20]).toEqual([op, true])
    for (const op of kinds) expect([op, (stages[op] ?? 0) > cases / 10]).toEqual([op, true])
  })

  it("async, each pipeline in several interleavings", { timeout: patience }, async () => {
    const few = Math.ceil(cases / 8)
    await Differential.assertAgrees({ ...async, cases: few, seeds: 4, seed: `${seed} again` })
  })

  it("async, as it is", { timeout: patience }, async () => {
    const few = Math.ceil(cases / 40)
    await Differential.assertAgrees({ ...async, time: "real", cases: few, seed: `${seed} real` })
  })

  it.each([
    ["sync", Differential.reference],
    ["async", async]
  ])(
    "%s, with the accumulators of the accumulation package",
    { timeout: patience },
    async (_, on) => {
      const few = Math.ceil(cases / 4)
      await Differential.assertAgrees({
        ...on,
        makeGroups: gathered,
        cases: few,
        seed: `${seed} acc`
      })
    }
  )

  it("the same to the byte on every machine", async () => {
    const { digest } = await Differential.assertAgrees({ ...async, cases: 100, seed: "golden" })
    expect(digest).toBe("3c682edf5fc7929f48d87de04b9632d32fa62b356f82c9960306da5c22886eac")
  })
})

describe("a broken engine is caught, and its case is small", () => {
  it.each([
    ["forgets order", forgetsOrder, /in order/],
    ["loses records", losesRecords, /expected/],
    ["hides dead letters", hidesDeadLetters, /dead letters: expected 1, found 0/],
    ["gives up at once", givesUpAtOnce, /expected/],
    ["forgets headers", forgetsHeaders, /sink-\d/],
    ["drops in silence", dropsInSilence, /sink-\d|handed on|records out/],
    ["forgets partial groups", forgetsPartials, /sink-\d|keys partial/],
    ["forgets views", keepsViews, /blocks of views not given back: expected 0, found \d/],
    ["sets no bounds", setsNoBounds, /the run hangs/],
    ["miscounts what its branches drop", miscounts, /dropped/]
  ])("one that %s", async (_name, makeEngine, finding) => {
    const { failure } = await Differential.run({ makeEngine, cases: 1_000 })
    expect(failure?.findings.join("\n")).toMatch(finding)
    // Whoever reads a finding can look up what was promised.
    expect(failure?.findings.filter((one) => !/\(rule [A-Z]\d+\)$/.test(one))).toEqual([])
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
