// The pipeline graph: plain data the DSL builds and engines run. Nodes carry an operation, edges a
// channel descriptor. Functions in operations are ordinary values; FunctionRef.ts names them so
// that a graph can cross a process border.
import type * as Accumulator from "./Accumulator.ts"
import type * as Batching from "./Batching.ts"
import type * as Breaker from "./Breaker.ts"
import type * as Channel from "./Channel.ts"
import type * as FlowStrategy from "./FlowStrategy.ts"
import type * as Policy from "./Policy.ts"
import type * as Sink from "./Sink.ts"
import type * as Source from "./Source.ts"
import type * as Stage from "./Stage.ts"

/** A function whose types the DSL has checked and the graph no longer knows. */
export type ErasedFunction = (...args: ReadonlyArray<never>) => unknown

/** Type arguments are erased in the graph; the DSL has checked them. */
export type ErasedSource = Source.Source<unknown, unknown, unknown>
/** A sink with erased types. */
export type ErasedSink = Sink.Sink<never, unknown, unknown>
/** An accumulator with erased types. */
export type ErasedAccumulator = Accumulator.AccumulatorSpec<never, unknown>
/** A custom stage with erased types. */
export type ErasedStage = Stage.Stage<never, unknown, unknown, unknown>

/** How a branch chooses: the ports are the names of its outgoing edges. */
export type BranchMode =
  | {
      readonly _tag: "Predicate"
      readonly routes: ReadonlyArray<{ readonly port: string; readonly when: ErasedFunction }>
    }
  | { readonly _tag: "Broadcast"; readonly ports: ReadonlyArray<string> }
  | {
      readonly _tag: "Partition"
      readonly ports: ReadonlyArray<string>
      readonly key: ErasedFunction
    }

/** What a node does. */
export type Operation =
  | { readonly _tag: "Source"; readonly source: ErasedSource }
  | { readonly _tag: "Map"; readonly f: ErasedFunction }
  | { readonly _tag: "Filter"; readonly f: ErasedFunction }
  | { readonly _tag: "FlatMap"; readonly f: ErasedFunction }
  | { readonly _tag: "MapEnvelope"; readonly f: ErasedFunction }
  | { readonly _tag: "MapBatch"; readonly f: ErasedFunction }
  | { readonly _tag: "MapEffect"; readonly f: ErasedFunction }
  | { readonly _tag: "MapPromise"; readonly f: ErasedFunction }
  | { readonly _tag: "Process"; readonly stage: ErasedStage }
  | { readonly _tag: "Accumulate"; readonly accumulator: ErasedAccumulator }
  | { readonly _tag: "Batch"; readonly batching: Batching.Batching }
  | { readonly _tag: "Branch"; readonly mode: BranchMode }
  | { readonly _tag: "Merge" }
  | { readonly _tag: "Sink"; readonly sink: ErasedSink }

/** Names of the operations. */
export type OperationTag = Operation["_tag"]

/** What guards a stage beside its error policy; each absent where it was not asked for. */
export interface StageControls {
  /** Who carries out the stage's `backpressure`, where the option named it. */
  readonly flow?: FlowStrategy.FlowImplementation
  readonly breaker?: Policy.CircuitBreakerPolicy
  /** Who carries out `breaker`, where the option named it. */
  readonly circuit?: Breaker.BreakerImplementation
  /** By what records share a circuit, how many there may be, and where they were before. */
  readonly circuitKey?: ErasedFunction
  readonly circuitKeysMax?: number
  readonly circuitRestore?: Breaker.SavedCircuits
  readonly bulkhead?: Policy.BulkheadPolicy
  readonly hedge?: Policy.HedgePolicy
  /** Bound on all attempts of one record together, milliseconds. */
  readonly deadlineMs?: number
  readonly policies?: Policy.PolicyNames
  /** Makes the record that the stages behind get once the stage is isolated. */
  readonly sentinel?: ErasedFunction
}

/** One stage of the pipeline. */
export interface StageNode {
  readonly id: string
  readonly kind: Stage.StageKind
  readonly operation: Operation
  readonly parallelism: Policy.ParallelismHint
  /** Engine asked for by name, or undefined: the planner chooses. */
  readonly engine: string | undefined
  readonly errorPolicy: Policy.ErrorPolicy
  /** The function behind `ErrorPolicy.Fallback`: `(payload, cause) => replacement`. */
  readonly fallback: ErasedFunction | undefined
  /** Order of the stage's output. */
  readonly ordering: Channel.ChannelOrdering
  /** Bound on one call of the stage's effect, milliseconds. */
  readonly timeoutMs: number | undefined
  readonly accumulation: Policy.AccumulationDescriptor | undefined
  readonly bufferPolicy: Policy.BufferPolicy | undefined
  readonly backpressure: Policy.BackpressureStrategy | undefined
  readonly controls?: StageControls
  readonly config: Readonly<Record<string, unknown>>
}

/** A directed connection; `port` names the branch output it leaves from (`out` elsewhere). */
export interface Edge {
  readonly from: string
  readonly port: string
  readonly to: string
  readonly channel: Channel.ChannelDescriptor
}

/** A pipeline as data. No effect runs until an engine gets it. */
export interface PipelineGraph {
  readonly id: string
  readonly nodes: ReadonlyArray<StageNode>
  readonly edges: ReadonlyArray<Edge>
  readonly meta: Readonly<Record<string, string>>
}

/** Kind of the stage an operation makes. */
export const kindOf = (tag: OperationTag): Stage.StageKind => {
  switch (tag) {
    case "Source":
      return "source"
    case "Accumulate":
      return "accumulator"
    case "Branch":
      return "branch"
    case "Merge":
      return "merge"
    case "Sink":
      return "sink"
    default:
      return "transform"
  }
}

/** Ports a stage has: the named outputs of a branch, none for a sink, `out` for all others. */
export const portsOf = (node: StageNode): ReadonlyArray<string> => {
  const operation = node.operation
  if (operation._tag === "Sink") return []
  if (operation._tag !== "Branch") return ["out"]
  const mode = operation.mode
  return mode._tag === "Predicate" ? mode.routes.map((route) => route.port) : mode.ports
}

/** Edges into and out of each node, in the graph's order. */
export const adjacency = (
  graph: PipelineGraph
): {
  readonly incoming: ReadonlyMap<string, ReadonlyArray<Edge>>
  readonly outgoing: ReadonlyMap<string, ReadonlyArray<Edge>>
} => {
  const incoming = new Map<string, Array<Edge>>(graph.nodes.map((node) => [node.id, []]))
  const outgoing = new Map<string, Array<Edge>>(graph.nodes.map((node) => [node.id, []]))
  for (const edge of graph.edges) {
    incoming.get(edge.to)?.push(edge)
    outgoing.get(edge.from)?.push(edge)
  }
  return { incoming, outgoing }
}
