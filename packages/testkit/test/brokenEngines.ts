// Engines with one fault each, made of sound ones by changing the graph on its way in.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Engine from "@sluice/core/Engine"
import type * as Graph from "@sluice/core/Graph"
import type * as Stage from "@sluice/core/Stage"
import { blockOf } from "@sluice/core/Views"
import * as Effect from "effect/Effect"

/** The async engine on graphs changed node by node. */
export const changing = (change: (node: Graph.StageNode) => Graph.StageNode): Engine.Engine => {
  const engine = AsyncEngine.make()
  return {
    name: "changing",
    start: (graph, options) => engine.start({ ...graph, nodes: graph.nodes.map(change) }, options)
  }
}

const callable = (f: Graph.ErasedFunction) => f as (...args: ReadonlyArray<unknown>) => unknown

const anyOrder = { _tag: "Unordered" } as const

/** Emits results of ordered effects as they finish. */
export const forgetsOrder = (): Engine.Engine => {
  const engine = changing((node) =>
    node.operation._tag === "MapEffect" ? { ...node, ordering: anyOrder } : node
  )
  // Promises of the edges go too: the sound engine beneath would refuse them.
  const unpromised = (edge: Graph.Edge): Graph.Edge => ({
    ...edge,
    channel: { ...edge.channel, ordering: anyOrder }
  })
  return {
    ...engine,
    start: (graph, options) =>
      engine.start({ ...graph, edges: graph.edges.map(unpromised) }, options)
  }
}

/** Loses records at filters that it should keep. */
export const losesRecords = (): Engine.Engine =>
  changing((node) => {
    if (node.operation._tag !== "Filter") return node
    const f = callable(node.operation.f)
    const lossy = (item: { readonly value: number }) => item.value % 8 !== 0 && f(item)
    return { ...node, operation: { _tag: "Filter", f: lossy } }
  })

/** Treats every dead letter as if it were to be ignored. */
export const hidesDeadLetters = (): Engine.Engine =>
  changing((node) =>
    node.errorPolicy._tag === "DeadLetter" ? { ...node, errorPolicy: { _tag: "Ignore" } } : node
  )

/** Does not retry. */
export const givesUpAtOnce = (): Engine.Engine =>
  changing((node) =>
    node.errorPolicy._tag === "Retry"
      ? { ...node, errorPolicy: node.errorPolicy.exhausted ?? { _tag: "Fail" } }
      : node
  )

/** Forgets headers at mapEnvelope. */
export const forgetsHeaders = (): Engine.Engine =>
  changing((node) => {
    if (node.operation._tag !== "MapEnvelope") return node
    const f = callable(node.operation.f)
    const bare = (...args: ReadonlyArray<unknown>) => ({ ...(f(...args) as object), headers: {} })
    return { ...node, operation: { _tag: "MapEnvelope", f: bare } }
  })

/** Lets full buffers drop, and does not tell. */
export const dropsInSilence = (): Engine.Engine => {
  const engine = changing((node) =>
    node.bufferPolicy === undefined
      ? node
      : { ...node, bufferPolicy: { ...node.bufferPolicy, onFull: "drop-newest" } }
  )
  return toldOtherwise(engine, (state) => {
    const full = state.metrics["dropped.full"] ?? 0
    return {
      ...state,
      dropped: state.dropped - full,
      metrics: { ...state.metrics, "dropped.full": 0 }
    }
  })
}

/** Does not ask accumulators for what is left at the end. */
export const forgetsPartials = (): Engine.Engine =>
  changing((node) => {
    if (node.operation._tag !== "Accumulate") return node
    const { accumulator } = node.operation
    const make: typeof accumulator.make = (host) => ({
      ...accumulator.make(host),
      end: () => undefined
    })
    return { ...node, operation: { _tag: "Accumulate", accumulator: { ...accumulator, make } } }
  })

/** Hands sinks objects where it has views, and forgets the views. */
export const keepsViews = (): Engine.Engine =>
  changing((node) => {
    if (node.operation._tag !== "Sink" || node.operation.sink.views !== true) return node
    const { sink } = node.operation
    const open: typeof sink.open = Effect.map(sink.open, (writer) => ({
      ...writer,
      write: (batch) => {
        const block = blockOf(batch.items)
        // Erased, as the sink is.
        const items = (block?.toObjects() ?? batch.items) as ReadonlyArray<never>
        return writer.write({ ...batch, items })
      }
    }))
    return { ...node, operation: { _tag: "Sink", sink: { ...sink, open } } }
  })

/** Does not bound the time of calls. */
export const setsNoBounds = (): Engine.Engine =>
  changing((node) => ({ ...node, timeoutMs: undefined }))

const toldOtherwise = (
  engine: Engine.Engine,
  change: (state: Stage.StageRuntimeState) => Stage.StageRuntimeState
): Engine.Engine => ({
  ...engine,
  start: (graph, options) =>
    Effect.map(engine.start(graph, options), (running) => ({
      ...running,
      result: Effect.map(running.result, (result) => ({
        ...result,
        finalStates: Object.fromEntries(
          Object.entries(result.finalStates).map(([id, state]) => [id, change(state)])
        )
      }))
    }))
})

/** Does not count the records that find no way at a branch. */
export const miscounts = (): Engine.Engine =>
  toldOtherwise(AsyncEngine.make(), (state) =>
    state.kind === "branch" ? { ...state, dropped: 0 } : state
  )
