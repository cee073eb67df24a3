// What a printed graph says of a stage and of an edge: the default is silent, everything else is
// shown.
import * as Batching from "../../Batching.ts"
import type * as Graph from "../../Graph.ts"
import * as Policy from "../../Policy.ts"

const operationText = (operation: Graph.Operation): string => {
  switch (operation._tag) {
    case "Source":
      return `Source: ${operation.source.label}`
    case "Sink":
      return `Sink: ${operation.sink.label}`
    case "Accumulate":
      return `Accumulate: ${operation.accumulator.label}`
    case "Batch":
      return `Batch: ${Batching.describe(operation.batching)}`
    case "Branch":
      return `Branch: ${operation.mode._tag.toLowerCase()}`
    default:
      return operation._tag
  }
}

const parallelismText = (hint: Policy.ParallelismHint): ReadonlyArray<string> => {
  switch (hint._tag) {
    case "Fixed":
      return [`${hint.n} in flight`]
    case "CpuBound":
      return ["CPU-bound"]
    case "IoBound":
      return ["I/O-bound"]
    case "Sequential":
      return []
  }
}

const endText: Readonly<Record<Policy.ErrorPolicy["_tag"], string>> = {
  DeadLetter: "dead letter",
  Fail: "fail",
  Fallback: "fallback",
  Ignore: "ignore",
  Quarantine: "quarantine",
  ByKind: "by kind",
  Retry: "retry"
}

const errorText = (policy: Policy.ErrorPolicy): ReadonlyArray<string> => {
  if (policy._tag === "Fail") return []
  if (policy._tag === "ByKind") {
    const named = Object.entries(policy.kinds).map(
      ([kind, part]) => `${kind}: ${endText[part._tag]}`
    )
    return [`on error: ${[...named, `else: ${endText[policy.otherwise._tag]}`].join(", ")}`]
  }
  if (policy._tag !== "Retry") return [`on error: ${endText[policy._tag]}`]
  const then = endText[policy.exhausted?._tag ?? "Fail"]
  return [`on error: retry ${policy.retriesMax} times, then ${then}`]
}

/** What guards a stage's calls, and the policies it takes by name. */
export const guardText = ({ controls }: Graph.StageNode): ReadonlyArray<string> => {
  const { breaker, bulkhead, deadlineMs, policies } = controls ?? {}
  const named = Object.entries(policies ?? {}).map(([option, name]) => `${option} "${name}"`)
  return [
    ...(breaker === undefined ? [] : ["circuit breaker"]),
    ...(bulkhead === undefined ? [] : [`bulkhead ${bulkhead.name}: ${bulkhead.concurrency} calls`]),
    ...(deadlineMs === undefined ? [] : [`deadline ${deadlineMs} ms`]),
    ...(named.length === 0 ? [] : [`by name: ${named.join(", ")}`])
  ]
}

/** Lines of a stage's label: its id, what it does, and what is not the default. */
export const stageLines = (node: Graph.StageNode): ReadonlyArray<string> => [
  node.id,
  operationText(node.operation),
  ...parallelismText(node.parallelism),
  ...errorText(node.errorPolicy),
  ...(node.timeoutMs === undefined ? [] : [`timeout ${node.timeoutMs} ms`]),
  ...(node.backpressure === undefined ? [] : [`backpressure: ${node.backpressure._tag}`]),
  ...guardText(node),
  ...(node.engine === undefined ? [] : [`engine: ${node.engine}`])
]

const orderText = { Unordered: "unordered", PartitionOrdered: "ordered by key" } as const

/** Parts of an edge's label; empty for an edge like any other. */
export const edgeParts = (edge: Graph.Edge): ReadonlyArray<string> => {
  const { buffer, ordering } = edge.channel
  return [
    ...(edge.port === "out" ? [] : [edge.port]),
    ...(buffer.capacity === Policy.capacityDefault ? [] : [`${buffer.capacity} records`]),
    ...(buffer.bytes === undefined ? [] : [`${buffer.bytes} bytes`]),
    ...(buffer.onFull === "block" ? [] : [buffer.onFull]),
    ...(ordering._tag === "Ordered" ? [] : [orderText[ordering._tag]])
  ]
}

/** A stage as it is drawn; `node` is undefined where an edge names a stage that is not there. */
export interface Drawn {
  /** Safe in every notation, whatever the stage's own id is. */
  readonly name: string
  readonly node: Graph.StageNode | undefined
  readonly lines: ReadonlyArray<string>
}

/** An edge as it is drawn. */
export interface DrawnEdge {
  readonly from: string
  readonly to: string
  readonly parts: ReadonlyArray<string>
}

/** Stages and edges of any graph, also of one that would be refused. */
export const draw = (
  graph: Graph.PipelineGraph
): { readonly stages: ReadonlyArray<Drawn>; readonly edges: ReadonlyArray<DrawnEdge> } => {
  const names = new Map<string, string>()
  const stages = graph.nodes.map((node, at): Drawn => {
    const name = `n${at}`
    if (!names.has(node.id)) names.set(node.id, name)
    return { name, node, lines: stageLines(node) }
  })
  const nameOf = (id: string): string => {
    const known = names.get(id)
    if (known !== undefined) return known
    const name = `n${stages.length}`
    names.set(id, name)
    stages.push({ name, node: undefined, lines: [id, "not in the graph"] })
    return name
  }
  const edges = graph.edges.map((edge) => ({
    from: nameOf(edge.from),
    to: nameOf(edge.to),
    parts: edgeParts(edge)
  }))
  return { stages, edges }
}
