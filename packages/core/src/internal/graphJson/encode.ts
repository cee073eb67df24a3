// From a graph to its document: every value that is no data is replaced by a reference or a name.
import type * as Channel from "../../Channel.ts"
import * as FunctionRef from "../../FunctionRef.ts"
import type * as Graph from "../../Graph.ts"
import type { GraphDocument, ValueRef } from "../schemas/graphDocument.ts"
import { documentVersion } from "../schemas/graphDocument.ts"
import { encodeConfig } from "./config.ts"
import type { Specifiers } from "./modules.ts"

type Document = (typeof GraphDocument)["Type"]
type Node = Document["nodes"][number]
type Ref = (typeof ValueRef)["Type"]

const nameOf = (value: unknown): string => {
  const named = value as { readonly label?: unknown; readonly name?: unknown }
  const name = typeof value === "function" ? named.name : named.label
  return typeof name === "string" && name !== "" ? name : "anonymous"
}

/** Writes graphs; `written` says how a module's specifier is written. */
export class Encoder {
  private readonly written: Specifiers["written"]

  constructor(written: Specifiers["written"]) {
    this.written = written
  }

  private ref(value: unknown): Ref {
    const ref = FunctionRef.of(value)
    return ref === undefined
      ? { $inline: nameOf(value) }
      : { $ref: { module: this.written(ref.module), export: ref.export } }
  }

  private ordering(ordering: Channel.ChannelOrdering): Node["ordering"] {
    return ordering._tag === "PartitionOrdered"
      ? { _tag: "PartitionOrdered", key: this.ref(ordering.key) }
      : ordering
  }

  private branch(
    mode: Graph.BranchMode
  ): Extract<Node["operation"], { readonly _tag: "Branch" }>["mode"] {
    switch (mode._tag) {
      case "Broadcast":
        return mode
      case "Partition":
        return { _tag: "Partition", ports: mode.ports, key: this.ref(mode.key) }
      case "Predicate":
        return {
          _tag: "Predicate",
          routes: mode.routes.map(({ port, when }) => ({ port, when: this.ref(when) }))
        }
    }
  }

  private operation(operation: Graph.Operation): Node["operation"] {
    switch (operation._tag) {
      case "Source":
        return { _tag: "Source", source: this.ref(operation.source) }
      case "Sink":
        return { _tag: "Sink", sink: this.ref(operation.sink) }
      case "Process":
        return { _tag: "Process", stage: this.ref(operation.stage) }
      case "Accumulate":
        return { _tag: "Accumulate", accumulator: this.ref(operation.accumulator) }
      case "Branch":
        return { _tag: "Branch", mode: this.branch(operation.mode) }
      case "Batch": {
        const { batching } = operation
        const rule = batching._tag === "Accumulated" || batching._tag === "Adaptive"
        return { _tag: "Batch", batching: rule ? this.ref(batching) : batching }
      }
      case "Merge":
        return { _tag: "Merge" }
      default:
        return { _tag: operation._tag, f: this.ref(operation.f) }
    }
  }

  private controls(controls: Graph.StageControls): NonNullable<Node["controls"]> {
    const { flow, circuit, circuitKey, sentinel, ...data } = controls
    return {
      ...data,
      ...(flow === undefined ? {} : { flow: this.ref(flow) }),
      ...(circuit === undefined ? {} : { circuit: this.ref(circuit) }),
      ...(circuitKey === undefined ? {} : { circuitKey: this.ref(circuitKey) }),
      ...(sentinel === undefined ? {} : { sentinel: this.ref(sentinel) })
    }
  }

  private node(node: Graph.StageNode): Node {
    const { engine, fallback, timeoutMs, accumulation, bufferPolicy, backpressure } = node
    return {
      id: node.id,
      operation: this.operation(node.operation),
      parallelism: node.parallelism,
      ...(engine === undefined ? {} : { engine }),
      errorPolicy: node.errorPolicy,
      ...(fallback === undefined ? {} : { fallback: this.ref(fallback) }),
      ordering: this.ordering(node.ordering),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(accumulation === undefined ? {} : { accumulation }),
      ...(bufferPolicy === undefined ? {} : { bufferPolicy }),
      ...(backpressure === undefined ? {} : { backpressure }),
      ...(node.controls === undefined ? {} : { controls: this.controls(node.controls) }),
      config: encodeConfig(node.config, this.written)
    }
  }

  private edge(edge: Graph.Edge): Document["edges"][number] {
    const { buffer, ordering } = edge.channel
    const { from, port, to } = edge
    return { from, port, to, channel: { buffer, ordering: this.ordering(ordering) } }
  }

  /** The document of a graph. */
  graph(graph: Graph.PipelineGraph): Document {
    return {
      version: documentVersion,
      id: graph.id,
      meta: graph.meta,
      nodes: graph.nodes.map((node) => this.node(node)),
      edges: graph.edges.map((edge) => this.edge(edge))
    }
  }
}
