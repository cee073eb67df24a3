// Ways to break a sound graph, one per class of finding. Each takes a sound graph and a number that
// chooses where, and answers undefined when the graph offers no place for it.
import type * as Accumulator from "../../src/Accumulator.ts"
import * as Channel from "../../src/Channel.ts"
import type * as Graph from "../../src/Graph.ts"
import type { GraphIssueCode } from "../../src/GraphError.ts"
import * as Policy from "../../src/Policy.ts"

type PipelineGraph = Graph.PipelineGraph
type Node = Graph.StageNode

/** A way to break a graph, and the code it must be refused with. */
export interface Mutant {
  readonly name: string
  readonly code: GraphIssueCode
  readonly apply: (graph: PipelineGraph, choice: number) => PipelineGraph | undefined
}

const pick = <A>(candidates: ReadonlyArray<A>, choice: number): A | undefined =>
  candidates[choice % Math.max(candidates.length, 1)]

const isTag =
  (...tags: ReadonlyArray<Graph.OperationTag>) =>
  (node: Node): boolean =>
    tags.includes(node.operation._tag)

const withNode = (graph: PipelineGraph, id: string, fields: Partial<Node>): PipelineGraph => ({
  ...graph,
  nodes: graph.nodes.map((node) => (node.id === id ? { ...node, ...fields } : node))
})

const withEdge = (graph: PipelineGraph, old: Graph.Edge, fields: Partial<Graph.Edge>) => ({
  ...graph,
  edges: graph.edges.map((edge) => (edge === old ? { ...edge, ...fields } : edge))
})

const plusEdge = (graph: PipelineGraph, from: string, to: string): PipelineGraph => {
  const channel = { buffer: Policy.bufferDefault, ordering: Channel.unordered }
  return { ...graph, edges: [...graph.edges, { from, port: "out", to, channel }] }
}

/** Removes the stages that `removed` names, and their edges. */
const without = (graph: PipelineGraph, removed: (node: Node) => boolean): PipelineGraph => {
  const gone = new Set(graph.nodes.filter(removed).map((node) => node.id))
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => !gone.has(node.id)),
    edges: graph.edges.filter((edge) => !gone.has(edge.from) && !gone.has(edge.to))
  }
}

const onNode =
  (choose: (node: Node) => boolean, change: (node: Node) => Partial<Node>): Mutant["apply"] =>
  (graph, choice) => {
    const node = pick(graph.nodes.filter(choose), choice)
    return node && withNode(graph, node.id, change(node))
  }

const onEdge =
  (
    choose: (edge: Graph.Edge, byId: ReadonlyMap<string, Node>) => boolean,
    change: (graph: PipelineGraph, edge: Graph.Edge) => PipelineGraph
  ): Mutant["apply"] =>
  (graph, choice) => {
    const byId = new Map(graph.nodes.map((node) => [node.id, node]))
    const edge = pick(
      graph.edges.filter((candidate) => choose(candidate, byId)),
      choice
    )
    return edge && change(graph, edge)
  }

const any = (): boolean => true

const renamed =
  (to: string): Mutant["apply"] =>
  (graph, choice) => {
    const id = pick(graph.nodes, choice)?.id
    if (id === undefined) return undefined
    const other = (name: string): string => (name === id ? to : name)
    const edges = graph.edges.map((edge) => ({
      ...edge,
      from: other(edge.from),
      to: other(edge.to)
    }))
    return { ...withNode(graph, id, { id: to }), edges }
  }

const removedEdge = (graph: PipelineGraph, edge: Graph.Edge): PipelineGraph => ({
  ...graph,
  edges: graph.edges.filter((candidate) => candidate !== edge)
})

const capacity = (value: number): Mutant => ({
  name: `a channel of ${value} records`,
  code: "unbounded",
  apply: onEdge(any, (graph, edge) => {
    const buffer = { ...edge.channel.buffer, capacity: value }
    return withEdge(graph, edge, { channel: { ...edge.channel, buffer } })
  })
})

const node = (
  name: string,
  code: GraphIssueCode,
  choose: (node: Node) => boolean,
  change: Partial<Node>
): Mutant => ({ name, code, apply: onNode(choose, () => change) })

const strategy = (value: Policy.BackpressureStrategy): Mutant =>
  node(`backpressure ${JSON.stringify(value)}`, "policy", any, { backpressure: value })

const waiting: Accumulator.AccumulatorSpec<never, unknown> = {
  _tag: "AccumulatorSpec",
  label: "waits for ever",
  descriptor: {
    policy: { partialFlush: true, spillAllowed: false },
    engineHint: Policy.parallelism.sequential,
    progressWeights: {}
  },
  issues: [{ reason: "no bound in time", cure: "set an age" }],
  make: () => {
    throw new Error("never made")
  }
}

const synchronous = isTag("Map", "Filter", "FlatMap", "Branch", "Merge", "Source")

const unorderedMap: Mutant["apply"] = (graph, choice) => {
  const ordered = (id: string): boolean =>
    graph.edges.some((edge) => edge.from === id && edge.channel.ordering._tag === "Ordered")
  const chosen = (candidate: Node): boolean => isTag("Map")(candidate) && ordered(candidate.id)
  return onNode(chosen, (found) => ({
    operation: { _tag: "MapEffect", f: "f" in found.operation ? found.operation.f : () => 0 },
    parallelism: Policy.parallelism.fixed(4),
    ordering: Channel.unordered
  }))(graph, choice)
}

const island: Mutant["apply"] = (graph) => {
  const model = graph.nodes.find(isTag("Source"))
  if (model === undefined) return undefined
  const member = (id: string): Node => ({
    ...model,
    id,
    kind: "transform",
    operation: { _tag: "Map", f: () => 0 }
  })
  const nodes = [...graph.nodes, member("island-a"), member("island-b")]
  return plusEdge(plusEdge({ ...graph, nodes }, "island-a", "island-b"), "island-b", "island-a")
}

const branchMode = (change: (ports: ReadonlyArray<string>) => ReadonlyArray<string>) =>
  onNode(
    (candidate) =>
      candidate.operation._tag === "Branch" && candidate.operation.mode._tag === "Broadcast",
    (found) => {
      const mode = found.operation as { readonly mode: { readonly ports: ReadonlyArray<string> } }
      const ports = change(mode.mode.ports)
      return { operation: { _tag: "Branch", mode: { _tag: "Broadcast", ports } } }
    }
  )

const sourceEdge = onEdge(any, (graph, edge) => {
  const source = graph.nodes.find(isTag("Source")) as Node
  return plusEdge(graph, edge.from, source.id)
})

const sinkEdge = onEdge(
  (edge, byId) => byId.get(edge.to)?.kind === "sink",
  (graph, edge) => plusEdge(graph, edge.to, edge.from)
)

const retry = (fields: Partial<Policy.RetryPolicy>): Partial<Node> => ({
  errorPolicy: Policy.retry({ retriesMax: 3, backoffMs: 10, ...fields })
})

/** Every class of invalid graph. */
export const mutants: ReadonlyArray<Mutant> = [
  { name: "no source", code: "no-source", apply: (g) => without(g, isTag("Source")) },
  { name: "no sink", code: "no-sink", apply: (g) => without(g, isTag("Sink")) },
  {
    name: "a stage twice",
    code: "duplicate-id",
    apply: (g, choice) => ({ ...g, nodes: [...g.nodes, pick(g.nodes, choice) as Node] })
  },
  { name: "an empty id", code: "bad-id", apply: renamed("") },
  { name: "an id of 65 characters", code: "bad-id", apply: renamed("x".repeat(65)) },
  { name: "an id with a blank", code: "bad-id", apply: renamed("a b") },
  { name: "the id __proto__", code: "bad-id", apply: renamed("__proto__") },
  {
    name: "an edge to nowhere",
    code: "unknown-stage",
    apply: onEdge(any, (g, edge) => withEdge(g, edge, { to: "ghost" }))
  },
  {
    name: "an edge from nowhere",
    code: "unknown-stage",
    apply: onEdge(any, (g, edge) => withEdge(g, edge, { from: "ghost" }))
  },
  {
    name: "an edge from an unknown port",
    code: "unknown-port",
    apply: onEdge(any, (g, edge) => withEdge(g, edge, { port: "nowhere" }))
  },
  {
    name: "a stage without input",
    code: "missing-input",
    apply: onEdge((edge, byId) => byId.get(edge.to)?.kind !== "merge", removedEdge)
  },
  { name: "a port without edge", code: "missing-output", apply: onEdge(any, removedEdge) },
  {
    name: "fan-in and fan-out without a stage for it",
    code: "arity",
    apply: onEdge(any, (g, edge) => ({ ...g, edges: [...g.edges, { ...edge }] }))
  },
  { name: "an edge into a source", code: "arity", apply: sourceEdge },
  { name: "an edge out of a sink", code: "arity", apply: sinkEdge },
  { name: "a branch without ports", code: "arity", apply: branchMode(() => []) },
  { name: "a port named twice", code: "arity", apply: branchMode((all) => [...all, ...all]) },
  {
    name: "an edge back",
    code: "cycle",
    apply: onEdge(any, (g, edge) => plusEdge(g, edge.to, edge.from))
  },
  { name: "an island", code: "unreachable", apply: island },
  ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map(capacity),
  node("an endless buffer", "unbounded", any, {
    bufferPolicy: { capacity: Number.POSITIVE_INFINITY, onFull: "block" }
  }),
  node("a buffer of 0 bytes", "unbounded", any, {
    bufferPolicy: { capacity: 1, bytes: 0, onFull: "block" }
  }),
  node("endless retries", "unbounded", any, retry({ retriesMax: Number.POSITIVE_INFINITY })),
  node("no call in flight", "unbounded", any, { parallelism: Policy.parallelism.fixed(0) }),
  node("2.5 calls in flight", "unbounded", any, { parallelism: Policy.parallelism.fixed(2.5) }),
  node("an endless accumulator", "unbounded", isTag("Map"), {
    kind: "accumulator",
    operation: { _tag: "Accumulate", accumulator: waiting }
  }),
  node("a state limit of 0 keys", "unbounded", any, {
    accumulation: {
      ...waiting.descriptor,
      policy: { ...waiting.descriptor.policy, keysMax: 0 }
    }
  }),
  { name: "order behind an unordered mapEffect", code: "order", apply: unorderedMap },
  {
    name: "an ordered merge",
    code: "order",
    apply: (g, choice) => {
      const inputs = (id: string): number => g.edges.filter((edge) => edge.to === id).length
      const chosen = (found: Node): boolean => isTag("Merge")(found) && inputs(found.id) > 1
      return onNode(chosen, () => ({ ordering: Channel.ordered }))(g, choice)
    }
  },
  node("a kind of another operation", "policy", isTag("Source"), { kind: "sink" }),
  node("a fallback without function", "policy", any, { errorPolicy: { _tag: "Fallback" } }),
  node("retries, then a fallback without function", "policy", any, {
    ...retry({ exhausted: { _tag: "Fallback" } })
  }),
  node("a backoff of -1 ms", "policy", any, retry({ backoffMs: -1 })),
  node("a backoff that shrinks", "policy", any, retry({ factor: 0.5 })),
  node(
    "retries of a read, a way or a merge",
    "policy",
    isTag("Source", "Branch", "Merge"),
    retry({})
  ),
  node("a replacement of what a sink writes", "policy", isTag("Sink"), {
    errorPolicy: { _tag: "Fallback" },
    fallback: () => 0
  }),
  node("a timeout of synchronous work", "policy", synchronous, { timeoutMs: 100 }),
  node("a timeout of 0 ms", "policy", any, { timeoutMs: 0 }),
  strategy({ _tag: "CreditBased", initial: 4, replenishThreshold: 5 }),
  strategy({ _tag: "CreditBased", initial: 0, replenishThreshold: 0 }),
  strategy({ _tag: "RateShaping", ratePerSecond: 0, burst: 1 }),
  strategy({ _tag: "RateShaping", ratePerSecond: 5, burst: Number.POSITIVE_INFINITY }),
  strategy({ _tag: "Adaptive", batchMin: 9, batchMax: 3 }),
  strategy({ _tag: "ReactivePull", window: 0 }),
  strategy({ _tag: "Bounded", capacity: Number.NaN, onFull: "block" })
]
