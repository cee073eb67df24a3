// Effect Schemas of the values that cross a border: a process, a file, the network.
// Each decodes to exactly the interface of its name (a test compares the types), and gives a JSON
// Schema with `Schema.toJsonSchemaDocument`. For JSON use `Schema.toCodecJson(schema)`: it writes
// an absent value as null and a not finite figure as text. They check shapes, not sense: see
// Validate.
import * as Schema from "effect/Schema"
import * as graphDocument from "./internal/schemas/graphDocument.ts"
import * as policies from "./internal/schemas/policies.ts"
import * as policyFile from "./internal/schemas/policyFile.ts"
import * as results from "./internal/schemas/results.ts"

/** Trace identity of a record. */
export const TraceContext = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  baggage: Schema.Record(Schema.String, Schema.String)
}).annotate({ identifier: "TraceContext", description: "Trace identity of a record" })

/** What a record costs to hold and to process. */
export const Cost = Schema.Struct({
  bytes: Schema.Finite,
  cpuHint: Schema.Finite.annotate({ description: "1 is an ordinary record" })
}).annotate({ identifier: "Cost", description: "What a record costs to hold and to process" })

/**
 * An envelope around a payload of the given schema.
 *
 * Limits: attributes are untyped and belong to one process; those that are no JSON cross as text.
 */
export const Envelope = <S extends Schema.Constraint>(payload: S) =>
  Schema.Struct({
    payload,
    headers: Schema.Record(Schema.String, Schema.String),
    seqId: Schema.Finite,
    spanCtx: TraceContext,
    timestamp: Schema.Finite.annotate({ description: "Milliseconds since the epoch" }),
    attrs: Schema.Record(Schema.String, results.AnyValue),
    cost: Cost
  })

/** How a stage may be run in parallel. */
export const ParallelismHint = policies.ParallelismHint
/** What happens to a record that finds a channel full. */
export const DropPolicy = policies.DropPolicy
/** Bound of a channel. */
export const BufferPolicy = policies.BufferPolicy
/** Retries with backoff, and what follows. */
export const RetryPolicy = policies.RetryPolicy
/** What happens when a user function fails on a record. */
export const ErrorPolicy = policies.ErrorPolicy
/** When a circuit breaker opens and how it closes again. */
export const CircuitBreakerPolicy = policies.CircuitBreakerPolicy
/** How pressure travels upstream. */
export const BackpressureStrategy = policies.BackpressureStrategy
/** Calls that several stages make together at most. */
export const BulkheadPolicy = policies.BulkheadPolicy
/** Further calls for a record whose first takes long. */
export const HedgePolicy = policies.HedgePolicy
/** What the stages of a run share. */
export const ResourcePolicy = policies.ResourcePolicy
/** A policy file, version 1; what `Policies` reads. */
export const PolicyFile = policyFile.PolicyFile
/** Limits of keyed state. */
export const AccumulatorPolicy = policies.AccumulatorPolicy
/** What the graph says of an accumulating stage. */
export const AccumulationDescriptor = policies.AccumulationDescriptor

/** The six kinds of stage. */
export const StageKind = results.StageKind
/** Latencies of a stage's batches. */
export const LatencyHistogram = results.LatencyHistogram
/** State of one stage, while running or afterwards. */
export const StageRuntimeState = results.StageRuntimeState
/** One failed record in its context; payload, key and cause that are no JSON cross as text. */
export const DeadLetter = results.DeadLetter
/** A key still open, and what it waits for. */
export const OpenKey = results.OpenKey
/** Running totals of an accumulator. */
export const AccumulatorTotals = results.AccumulatorTotals
/** Totals and open keys of one accumulating stage. */
export const AccumulatorReport = results.AccumulatorReport
/** Outcome of a run. */
export const PipelineResult = results.PipelineResult

/** A function, source, sink, accumulator or custom stage as JSON. */
export const ValueRef = graphDocument.ValueRef
/** A pipeline graph as JSON, version 1; what `GraphJson` writes and reads. */
export const GraphDocument = graphDocument.GraphDocument
