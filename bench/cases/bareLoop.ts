// The floor: plain loops that do nothing but the job.

import type { Case } from "../src/Case.ts"
import * as job from "./job.ts"

const sumOfInts = (): number => {
  let sum = 0
  for (let i = 0; i < job.count; i++) {
    const x = job.increment(i)
    if (job.isEven(x)) sum += job.double(x)
  }
  return sum
}

// The objects exist before the loop, as they do when a source delivers them.
const source = Array.from({ length: job.count }, (_, id) => job.reading(id))

const sumOfObjects = (): number => {
  let sum = 0
  for (let i = 0; i < source.length; i++) {
    const x = job.incrementV(source[i]!)
    if (job.isEvenV(x)) sum += job.doubleV(x).v
  }
  return sum
}

// Made in the loop they never leave it, and the compiler makes numbers of them: the floor of
// floors.
const sumOfVanishingObjects = (): number => {
  let sum = 0
  for (let i = 0; i < job.count; i++) {
    const x = job.incrementV(job.reading(i))
    if (job.isEvenV(x)) sum += job.doubleV(x).v
  }
  return sum
}

const cases: ReadonlyArray<Case> = [
  { name: "bare loop", group: job.ints, baseline: true, records: job.count, run: sumOfInts },
  {
    name: "bare loop, objects",
    group: job.objects,
    baseline: true,
    records: job.count,
    run: sumOfObjects
  },
  {
    name: "bare loop, objects made in the loop",
    group: job.objects,
    records: job.count,
    run: sumOfVanishingObjects
  },
  {
    name: "bare loop, no boundary",
    group: job.boundary,
    baseline: true,
    records: job.count,
    run: sumOfInts
  }
]

export default cases
