// A pipeline with everything that guards a stage, over many seeds, with faults and stops the seeds
// choose: it never hangs, no record goes uncounted, and a run that completed has all credit back.
import * as CircuitBreaker from "@sluice/backpressure/CircuitBreaker"
import * as Flow from "@sluice/backpressure/Flow"
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import * as Interruption from "../src/Interruption.ts"
import * as Simulation from "../src/Simulation.ts"

const records = Array.from({ length: 40 }, (_, i) => i)

const flows: ReadonlyArray<readonly [string, FlowStrategy.Flow]> = [
  ["credit", Flow.credit({ initial: 7, replenishThreshold: 3 })],
  ["rate", Flow.rate({ ratePerSecond: 200, burst: 3 })],
  ["reactive pull", Flow.reactivePull({ window: 2 })],
  ["adaptive batch", Flow.adaptive({ batchMin: 1, batchMax: 9 })],
  [
    "accumulator-aware",
    Flow.accumulatorAware({
      capacity: 5,
      bytesUnit: 10,
      spillPenalty: 1,
      inner: Flow.credit({ initial: 4, replenishThreshold: 2 })
    })
  ],
  [
    "regulated",
    Flow.regulated({
      batch: { batchMin: 1, batchMax: 8 },
      credits: { initial: 6, replenishThreshold: 2 },
      sampleMs: 1
    })
  ]
]

const breaker = CircuitBreaker.stage({
  errorThreshold: 0.5,
  throughputMin: 3,
  cooldownMs: 5,
  whenOpen: "wait"
})

const guarded = (flow: FlowStrategy.Flow): Pipeline.Closed<unknown> => {
  const { slow, dropping } = Pipeline.source("in", Source.fromIterable(records), { flow }).pipe(
    Pipeline.map("parse", (n: number) => n, { flow, onError: Policy.quarantine({ failures: 2 }) }),
    Pipeline.mapEffect("call", (n: number) => Effect.as(Effect.sleep(1), n), {
      concurrency: 3,
      flow,
      breaker,
      bulkhead: { name: "service", concurrency: 2 },
      deadline: 500,
      onError: Policy.retry({ retriesMax: 2, backoffMs: 1, exhausted: Policy.deadLetter })
    }),
    Pipeline.broadcast("both", ["slow", "dropping"])
  )
  const byKind = Policy.byKind({ recoverable: Policy.quarantine() }, Policy.deadLetter)
  return Pipeline.all([
    slow.pipe(
      Pipeline.sink(
        "store",
        Sink.forEachBatch(() => Effect.sleep(2)),
        { flow, onError: byKind }
      )
    ),
    dropping.pipe(
      Pipeline.sink("live", Sink.drain, { flow, buffer: { capacity: 5, onFull: "drop-oldest" } })
    )
  ])
}

/** Credit that a completed run still owes. */
const owed = ({ result }: Simulation.Outcome): ReadonlyArray<string> =>
  result?.status !== "completed"
    ? []
    : Object.values(result.finalStates).flatMap(({ stageId, flow }) => {
        const { credit_in_flight: credit = 0, pull_outstanding: pulled = 0 } =
          flow?.statistics ?? {}
        return credit + pulled === 0 ? [] : [`${stageId} is owed ${credit + pulled} credits`]
      })

const patience = 120_000

describe("guarded stages under faults", () => {
  it.each(flows)(
    "%s: no hang, no loss, no credit kept",
    async (seed, flow) => {
      const subject = (): Simulation.Subject => ({ pipeline: guarded(flow), check: owed })
      await Simulation.assertHolds({ subject, seed, runs: 60 })
    },
    patience
  )
})

/** Both engines with their steps in view. */
const stepped: ReadonlyArray<readonly [string, Interruption.MakeStepped]> = [
  ["sync", Interruption.sync],
  ["async", Interruption.virtual(() => AsyncEngine.make())]
]

const cuts = ["interrupt", "graceful", "abort"] as const

describe("guarded stages cut off at every step", () => {
  const cases = stepped.flatMap(([name, make]) => cuts.map((cut) => ({ name, make, cut })))
  it.each(cases)(
    "$name engine, $cut: nothing is left open",
    async ({ make, cut }) => {
      const pipeline = (): Pipeline.Closed<unknown> => guarded(flows[0]?.[1] as FlowStrategy.Flow)
      const { found, steps } = await Interruption.everyStep({ make, pipeline, cut, opsPerStep: 40 })
      expect(steps).toBeGreaterThan(20)
      expect(found).toEqual([])
    },
    patience
  )
})
