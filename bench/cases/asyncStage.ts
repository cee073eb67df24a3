// Peers of the asynchronous stage: p-map (into an array, and as an iterable) and Stream.mapEffect.

import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import pMap, { pMapIterable } from "p-map"
import type { Case } from "../src/Case.ts"
import { atOnce, count, fold, group, groupAtOnce, inFlight, later } from "./asyncJob.ts"

type Job = (x: number) => Promise<number>

function* numbers(): Generator<number> {
  for (let i = 0; i < count; i++) yield i
}

const intoArray = async (job: Job): Promise<number> =>
  (await pMap(numbers(), job, { concurrency: inFlight })).reduce(fold, 0)

const asIterable = async (job: Job): Promise<number> => {
  const results = pMapIterable(numbers(), job, { concurrency: inFlight, backpressure: inFlight })
  let sum = 0
  for await (const x of results) sum = fold(sum, x)
  return sum
}

const mapEffect = (job: Job): Promise<number> =>
  Stream.range(0, count - 1).pipe(
    Stream.mapEffect((x) => Effect.promise(() => job(x)), { concurrency: inFlight }),
    Stream.runFold(() => 0, fold),
    Effect.runPromise
  )

const peersOf = (of: string, suffix: string, job: Job): ReadonlyArray<Case> => [
  {
    name: `p-map${suffix}`,
    group: of,
    baseline: true,
    records: count,
    run: () => intoArray(job)
  },
  { name: `p-map, iterable${suffix}`, group: of, records: count, run: () => asIterable(job) },
  {
    name: `Effect Stream.mapEffect${suffix}`,
    group: of,
    records: count,
    run: () => mapEffect(job)
  }
]

export default [...peersOf(groupAtOnce, ", at once", atOnce), ...peersOf(group, "", later)]
