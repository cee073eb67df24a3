// Effect Queue as the boundary: two fibers, 1024 records between them, in three ways.

import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type { Case } from "../src/Case.ts"
import * as job from "./job.ts"

const crossing = job.count / 2
const batchSize = 256

const sumThrough = <A>(
  capacity: number,
  produce: (queue: Queue.Queue<A>) => Effect.Effect<void>,
  consume: (queue: Queue.Queue<A>) => Effect.Effect<number>
): Promise<number> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const queue = yield* Queue.bounded<A>(capacity)
      const producer = yield* Effect.forkChild(produce(queue))
      const sum = yield* consume(queue)
      yield* Fiber.join(producer)
      return sum
    })
  )

// Batches of 256 records that have passed the filter, made lazily.
function* batches(): Generator<Array<number>> {
  let batch: Array<number> = []
  for (let i = 0; i < job.count; i++) {
    const x = job.increment(i)
    if (!job.isEven(x)) continue
    batch.push(x)
    if (batch.length < batchSize) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

const offerAll = () =>
  sumThrough<number>(
    1024,
    (queue) =>
      Effect.gen(function* () {
        for (const batch of batches()) yield* Queue.offerAll(queue, batch)
      }),
    (queue) =>
      Effect.gen(function* () {
        let sum = 0
        for (let taken = 0; taken < crossing; ) {
          const batch = yield* Queue.takeAll(queue)
          for (const x of batch) sum += job.double(x)
          taken += batch.length
        }
        return sum
      })
  )

const itemWise = () =>
  sumThrough<number>(
    1024,
    (queue) =>
      Effect.gen(function* () {
        for (let i = 0; i < job.count; i++) {
          const x = job.increment(i)
          if (job.isEven(x)) yield* Queue.offer(queue, x)
        }
      }),
    (queue) =>
      Effect.gen(function* () {
        let sum = 0
        for (let taken = 0; taken < crossing; taken++) sum += job.double(yield* Queue.take(queue))
        return sum
      })
  )

const arrays = () =>
  sumThrough<ReadonlyArray<number>>(
    1024 / batchSize,
    (queue) =>
      Effect.gen(function* () {
        for (const batch of batches()) yield* Queue.offer(queue, batch)
      }),
    (queue) =>
      Effect.gen(function* () {
        let sum = 0
        for (let taken = 0; taken < crossing; ) {
          const batch = yield* Queue.take(queue)
          for (const x of batch) sum += job.double(x)
          taken += batch.length
        }
        return sum
      })
  )

const named = (name: string, run: () => Promise<number>): Case => ({
  name,
  group: job.boundary,
  records: job.count,
  run
})

const cases: ReadonlyArray<Case> = [
  named("Effect Queue, offerAll(256) and takeAll", offerAll),
  named("Effect Queue, item by item", itemWise),
  named("Effect Queue of arrays of 256", arrays)
]

export default cases
