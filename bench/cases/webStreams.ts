// Web Streams on the pure job, one item at a time.

import { ReadableStream, TransformStream, WritableStream } from "node:stream/web"
import type { Case } from "../src/Case.ts"
import * as job from "./job.ts"

const source = (): ReadableStream<number> => {
  let next = 0
  return new ReadableStream({
    pull(controller) {
      if (next < job.count) controller.enqueue(next++)
      else controller.close()
    }
  })
}

const map = (f: (x: number) => number): TransformStream<number, number> =>
  new TransformStream({ transform: (x, controller) => controller.enqueue(f(x)) })

const filter = (keep: (x: number) => boolean): TransformStream<number, number> =>
  new TransformStream({
    transform: (x, controller) => {
      if (keep(x)) controller.enqueue(x)
    }
  })

const webStreams: Case = {
  name: "Web Streams",
  group: job.ints,
  records: job.count,
  run: async () => {
    let sum = 0
    const sink = new WritableStream<number>({
      write: (x) => {
        sum += x
      }
    })
    await source()
      .pipeThrough(map(job.increment))
      .pipeThrough(filter(job.isEven))
      .pipeThrough(map(job.double))
      .pipeTo(sink)
    return sum
  }
}

export default webStreams
