// Engines that break a rule of demand or stop, one each.

import type * as Engine from "@sluice/core/Engine"
import type * as Graph from "@sluice/core/Graph"
import type * as Policy from "@sluice/core/Policy"
import type * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { FaultyEngine } from "./twist.ts"
import * as twist from "./twist.ts"

type Pulled = ReturnType<Source.SourceReader<unknown, unknown, unknown>["pull"]>

/** Has always asked for the next chunk already, where a source answers at once. */
const pullsAhead = (reader: Source.SourceReader<unknown, unknown, unknown>) => {
  const ahead: Array<Pulled> = []
  const ask = (): Pulled => {
    const pulled = reader.pull()
    if (pulled !== undefined && !Effect.isEffect(pulled)) ahead.push(reader.pull())
    return pulled
  }
  return { pull: () => (ahead.length === 0 ? ask() : ahead.shift()) }
}

const buffered = (
  node: Graph.StageNode,
  tag: Graph.OperationTag,
  change: (buffer: Policy.BufferPolicy) => Policy.BufferPolicy
): Graph.StageNode =>
  node.operation._tag === tag && node.bufferPolicy !== undefined
    ? { ...node, bufferPolicy: change(node.bufferPolicy) }
    : node

const small = 10

const swapped = {
  "drop-oldest": "drop-newest",
  "drop-newest": "drop-oldest",
  block: "block"
} as const

const lateTurns = 5

/** The second pull that has to wait is never answered. */
const losesWakeUp = (reader: Source.SourceReader<unknown, unknown, unknown>) => {
  let late = 0
  const counted = Effect.gen(function* () {
    let turns = 0
    const count = Effect.forever(
      Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => turns++)
      )
    )
    const counting = yield* Effect.forkChild(count)
    const chunk = yield* twist.pulling(reader)
    yield* Fiber.interrupt(counting)
    return turns > lateTurns && ++late === 2 ? yield* Effect.never : chunk
  })
  return { pull: () => counted }
}

const more = 10

/** Reads on when the run has ended. */
export const readsOn = (open: Graph.ErasedSource["open"]): Graph.ErasedSource["open"] =>
  Effect.gen(function* () {
    const reader = yield* open
    const on = Effect.sync(() => {
      for (let n = 0; n < more; n++) reader.pull()
    })
    yield* Effect.addFinalizer(() => Effect.ignoreCause(on))
    return reader
  })

const hasStream = ({ nodes }: Graph.PipelineGraph): boolean =>
  nodes.some(({ operation }) => operation._tag === "Process")

/** Drops what a sink would get after a graceful stop. */
const losesTail = (): twist.Twist => {
  let stopped = false
  return {
    node: (node) =>
      twist.writing(node, (writer) => ({
        ...writer,
        write: (batch) => (stopped ? undefined : writer.write(batch))
      })),
    handle: (running) => ({
      ...running,
      stop: (mode) =>
        Effect.suspend(() => {
          stopped = mode === "graceful"
          return running.stop(mode)
        })
    })
  }
}

/** A stop of this kind is not heard while a source is asked. */
const deafWhilePulling = (deaf: Engine.StopMode) => (): twist.Twist => {
  let asked = 0
  const counted = (reader: Source.SourceReader<unknown, unknown, unknown>) => ({
    pull: () =>
      Effect.suspend(() => {
        asked++
        return Effect.ensuring(
          twist.pulling(reader),
          Effect.sync(() => void asked--)
        )
      })
  })
  return {
    node: (node) => twist.reading(node, counted),
    handle: (running) => ({
      ...running,
      stop: (mode) =>
        Effect.suspend(() => (mode === deaf && asked > 0 ? Effect.void : running.stop(mode)))
    })
  }
}

/** A source that was interrupted in a pull is not closed. */
const leaksWhenCut = (open: Graph.ErasedSource["open"]): Graph.ErasedSource["open"] =>
  Effect.gen(function* () {
    let cut = false
    const own = yield* Scope.make()
    yield* Effect.addFinalizer((exit) => (cut ? Effect.void : Scope.close(own, exit)))
    const reader = yield* Scope.provide(open, own)
    const note = Effect.sync(() => {
      cut = true
    })
    return { pull: () => Effect.onInterrupt(twist.pulling(reader), () => note) }
  })

/** Asks twice at once, and puts both answers together. */
const asksTwice = (reader: Source.SourceReader<unknown, unknown, unknown>) => {
  const both = (first: Effect.Effect<Source.Chunk<unknown> | undefined, unknown, unknown>) =>
    Effect.map(
      Effect.all([first, twist.pulling(reader)], { concurrency: "unbounded" }),
      ([one, two]) =>
        one === undefined || two === undefined
          ? one
          : { ...one, items: [...one.items, ...two.items] }
    )
  const pull = (): Pulled => {
    const pulled = reader.pull()
    return Effect.isEffect(pulled) ? both(pulled) : pulled
  }
  return { pull }
}

/** Takes what custom stages have in hand for something they made away with. */
const emptyHanded = (running: Engine.RunningPipeline): Engine.RunningPipeline => {
  const custom = new Set(
    running.graph.nodes.filter((node) => node.operation._tag === "Process").map(({ id }) => id)
  )
  return twist.resulting(running, (result) =>
    twist.finalStates(result, (state) =>
      custom.has(state.stageId)
        ? { ...state, recordsMade: state.recordsMade - state.inFlight, inFlight: 0 }
        : state
    )
  )
}

/** Engines that break D1 to D9 and S1 to S6. */
export const flow: ReadonlyArray<FaultyEngine> = [
  twist.faulty("D1", "asks a source for the next chunk while it hands on the one before", () => ({
    node: (node) => twist.reading(node, pullsAhead)
  })),
  twist.faulty("D2", "makes the buffers of effects twice as large", () => ({
    node: (node) =>
      buffered(node, "MapEffect", (buffer) => ({ ...buffer, capacity: buffer.capacity * 2 }))
  })),
  twist.faulty("D3", "drops where a small buffer should block", () => ({
    node: (node) =>
      buffered(node, "Sink", (buffer) =>
        buffer.onFull === "block" && buffer.capacity < small
          ? { ...buffer, onFull: "drop-newest" }
          : buffer
      )
  })),
  twist.faulty("D4", "drops the newest for the oldest, and the other way round", () => ({
    node: (node) =>
      buffered(node, "Sink", (buffer) => ({ ...buffer, onFull: swapped[buffer.onFull] }))
  })),
  twist.faulty("D5", "runs one call more", () => ({
    node: (node) =>
      node.parallelism._tag === "Fixed" && node.parallelism.n > 1
        ? { ...node, parallelism: { _tag: "Fixed", n: node.parallelism.n + 1 } }
        : node
  })),
  twist.faulty("D6", "loses the wake-up of a source that waits a second time", () => ({
    node: (node) => twist.reading(node, losesWakeUp)
  })),
  twist.faulty("D7", "reads on after a stream has taken enough", () => ({
    node: (node, graph) => (hasStream(graph) ? twist.openingSource(node, readsOn) : node)
  })),
  twist.faulty("D8", "lets what is merged pile up", () => ({
    node: (node) => buffered(node, "Merge", (buffer) => ({ ...buffer, capacity: 1_000_000 }))
  })),
  twist.faulty("D9", "asks a source twice at once", () => ({
    node: (node) => twist.reading(node, asksTwice)
  })),
  twist.faulty("S1", "throws away what a graceful stop finds on its way", losesTail),
  twist.faulty(
    "S2",
    "does not hear a graceful stop while a source is asked",
    deafWhilePulling("graceful")
  ),
  twist.faulty("S3", "does not hear an abort while a source is asked", deafWhilePulling("abort")),
  twist.faulty("S4", "does not close a source that was interrupted in a pull", () => ({
    node: (node) => twist.openingSource(node, leaksWhenCut)
  })),
  twist.faulty("S5", "forgets dropped records in the sum", () => ({
    handle: (running) => twist.resulting(running, (result) => ({ ...result, droppedCount: 0 }))
  })),
  twist.faulty("S5", "says that a custom stage never has anything in hand", () => ({
    handle: emptyHanded
  })),
  twist.faulty("S6", "ends sinks whatever happened", () => ({
    node: (node) =>
      node.errorPolicy._tag === "Quarantine" ? node : twist.openingSink(node, twist.alwaysCommits)
  }))
]
