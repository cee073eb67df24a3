// Seeded random plans: every kind of stage, up to three sources, up to ten stages.
import type { Random } from "../virtual/seeded.ts"
import { between, oneOf, seeded } from "../virtual/seeded.ts"
import type { Failing, FailPolicy, Plan, Step } from "./plan.ts"

const recordsMax = 40
const stepsMax = 10
const sourcesMax = 3
/** Sources have keys of their own, so that a merge keeps the order per key. */
const keysPerSource = 4
/** Shares: a record-wise stage fails, a stage has a buffer, a failing one ends the run. */
const failingShare = 0.35
const bufferShare = 0.2
const fatalShare = 0.1

const failingOf = (random: Random): Failing | undefined => {
  if (random() >= failingShare) return undefined
  const every = between(random, 3, 7)
  if (random() < fatalShare) return { every, policy: "fail", retries: 0, transient: false }
  const policy = oneOf<FailPolicy>(random, ["deadLetter", "ignore", "fallback"])
  const retries = policy === "fallback" ? 0 : between(random, 0, 3)
  return { every, policy, retries, transient: retries > 0 && random() < 0.5 }
}

const recordwise = (random: Random) => ({
  at: between(random, 0, 7),
  failing: failingOf(random),
  buffer: random() < bufferShare ? between(random, 1, 20) : undefined
})

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
  ...recordwise(random)
})

const stepOf = (random: Random): Step => {
  const op = oneOf(random, ops)
  const at = between(random, 0, 7)
  switch (op) {
    case "map":
      return { op, add: between(random, -5, 5), ...recordwise(random) }
    case "filter":
      return { op, modulo: between(random, 2, 4), ...recordwise(random) }
    case "flatMap":
      return { op, copies: between(random, 0, 3), ...recordwise(random) }
    case "mapBatch":
      return { op, add: between(random, -5, 5), effect: random() < 0.5, at }
    case "mapEffect":
    case "mapPromise":
      return effectful(random, op)
    case "process":
      return { op, add: between(random, -5, 5), concurrency: between(random, 1, 4), at }
    case "accumulate":
      return { op, items: between(random, 0, 4), at }
    case "branch":
      return { op, modulo: between(random, 2, 4), rest: random() < 0.7, at }
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

/** The plan of a seed. */
export const generate = (seed: string | number): Plan => {
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
    sink: oneOf(random, ["each", "batch", "effect", "writer"]),
    batchSize: oneOf(random, [1, 3, 7, 64, 4_096])
  }
}
