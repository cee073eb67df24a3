// Node object streams on the pure job: one Transform per operator, 1024 objects of buffer each.

import { Readable, Transform, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { Case } from "../src/Case.ts"
import * as job from "./job.ts"

const options = { objectMode: true, highWaterMark: 1024 }

// A pushed 0 is data in object mode; only null ends the stream.
const source = (): Readable => {
  let next = 0
  return new Readable({
    ...options,
    read() {
      while (next < job.count) if (!this.push(next++)) return
      this.push(null)
    }
  })
}

const map = (f: (x: number) => number): Transform =>
  new Transform({ ...options, transform: (x: number, _, done) => done(null, f(x)) })

const filter = (keep: (x: number) => boolean): Transform =>
  new Transform({
    ...options,
    transform: (x: number, _, done) => (keep(x) ? done(null, x) : done())
  })

const nodeStreams: Case = {
  name: "Node object streams, 1024",
  group: job.ints,
  records: job.count,
  run: async () => {
    let sum = 0
    const sink = new Writable({
      ...options,
      write: (x: number, _, done) => {
        sum += x
        done()
      }
    })
    await pipeline(source(), map(job.increment), filter(job.isEven), map(job.double), sink)
    return sum
  }
}

export default nodeStreams
