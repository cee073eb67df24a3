// A pipeline starts in sources and ends in sinks, and its edges lead from known ports to known
// stages.
import * as Graph from "../../Graph.ts"
import type { GraphIssue } from "../../GraphError.ts"
import type { Inspection, Rule } from "./inspection.ts"
import { issue, wholePipeline } from "./inspection.ts"

const hasKind = (graph: Graph.PipelineGraph, tag: Graph.OperationTag): boolean =>
  graph.nodes.some((node) => node.operation._tag === tag)

/** Nothing would ever flow. */
export const sources: Rule = ({ graph }) =>
  hasKind(graph, "Source")
    ? []
    : [
        issue(
          "no-source",
          wholePipeline,
          `none of its ${graph.nodes.length} stages is a source`,
          "start the pipeline with Pipeline.source"
        )
      ]

/** Nothing would ever leave. */
export const sinks: Rule = ({ graph }) =>
  hasKind(graph, "Sink")
    ? []
    : [
        issue(
          "no-sink",
          wholePipeline,
          `none of its ${graph.nodes.length} stages is a sink`,
          "end it with Pipeline.sink, or run it as a stream with Streams.stream"
        )
      ]

const names = (values: Iterable<string>): string => {
  const all = [...values].map((value) => `"${value}"`)
  const rest = all.length - namesMax
  return rest > 0 ? `${all.slice(0, namesMax).join(", ")} and ${rest} more` : all.join(", ")
}

const namesMax = 12

const unknownStage = (
  { byId }: Inspection,
  edge: Graph.Edge,
  end: "from" | "to"
): ReadonlyArray<GraphIssue> => {
  if (byId.has(edge[end])) return []
  const passes = end === "from" ? "leaves" : "enters"
  const reason = `the edge "${edge.from}" to "${edge.to}" ${passes} a stage that is not there`
  const known = names(byId.keys())
  const cure = `add the stage, remove the edge, or correct its "${end}": known are ${known}`
  return [issue("unknown-stage", edge[end], reason, cure)]
}

const unknownPort = ({ byId }: Inspection, edge: Graph.Edge): ReadonlyArray<GraphIssue> => {
  const node = byId.get(edge.from)
  // An edge out of a sink is reported by the arity rule.
  if (node === undefined || node.operation._tag === "Sink") return []
  const ports = Graph.portsOf(node)
  if (ports.includes(edge.port)) return []
  return [
    issue(
      "unknown-port",
      edge.from,
      `the edge to "${edge.to}" leaves from port "${edge.port}", which it does not have`,
      ports.length === 0 ? "give the branch ports" : `use one of ${names(ports)}`
    )
  ]
}

/** Edges whose ends are not there. */
export const edgeEnds: Rule = (inspection) =>
  inspection.graph.edges.flatMap((edge) => [
    ...unknownStage(inspection, edge, "from"),
    ...unknownStage(inspection, edge, "to"),
    ...unknownPort(inspection, edge)
  ])
