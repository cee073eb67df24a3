// What telemetry costs a record: the same job with nothing told, with metrics, with a span for
// every batch, and with everything on. The tracer records spans and exports none, as a collector
// would be another program's cost.
import type * as Observer from "@sluice/core/Observer"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Telemetry from "@sluice/core/Telemetry"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { Case } from "../src/Case.ts"
import * as job from "./job.ts"

/** Batches of this size, as in the other cases of the job. */
const batch = 256

export const group = "what telemetry costs: ints, batches of 256"

const chunks = (): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: Math.ceil(job.count / batch) }, (_, k) =>
    Array.from({ length: Math.min(batch, job.count - k * batch) }, (_, i) => k * batch + i)
  )

const total = new Float64Array(1)

const make = () =>
  Pipeline.source("ints", Source.fromChunks(chunks())).pipe(
    Pipeline.map("increment", job.increment),
    Pipeline.filter("even", job.isEven),
    Pipeline.map("double", job.double),
    Pipeline.sink(
      "sum",
      Sink.forEach((x: number) => {
        total[0] = (total[0] as number) + x
      })
    )
  )

let pipeline: ReturnType<typeof make> | undefined

const told = (layer: Layer.Layer<never>) => {
  // A process provides its telemetry once, for all its runs.
  const runtime = ManagedRuntime.make(layer)
  return async (): Promise<number> => {
    pipeline ??= make()
    total[0] = 0
    await runtime.runPromise(Pipeline.run(pipeline))
    return total[0]
  }
}

const seen = new Float64Array(1)
const observer = {
  onBatchProcessed: (_: string, { recordsOut }: Observer.BatchMetrics): void => {
    seen[0] = (seen[0] as number) + recordsOut
  }
}

const everything = Layer.mergeAll(
  Telemetry.layer({ spans: { rate: 1 }, logs: true, observers: [observer] }),
  Logger.layer([])
)

const cases: ReadonlyArray<Case> = [
  {
    name: "Sluice, counters only",
    group,
    baseline: true,
    records: job.count,
    run: told(Layer.empty)
  },
  { name: "Sluice, metrics", group, records: job.count, run: told(Telemetry.layer()) },
  {
    name: "Sluice, observer",
    group,
    records: job.count,
    run: told(Telemetry.layer({ observers: [observer] }))
  },
  {
    name: "Sluice, sampled spans (1 in 100)",
    group,
    records: job.count,
    run: told(Telemetry.layer({ spans: true }))
  },
  {
    name: "Sluice, a span per batch",
    group,
    records: job.count,
    run: told(Telemetry.layer({ spans: { rate: 1 } }))
  },
  {
    name: "Sluice, everything on",
    group,
    subject: true,
    records: job.count,
    run: told(everything)
  }
]

export default cases
