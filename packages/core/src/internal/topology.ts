// Order of the nodes of an acyclic graph, sources first, stable in the graph's own order.
import * as Graph from "../Graph.ts"

/**
 * Nodes such that every edge points forward; nodes on a cycle are left out (validation reports
 * them).
 */
export const topological = (graph: Graph.PipelineGraph): ReadonlyArray<Graph.StageNode> => {
  const { incoming, outgoing } = Graph.adjacency(graph)
  const waitsFor = new Map(graph.nodes.map((node) => [node.id, incoming.get(node.id)?.length ?? 0]))
  const byId = new Map(graph.nodes.map((node) => [node.id, node]))
  const ready = graph.nodes.filter((node) => waitsFor.get(node.id) === 0)
  const sorted: Array<Graph.StageNode> = []
  for (let node = ready.shift(); node !== undefined; node = ready.shift()) {
    sorted.push(node)
    for (const edge of outgoing.get(node.id) ?? []) {
      const left = (waitsFor.get(edge.to) ?? 0) - 1
      waitsFor.set(edge.to, left)
      const next = byId.get(edge.to)
      if (left === 0 && next !== undefined) ready.push(next)
    }
  }
  return sorted
}
