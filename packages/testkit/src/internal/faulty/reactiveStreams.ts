// Engines that break a rule of the Reactive Streams specification: those that break the contract's
// own rule of the same meaning, and some more.
import * as Effect from "effect/Effect"
import { failures } from "./failures.ts"
import { flow, readsOn } from "./flow.ts"
import { lifecycle } from "./lifecycle.ts"
import type { FaultyEngine } from "./twist.ts"
import * as twist from "./twist.ts"

const all: ReadonlyArray<FaultyEngine> = [...lifecycle, ...flow, ...failures]

/** The engine that breaks a rule of the contract, as one that breaks a rule of that name. */
const like = (rule: string, ours: string): FaultyEngine => {
  const faulty = all.find((one) => one.rule === ours)
  if (faulty === undefined) throw new Error(`no faulty engine for rule ${ours}`)
  return { ...faulty, rule }
}

const chunkMin = 10

/** Waits for a chunk to be full. */
const waitsForMore = (reader: Parameters<Parameters<typeof twist.reading>[1]>[0]) => ({
  pull: () =>
    Effect.flatMap(twist.pulling(reader), (chunk) =>
      chunk !== undefined && chunk.items.length < chunkMin ? Effect.never : Effect.succeed(chunk)
    )
})

/** Answers an end only behind a record. */
const waitsForOne = (reader: Parameters<Parameters<typeof twist.reading>[1]>[0]) => {
  let given = false
  return {
    pull: () =>
      Effect.flatMap(twist.pulling(reader), (chunk) => {
        given ||= chunk !== undefined
        return given ? Effect.succeed(chunk) : Effect.never
      })
  }
}

const framesMax = 1_000

/** Goes a frame deeper with each pull, up to a stack that is too small. */
const recurses = (reader: Parameters<Parameters<typeof twist.reading>[1]>[0]) => {
  let depth = 0
  return {
    pull: () => {
      if (depth++ > framesMax) throw new RangeError("Maximum call stack size exceeded")
      return reader.pull()
    }
  }
}

/** One faulty engine at least for each rule that `ConformanceRules.reactiveStreams` tests. */
export const reactiveStreams: ReadonlyArray<FaultyEngine> = [
  like("RS1.01", "D1"),
  twist.faulty("RS1.02", "waits for a chunk to be full", () => ({
    node: (node) => twist.reading(node, waitsForMore)
  })),
  like("RS1.03", "D9"),
  like("RS1.04", "F7"),
  twist.faulty("RS1.05", "does not tell a sink of the end", () => ({
    node: (node) => twist.writing(node, (writer) => ({ write: (batch) => writer.write(batch) }))
  })),
  like("RS1.07", "L8"),
  twist.faulty("RS1.08", "reads on when it was cancelled", () => ({
    node: (node) => twist.openingSource(node, readsOn)
  })),
  like("RS1.09", "L2"),
  like("RS1.11", "L7"),
  like("RS2.01", "D6"),
  like("RS2.04", "S6"),
  like("RS2.06", "D7"),
  like("RS2.08", "S1"),
  twist.faulty("RS2.09", "needs a record to end", () => ({
    node: (node) => twist.reading(node, waitsForOne)
  })),
  like("RS2.10", "F7"),
  twist.faulty("RS2.12", "opens a sink twice", () => ({
    node: (node) => twist.openingSink(node, (open) => Effect.andThen(open, open))
  })),
  like("RS2.13", "F10"),
  twist.faulty("RS3.03", "recurses with each pull", () => ({
    node: (node) => twist.reading(node, recurses)
  })),
  like("RS3.05", "S3"),
  twist.faulty("RS3.07", "dies of a second cancellation", () => {
    let stops = 0
    return {
      handle: (running) => ({
        ...running,
        stop: (mode) =>
          Effect.suspend(() => (++stops > 1 ? Effect.die("stopped twice") : running.stop(mode)))
      })
    }
  }),
  like("RS3.13", "S4")
]
