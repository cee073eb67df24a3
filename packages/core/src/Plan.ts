// How a graph will be executed: segments, one engine each, joined by channels; inside a segment,
// fused kernels. A plan is plain data and says why it is as it is. Making one runs nothing.
import * as Batching from "./Batching.ts"
import * as Graph from "./Graph.ts"
import { unfusable } from "./internal/plan/fusable.ts"
import { shaped } from "./internal/plan/shapes.ts"
import { guardText } from "./internal/print/labels.ts"
import { topological } from "./internal/topology.ts"
import { operatorOf } from "./internal/views/viewForm.ts"
import * as Policy from "./Policy.ts"

/** Why a stage cannot be part of a kernel. */
export { unfusable } from "./internal/plan/fusable.ts"

/** A run of stages executed as one step: one kernel, or one stage on its own. */
export interface PlannedStep {
  readonly _tag: "Kernel" | "Stage"
  readonly stages: ReadonlyArray<Graph.StageNode>
  /** Why the step ends where it ends. */
  readonly reason: string
}

/** Stages that one fiber executes without a queue between them. */
export interface PlannedSegment {
  readonly id: number
  readonly engine: string
  /** Why a new segment starts here. */
  readonly reason: string
  /** The source it reads, or undefined when a channel feeds it. */
  readonly source: Graph.StageNode | undefined
  readonly steps: ReadonlyArray<PlannedStep>
  /** Channels out of this segment; empty when it ends in a sink. */
  readonly outputs: ReadonlyArray<{ readonly edge: Graph.Edge; readonly segment: number }>
}

/** The execution plan of one graph. */
export interface Plan {
  /** The graph as it runs: with the view forms of stages in place. */
  readonly graph: Graph.PipelineGraph
  readonly fused: boolean
  /** Stages that views reach or could have reached: `views`, or `objects` and why. */
  readonly shapes: ReadonlyMap<string, string>
  readonly segments: ReadonlyArray<PlannedSegment>
}

/** What the planner may be told. */
export interface PlanOptions {
  readonly engine?: string
  /** Fuse runs of synchronous stages (default true); the sync engine runs them one by one. */
  readonly fuse?: boolean
}

const startReason = (
  node: Graph.StageNode,
  upstream: Graph.StageNode | undefined,
  inputs: number,
  waits: boolean
): string | undefined => {
  if (upstream === undefined) return "a source starts a segment"
  if (inputs > 1) return `${inputs} inputs meet here`
  if (upstream.kind === "branch") return `an output of branch "${upstream.id}"`
  if (node.bufferPolicy !== undefined)
    return `asks for a buffer of ${node.bufferPolicy.capacity} records`
  if (node.backpressure !== undefined) return `asks for ${node.backpressure._tag} backpressure`
  const { flow, buffer } = node.controls?.policies ?? {}
  if (flow !== undefined || buffer !== undefined) return `takes policy "${flow ?? buffer}" by name`
  if (node.operation._tag === "Process") return "a stream function pulls its input"
  if (upstream.operation._tag === "Process")
    return `the stream function of "${upstream.id}" has a fiber of its own`
  if ((node.kind === "accumulator" || node.operation._tag === "Batch") && waits)
    return "its timers run while effects before it are waited for"
  if (node.operation._tag === "Batch" && node.operation.batching._tag === "Adaptive")
    return "its batch size follows the queue in front of it"
  if (node.engine !== upstream.engine) return `engine changes to ${node.engine ?? "default"}`
  return undefined
}

/** Whether a stage may keep its segment waiting for effects of the user's. */
const waitsForEffects = (node: Graph.StageNode): boolean => {
  const { operation } = node
  const { _tag: tag } = operation
  return (
    tag === "MapEffect" ||
    tag === "MapPromise" ||
    (operation._tag === "MapBatch" && operatorOf(operation.f) === undefined) ||
    Policy.mayRetry(node.errorPolicy)
  )
}

const stepsOf = (
  nodes: ReadonlyArray<Graph.StageNode>,
  fuse: boolean
): ReadonlyArray<PlannedStep> => {
  const steps: Array<PlannedStep> = []
  let open: Array<Graph.StageNode> = []
  const close = (reason: string): void => {
    if (open.length > 0) steps.push({ _tag: "Kernel", stages: open, reason })
    open = []
  }
  for (const node of nodes) {
    if (node.kind === "source") continue
    const reason = unfusable(node)
    if (reason !== undefined) {
      close(`"${node.id}" follows: ${reason}`)
      steps.push({ _tag: "Stage", stages: [node], reason })
      continue
    }
    open.push(node)
    if (!fuse) close("fusion is off")
    else if (node.operation._tag === "FlatMap") close("a flatMap changes the number of records")
  }
  close("the segment ends")
  return steps
}

/** Splits a valid graph into segments and kernels. */
export const make = (described: Graph.PipelineGraph, options: PlanOptions = {}): Plan => {
  const { graph, shapes } = shaped(described)
  const { incoming, outgoing } = Graph.adjacency(graph)
  const byId = new Map(graph.nodes.map((node) => [node.id, node]))
  const segmentOf = new Map<string, number>()
  const drafts: Array<{ readonly reason: string; readonly nodes: Array<Graph.StageNode> }> = []
  for (const node of topological(graph)) {
    const inputs = incoming.get(node.id) ?? []
    const upstream = inputs[0] === undefined ? undefined : byId.get(inputs[0].from)
    const joined = upstream === undefined ? undefined : segmentOf.get(upstream.id)
    const waits = joined !== undefined && drafts[joined]?.nodes.some(waitsForEffects) === true
    const reason = startReason(node, upstream, inputs.length, waits)
    if (reason !== undefined || joined === undefined) {
      segmentOf.set(node.id, drafts.length)
      drafts.push({ reason: reason ?? "starts here", nodes: [node] })
    } else {
      segmentOf.set(node.id, joined)
      drafts[joined]?.nodes.push(node)
    }
  }
  const fuse = options.fuse ?? true
  const segments = drafts.map(({ reason, nodes }, id): PlannedSegment => {
    const last = nodes[nodes.length - 1] as Graph.StageNode
    const outputs = (outgoing.get(last.id) ?? []).map((edge) => ({
      edge,
      segment: segmentOf.get(edge.to) as number
    }))
    const first = nodes[0] as Graph.StageNode
    const engine = options.engine ?? "async"
    const wish = nodes.find((node) => node.engine !== undefined && node.engine !== engine)
    const unmet = wish === undefined ? "" : `; "${wish.id}" asks for engine ${wish.engine}`
    const source = first.kind === "source" ? first : undefined
    return { id, engine, reason: reason + unmet, source, steps: stepsOf(nodes, fuse), outputs }
  })
  return { graph, fused: fuse, shapes, segments }
}

/** The stages of a segment, in order, its source included. */
export const stagesOf = (segment: PlannedSegment): ReadonlyArray<Graph.StageNode> => {
  const inSteps = segment.steps.flatMap((step) => step.stages)
  return segment.source === undefined ? inSteps : [segment.source, ...inSteps]
}

const describeStage = (node: Graph.StageNode): string => {
  const operation = node.operation
  const details: Array<string> = []
  if (operation._tag === "Source") details.push(operation.source.label)
  if (operation._tag === "Sink") details.push(operation.sink.label)
  if (operation._tag === "Accumulate") details.push(operation.accumulator.label)
  if (operation._tag === "Batch") details.push(Batching.describe(operation.batching))
  if (node.parallelism._tag === "Fixed") details.push(`${node.parallelism.n} in flight`)
  if (operation._tag === "MapEffect" || operation._tag === "MapPromise")
    details.push(node.ordering._tag.toLowerCase())
  if (node.backpressure !== undefined) details.push(`flow: ${node.backpressure._tag}`)
  details.push(...guardText(node))
  if (node.errorPolicy._tag !== "Fail") details.push(`on error: ${node.errorPolicy._tag}`)
  const isOnViews = operation._tag === "MapBatch" && operatorOf(operation.f) !== undefined
  const kind = isOnViews ? "on views" : operation._tag
  return `${node.id} (${kind}${details.length === 0 ? "" : `: ${details.join(", ")}`})`
}

const describeStep = (step: PlannedStep): ReadonlyArray<string> => {
  const names = step.stages.map(describeStage)
  if (step._tag === "Stage")
    return [`    stage   ${names[0]}`, `            not fused: ${step.reason}`]
  return [
    `    kernel  ${names.join(" > ")}`,
    `            ${names.length} stage(s) in one loop; ends: ${step.reason}`
  ]
}

/** The plan as text: segments, engines, fused kernels, channels, and why. */
export const explain = (plan: Plan): string => {
  const counts = `${plan.graph.nodes.length} stages in ${plan.segments.length} segment(s)`
  const lines = [`pipeline "${plan.graph.id}": ${counts}`]
  for (const segment of plan.segments) {
    lines.push("", `  segment ${segment.id}  engine ${segment.engine}  because ${segment.reason}`)
    if (segment.source !== undefined) lines.push(`    source  ${describeStage(segment.source)}`)
    for (const step of segment.steps) lines.push(...describeStep(step))
    for (const { edge, segment: to } of segment.outputs) {
      const { capacity, onFull } = edge.channel.buffer
      const port = edge.port === "out" ? "" : ` port "${edge.port}"`
      const bound = `${capacity} records, when full ${onFull}`
      lines.push(`    channel${port} to segment ${to} ("${edge.to}"): ${bound}`)
    }
  }
  if (plan.shapes.size > 0) lines.push("", "  records as")
  for (const [stageId, shape] of plan.shapes) lines.push(`    ${stageId}: ${shape}`)
  return lines.join("\n")
}
