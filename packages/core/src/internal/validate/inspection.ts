// What the rules look at: the graph with its adjacency, computed once. Also how a rule words what
// it found. A rule is a pure function of an Inspection; it may assume nothing of the graph's
// soundness.
import * as Graph from "../../Graph.ts"
import type { GraphIssue, GraphIssueCode } from "../../GraphError.ts"
import { topological } from "../topology.ts"

/** A graph as the rules see it. */
export interface Inspection {
  readonly graph: Graph.PipelineGraph
  /** The stages whose id no other stage has: rules on structure look at these only. */
  readonly nodes: ReadonlyArray<Graph.StageNode>
  /** By id; of several stages with one id, the first. */
  readonly byId: ReadonlyMap<string, Graph.StageNode>
  readonly incoming: ReadonlyMap<string, ReadonlyArray<Graph.Edge>>
  readonly outgoing: ReadonlyMap<string, ReadonlyArray<Graph.Edge>>
  /** Sources first; stages on or behind a cycle are missing. */
  readonly sorted: ReadonlyArray<Graph.StageNode>
}

/** One class of findings; the order of its findings follows the graph. */
export type Rule = (inspection: Inspection) => ReadonlyArray<GraphIssue>

/** Looks at a graph once, for all rules. */
export const inspect = (graph: Graph.PipelineGraph): Inspection => {
  const counts = new Map<string, number>()
  const byId = new Map<string, Graph.StageNode>()
  for (const node of graph.nodes) {
    counts.set(node.id, (counts.get(node.id) ?? 0) + 1)
    if (!byId.has(node.id)) byId.set(node.id, node)
  }
  const nodes = graph.nodes.filter((node) => counts.get(node.id) === 1)
  return { graph, nodes, byId, ...Graph.adjacency(graph), sorted: topological(graph) }
}

/** One finding. `cure` is an imperative without a full stop. */
export const issue = (
  code: GraphIssueCode,
  stageId: string,
  reason: string,
  cure: string
): GraphIssue => ({ code, stageId, reason, cure })

/** Stands for the stage where a finding concerns the pipeline as a whole. */
export const wholePipeline = "(pipeline)"

/** Why a number is no count from `min` up, or undefined when it is one. */
export const notCount = (value: number, min: number): string | undefined =>
  Number.isSafeInteger(value) && value >= min ? undefined : `a whole number from ${min} is expected`

/** Why a number is not finite and above 0, or undefined when it is. */
export const notPositive = (value: number): string | undefined =>
  Number.isFinite(value) && value > 0 ? undefined : "a finite number above 0 is expected"
