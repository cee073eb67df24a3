// Peers of the asynchronous stage: p-map (into an array, and as an iterable) and Stream.mapEffect.

import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import pMap, { pMapIterable } from "p-map"
import type { Case } from "../src/Case.ts"
import { count, fold, group, inFlight, later } from "./asyncJob.ts"

function* numbers(): Generator<number> {
  for (let i = 0; i < count; i++) yield i
}

const intoArray = async (): Promise<number> =>
  (await pMap(numbers(), later, { concurrency: inFlight })).reduce(fold, 0)

const asIterable = async (): Promise<number> => {
  const results = pMapIterable(numbers(), later, { concurrency: inFlight, backpressure: inFlight })
  let sum = 0
  for await (const x of results) sum = fold(sum, x)
  return sum
}

const mapEffect = (): Promise<number> =>
  Stream.range(0, count - 1).pipe(
    Stream.mapEffect((x) => Effect.promise(() => later(x)), { concurrency: inFlight }),
    Stream.runFold(() => 0, fold),
    Effect.runPromise
  )

const cases: ReadonlyArray<Case> = [
  { name: "p-map", group, baseline: true, records: count, run: intoArray },
  { name: "p-map, iterable", group, records: count, run: asIterable },
  { name: "Effect Stream.mapEffect", group, records: count, run: mapEffect }
]

export default cases
