// A run that is ended before any of its steps leaves nothing; leaking pipelines and engines that
// lose records are seen.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Graph from "@sluice/core/Graph"
import * as Pipeline from "@sluice/core/Pipeline"
import { Pool } from "@sluice/core/Pool"
import * as PoolTracker from "@sluice/core/PoolTracker"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { describe, expect, it } from "vitest"
import * as Interruption from "../src/Interruption.ts"
import { diamond, effects, rich } from "./pipelines.ts"

const async = Interruption.virtual(() => AsyncEngine.make())
const engines = { sync: Interruption.sync, async } as const
const timeout = 60_000
const cuts: ReadonlyArray<Interruption.Cut> = ["interrupt", "abort", "graceful"]

describe.each(Object.entries(engines))("%s engine", (_name, make) => {
  for (const cut of cuts) {
    it.each([
      ["effects", effects],
      ["diamond", diamond]
    ])(`leaves nothing of %s after ${cut} before any step`, async (_shape, pipeline) => {
      const { steps, found } = await Interruption.everyStep({ make, pipeline, cut, freeze: true })
      expect(steps).toBeGreaterThan(15)
      expect(found).toEqual([])
    })

    it(`leaves nothing of a rich pipeline after ${cut} at any effect boundary`, {
      timeout
    }, async () => {
      const { steps, found } = await Interruption.everyStep({
        make,
        pipeline: rich,
        cut,
        opsPerStep: 1,
        freeze: true
      })
      expect(steps).toBeGreaterThan(300)
      expect(found).toEqual([])
    })
  }
})

const numbers = Source.fromIterable([1, 2, 3])

describe("what is left is seen", () => {
  it("a fiber that runs on", async () => {
    const pipeline = () =>
      Pipeline.source("in", numbers).pipe(
        Pipeline.mapEffect("daemon", (n: number) => Effect.as(Effect.forkDetach(Effect.never), n)),
        Pipeline.sink("out", Sink.drain)
      )
    const { found } = await Interruption.everyStep({ make: async, pipeline, cut: "interrupt" })
    expect(found.join("\n")).toMatch(/whole run: 3 fibers left/)
  })

  it("what was rented of a pool and is not returned", async () => {
    const forgets = (n: number) =>
      Effect.gen(function* () {
        const tracker = yield* PoolTracker.Current
        const pool = new Pool<Array<number>>({ name: "lists", make: () => [], tracker })
        const list = pool.rent("forgets")
        yield* Effect.sleep(1)
        pool.give(list)
        return n
      })
    const pipeline = () =>
      Pipeline.source("in", numbers).pipe(
        Pipeline.mapEffect("forgets", forgets),
        Pipeline.sink("out", Sink.drain)
      )
    const { found } = await Interruption.everyStep({ make: async, pipeline, cut: "abort" })
    expect(found.join("\n")).toMatch(
      /abort: 1 rent, .*\n {2}pool "lists", rent \d: not returned by "forgets" \(rule L3\)/
    )
  })

  it("a scope that is never closed", async () => {
    // Opens every source in a scope of the whole process.
    const forever = Effect.runSync(Scope.make())
    const leaky: Interruption.MakeStepped = (onStep, opsPerStep) => {
      const { engine, launch } = Interruption.sync(onStep, opsPerStep)
      const leaking = (node: Graph.StageNode): Graph.StageNode => {
        const { operation } = node
        if (operation._tag !== "Source") return node
        const { source } = operation
        const open = Effect.provideService(source.open, Scope.Scope, forever)
        return { ...node, operation: { ...operation, source: { ...source, open } } }
      }
      return {
        engine: {
          ...engine,
          start: (graph, options) =>
            engine.start({ ...graph, nodes: graph.nodes.map(leaking) }, options)
        },
        launch
      }
    }
    const { found } = await Interruption.everyStep({
      make: leaky,
      pipeline: effects,
      cut: "abort"
    })
    expect(found[0]).toMatch(/whole run: "in" opened 1 times, closed 0 times/)
  })

  it("records that counters do not account for", async () => {
    const hiding: Interruption.MakeStepped = (onStep, opsPerStep) => {
      const engine = SyncEngine.make({ onStep, opsPerStep })
      return {
        engine: {
          ...engine,
          start: (graph, options) =>
            Effect.map(engine.start(graph, options), (running) => ({
              ...running,
              inspectAll: () => {
                const states = running.inspectAll()
                const one = states["one"]
                if (one === undefined) return states
                return { ...states, one: { ...one, recordsIn: one.recordsIn + 1 } }
              }
            }))
        },
        launch: Effect.runFork
      }
    }
    const { found } = await Interruption.everyStep({
      make: hiding,
      pipeline: effects,
      cut: "graceful"
    })
    expect(found[0]).toMatch(/stage "one": 7 in \+ 0 made, but 6 out \+ 0 dropped \+ 0 dead/)
  })

  it("what the caller's own check says, with its step", async () => {
    const { found } = await Interruption.everyStep({
      make: async,
      pipeline: effects,
      cut: "abort",
      check: ({ step }) => (step === 5 ? ["five"] : [])
    })
    expect(found).toEqual([expect.stringMatching(/^step 5 of \d+, abort: five$/)])
  })
})

it("a run that hangs is a finding", async () => {
  const pipeline = () =>
    Pipeline.source("in", numbers).pipe(
      Pipeline.mapEffect("never", () => Effect.never),
      Pipeline.sink("out", Sink.drain)
    )
  const { found } = await Interruption.everyStep({ make: async, pipeline, cut: "abort" })
  expect(found).toEqual([expect.stringMatching(/^whole run: the run hangs/)])
})
