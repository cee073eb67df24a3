// How a faulty engine is made: a sound engine that is given another graph, other options, or whose
// handle is exchanged. Everything not twisted stays as the sound engine has it.

import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Engine from "@sluice/core/Engine"
import type * as Graph from "@sluice/core/Graph"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import type * as Sink from "@sluice/core/Sink"
import type * as Source from "@sluice/core/Source"
import type * as Stage from "@sluice/core/Stage"
import * as Effect from "effect/Effect"
import type { EngineSubject } from "../conformance/workload.ts"

/** What is exchanged in one run. */
export interface Twist {
  readonly node?: (node: Graph.StageNode, graph: Graph.PipelineGraph) => Graph.StageNode
  readonly edge?: (edge: Graph.Edge) => Graph.Edge
  readonly options?: (options: Engine.ExecutionOptions) => Engine.ExecutionOptions
  readonly handle?: (running: Engine.RunningPipeline) => Engine.RunningPipeline
}

/** A sound engine with a twist of its own in each run. */
export const twisted = (
  twist: () => Twist,
  base: () => Engine.Engine = () => AsyncEngine.make()
): Engine.Engine => {
  const engine = base()
  return {
    name: engine.name,
    start: (graph, options = {}) =>
      Effect.suspend(() => {
        const { node, edge, options: opt, handle } = twist()
        const nodes = node === undefined ? graph.nodes : graph.nodes.map((one) => node(one, graph))
        const edges = edge === undefined ? graph.edges : graph.edges.map(edge)
        const started = engine.start(
          { ...graph, nodes, edges },
          opt === undefined ? options : opt(options)
        )
        return handle === undefined ? started : Effect.map(started, handle)
      })
  }
}

/** A faulty engine: what it breaks, and how to make one. */
export interface FaultyEngine {
  /** The rule it breaks. */
  readonly rule: string
  /** What is wrong with it, in a few words. */
  readonly fault: string
  readonly subject: EngineSubject
}

/** A faulty engine that follows the caller's clock. */
export const faulty = (rule: string, fault: string, twist: () => Twist): FaultyEngine => ({
  rule,
  fault,
  subject: { makeEngine: () => twisted(twist), clock: "context" }
})

type Reader = Source.SourceReader<unknown, unknown, unknown>

/** Another reader for every source. */
export const reading = (
  node: Graph.StageNode,
  change: (reader: Reader, node: Graph.StageNode) => Reader
): Graph.StageNode => {
  const { operation } = node
  if (operation._tag !== "Source") return node
  const source = {
    ...operation.source,
    open: Effect.map(operation.source.open, (one) => change(one, node))
  }
  return { ...node, operation: { _tag: "Source", source } }
}

/** Another opening effect for every source. */
export const openingSource = (
  node: Graph.StageNode,
  change: (open: Graph.ErasedSource["open"]) => Graph.ErasedSource["open"]
): Graph.StageNode => {
  const { operation } = node
  if (operation._tag !== "Source") return node
  const source = { ...operation.source, open: change(operation.source.open) }
  return { ...node, operation: { _tag: "Source", source } }
}

/** A pull as an effect, whether it answers at once or later. */
export const pulling = (
  reader: Reader
): Effect.Effect<Source.Chunk<unknown> | undefined, unknown, unknown> =>
  Effect.suspend(() => {
    const pulled = reader.pull()
    return Effect.isEffect(pulled) ? pulled : Effect.succeed(pulled)
  })

/** A writer with erased types. */
export type Writer = Sink.SinkWriter<never, unknown, unknown>

/** Another opening effect for every sink. */
export const openingSink = (
  node: Graph.StageNode,
  change: (open: Graph.ErasedSink["open"]) => Graph.ErasedSink["open"]
): Graph.StageNode => {
  const { operation } = node
  if (operation._tag !== "Sink") return node
  return {
    ...node,
    operation: { _tag: "Sink", sink: { ...operation.sink, open: change(operation.sink.open) } }
  }
}

/** Ends a sink when its run is over, whatever happened. */
export const alwaysCommits = (open: Graph.ErasedSink["open"]): Graph.ErasedSink["open"] =>
  Effect.gen(function* () {
    let ended = false
    const writer: Writer = yield* open
    const end = Effect.suspend(() => {
      if (ended) return Effect.void
      ended = true
      return writer.end ?? Effect.void
    })
    yield* Effect.addFinalizer(() => Effect.ignoreCause(end) as Effect.Effect<void>)
    return { ...writer, end }
  })

/** Another writer for every sink. */
export const writing = (
  node: Graph.StageNode,
  change: (writer: Writer) => Writer
): Graph.StageNode => openingSink(node, (open) => Effect.map(open, change))

/** Another custom stage for every one there is. */
export const staging = (
  node: Graph.StageNode,
  change: (stage: Graph.ErasedStage) => Graph.ErasedStage
): Graph.StageNode =>
  node.operation._tag === "Process"
    ? { ...node, operation: { _tag: "Process", stage: change(node.operation.stage) } }
    : node

/** A function of one record, with erased types. */
export type Call = (payload: never) => unknown

/** Another function for the stages of one kind. */
export const calling = (
  node: Graph.StageNode,
  tag: "Map" | "FlatMap" | "MapEffect",
  change: (call: Call) => Call
): Graph.StageNode =>
  node.operation._tag === tag
    ? {
        ...node,
        operation: { _tag: tag, f: change(node.operation.f as Call) as Graph.ErasedFunction }
      }
    : node

/** Another result, of runs that succeed and of runs that fail. */
export const resulting = (
  running: Engine.RunningPipeline,
  change: (result: PipelineResult.PipelineResult) => PipelineResult.PipelineResult
): Engine.RunningPipeline => ({ ...running, result: Effect.map(running.result, change) })

/** Another final state for the stages of one kind. */
export const finalStates = (
  result: PipelineResult.PipelineResult,
  change: (state: Stage.StageRuntimeState) => Stage.StageRuntimeState
): PipelineResult.PipelineResult => ({
  ...result,
  finalStates: Object.fromEntries(
    Object.entries(result.finalStates).map(([id, state]) => [id, change(state)])
  )
})
