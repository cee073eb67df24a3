// Streams of the platform as the boundary: a TransformStream, and Node's Readable into a Writable.

import { Readable, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { TransformStream } from "node:stream/web"
import type { Case } from "../src/Case.ts"
import * as job from "./job.ts"

const transformStream = async (): Promise<number> => {
  const limit = { highWaterMark: 1024 }
  const { readable, writable } = new TransformStream<number, number>({}, limit, limit)
  const produce = async (): Promise<void> => {
    const writer = writable.getWriter()
    for (let i = 0; i < job.count; i++) {
      const x = job.increment(i)
      if (!job.isEven(x)) continue
      if ((writer.desiredSize ?? 0) <= 0) await writer.ready
      void writer.write(x)
    }
    await writer.close()
  }
  const produced = produce()
  let sum = 0
  for await (const x of readable) sum += job.double(x)
  await produced
  return sum
}

const nodeStream = async (): Promise<number> => {
  const options = { objectMode: true, highWaterMark: 1024 }
  let next = 0
  let sum = 0
  const source = new Readable({
    ...options,
    read() {
      while (next < job.count) {
        const x = job.increment(next++)
        if (job.isEven(x) && !this.push(x)) return
      }
      this.push(null)
    }
  })
  const sink = new Writable({
    ...options,
    write: (x: number, _, done) => {
      sum += job.double(x)
      done()
    }
  })
  await pipeline(source, sink)
  return sum
}

const cases: ReadonlyArray<Case> = [
  {
    name: "Web TransformStream, 1024",
    group: job.boundary,
    records: job.count,
    run: transformStream
  },
  {
    name: "Node Readable to Writable, 1024",
    group: job.boundary,
    records: job.count,
    run: nodeStream
  }
]

export default cases
