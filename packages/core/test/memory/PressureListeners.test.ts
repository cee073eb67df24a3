// Who listens to memory pressure: flow control in front of a stage, and accumulators.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Accumulator from "../../src/Accumulator.ts"
import type * as FlowStrategy from "../../src/FlowStrategy.ts"
import * as MemoryPressure from "../../src/node/MemoryPressure.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Pressure from "../../src/Pressure.ts"
import { collect, engines, numbers, range } from "../engines.ts"
import { inThrees } from "../runtime/counting.ts"

const pressing: Pressure.Pressure = { ...Pressure.calm, level: () => 0.75 }

/** A strategy that lets everything in and remembers the pressure it was told of. */
const listening =
  (told: Array<number>): FlowStrategy.FlowImplementation =>
  (_, host) => ({
    kind: "listening",
    unit: "records",
    side: "send",
    admit: ({ records }) => {
      told.push(host.pressure().gcShare)
      return records
    },
    settled: () => undefined,
    dueNanos: () => undefined,
    change: () => true,
    statistics: () => ({})
  })

/** An accumulator that remembers the pressure it was told of when it was made. */
const curious = (told: Array<number>): ReturnType<typeof inThrees> => {
  const spec = inThrees(1_000, { closed: 0, hurried: 0 })
  const make = (host: Accumulator.AccumulatorHost) => {
    told.push(host.pressure?.() ?? -1)
    return spec.make(host)
  }
  return { ...spec, make }
}

describe("the sync engine", () => {
  it.effect("does not look at the machine's memory: its runs are reproducible", () =>
    Effect.gen(function* () {
      for (const engine of engines) {
        const told: Array<number> = []
        const open = numbers(30).pipe(Pipeline.accumulate("threes", curious(told)))
        yield* collect(engine, open)
        expect(told).toEqual([engine.name === "sync" ? 0 : 1])
      }
    }).pipe(Effect.provide(MemoryPressure.layer({ bytesMax: 1_000 })))
  )
})

describe.each(engines)("$name engine, memory pressure", (engine) => {
  it.effect("flow control and accumulators see the level of the context", () =>
    Effect.gen(function* () {
      for (const [level, pressure] of [
        [0.75, pressing],
        [0, Pressure.calm]
      ] as const) {
        const [flow, state]: [Array<number>, Array<number>] = [[], []]
        const open = numbers(30).pipe(
          Pipeline.mapEffect("work", (n: number) => Effect.succeed(n), {
            flow: {
              descriptor: { _tag: "CreditBased", initial: 100, replenishThreshold: 50 },
              implementation: listening(flow)
            }
          }),
          Pipeline.accumulate("threes", curious(state))
        )
        const { out } = yield* collect(engine, open).pipe(
          Effect.provideService(Pressure.Current, pressure)
        )
        expect(out.flatMap((group) => group.values).length).toBe(range(30).length)
        expect(new Set(flow)).toEqual(new Set([level]))
        expect(state).toEqual([level])
      }
    })
  )
})
