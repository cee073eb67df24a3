// Stages that no record can reach, and stages whose records can reach no sink.
import type * as Graph from "../../Graph.ts"
import type { Inspection, Rule } from "./inspection.ts"
import { issue } from "./inspection.ts"

const reachedFrom = (
  starts: ReadonlyArray<Graph.StageNode>,
  next: (id: string) => ReadonlyArray<string>
): ReadonlySet<string> => {
  const seen = new Set(starts.map((node) => node.id))
  const stack = [...seen]
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    for (const to of next(id)) {
      if (seen.has(to)) continue
      seen.add(to)
      stack.push(to)
    }
  }
  return seen
}

const withTag = (inspection: Inspection, tag: Graph.OperationTag): ReadonlyArray<Graph.StageNode> =>
  inspection.graph.nodes.filter((node) => node.operation._tag === tag)

/** A stage without any input is named by the arity rule; this names what hangs behind it. */
export const reachedFromSource: Rule = (inspection) => {
  const { graph, incoming, outgoing } = inspection
  const starts = withTag(inspection, "Source")
  if (starts.length === 0) return []
  const reached = reachedFrom(starts, (id) => (outgoing.get(id) ?? []).map((edge) => edge.to))
  return graph.nodes
    .filter((node) => !reached.has(node.id) && (incoming.get(node.id)?.length ?? 0) > 0)
    .map((node) =>
      issue(
        "unreachable",
        node.id,
        "no path leads from a source to it, so it would wait for ever",
        "connect the stages before it to a source, or remove it"
      )
    )
}

/** A stage without any output is named by the arity rule; this names what leads into it. */
export const reachesSink: Rule = (inspection) => {
  const { graph, incoming, outgoing } = inspection
  const ends = withTag(inspection, "Sink")
  if (ends.length === 0) return []
  const reaching = reachedFrom(ends, (id) => (incoming.get(id) ?? []).map((edge) => edge.from))
  return graph.nodes
    .filter((node) => !reaching.has(node.id) && (outgoing.get(node.id)?.length ?? 0) > 0)
    .map((node) =>
      issue(
        "unreachable",
        node.id,
        "no path leads from it to a sink, so its records would go nowhere",
        "connect the stages behind it to a sink, or remove it"
      )
    )
}
