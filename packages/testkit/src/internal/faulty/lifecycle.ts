// Engines that break a rule of lifecycle or order, one each.

import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Batch from "@sluice/core/Batch"
import * as Channel from "@sluice/core/Channel"
import type * as Engine from "@sluice/core/Engine"
import type * as Graph from "@sluice/core/Graph"
import type * as Source from "@sluice/core/Source"
import * as SyncEngine from "@sluice/core/SyncEngine"
import * as Validate from "@sluice/core/Validate"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { FaultyEngine } from "./twist.ts"
import * as twist from "./twist.ts"

const opensOf = (
  graph: Graph.PipelineGraph
): ReadonlyArray<Effect.Effect<unknown, unknown, unknown>> =>
  graph.nodes.flatMap(
    ({ operation }): ReadonlyArray<Effect.Effect<unknown, unknown, unknown>> =>
      operation._tag === "Source"
        ? [operation.source.open]
        : operation._tag === "Sink"
          ? [operation.sink.open]
          : []
  )

const services = <A, E>(effect: Effect.Effect<A, E, unknown>) => effect as Effect.Effect<A, E>

/** Opens everything to see whether it can, before it looks at the graph. */
const opensFirst = (): Engine.Engine => {
  const engine = AsyncEngine.make()
  const tryAll = (graph: Graph.PipelineGraph) =>
    Effect.forEach(opensOf(graph), (open) => Effect.exit(services(Effect.scoped(open))), {
      discard: true
    })
  return {
    ...engine,
    start: (graph, options) => Effect.tapError(engine.start(graph, options), () => tryAll(graph))
  }
}

/** Opens the sources itself, then lets the sound engine open the sinks. */
const sourcesFirst = (): Engine.Engine => {
  const engine = AsyncEngine.make()
  return {
    ...engine,
    start: Effect.fnUntraced(function* (graph, options) {
      yield* Effect.fromResult(Validate.validateOrFail(graph))
      const nodes: Array<Graph.StageNode> = []
      for (const node of graph.nodes) {
        if (node.operation._tag !== "Source") nodes.push(node)
        else {
          const scope = yield* Effect.scope
          const exit = yield* services(
            Effect.exit(Scope.provide(node.operation.source.open, scope))
          )
          nodes.push(twist.openingSource(node, () => exit))
        }
      }
      return yield* engine.start({ ...graph, nodes }, options)
    })
  }
}

/** A source whose pull failed is forgotten: nobody closes it. */
const forgetsFailed = (open: Graph.ErasedSource["open"]): Graph.ErasedSource["open"] =>
  Effect.gen(function* () {
    let failed = false
    const own = yield* Scope.make()
    yield* Effect.addFinalizer((exit) => (failed ? Effect.void : Scope.close(own, exit)))
    const reader = yield* Scope.provide(open, own)
    const note = Effect.sync(() => {
      failed = true
    })
    return { pull: () => Effect.tapError(twist.pulling(reader), () => note) }
  })

/** Calls run by themselves: an interruption ends only the waiting for them. */
const detached =
  (call: twist.Call): twist.Call =>
  (payload) =>
    Effect.gen(function* () {
      const done = yield* Deferred.make<unknown, unknown>()
      const answer = call(payload) as Effect.Effect<unknown, unknown>
      yield* Effect.forkDetach(Deferred.into(answer, done), { startImmediately: true })
      return yield* Deferred.await(done)
    })

/** A custom stage is closed only if its stream came to its end. */
const closesAtEnd = (stage: Graph.ErasedStage): Graph.ErasedStage => {
  let ended = false
  const note = Effect.sync(() => {
    ended = true
  })
  return {
    init: stage.init,
    process: (input) => Stream.concat(stage.process(input), Stream.drain(Stream.fromEffect(note))),
    close: Effect.suspend(() => (ended ? stage.close : Effect.void))
  }
}

/** Counters live as long as the engine. */
const remembers = (): Engine.Engine => {
  let before = 0
  return twist.twisted(() => ({
    handle: (running) =>
      twist.resulting(running, (result) => {
        before += result.recordsIn
        return { ...result, recordsIn: before }
      })
  }))
}

/** Does not believe a source that says it has ended. */
const asksOnceMore = (reader: Source.SourceReader<unknown, unknown, unknown>) => ({
  pull: () => reader.pull() ?? reader.pull()
})

const byOrdering = (
  tag: Channel.ChannelOrdering["_tag"],
  node: Graph.StageNode
): Graph.StageNode =>
  node.operation._tag === "MapEffect" &&
  node.parallelism._tag === "Fixed" &&
  node.ordering._tag === tag
    ? { ...node, ordering: Channel.unordered }
    : node

const feedsMerge = (node: Graph.StageNode, graph: Graph.PipelineGraph): boolean =>
  graph.edges.some(
    ({ from, to }) =>
      from === node.id &&
      graph.nodes.some((other) => other.id === to && other.operation._tag === "Merge")
  )

/** Gives each chunk back to front. */
const backToFront = (node: Graph.StageNode, graph: Graph.PipelineGraph): Graph.StageNode =>
  feedsMerge(node, graph)
    ? twist.reading(node, (reader) => ({
        pull: () =>
          Effect.map(twist.pulling(reader), (chunk) =>
            chunk === undefined ? chunk : { ...chunk, items: chunk.items.toReversed() }
          )
      }))
    : node

const another = (rule: string, fault: string, makeEngine: () => Engine.Engine): FaultyEngine => ({
  rule,
  fault,
  subject: { makeEngine, clock: "context" }
})

/** Makes engines that never use one seed twice. */
const forgetsSeed = (): (() => Engine.Engine) => {
  let runs = 0
  return () =>
    twist.twisted(
      () => ({
        options: (options) =>
          options.seed === undefined ? options : { ...options, seed: `${options.seed}-${runs++}` }
      }),
      () => SyncEngine.make()
    )
}

/** Engines that break L1 to L8 and O1 to O6. */
export const lifecycle: ReadonlyArray<FaultyEngine> = [
  another("L1", "opens sources and sinks before it looks at the graph", opensFirst),
  another("L2", "opens sources before sinks", sourcesFirst),
  twist.faulty("L3", "does not close a source that failed", () => ({
    node: (node) => twist.openingSource(node, forgetsFailed)
  })),
  twist.faulty("L4", "leaves calls running", () => ({
    node: (node) =>
      node.timeoutMs === undefined ? twist.calling(node, "MapEffect", detached) : node
  })),
  twist.faulty("L5", "closes a stage only when its stream has ended", () => ({
    node: (node) => twist.staging(node, closesAtEnd)
  })),
  twist.faulty("L6", "leaves sinks running in the result", () => ({
    handle: (running) =>
      twist.resulting(running, (result) =>
        twist.finalStates(result, (state) =>
          state.kind === "sink" ? { ...state, status: "running" } : state
        )
      )
  })),
  another("L7", "adds up the records of all runs", remembers),
  twist.faulty("L8", "asks a source once more after its end", () => ({
    node: (node) => twist.reading(node, asksOnceMore)
  })),
  twist.faulty("O1", "hands results on as they come where they are to be ordered", () => ({
    node: (node) => byOrdering("Ordered", node),
    edge: (edge) => ({ ...edge, channel: { ...edge.channel, ordering: Channel.unordered } })
  })),
  twist.faulty("O2", "hands results on as they come where keys are to be ordered", () => ({
    node: (node) => byOrdering("PartitionOrdered", node),
    edge: (edge) =>
      edge.channel.ordering._tag === "PartitionOrdered"
        ? { ...edge, channel: { ...edge.channel, ordering: Channel.unordered } }
        : edge
  })),
  twist.faulty("O3", "takes three records of a flatMap and no more", () => ({
    node: (node) =>
      twist.calling(
        node,
        "FlatMap",
        (call) => (payload) => [...(call(payload) as Iterable<unknown>)].slice(0, 3)
      )
  })),
  twist.faulty("O4", "turns the chunks of merged inputs round", () => ({ node: backToFront })),
  {
    rule: "O5",
    fault: "does not use the seed it is given",
    subject: { makeEngine: forgetsSeed(), clock: "virtual" }
  },
  twist.faulty("O6", "numbers records one too high", () => ({
    node: (node) =>
      twist.writing(node, (writer) => ({
        ...writer,
        write: (batch) =>
          writer.write({ ...(batch as Batch.Batch<never>), seqBase: batch.seqBase + 1 })
      }))
  }))
]
