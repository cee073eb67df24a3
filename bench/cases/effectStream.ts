// Effect Stream on the pure job: its best source, an iterable, and chunks of 256.

import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Case } from "../src/Case.ts"
import * as job from "./job.ts"

function* numbers(): Generator<number> {
  for (let i = 0; i < job.count; i++) yield i
}

const given = Array.from({ length: job.count }, (_, i) => i)

const sumOf = (stream: Stream.Stream<number>): Promise<number> =>
  stream.pipe(
    Stream.map(job.increment),
    Stream.filter(job.isEven),
    Stream.map(job.double),
    Stream.runFold(() => 0, job.plus),
    Effect.runPromise
  )

const named = (name: string, stream: () => Stream.Stream<number>): Case => ({
  name,
  group: job.ints,
  records: job.count,
  run: () => sumOf(stream())
})

const cases: ReadonlyArray<Case> = [
  named("Effect Stream.range", () => Stream.range(0, job.count - 1)),
  named("Effect Stream.fromIterable(array)", () => Stream.fromIterable(given)),
  named("Effect Stream.fromIterable(generator)", () => Stream.fromIterable(numbers())),
  named("Effect Stream.range in chunks of 256", () => Stream.range(0, job.count - 1, 256))
]

export default cases
