// Sluice as a user calls it: whole runs of the engine, supervision, counters and error isolation
// included, with a dozen other pipelines alive in the process, so that nothing is fast only because
// it is alone.
import * as Pipeline from "@sluice/core/Pipeline"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import type { Case } from "../src/Case.ts"
import * as asyncJob from "./asyncJob.ts"
import * as job from "./job.ts"

/** Groups in which Sluice stands against itself and against nothing. */
export const chain = "ten maps in a chain: ints"
export const batchOfOne = "map, filter, map, sum: ints, in batches of one"
export const counted = "what supervision, counters and histograms cost: ints"

const batch = 256

const cut = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> => {
  const chunks: Array<ReadonlyArray<A>> = []
  for (let from = 0; from < items.length; from += size) chunks.push(items.slice(from, from + size))
  return chunks
}

/**
 * Made when first asked for: a process measures one case and should hold that case's input alone.
 */
const lazily = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const numbersTo = (count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => i)

// A typed cell: V8 keeps a captured `let` that outgrows small integers as a boxed number, which
// costs more than the job.
const total = new Float64Array(1)
const add = (x: number): void => {
  total[0] = (total[0] as number) + x
}

const intPipeline = (chunks: ReadonlyArray<ReadonlyArray<number>>, capacity?: number) =>
  Pipeline.source("ints", Source.fromChunks(chunks)).pipe(
    Pipeline.map("increment", job.increment),
    Pipeline.filter("even", job.isEven),
    Pipeline.map("double", job.double, capacity === undefined ? {} : { buffer: { capacity } }),
    Pipeline.sink("sum", Sink.forEach(add))
  )

const objectPipeline = (chunks: ReadonlyArray<ReadonlyArray<job.Reading>>) =>
  Pipeline.source("readings", Source.fromChunks(chunks)).pipe(
    Pipeline.map("increment", job.incrementV),
    Pipeline.filter("even", job.isEvenV),
    Pipeline.map("double", job.doubleV),
    Pipeline.sink(
      "sum",
      Sink.forEach(({ v }) => add(v))
    )
  )

const run = async (pipeline: Pipeline.Closed): Promise<PipelineResult.PipelineResult> =>
  Effect.runPromise(Pipeline.run(pipeline))

let others: Promise<void> | undefined

/** A dozen pipelines of other functions over the same engine code, once per process. */
const populate = async (): Promise<void> => {
  const few = cut(numbersTo(20_000), batch)
  const fewReadings = cut(numbersTo(20_000).map(job.reading), batch)
  for (let k = 0; k < 6; k++) {
    const ints = Pipeline.source("ints", Source.fromChunks(few)).pipe(
      Pipeline.map("add", (x: number) => x + k),
      Pipeline.filter("some", (x) => x % (k + 2) === 0),
      Pipeline.sink("drain", Sink.drain)
    )
    const objects = Pipeline.source("objects", Source.fromChunks(fewReadings)).pipe(
      Pipeline.map("name", ({ id, v }: job.Reading) => ({ v, name: `reading ${id + k}` })),
      Pipeline.filter("some", ({ v }) => v % (k + 2) === 0),
      Pipeline.sink("drain", Sink.drain)
    )
    await run(ints)
    await run(objects)
  }
}

const summed = async (pipeline: () => Pipeline.Closed): Promise<number> => {
  others ??= populate()
  await others
  total[0] = 0
  await run(pipeline())
  return total[0]
}

const intChunks = lazily(() => cut(numbersTo(job.count), batch))
const fused = lazily(() => intPipeline(intChunks()))
const fusedObjects = lazily(() => objectPipeline(cut(numbersTo(job.count).map(job.reading), batch)))
const bounded = lazily(() => intPipeline(intChunks(), 1_024))

const single = lazily(() => intPipeline(cut(numbersTo(job.count), 1)))

/** `length` maps that add up to the same. */
const chained = (length: number) => {
  let maps = Pipeline.source("ints", Source.fromChunks(intChunks()))
  const step = adder(10 / length)
  for (let k = 0; k < length; k++) maps = maps.pipe(Pipeline.map(`map-${k}`, step))
  return maps.pipe(Pipeline.sink("sum", Sink.forEach(add)))
}

const adder =
  (n: number) =>
  (x: number): number =>
    x + n

const one = lazily(() => chained(1))
const ten = lazily(() => chained(10))

const byHand = (): number => {
  total[0] = 0
  for (const chunk of intChunks()) {
    for (let i = 0; i < chunk.length; i++) {
      const x = job.increment(chunk[i] as number)
      if (job.isEven(x)) add(job.double(x))
    }
  }
  return total[0]
}

const asyncInts = () =>
  Pipeline.source("ints", Source.fromChunks(cut(numbersTo(asyncJob.count), batch)))

const foldAll = Sink.forEach((x: number) => {
  total[0] = asyncJob.fold(total[0] as number, x)
})

const stagedBy = (job: (x: number) => Promise<number>) =>
  lazily(() =>
    asyncInts().pipe(
      Pipeline.mapPromise("job", job, { concurrency: asyncJob.inFlight }),
      Pipeline.sink("fold", foldAll)
    )
  )

const staged = stagedBy(asyncJob.later)
const stagedAtOnce = stagedBy(asyncJob.atOnce)

const stagedEffect = lazily(() =>
  asyncInts().pipe(
    Pipeline.mapEffect("later", (x: number) => Effect.promise(() => asyncJob.later(x)), {
      concurrency: asyncJob.inFlight
    }),
    Pipeline.sink("fold", foldAll)
  )
)

const cases: ReadonlyArray<Case> = [
  { name: "Sluice", group: job.ints, subject: true, records: job.count, run: () => summed(fused) },
  {
    name: "Sluice, objects",
    group: job.objects,
    subject: true,
    records: job.count,
    run: () => summed(fusedObjects)
  },
  {
    name: "Sluice, boundary",
    group: job.boundary,
    subject: true,
    records: job.count,
    run: () => summed(bounded)
  },
  {
    name: "Sluice, one map",
    group: chain,
    baseline: true,
    records: job.count,
    run: () => summed(one)
  },
  {
    name: "Sluice, ten maps",
    group: chain,
    subject: true,
    records: job.count,
    run: () => summed(ten)
  },
  {
    name: "by hand",
    group: batchOfOne,
    baseline: true,
    records: job.count,
    run: byHand
  },
  {
    name: "Sluice, batches of one",
    group: batchOfOne,
    subject: true,
    records: job.count,
    run: () => summed(single)
  },
  {
    name: "fused by hand over the same batches",
    group: counted,
    baseline: true,
    records: job.count,
    run: byHand
  },
  {
    name: "Sluice, whole engine",
    group: counted,
    subject: true,
    records: job.count,
    run: () => summed(fused)
  },
  {
    name: "Sluice mapPromise, at once",
    group: asyncJob.groupAtOnce,
    subject: true,
    records: asyncJob.count,
    run: () => summed(stagedAtOnce)
  },
  {
    name: "Sluice mapPromise",
    group: asyncJob.group,
    subject: true,
    records: asyncJob.count,
    run: () => summed(staged)
  },
  {
    name: "Sluice mapEffect",
    group: asyncJob.group,
    records: asyncJob.count,
    run: () => summed(stagedEffect)
  }
]

export default cases
