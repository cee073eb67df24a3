// Each row of the interaction table, provoked in a run on both engines: what accumulators tell in
// their totals and how hard memory presses reach the regulator in front of a sink.
import { describe, expect, it } from "@effect/vitest"
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Pressure from "@sluice/core/Pressure"
import * as Sink from "@sluice/core/Sink"
import * as Effect from "effect/Effect"
import * as Flow from "../src/Flow.ts"
import { engines, numbers } from "./flowSettings.ts"
import { givingUp, timed } from "./timed.ts"

type Told = Pick<Accumulator.AccumulatorTotals, "keysOpen" | "keysCompleted" | "spillsActive">

const keysMax = 1_000

/** Passes fragments on and tells of its keys what the row asks for, by fragments so far. */
const telling = (told: (fragments: number) => Told): typeof givingUp => ({
  ...givingUp,
  descriptor: {
    ...givingUp.descriptor,
    policy: { ...givingUp.descriptor.policy, keysMax, spillAllowed: true }
  },
  make: (host) => {
    const instance = givingUp.make(host)
    const totals = (): Accumulator.AccumulatorTotals => {
      const before = instance.totals()
      return { ...before, keysPartial: 0, ...told(before.fragmentsIn) }
    }
    return { ...instance, totals }
  }
})

const most = 2_000

/**
 * Runs through an accumulator into a sink that takes so long for a batch, and looks at its flow.
 */
const flowOf = (
  engine: (typeof engines)[number],
  told: (fragments: number) => Told,
  options: { readonly batchMs: number; readonly level?: () => number }
) => {
  const { batchMs, level = () => 0 } = options
  const sink = Sink.forEachBatch((_: ReadonlyArray<number>) => Effect.sleep(batchMs))
  const closed = numbers(most).pipe(
    Pipeline.accumulate("group", telling(told)),
    Pipeline.sink("out", sink, {
      // A queue that is full, so that batches are not made smaller for want of records.
      buffer: { capacity: 40 },
      flow: Flow.regulated({
        batch: { batchMin: 1, batchMax: 64, batchInitial: 16, latencyMsTarget: 60_000 },
        credits: { initial: 64, replenishThreshold: 1 },
        sampleMs: 10
      })
    })
  )
  const run = Pipeline.run(closed, { engine: engine.make() })
  const pressure: Pressure.Pressure = { ...Pressure.calm, level }
  return timed(Effect.provideService(run, Pressure.Current, pressure)).pipe(
    Effect.map((result) => result.finalStates["out"]!.flow!)
  )
}

const actions = (flow: { readonly decisions: ReadonlyArray<{ readonly action: string }> }) =>
  flow.decisions.map(({ action }) => action)

/** Accumulators that are calm: half full, some keys completing. */
const calm = (fragments: number): Told => ({ keysOpen: 500, keysCompleted: fragments / 10 })

describe.each(engines)("$name engine, the interaction table", (engine) => {
  it.effect("high fill with low completion: smaller batches", () =>
    Effect.gen(function* () {
      const full = (): Told => ({ keysOpen: 950, keysCompleted: 0 })
      const flow = yield* flowOf(engine, full, { batchMs: 10 })
      expect(flow.decisions[0]).toMatchObject({
        action: "ShrinkBatch",
        reason: "accumulators 95 % full, completion rate 0 %"
      })
      expect(new Set(actions(flow))).toEqual(new Set(["ShrinkBatch"]))
    })
  )

  it.effect("frequent completions with an idle CPU: larger batches", () =>
    Effect.gen(function* () {
      const quick = (fragments: number): Told => ({ keysOpen: 0, keysCompleted: fragments })
      const rate = numbers(most, 20).pipe(
        Pipeline.map("paced", (n: number) => n, {
          flow: Flow.rate({ ratePerSecond: 400, burst: 20 })
        }),
        Pipeline.accumulate("group", telling(quick)),
        Pipeline.sink("out", Sink.drain, {
          flow: Flow.regulated({
            batch: { batchMin: 1, batchMax: 64, batchInitial: 4, latencyMsTarget: 60_000 },
            credits: { initial: 64, replenishThreshold: 1 },
            sampleMs: 10
          })
        })
      )
      const result = yield* timed(Pipeline.run(rate, { engine: engine.make() }))
      const flow = result.finalStates["out"]!.flow!
      expect(flow.decisions[0]).toMatchObject({
        action: "GrowBatch",
        reason: expect.stringMatching(/^completion rate 100 %, CPU \d+ % idle$/)
      })
      expect(new Set(actions(flow))).toEqual(new Set(["GrowBatch"]))
    })
  )

  it.effect("spilling while memory presses: smaller batches, slower credits, and back", () =>
    Effect.gen(function* () {
      let fragments = 0
      const isSpilling = (): boolean => fragments > 200 && fragments < 1_000
      const spilling = (count: number): Told => {
        fragments = count
        return { ...calm(count), spillsActive: isSpilling() ? 2 : 0 }
      }
      // It rises, as the table asks.
      let level = 0
      const rising = (): number => {
        level = isSpilling() ? Math.min(0.9, level + 0.1) : 0
        return level
      }
      const flow = yield* flowOf(engine, spilling, { batchMs: 10, level: rising })
      const taken = actions(flow)
      expect(taken.slice(0, 2)).toEqual(["ShrinkBatch", "SlowCredits"])
      expect(taken.slice(-2)).toEqual(["RestoreCredits", "RestoreBatch"])
      expect(flow.decisions[1]?.reason).toMatch(/^2 spills while GC pressure is at \d+ %$/)
      // From 64 to 1 takes six steps: none of them was undone by the controller in between.
      expect(taken.length).toBeLessThanOrEqual(9)
      expect(flow.statistics).toMatchObject({ credit_tokens_limit: 64 })
    })
  )

  it.effect("spilling alone, and memory that presses alone, are no row", () =>
    Effect.gen(function* () {
      const spilling = (count: number): Told => ({ ...calm(count), spillsActive: 2 })
      expect((yield* flowOf(engine, spilling, { batchMs: 10 })).decisions).toEqual([])
      const pressed = yield* flowOf(engine, calm, { batchMs: 10, level: () => 0.9 })
      expect(pressed.decisions).toEqual([])
    })
  )
})
