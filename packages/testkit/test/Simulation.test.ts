// Simulated runs hold over many seeds and faults; a failure is found as a seed and a step that
// replays it; traces are the stored ones, byte for byte.
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import * as Differential from "../src/Differential.ts"
import * as Fault from "../src/Fault.ts"
import { build } from "../src/internal/differential/build.ts"
import * as Golden from "../src/node/Golden.ts"
import * as Simulation from "../src/Simulation.ts"
import { diamond, effects } from "./pipelines.ts"

const runs = Number(process.env["SLUICE_CASES"] ?? 150)

describe("simulation", () => {
  it.each([
    ["effects", effects],
    ["diamond", diamond]
  ])("%s holds over many seeds, faults and stops", { timeout: 60_000 }, async (_name, make) => {
    const { injected, steps } = await Simulation.assertHolds({
      subject: () => ({ pipeline: make() }),
      runs
    })
    expect(steps).toBeGreaterThan(runs * 10)
    for (const tag of ["Delay", "Failure", "Crash", "Duplicate", "Reorder", "Stop"])
      expect(injected[tag]).toBeGreaterThan(0)
  })

  it("random pipelines hold too", { timeout: 60_000 }, async () => {
    for (let n = 0; n < 20; n++) {
      const plan = Differential.plan(`simulated/${n}`)
      const subject = () => ({ pipeline: build(plan).closed })
      const report = await Simulation.run({ subject, runs: 5, seed: `random/${n}` })
      const { found } = report
      if (found !== undefined && !failsOnItsOwn(found)) {
        throw new Error(`${JSON.stringify(plan)}\n${Simulation.describe(found)}`)
      }
    }
  })
})

/** Some random plans fail without a fault: that is no finding about the engine. */
const failsOnItsOwn = ({ findings }: Simulation.Finding): boolean =>
  findings.every((finding) => finding === "the run ended failed, though nothing made it (rule L6)")

/** A sink that believes that numbers come in order: a reordering source proves it wrong. */
const trusting = (): Simulation.Subject => {
  const seen: Array<number> = []
  return {
    pipeline: Pipeline.source("in", Source.fromChunks([[1, 2], [3], [4, 5]])).pipe(
      Pipeline.mapEffect("work", (n: number) => Effect.as(Effect.sleep(1), n)),
      Pipeline.sink("out", Sink.collectInto(seen))
    ),
    always: () => (seen.some((n, i) => n < (seen[i - 1] ?? 0)) ? [`out of order: ${seen}`] : [])
  }
}

describe("a found failure", () => {
  it("is a seed and a step, the same when it is replayed", async () => {
    const options = { subject: trusting, faults: ["Reorder", "Delay"] as const }
    const { found } = await Simulation.run(options)
    if (found === undefined) throw new Error("nothing was found")
    expect(found.outcome.faults.map(({ _tag }) => _tag)).toContain("Reorder")
    expect(found.step).toBeLessThan(found.outcome.steps)
    const again = await Simulation.replay(found.seed, options)
    expect(again).toEqual(found)
    expect(Simulation.describe(found)).toMatch(/^seed "simulation\/\d+", step \d+, with .*Reorder/)
  })

  it("is not found where no such fault is injected", async () => {
    const options = { subject: trusting, faults: ["Delay"] as const, runs: 50 }
    expect((await Simulation.run(options)).found).toBeUndefined()
  })

  it("of a run whose seed does not decide it is told", async () => {
    let count = 0
    const subject = (): Simulation.Subject => {
      const length = ++count
      const numbers = Array.from({ length }, (_, n) => n)
      return {
        pipeline: Pipeline.source("in", Source.fromChunks(numbers.map((n) => [n]))).pipe(
          Pipeline.sink("out", Sink.drain)
        )
      }
    }
    const { found } = await Simulation.run({ subject, faults: [], stops: false, runs: 1 })
    expect(found?.findings).toEqual(["the same seed gave another trace (rule O5)"])
  })
})

describe("faults", () => {
  it("are refused where a stage cannot have them", () => {
    const graph = Pipeline.graph(effects())
    const on = (stageId: string) => () =>
      Fault.inject(graph, [{ _tag: "Reorder", stageId, call: 1 }])
    expect(on("many")).toThrow(/no fault Reorder can be put on stage "many": it can have Delay/)
    expect(on("none")).toThrow(/there is none among in, one, many, out/)
  })
})

describe("golden traces", () => {
  it.each([
    ["effects", effects],
    ["diamond", diamond]
  ])("%s gives its stored trace, byte for byte", async (name, make) => {
    const file = new URL(`golden/${name}.ndjson`, import.meta.url)
    await Golden.assertEqual(file, await Simulation.trace(make()))
  })

  it("a trace that differs is told by its first line", async () => {
    const file = new URL("golden/effects.ndjson", import.meta.url)
    const other = await Simulation.trace(effects(), "another seed")
    await expect(Golden.assertEqual(file, other)).rejects.toThrow(
      /effects\.ndjson differs at line \d+\n- .*\n\+ /
    )
    const missing = new URL("golden/none.ndjson", import.meta.url)
    await expect(Golden.assertEqual(missing, "")).rejects.toThrow(/there is no golden file none/)
  })
})
