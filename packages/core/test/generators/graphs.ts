// Random pipelines as plain data: any number of sources, maps, filters, flatMaps, branches and
// merges over small integers, every end in a sink. A plan prints as it is, so a counterexample can
// be read; `build` makes the pipeline and says what each sink must receive.
import fc from "fast-check"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"

/** One stage; `at` and `with` choose among the open ends, modulo their number. */
export type Step =
  | { readonly op: "map"; readonly at: number; readonly add: number }
  | { readonly op: "filter"; readonly at: number; readonly modulo: number }
  | { readonly op: "flatMap"; readonly at: number; readonly copies: number }
  | { readonly op: "branch"; readonly at: number; readonly modulo: number }
  | { readonly op: "broadcast"; readonly at: number }
  | { readonly op: "partition"; readonly at: number; readonly ports: number }
  | { readonly op: "merge"; readonly at: number; readonly with: number }

/** A pipeline as data. */
export interface GraphPlan {
  readonly sources: ReadonlyArray<ReadonlyArray<number>>
  readonly steps: ReadonlyArray<Step>
}

const at = fc.nat({ max: 7 })

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constant("map" as const), at, add: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ op: fc.constant("filter" as const), at, modulo: fc.integer({ min: 2, max: 4 }) }),
  fc.record({ op: fc.constant("flatMap" as const), at, copies: fc.nat({ max: 3 }) }),
  fc.record({ op: fc.constant("branch" as const), at, modulo: fc.integer({ min: 2, max: 4 }) }),
  fc.record({ op: fc.constant("broadcast" as const), at }),
  fc.record({ op: fc.constant("partition" as const), at, ports: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ op: fc.constant("merge" as const), at, with: at })
)

/**
 * Plans of up to three sources of up to 40 records, and up to 12 stages between them and the sinks.
 */
export const graphPlans: fc.Arbitrary<GraphPlan> = fc.record({
  sources: fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 40 }), {
    minLength: 1,
    maxLength: 3
  }),
  steps: fc.array(step, { maxLength: 12 })
})

type Open = Pipeline.Pipeline<number>

interface End {
  readonly pipeline: Open
  /** What it emits, in the order of its source where that is kept. */
  readonly values: ReadonlyArray<number>
  readonly ordered: boolean
}

/** What a sink must receive: these records, in this order when `ordered`. */
export interface Expected {
  readonly values: ReadonlyArray<number>
  readonly ordered: boolean
}

/** A pipeline with the arrays its sinks fill and what must be in them after a run. */
export interface BuiltPlan {
  readonly closed: Pipeline.Closed
  readonly received: ReadonlyMap<string, Array<number>>
  readonly expected: ReadonlyMap<string, Expected>
}

const holds = (n: number, modulo: number): boolean => Math.abs(n % modulo) === 0

const one = (end: End, pipeline: Open, values: ReadonlyArray<number>): ReadonlyArray<End> => [
  { ...end, pipeline, values }
]

const branched = (id: string, end: End, modulo: number): ReadonlyArray<End> => {
  const { hit, rest } = end.pipeline.pipe(
    Pipeline.branch(id, { hit: (n: number) => holds(n, modulo), rest: Pipeline.otherwise })
  )
  const hits = end.values.filter((n) => holds(n, modulo))
  const others = end.values.filter((n) => !holds(n, modulo))
  return [...one(end, hit, hits), ...one(end, rest, others)]
}

/**
 * Which port a key takes is the engine's own business, so the parts are joined again at once: the
 * joined output is known, each part alone is not.
 */
const partitioned = (id: string, end: End, count: number): ReadonlyArray<End> => {
  const names = Array.from({ length: count }, (_, n) => `p${n}`)
  const parts = end.pipeline.pipe(Pipeline.partition(id, names, (n: number) => n % 5))
  const joined = Pipeline.merge(
    `${id}-joined`,
    names.map((name) => parts[name] as Open)
  )
  return [{ pipeline: joined, values: end.values, ordered: end.ordered && count === 1 }]
}

const continued = (id: string, end: End, step: Exclude<Step, { op: "merge" }>) => {
  const { pipeline, values } = end
  switch (step.op) {
    case "map":
      return one(
        end,
        pipeline.pipe(Pipeline.map(id, (n) => n + step.add)),
        values.map((n) => n + step.add)
      )
    case "filter":
      return one(
        end,
        pipeline.pipe(Pipeline.filter(id, (n) => holds(n, step.modulo))),
        values.filter((n) => holds(n, step.modulo))
      )
    case "flatMap": {
      // A chain of flatMaps must not multiply into millions of records.
      const count = values.length > 1_000 ? 1 : step.copies
      const copies = (n: number): ReadonlyArray<number> => Array(count).fill(n)
      return one(end, pipeline.pipe(Pipeline.flatMap(id, copies)), values.flatMap(copies))
    }
    case "branch":
      return branched(id, end, step.modulo)
    case "broadcast": {
      const { left, right } = pipeline.pipe(Pipeline.broadcast(id, ["left", "right"]))
      return [...one(end, left, values), ...one(end, right, values)]
    }
    case "partition":
      return partitioned(id, end, step.ports)
  }
}

const merged = (id: string, ends: ReadonlyArray<End>, a: number, b: number): ReadonlyArray<End> => {
  const [first, second] = [ends[a], ends[b]]
  if (first === undefined || second === undefined || a === b) return ends
  const pipeline = Pipeline.merge(id, [first.pipeline, second.pipeline])
  const values = [...first.values, ...second.values]
  const rest = ends.filter((_, n) => n !== a && n !== b)
  return [...rest, { pipeline, values, ordered: false }]
}

/** Makes the pipeline of a plan; stages are named by kind and position, e.g. `map-3`. */
export const build = (plan: GraphPlan): BuiltPlan => {
  let ends: ReadonlyArray<End> = plan.sources.map((values, n) => ({
    pipeline: Pipeline.source(`source-${n}`, Source.fromIterable(values)),
    values,
    ordered: true
  }))
  for (const [n, step] of plan.steps.entries()) {
    const id = `${step.op}-${n}`
    const index = step.at % ends.length
    ends =
      step.op === "merge"
        ? merged(id, ends, index, step.with % ends.length)
        : ends.flatMap((end, m) => (m === index ? continued(id, end, step) : [end]))
  }
  const received = new Map<string, Array<number>>()
  const expected = new Map<string, Expected>()
  const parts = ends.map(({ pipeline, values, ordered }, n) => {
    const into: Array<number> = []
    received.set(`sink-${n}`, into)
    expected.set(`sink-${n}`, { values, ordered })
    return pipeline.pipe(Pipeline.sink(`sink-${n}`, Sink.collectInto(into)))
  })
  return { closed: Pipeline.all(parts), received, expected }
}
