// Async generators on the pure job, one item at a time.

import type { Case } from "../src/Case.ts"
import * as job from "./job.ts"

async function* source(): AsyncGenerator<number> {
  for (let i = 0; i < job.count; i++) yield i
}

async function* map(
  input: AsyncIterable<number>,
  f: (x: number) => number
): AsyncGenerator<number> {
  for await (const x of input) yield f(x)
}

async function* filter(
  input: AsyncIterable<number>,
  keep: (x: number) => boolean
): AsyncGenerator<number> {
  for await (const x of input) if (keep(x)) yield x
}

const asyncGenerators: Case = {
  name: "async generators",
  group: job.ints,
  records: job.count,
  run: async () => {
    let sum = 0
    for await (const x of map(filter(map(source(), job.increment), job.isEven), job.double)) {
      sum += x
    }
    return sum
  }
}

export default asyncGenerators
