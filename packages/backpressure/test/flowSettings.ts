// What the tests of flow control share: both engines, a source in chunks, every strategy.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Flow from "../src/Flow.ts"
import { range } from "./timed.ts"

/** Everything holds on each of these. */
export const engines = [
  { name: "sync", make: () => SyncEngine.make() },
  { name: "async", make: () => AsyncEngine.make() }
]

/** The numbers from 0, in chunks. */
export const numbers = (count: number, size = 50): Pipeline.Pipeline<number> => {
  const all = range(count)
  const chunks = range(Math.ceil(count / size)).map((i) => all.slice(i * size, (i + 1) * size))
  return Pipeline.source("in", Source.fromChunks(chunks))
}

/** Every strategy, by name. */
export const settings: ReadonlyArray<readonly [string, FlowStrategy.Flow]> = [
  ["bounded", Flow.bounded({ capacity: 30 })],
  ["credit", Flow.credit({ initial: 40, replenishThreshold: 10 })],
  ["credit in bytes", Flow.credit({ initial: 4_096, replenishThreshold: 512, unit: "bytes" })],
  ["credit in cost", Flow.credit({ initial: 7, replenishThreshold: 3, unit: "cost" })],
  ["rate", Flow.rate({ ratePerSecond: 10_000, burst: 20 })],
  ["reactive pull", Flow.reactivePull({ window: 16 })],
  ["adaptive", Flow.adaptive({ batchMin: 3, batchMax: 200, latencyMsTarget: 20 })],
  ["aware", Flow.accumulatorAware({ capacity: 25, bytesUnit: 1_000, spillPenalty: 5 })],
  [
    "aware around credit",
    Flow.accumulatorAware({
      capacity: 25,
      bytesUnit: 1_000,
      spillPenalty: 5,
      inner: Flow.credit({ initial: 10, replenishThreshold: 2 })
    })
  ],
  [
    "regulated",
    Flow.regulated({
      batch: { batchMin: 2, batchMax: 64 },
      credits: { initial: 32, replenishThreshold: 8 }
    })
  ]
]
