// Random jobs of every kind of stage, with buffers, concurrency, orders and failing records;
// `build` makes the pipeline and, by plain array operations, what each sink must receive and what
// is lost.
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import fc from "fast-check"
import * as Batching from "../../src/Batching.ts"
import * as Channel from "../../src/Channel.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"

const linear = [
  "map",
  "filter",
  "flatMap",
  "mapEnvelope",
  "mapEffect",
  "mapPromise",
  "mapBatch",
  "batch",
  "process"
] as const

/** A stage with one output. */
export interface LinearStep {
  readonly op: (typeof linear)[number]
  readonly at: number
  readonly k: number
  readonly concurrency: number
  readonly order: "ordered" | "unordered" | "keyed"
  /** Records with `n mod 7 === failsAt` fail; 7 and up: none does. */
  readonly failsAt: number
  readonly policy: "deadLetter" | "ignore" | "retry" | "fail"
  /** Capacity of a buffer in front, 0 for none. */
  readonly buffer: number
}

/** A stage with several inputs or outputs. */
export interface ShapeStep {
  readonly op: "branch" | "broadcast" | "partition" | "merge"
  readonly at: number
  readonly with: number
  readonly k: number
}

/** A job as data. */
export interface Job {
  readonly sources: ReadonlyArray<ReadonlyArray<number>>
  readonly steps: ReadonlyArray<LinearStep | ShapeStep>
}

const small = fc.nat({ max: 7 })

const linearStep: fc.Arbitrary<LinearStep> = fc.record({
  op: fc.constantFrom(...linear),
  at: small,
  k: fc.integer({ min: 1, max: 4 }),
  concurrency: fc.integer({ min: 1, max: 5 }),
  order: fc.constantFrom("ordered" as const, "unordered" as const, "keyed" as const),
  failsAt: fc.nat({ max: 20 }),
  policy: fc.constantFrom("deadLetter" as const, "ignore" as const, "retry" as const),
  buffer: fc.constantFrom(0, 0, 1, 5, 100)
})

const shapeStep: fc.Arbitrary<ShapeStep> = fc.record({
  op: fc.constantFrom(
    "branch" as const,
    "broadcast" as const,
    "partition" as const,
    "merge" as const
  ),
  at: small,
  with: small,
  k: fc.integer({ min: 2, max: 4 })
})

/** Up to three sources of up to 40 records, up to 9 stages. */
export const jobs: fc.Arbitrary<Job> = fc.record({
  sources: fc.array(fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 40 }), {
    minLength: 1,
    maxLength: 3
  }),
  steps: fc.array(
    fc.oneof({ weight: 3, arbitrary: linearStep }, { weight: 1, arbitrary: shapeStep }),
    { maxLength: 9 }
  )
})

type Open = Pipeline.Pipeline<number>

interface End {
  readonly pipeline: Open
  readonly values: ReadonlyArray<number>
  /** Whether they come in this order. */
  readonly order: "ordered" | "none"
}

/** What a run of a built job must come to. */
export interface BuiltJob {
  readonly closed: Pipeline.Closed
  readonly received: ReadonlyArray<Array<number>>
  readonly expected: ReadonlyArray<{
    readonly values: ReadonlyArray<number>
    readonly ordered: boolean
  }>
  /** Failed records by stage: set aside, and dropped. */
  readonly dead: ReadonlyMap<string, number>
  readonly ignored: ReadonlyMap<string, number>
}

const residue = (n: number, modulo: number): number => ((n % modulo) + modulo) % modulo

const fails = (step: LinearStep, n: number): boolean => residue(n, 7) === step.failsAt

const policies = {
  fail: Policy.fail,
  deadLetter: Policy.deadLetter,
  ignore: Policy.ignore,
  retry: Policy.retry({ retriesMax: 1, backoffMs: 0, exhausted: Policy.deadLetter })
} as const

/** Stages that cannot try again do at once what is done when the retries are exhausted. */
const policyOf = ({ op, policy }: LinearStep): (typeof policies)[LinearStep["policy"]] =>
  policy === "retry" && (op === "mapEnvelope" || op === "batch")
    ? policies.deadLetter
    : policies[policy]

/** What the stage makes of one record that does not fail. */
const outputs = (step: LinearStep, n: number): ReadonlyArray<number> => {
  if (step.op === "filter") return residue(n, step.k) === 0 ? [n] : []
  if (step.op === "batch") return [n]
  if (step.op === "flatMap") return Array<number>(residue(n, step.k)).fill(n)
  return [n + step.k]
}

const guarded = <A>(step: LinearStep, n: number, value: A): A => {
  if (fails(step, n)) throw new Error(`no ${n}`)
  return value
}

const orderings = {
  ordered: Channel.ordered,
  unordered: Channel.unordered,
  keyed: Channel.partitionOrdered((n: number) => residue(n, 3))
} as const

const turns = (n: number): Effect.Effect<void> =>
  n === 0 ? Effect.void : Effect.asVoid(Effect.repeat(Effect.yieldNow, { times: n - 1 }))

const effectOf = (step: LinearStep) => (n: number) =>
  Effect.andThen(
    turns(residue(n * 31, 5)),
    Effect.sync(() => guarded(step, n, n + step.k))
  )

/**
 * A promise of order that an earlier stage has broken would be refused; without one, calls still
 * run at once.
 */
const orderingOf = (step: LinearStep, end: End) =>
  end.order === "none" ? {} : { ordering: orderings[step.order] }

/** One of the ways to gather, chosen by `concurrency`; only a rule can fail. */
const batchingOf = (step: LinearStep): Batching.BatchingOf<number> => {
  switch (step.concurrency) {
    case 1:
      return Batching.fixed(step.k, { incomplete: step.order === "keyed" ? "hold" : "release" })
    case 2:
      return Batching.hybrid(step.k * 3, step.k)
    case 3:
      return Batching.timeWindow(step.k, { countMax: step.k * 5 })
    case 4:
      return Batching.adaptive({ make: () => ({ size: () => step.k, observe: () => undefined }) })
    default:
      return Batching.accumulated({
        initial: 0,
        add: (total, n: number) => guarded(step, n, total + Math.abs(n)),
        complete: (total) => total >= 10 * step.k,
        window: step.order === "keyed" ? "Infinity" : 5
      })
  }
}

const stageOf = (id: string, step: LinearStep, end: End): ((self: Open) => Open) => {
  const buffer = step.buffer === 0 ? {} : { buffer: { capacity: step.buffer } }
  const options = { onError: policyOf(step), ...buffer }
  const one = (n: number): number => guarded(step, n, n + step.k)
  const window = { ...options, concurrency: step.concurrency, ...orderingOf(step, end) }
  switch (step.op) {
    case "map":
      return Pipeline.map(id, one, options)
    case "filter":
      return Pipeline.filter(id, (n: number) => guarded(step, n, residue(n, step.k) === 0), options)
    case "flatMap":
      return Pipeline.flatMap(id, (n: number) => guarded(step, n, outputs(step, n)), options)
    case "mapEnvelope":
      return Pipeline.mapEnvelope(
        id,
        (envelope) => ({ ...envelope, payload: one(envelope.payload) }),
        options
      )
    case "mapEffect":
      return Pipeline.mapEffect(id, effectOf(step), window)
    case "mapPromise":
      return Pipeline.mapPromise(id, async (n: number) => one(n), window)
    case "mapBatch":
      return Pipeline.mapBatch(id, (ns: ReadonlyArray<number>) => ns.map((n) => n + step.k), buffer)
    case "batch":
      return Pipeline.batch(id, batchingOf(step), options)
    case "process":
      return Pipeline.process(
        id,
        (input: Stream.Stream<number>) => Stream.map(input, (n) => n + step.k),
        buffer
      )
  }
}

/** Batch functions and stream functions fail as a whole; in a job they do not fail. */
const canFail = (step: LinearStep): boolean =>
  step.op === "batch"
    ? batchingOf(step)._tag === "Accumulated"
    : step.op !== "mapBatch" && step.op !== "process"

const keepsOrder = (step: LinearStep): boolean =>
  step.order === "ordered" || (step.op !== "mapEffect" && step.op !== "mapPromise")

class Builder {
  ends: ReadonlyArray<End>
  readonly dead = new Map<string, number>()
  readonly ignored = new Map<string, number>()

  constructor(sources: Job["sources"]) {
    this.ends = sources.map((values, n) => ({
      pipeline: Pipeline.source(`source-${n}`, Source.fromIterable(values)),
      values,
      order: "ordered"
    }))
  }

  /** Replaces one end by others. */
  private replace(index: number, by: (end: End) => ReadonlyArray<End>): void {
    this.ends = this.ends.flatMap((end, n) => (n === index ? by(end) : [end]))
  }

  linear(id: string, step: LinearStep): void {
    this.replace(step.at % this.ends.length, (end) => {
      // Expansions of expansions must stay small.
      const plain =
        step.op === "flatMap" && end.values.length > 500 ? { ...step, op: "map" as const } : step
      const failed = canFail(plain) ? end.values.filter((n) => fails(plain, n)).length : 0
      const counts = plain.policy === "ignore" ? this.ignored : this.dead
      if (failed > 0) counts.set(id, failed)
      const good = canFail(plain) ? end.values.filter((n) => !fails(plain, n)) : end.values
      const values = good.flatMap((n) => outputs(plain, n))
      const order = keepsOrder(plain) ? end.order : "none"
      return [{ pipeline: end.pipeline.pipe(stageOf(id, plain, end)), values, order }]
    })
  }

  shape(id: string, step: ShapeStep): void {
    const index = step.at % this.ends.length
    if (step.op === "merge") return this.merge(id, index, step.with % this.ends.length)
    this.replace(index, (end) => this.split(id, step, end))
  }

  private merge(id: string, a: number, b: number): void {
    const [first, second] = [this.ends[a], this.ends[b]]
    if (first === undefined || second === undefined || a === b) return
    const pipeline = Pipeline.merge(id, [first.pipeline, second.pipeline])
    const rest = this.ends.filter((_, n) => n !== a && n !== b)
    this.ends = [...rest, { pipeline, values: [...first.values, ...second.values], order: "none" }]
  }

  private split(id: string, step: ShapeStep, end: End): ReadonlyArray<End> {
    if (step.op === "broadcast") {
      const { left, right } = end.pipeline.pipe(Pipeline.broadcast(id, ["left", "right"]))
      return [left, right].map((pipeline) => ({ ...end, pipeline }))
    }
    const hit = (n: number): boolean => residue(n, step.k) === 0
    if (step.op === "branch") {
      const { hits, rest } = end.pipeline.pipe(
        Pipeline.branch(id, { hits: hit, rest: Pipeline.otherwise })
      )
      return [
        { ...end, pipeline: hits, values: end.values.filter(hit) },
        { ...end, pipeline: rest, values: end.values.filter((n) => !hit(n)) }
      ]
    }
    const { a, b } = end.pipeline.pipe(
      Pipeline.partition(id, ["a", "b"], (n: number) => residue(n, step.k))
    )
    return [{ pipeline: Pipeline.merge(`${id}-joined`, [a, b]), values: end.values, order: "none" }]
  }
}

/** The same job, but that every stage ends the run with the first record that fails. */
export const strict = (job: Job): Job => ({
  ...job,
  steps: job.steps.map((step) => ("failsAt" in step ? { ...step, policy: "fail" as const } : step))
})

/** Makes the pipeline of a job; its sinks fill `received`. */
export const build = (job: Job): BuiltJob => {
  const builder = new Builder(job.sources)
  for (const [n, step] of job.steps.entries()) {
    if ("failsAt" in step) builder.linear(`${step.op}-${n}`, step)
    else builder.shape(`${step.op}-${n}`, step)
  }
  const received = builder.ends.map((): Array<number> => [])
  const parts = builder.ends.map(({ pipeline }, n) =>
    pipeline.pipe(Pipeline.sink(`sink-${n}`, Sink.collectInto(received[n] as Array<number>)))
  )
  return {
    closed: Pipeline.all(parts),
    received,
    expected: builder.ends.map(({ values, order }) => ({ values, ordered: order === "ordered" })),
    dead: builder.dead,
    ignored: builder.ignored
  }
}
