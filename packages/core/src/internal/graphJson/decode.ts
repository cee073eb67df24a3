// From a document to a graph. Every reference is resolved and checked for what its place needs;
// whatever cannot be resolved is collected, so that one pass reports everything.
import type * as Batching from "../../Batching.ts"
import type * as Breaker from "../../Breaker.ts"
import type * as Channel from "../../Channel.ts"
import type * as FlowStrategy from "../../FlowStrategy.ts"
import type * as FunctionRef from "../../FunctionRef.ts"
import * as Graph from "../../Graph.ts"
import type { GraphDocument, ValueRef } from "../schemas/graphDocument.ts"
import { decodeConfig } from "./config.ts"

type Document = (typeof GraphDocument)["Type"]
type Node = Document["nodes"][number]

/** Where in a graph a value stands. */
export interface Place {
  /** The stage, or for an edge the one it leaves. */
  readonly stageId: string
  /** Within the stage or edge, e.g. `operation.f`. */
  readonly field: string
  /** Within the document, e.g. `nodes[2].operation.f`. */
  readonly path: string
}

/** Finds what a reference stands for; undefined when there is none, or throws to say why. */
export type Resolve = (ref: FunctionRef.Ref, place: Place) => unknown

/** Why one value of a document could not be used. */
export interface Problem {
  readonly path: string
  readonly stageId: string | undefined
  readonly reason: string
  readonly cure: string
}

interface Expected<A> {
  readonly name: string
  readonly is: (value: unknown) => value is A
  /** Takes the place of what is missing; never leaves the decoder, which then fails. */
  readonly absent: A
}

const tagged = (value: unknown, tag: string): boolean =>
  typeof value === "object" && value !== null && "_tag" in value && value._tag === tag

const isStage = (value: unknown): value is Graph.ErasedStage =>
  typeof value === "object" &&
  value !== null &&
  ["init", "process", "close"].every((member) => member in value)

const absent = undefined as never

const functions: Expected<Graph.ErasedFunction> = {
  name: "function",
  is: (value): value is Graph.ErasedFunction => typeof value === "function",
  absent
}
const sources: Expected<Graph.ErasedSource> = {
  name: "source",
  is: (value): value is Graph.ErasedSource => tagged(value, "Source"),
  absent
}
const batchings: Expected<Batching.Batching> = {
  name: "batching",
  is: (value): value is Batching.Batching =>
    tagged(value, "Accumulated") || tagged(value, "Adaptive"),
  absent
}
const flows: Expected<FlowStrategy.FlowImplementation> = {
  name: "flow control",
  is: (value): value is FlowStrategy.FlowImplementation => typeof value === "function",
  absent
}
const circuits: Expected<Breaker.BreakerImplementation> = {
  name: "circuit breaker",
  is: (value): value is Breaker.BreakerImplementation => typeof value === "function",
  absent
}
const sinks: Expected<Graph.ErasedSink> = {
  name: "sink",
  is: (value): value is Graph.ErasedSink => tagged(value, "Sink"),
  absent
}
const accumulators: Expected<Graph.ErasedAccumulator> = {
  name: "accumulator",
  is: (value): value is Graph.ErasedAccumulator => tagged(value, "AccumulatorSpec"),
  absent
}
const stages: Expected<Graph.ErasedStage> = { name: "custom stage", is: isStage, absent }
const anything: Expected<unknown> = {
  name: "value",
  is: (value): value is unknown => value !== undefined,
  absent
}

/** Reads one document. */
export class Decoder {
  /** What could not be used, in the order of the document. */
  readonly problems: Array<Problem> = []
  private readonly resolve: Resolve

  constructor(resolve: Resolve) {
    this.resolve = resolve
  }

  private problem(place: Place, reason: string, cure: string): void {
    const { stageId, path } = place
    this.problems.push({ path, stageId, reason, cure })
  }

  private value<A>(json: (typeof ValueRef)["Type"], place: Place, expected: Expected<A>): A {
    if ("$inline" in json) {
      const reason = `the ${expected.name} "${json.$inline}" was written without a reference`
      this.problem(place, reason, "name it with FunctionRef.make and write the graph again")
      return expected.absent
    }
    const { $ref: ref } = json
    const text = `export "${ref.export}" of "${ref.module}"`
    let value: unknown
    try {
      value = this.resolve(ref, place)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      this.problem(place, `${text}: ${reason}`, "correct the reference or the module")
      return expected.absent
    }
    if (expected.is(value)) return value
    const reason = value === undefined ? `${text} was not found` : `${text} is no ${expected.name}`
    this.problem(place, reason, `export a ${expected.name} under this name`)
    return expected.absent
  }

  private ordering(
    json: Node["ordering"],
    place: (field: string) => Place
  ): Channel.ChannelOrdering {
    if (json._tag !== "PartitionOrdered") return json
    return { _tag: json._tag, key: this.value(json.key, place("ordering.key"), functions) }
  }

  private branch(
    json: Extract<Node["operation"], { readonly _tag: "Branch" }>["mode"],
    place: (field: string) => Place
  ): Graph.BranchMode {
    const f = (ref: (typeof ValueRef)["Type"], field: string): Graph.ErasedFunction =>
      this.value(ref, place(`operation.mode.${field}`), functions)
    switch (json._tag) {
      case "Broadcast":
        return json
      case "Partition":
        return { ...json, key: f(json.key, "key") }
      case "Predicate": {
        const routes = json.routes.map((route, at) => ({
          port: route.port,
          when: f(route.when, `routes[${at}].when`)
        }))
        return { _tag: "Predicate", routes }
      }
    }
  }

  private operation(json: Node["operation"], place: (field: string) => Place): Graph.Operation {
    switch (json._tag) {
      case "Source":
        return { ...json, source: this.value(json.source, place("operation.source"), sources) }
      case "Sink":
        return { ...json, sink: this.value(json.sink, place("operation.sink"), sinks) }
      case "Process":
        return { ...json, stage: this.value(json.stage, place("operation.stage"), stages) }
      case "Accumulate": {
        const at = place("operation.accumulator")
        return { ...json, accumulator: this.value(json.accumulator, at, accumulators) }
      }
      case "Branch":
        return { ...json, mode: this.branch(json.mode, place) }
      case "Batch": {
        const { batching } = json
        if ("_tag" in batching) return { _tag: "Batch", batching }
        const at = place("operation.batching")
        return { _tag: "Batch", batching: this.value(batching, at, batchings) }
      }
      case "Merge":
        return json
      default:
        return { ...json, f: this.value(json.f, place("operation.f"), functions) }
    }
  }

  /** Who carries a guard out may be left to the run, so a name without a reference is no fault. */
  private controls(
    { flow, circuit, circuitKey, sentinel, ...data }: NonNullable<Node["controls"]>,
    place: (field: string) => Place
  ): Graph.StageControls {
    const named = flow !== undefined && "$ref" in flow
    const circuitNamed = circuit !== undefined && "$ref" in circuit
    return {
      ...data,
      ...(named ? { flow: this.value(flow, place("controls.flow"), flows) } : {}),
      ...(circuitNamed
        ? { circuit: this.value(circuit, place("controls.circuit"), circuits) }
        : {}),
      ...(circuitKey === undefined
        ? {}
        : { circuitKey: this.value(circuitKey, place("controls.circuitKey"), functions) }),
      ...(sentinel === undefined
        ? {}
        : { sentinel: this.value(sentinel, place("controls.sentinel"), functions) })
    }
  }

  private node(json: Node, at: number): Graph.StageNode {
    const place = (field: string): Place => ({
      stageId: json.id,
      field,
      path: `nodes[${at}].${field}`
    })
    return {
      id: json.id,
      kind: Graph.kindOf(json.operation._tag),
      operation: this.operation(json.operation, place),
      parallelism: json.parallelism,
      engine: json.engine,
      errorPolicy: json.errorPolicy,
      fallback:
        json.fallback === undefined
          ? undefined
          : this.value(json.fallback, place("fallback"), functions),
      ordering: this.ordering(json.ordering, place),
      timeoutMs: json.timeoutMs,
      accumulation: json.accumulation,
      bufferPolicy: json.bufferPolicy,
      backpressure: json.backpressure,
      ...(json.controls === undefined ? {} : { controls: this.controls(json.controls, place) }),
      config: decodeConfig(json.config, (ref, field) => this.value(ref, place(field), anything))
    }
  }

  private edge(json: Document["edges"][number], at: number): Graph.Edge {
    const place = (field: string): Place => ({
      stageId: json.from,
      field: `channel.${field}`,
      path: `edges[${at}].channel.${field}`
    })
    const { from, port, to } = json
    const { buffer, ordering } = json.channel
    return { from, port, to, channel: { buffer, ordering: this.ordering(ordering, place) } }
  }

  /** The graph; to be used only when no problem was found. */
  graph(document: Document): Graph.PipelineGraph {
    return {
      id: document.id,
      nodes: document.nodes.map((node, at) => this.node(node, at)),
      edges: document.edges.map((edge, at) => this.edge(edge, at)),
      meta: document.meta
    }
  }
}
