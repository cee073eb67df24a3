// A graph as a drawing in text: Mermaid for documents, DOT for Graphviz. Pure; the same graph
// always prints the same text, and any graph prints, also one that would be refused.
import type * as Graph from "./Graph.ts"
import { dotText } from "./internal/print/dot.ts"
import { mermaidText } from "./internal/print/mermaid.ts"

/**
 * The graph as a Mermaid flowchart, left to right.
 *
 * Shape: a box per stage, its form by kind, with id, operation and whatever is not the default:
 * parallelism, error policy, timeout, backpressure, engine. Edges show a branch's port, and
 * capacity, drop policy and order where they are not the default.
 */
export const mermaid = (graph: Graph.PipelineGraph): string => mermaidText(graph)

/** The graph as a Graphviz digraph, left to right, with the same labels as `mermaid`. */
export const dot = (graph: Graph.PipelineGraph): string => dotText(graph)
