// What flow control costs a record: the same job over one channel without any, and with each
// strategy, wide enough that none of them ever holds anything back.
import * as Flow from "@sluice/backpressure/Flow"
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import type { Case } from "../src/Case.ts"

const count = 1_000_000
const batch = 256

export const group = "flow control of a stage: ints over a channel, batches of 256"

const chunks = Array.from({ length: Math.ceil(count / batch) }, (_, k) =>
  Array.from({ length: Math.min(batch, count - k * batch) }, (_, i) => k * batch + i)
)

const job = (flow: FlowStrategy.Flow) => async (): Promise<number> => {
  let total = 0
  const pipeline = Pipeline.source("in", Source.fromChunks(chunks)).pipe(
    Pipeline.map("increment", (n: number) => n + 1, { flow }),
    Pipeline.sink(
      "sum",
      Sink.forEach((n: number) => {
        total += n
      })
    )
  )
  await Effect.runPromise(Pipeline.run(pipeline))
  return total
}

const wide = 1_000_000_000

const one = (name: string, flow: FlowStrategy.Flow): Case => ({
  name,
  group,
  records: count,
  run: job(flow)
})

const cases: ReadonlyArray<Case> = [
  { ...one("a bounded channel alone", Flow.bounded({ capacity: 1_024 })), baseline: true },
  { ...one("credit", Flow.credit({ initial: 4_096, replenishThreshold: 1_024 })), subject: true },
  one("credit in cost", Flow.credit({ initial: 4_096, replenishThreshold: 1_024, unit: "cost" })),
  one("rate", Flow.rate({ ratePerSecond: wide, burst: wide })),
  one("reactive pull", Flow.reactivePull({ window: 4_096 })),
  one("adaptive batch", Flow.adaptive({ batchMin: batch, batchMax: 4_096 })),
  one(
    "accumulator-aware",
    Flow.accumulatorAware({ capacity: wide, bytesUnit: 1_000, spillPenalty: 10 })
  )
]

export default cases
