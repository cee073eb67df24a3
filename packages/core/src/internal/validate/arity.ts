// How many edges enter and leave a stage: fan-in is a merge stage, fan-out a branch stage, never
// implied.
import * as Graph from "../../Graph.ts"
import type { GraphIssue } from "../../GraphError.ts"
import type { Inspection, Rule } from "./inspection.ts"
import { issue } from "./inspection.ts"

const listed = (ids: ReadonlyArray<string>): string => ids.map((id) => `"${id}"`).join(", ")

const inputIssues = (node: Graph.StageNode, inspection: Inspection): ReadonlyArray<GraphIssue> => {
  const inputs = inspection.incoming.get(node.id) ?? []
  const from = listed(inputs.map((edge) => edge.from))
  const tag = node.operation._tag
  if (tag === "Source") {
    if (inputs.length === 0) return []
    const reason = `a source has no input, but ${inputs.length} edge(s) enter it (from ${from})`
    const cure = "remove the edge, or join both with Pipeline.merge behind the source"
    return [issue("arity", node.id, reason, cure)]
  }
  if (inputs.length === 0) {
    const cure = "connect it to the output of another stage"
    return [issue("missing-input", node.id, `no edge enters this ${tag}`, cure)]
  }
  if (inputs.length === 1 || tag === "Merge") return []
  const reason = `${inputs.length} edges enter this ${tag} (from ${from}), it takes one`
  return [issue("arity", node.id, reason, "put a Pipeline.merge in front of it")]
}

const portIssue = (
  node: Graph.StageNode,
  port: string,
  edges: ReadonlyArray<Graph.Edge>
): ReadonlyArray<GraphIssue> => {
  const name = port === "out" ? "its output" : `port "${port}"`
  if (edges.length === 0) {
    const cure = "continue it to a sink; Sink.drain forgets the records"
    return [issue("missing-output", node.id, `no edge leaves ${name}`, cure)]
  }
  if (edges.length === 1) return []
  const to = listed(edges.map((edge) => edge.to))
  const reason = `${edges.length} edges leave ${name} (to ${to}), it feeds one`
  return [issue("arity", node.id, reason, "put a Pipeline.broadcast or Pipeline.branch behind it")]
}

const outputIssues = (node: Graph.StageNode, inspection: Inspection): ReadonlyArray<GraphIssue> => {
  const outputs = inspection.outgoing.get(node.id) ?? []
  if (node.operation._tag === "Sink") {
    if (outputs.length === 0) return []
    const to = listed(outputs.map((edge) => edge.to))
    const reason = `a sink has no output, but ${outputs.length} edge(s) leave it (to ${to})`
    const cure = "put a Pipeline.broadcast in front of it to continue the records elsewhere"
    return [issue("arity", node.id, reason, cure)]
  }
  return [...new Set(Graph.portsOf(node))].flatMap((port) =>
    portIssue(
      node,
      port,
      outputs.filter((edge) => edge.port === port)
    )
  )
}

const branchIssues = (node: Graph.StageNode): ReadonlyArray<GraphIssue> => {
  if (node.operation._tag !== "Branch") return []
  const mode = node.operation.mode._tag
  const ports = Graph.portsOf(node)
  if (ports.length === 0) {
    return [issue("arity", node.id, `this ${mode} branch has no port`, "name at least one port")]
  }
  const repeated = [...new Set(ports.filter((port, at) => ports.indexOf(port) !== at))]
  if (repeated.length === 0) return []
  const reason = `this ${mode} branch names ${listed(repeated)} more than once`
  return [issue("arity", node.id, reason, "give each port a name of its own")]
}

/** Too few or too many edges at a stage, and branches whose ports cannot be told apart. */
export const arity: Rule = (inspection) =>
  inspection.nodes.flatMap((node) => [
    ...inputIssues(node, inspection),
    ...branchIssues(node),
    ...outputIssues(node, inspection)
  ])
