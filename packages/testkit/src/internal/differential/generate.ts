// Seeded random plans: every kind of stage, up to three sources, up to ten stages.
import type { Random } from "../virtual/seeded.ts"
import { between, oneOf, seeded } from "../virtual/seeded.ts"
import type {
  Bytes,
  Failing,
  FailPolicy,
  Gathering,
  Operator,
  Plan,
  SinkKind,
  Step
} from "./plan.ts"

const recordsMax = 40
const stepsMax = 10
const sourcesMax = 3
/** Sources have keys of their own, so that a merge keeps the order per key. */
const keysPerSource = 4
/** Shares: a record-wise stage fails, a stage has a buffer, a failing one ends the run. */
const failingShare = 0.35
const bufferShare = 0.2
const fatalShare = 0.1
/** Share of the buffers that drop; what is behind one is told as a part of what came before. */
const droppingShare = 0.25

/** What a stage can do about a failure besides giving the record up. */
interface Cures {
  readonly retry: boolean
  readonly fallback: boolean
  /** Whether calls are effects: they may hang, too. */
  readonly effect: boolean
}

const failingOf = (random: Random, cures: Cures): Failing | undefined => {
  if (random() >= failingShare) return undefined
  const every = between(random, 3, 7)
  const how = cures.effect ? oneOf(random, ["fail", "die", "hang"] as const) : undefined
  if (random() < fatalShare) return { every, policy: "fail", retries: 0, transient: false, how }
  const policy = oneOf<FailPolicy>(
    random,
    cures.fallback ? ["deadLetter", "ignore", "fallback"] : ["deadLetter", "ignore"]
  )
  const retries = policy === "fallback" || !cures.retry ? 0 : between(random, 0, 3)
  return { every, policy, retries, transient: retries > 0 && random() < 0.5, how }
}

const recordwise = (random: Random, effect: boolean) => {
  const buffered = random() < bufferShare
  return {
    at: between(random, 0, 7),
    failing: failingOf(random, { retry: true, fallback: true, effect }),
    buffer: buffered ? between(random, 1, 20) : undefined,
    full:
      buffered && random() < droppingShare
        ? oneOf(random, ["drop-oldest", "drop-newest"] as const)
        : undefined
  }
}

/** Stages that are called once for each record, and give it up when that fails. */
const once = (random: Random) => failingOf(random, { retry: false, fallback: false, effect: false })

const ops = [
  "map",
  "filter",
  "flatMap",
  "mapBatch",
  "stamp",
  "read",
  "mapEffect",
  "mapEffect",
  "mapPromise",
  "process",
  "custom",
  "batch",
  "accumulate",
  "branch",
  "broadcast",
  "partition",
  "merge"
] as const

const effectful = (random: Random, op: "mapEffect" | "mapPromise"): Step => ({
  op,
  add: between(random, -5, 5),
  concurrency: oneOf(random, [1, 2, 5, 16]),
  ordering: oneOf(random, ["ordered", "unordered", "byKey"]),
  waits: oneOf(random, ["none", "turns", "time"]),
  bounded: random() < 0.2,
  ...recordwise(random, true)
})

const stepOf = (random: Random): Step => {
  const op = oneOf(random, ops)
  const at = between(random, 0, 7)
  switch (op) {
    case "map":
      return { op, add: between(random, -5, 5), ...recordwise(random, false) }
    case "filter":
      return { op, modulo: between(random, 2, 4), ...recordwise(random, false) }
    case "flatMap":
      return { op, copies: between(random, 0, 3), ...recordwise(random, false) }
    case "mapBatch": {
      const effect = random() < 0.5
      const failing = failingOf(random, { retry: true, fallback: false, effect })
      return { op, add: between(random, -5, 5), effect, failing, at }
    }
    case "stamp":
      return { op, failing: once(random), at }
    case "mapEffect":
    case "mapPromise":
      return effectful(random, op)
    case "process":
      return { op, add: between(random, -5, 5), concurrency: between(random, 1, 4), at }
    case "custom":
      return { op, add: between(random, -5, 5), at }
    case "batch": {
      const gathering = oneOf<Gathering>(random, ["fixed", "hybrid", "window"])
      return { op, count: between(random, 1, 30), gathering, at }
    }
    case "accumulate":
      return { op, items: between(random, 0, 4), failing: once(random), at }
    case "branch": {
      const modulo = between(random, 2, 4)
      return { op, modulo, rest: random() < 0.7, failing: once(random), at }
    }
    case "partition":
      return { op, ports: between(random, 1, 3), at }
    case "merge":
      return { op, with: between(random, 0, 7), at }
    default:
      return { op, at }
  }
}

const listOf = <A>(random: Random, min: number, max: number, one: () => A): ReadonlyArray<A> =>
  Array.from({ length: between(random, min, max) }, one)

/** Shares: sources have bytes; these stay on views for long; a function on rows ends them. */
const bytesShare = 0.35
const viewsShare = 0.6
const rowsShare = 0.4
const viewing: ReadonlySet<Step["op"]> = new Set([
  "map",
  "filter",
  "flatMap",
  "mapEffect",
  "merge",
  "batch"
])

/** A stage that stays on views. */
const onViews = (random: Random): Step => {
  const op = oneOf(random, ["columns", "where", "filter"] as const)
  const common = recordwise(random, false)
  switch (op) {
    case "columns":
      return { op, add: between(random, -5, 5), ...common }
    case "filter":
      return { op, modulo: between(random, 2, 4), rows: true, ...common }
    case "where": {
      const operator = oneOf<Operator>(random, ["<", "<=", ">", ">=", "=", "!="])
      // A condition cannot fail.
      return { op, operator, than: between(random, -5, 25), ...common, failing: undefined }
    }
  }
}

/** A stage that takes views and makes objects. */
const offViews = (random: Random): Step => {
  const [copies, common] = [between(random, 0, 3), recordwise(random, false)]
  return random() < 0.5
    ? { op: "flatMap", copies, rows: true, ...common }
    : { op: "map", add: copies, rows: true, ...common }
}

/** Some plans read bytes, and most of these stay on views for a while. */
const withBytes = (plan: Plan, random: Random): Plan => {
  if (random() >= bytesShare) return plan
  const inView = random() < viewsShare
  const steps = plan.steps
    .filter(({ op }) => !inView || viewing.has(op))
    .map((step) =>
      step.op === "map" || step.op === "filter" || step.op === "flatMap"
        ? { ...step, rows: random() < 0.7 }
        : step
    )
  return {
    ...plan,
    bytes: oneOf<Bytes>(random, ["delimited", "ndjson"]),
    steps: [
      ...listOf(random, 0, 3, () => onViews(random)),
      ...(random() < rowsShare ? [offViews(random)] : []),
      ...steps
    ],
    sink: random() < viewsShare ? "views" : plan.sink
  }
}

/** The plan of a seed. */
export const generate = (seed: string | number): Plan =>
  withBytes(objects(seed), seeded(`bytes ${seed}`))

/** A plan of sources that have objects. */
const objects = (seed: string | number): Plan => {
  const random = seeded(`plan ${seed}`)
  let source = 0
  const sources = listOf(random, 1, sourcesMax, () => {
    const base = keysPerSource * source++
    return listOf(
      random,
      0,
      recordsMax,
      () => [base + between(random, 0, keysPerSource - 1), between(random, -9, 30)] as const
    )
  })
  return {
    sources,
    chunk: between(random, 1, 12),
    steps: listOf(random, 0, stepsMax, () => stepOf(random)),
    sink: oneOf<SinkKind>(random, ["each", "batch", "effect", "writer"]),
    sinkFailing: failingOf(random, { retry: true, fallback: false, effect: false }),
    batchSize: oneOf(random, [1, 3, 7, 64, 4_096])
  }
}
