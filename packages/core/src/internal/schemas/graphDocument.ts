// Schema of a graph as JSON, version 1: the graph with each function, source, sink, accumulator and
// custom stage replaced by a reference to the module that exports it.
import * as Schema from "effect/Schema"
import * as Policies from "./policies.ts"

/** Version of the format this package writes; it reads no other. */
export const documentVersion = 1

export const ModuleRef = Schema.Struct({
  $ref: Schema.Struct({
    module: Schema.String.annotate({
      description: 'Package specifier, file URL, or "./path" below the base folder'
    }),
    export: Schema.String
  })
}).annotate({ identifier: "ModuleRef", description: "A value that a module exports" })

export const InlineRef = Schema.Struct({
  $inline: Schema.String.annotate({ description: "Name or label of the value" })
}).annotate({
  identifier: "InlineRef",
  description: "A value without a name of its own: printed, but never loaded again"
})

export const ValueRef = Schema.Union([ModuleRef, InlineRef]).annotate({ identifier: "ValueRef" })

const ChannelOrdering = Schema.Union([
  Schema.TaggedStruct("Unordered", {}),
  Schema.TaggedStruct("Ordered", {}),
  Schema.TaggedStruct("PartitionOrdered", { key: ValueRef })
]).annotate({ identifier: "ChannelOrdering" })

const ports = Schema.Array(Schema.String)

const BranchMode = Schema.Union([
  Schema.TaggedStruct("Predicate", {
    routes: Schema.Array(Schema.Struct({ port: Schema.String, when: ValueRef }))
  }),
  Schema.TaggedStruct("Broadcast", { ports }),
  Schema.TaggedStruct("Partition", { ports, key: ValueRef })
]).annotate({ identifier: "BranchMode" })

const Batching = Schema.Union([
  Schema.TaggedStruct("Record", {}),
  Schema.TaggedStruct("Fixed", {
    count: Schema.Finite,
    incomplete: Schema.Literals(["release", "hold"])
  }),
  Schema.TaggedStruct("TimeWindow", { windowMs: Schema.Finite, countMax: Schema.Finite }),
  Schema.TaggedStruct("Hybrid", { count: Schema.Finite, windowMs: Schema.Finite }),
  ValueRef
]).annotate({
  identifier: "Batching",
  description: "How records are gathered; a batching with functions is a reference"
})

const Operation = Schema.Union([
  Schema.TaggedStruct("Source", { source: ValueRef }),
  Schema.TaggedStruct("Map", { f: ValueRef }),
  Schema.TaggedStruct("Filter", { f: ValueRef }),
  Schema.TaggedStruct("FlatMap", { f: ValueRef }),
  Schema.TaggedStruct("MapEnvelope", { f: ValueRef }),
  Schema.TaggedStruct("MapBatch", { f: ValueRef }),
  Schema.TaggedStruct("MapEffect", { f: ValueRef }),
  Schema.TaggedStruct("MapPromise", { f: ValueRef }),
  Schema.TaggedStruct("Process", { stage: ValueRef }),
  Schema.TaggedStruct("Accumulate", { accumulator: ValueRef }),
  Schema.TaggedStruct("Batch", { batching: Batching }),
  Schema.TaggedStruct("Branch", { mode: BranchMode }),
  Schema.TaggedStruct("Merge", {}),
  Schema.TaggedStruct("Sink", { sink: ValueRef })
]).annotate({ identifier: "Operation" })

const SavedCircuits = Schema.Struct({
  stage: Schema.optionalKey(Schema.Json),
  keys: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json))
}).annotate({ identifier: "SavedCircuits", description: "Circuits as an earlier run saved them" })

const StageControls = Schema.Struct({
  flow: Schema.optionalKey(ValueRef),
  breaker: Schema.optionalKey(Policies.CircuitBreakerPolicy),
  circuit: Schema.optionalKey(ValueRef),
  circuitKey: Schema.optionalKey(ValueRef),
  circuitKeysMax: Schema.optionalKey(Schema.Finite),
  circuitRestore: Schema.optionalKey(SavedCircuits),
  bulkhead: Schema.optionalKey(Policies.BulkheadPolicy),
  hedge: Schema.optionalKey(Policies.HedgePolicy),
  deadlineMs: Schema.optionalKey(Schema.Finite),
  policies: Schema.optionalKey(Policies.PolicyNames),
  sentinel: Schema.optionalKey(ValueRef)
}).annotate({
  identifier: "StageControls",
  description:
    "Guards of a stage; flow and circuit carry them out, circuitKey says who shares a circuit"
})

const StageNode = Schema.Struct({
  id: Schema.String,
  operation: Operation,
  parallelism: Policies.ParallelismHint,
  engine: Schema.optionalKey(Schema.String),
  errorPolicy: Policies.ErrorPolicy,
  fallback: Schema.optionalKey(ValueRef),
  ordering: ChannelOrdering,
  timeoutMs: Schema.optionalKey(Schema.Finite),
  accumulation: Schema.optionalKey(Policies.AccumulationDescriptor),
  bufferPolicy: Schema.optionalKey(Policies.BufferPolicy),
  backpressure: Schema.optionalKey(Policies.BackpressureStrategy),
  controls: Schema.optionalKey(StageControls),
  config: Schema.Record(Schema.String, Schema.Json)
}).annotate({ identifier: "StageNode", description: "A stage; its kind follows from _tag" })

const Edge = Schema.Struct({
  from: Schema.String,
  port: Schema.String,
  to: Schema.String,
  channel: Schema.Struct({ buffer: Policies.BufferPolicy, ordering: ChannelOrdering })
}).annotate({ identifier: "Edge", description: "A connection from a stage's port to a stage" })

export const GraphDocument = Schema.Struct({
  version: Schema.Literal(documentVersion),
  id: Schema.String,
  meta: Schema.Record(Schema.String, Schema.String),
  nodes: Schema.Array(StageNode),
  edges: Schema.Array(Edge)
}).annotate({ identifier: "GraphDocument", description: "A pipeline graph as JSON, version 1" })
