// Schemas of what a run reports: states, dead letters, totals, the result.
// Payloads, keys and causes are unknown values; what is no JSON crosses as its text, never as a
// failure: a dead letter that cannot be written would be lost.
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as DeadLetters from "../../DeadLetter.ts"

const jsonOf = (value: unknown): Schema.Json => {
  try {
    const text = JSON.stringify(value)
    if (text !== undefined) return JSON.parse(text) as Schema.Json
  } catch {
    // Circular, or a bigint: falls through to its text.
  }
  return DeadLetters.payloadText(value)
}

/** Any value: JSON as it is, everything else as short text. */
export const AnyValue = Schema.Json.pipe(
  Schema.decodeTo(
    Schema.Unknown,
    SchemaTransformation.transform({ decode: (json): unknown => json, encode: jsonOf })
  )
)

const counts = Schema.Record(Schema.String, Schema.Finite)

export const StageKind = Schema.Literals([
  "source",
  "transform",
  "accumulator",
  "branch",
  "merge",
  "sink"
]).annotate({ identifier: "StageKind" })

export const LatencyHistogram = Schema.Struct({
  counts: Schema.Array(Schema.Finite).annotate({
    description: "counts[i]: batches that took at most 2^i microseconds; the last one: longer"
  }),
  p50Micros: Schema.Finite,
  p95Micros: Schema.Finite,
  maxMicros: Schema.Finite
}).annotate({ identifier: "LatencyHistogram" })

export const CircuitState = Schema.Literals(["closed", "half-open", "open", "isolated"]).annotate({
  identifier: "CircuitState",
  description: "Where a stage's circuit is"
})

export const FlowState = Schema.Struct({
  kind: Schema.String,
  statistics: Schema.Record(Schema.String, Schema.Number),
  decisions: Schema.Array(
    Schema.Struct({ atMs: Schema.Finite, action: Schema.String, reason: Schema.String })
  )
}).annotate({ identifier: "FlowState", description: "What limits the records into a stage" })

export const StageRuntimeState = Schema.Struct({
  stageId: Schema.String,
  kind: StageKind,
  status: Schema.Literals([
    "pending",
    "running",
    "draining",
    "completed",
    "failed",
    "aborted",
    "quarantined"
  ]),
  inputQueueDepth: Schema.Finite,
  outputQueueDepth: Schema.Finite,
  recordsIn: Schema.Finite,
  recordsOut: Schema.Finite,
  recordsMade: Schema.Finite,
  errors: Schema.Finite,
  deadLetters: Schema.Finite,
  dropped: Schema.Finite,
  batches: Schema.Finite,
  bytes: Schema.Finite,
  inFlight: Schema.Finite,
  latency: LatencyHistogram,
  lastError: Schema.UndefinedOr(Schema.String),
  // A stage's own figures may be infinite, e.g. a deadline that is not set.
  metrics: Schema.Record(Schema.String, Schema.Number),
  busyMicros: Schema.Finite,
  blockedMicros: Schema.Finite,
  flow: Schema.UndefinedOr(FlowState),
  circuit: Schema.UndefinedOr(CircuitState)
}).annotate({
  identifier: "StageRuntimeState",
  description: "State of one stage, while running or afterwards"
})

export const DeadLetter = Schema.TaggedStruct("DeadLetter", {
  stageId: Schema.String,
  kind: Schema.Literals([
    "recoverable",
    "non-recoverable",
    "catastrophic",
    "completeness-deadlock",
    "key-explosion",
    "spill-failure",
    "serialization"
  ]),
  seqId: Schema.Finite,
  origin: Schema.String,
  location: Schema.UndefinedOr(Schema.String),
  key: AnyValue,
  headers: Schema.Record(Schema.String, Schema.String),
  payload: AnyValue,
  cause: Schema.Defect(),
  attempts: Schema.Finite,
  timestamp: Schema.Finite
}).annotate({ identifier: "DeadLetter", description: "One failed record in its context" })

export const OpenKey = Schema.Struct({
  key: AnyValue,
  fragments: Schema.Finite,
  completeness: Schema.Finite,
  missing: Schema.Array(Schema.String)
}).annotate({ identifier: "OpenKey", description: "A key still open, and what it waits for" })

export const AccumulatorTotals = Schema.Struct({
  fragmentsIn: Schema.Finite,
  fragmentsCompleted: Schema.Finite,
  fragmentsPartial: Schema.Finite,
  fragmentsDropped: Schema.Finite,
  fragmentsFailed: Schema.Finite,
  fragmentsOpen: Schema.Finite,
  keysOpen: Schema.Finite,
  keysCompleted: Schema.Finite,
  keysPartial: Schema.Finite,
  keysDropped: Schema.Finite,
  keysFailed: Schema.optionalKey(Schema.Finite),
  keysEvicted: Schema.optionalKey(Schema.Finite),
  duplicates: Schema.optionalKey(Schema.Finite),
  bytesOpen: Schema.Finite,
  spillsActive: Schema.optionalKey(Schema.Finite),
  dropsByReason: counts,
  completedByReason: counts
}).annotate({ identifier: "AccumulatorTotals" })

export const AccumulatorReport = Schema.Struct({
  stageId: Schema.String,
  totals: AccumulatorTotals,
  openKeys: Schema.Array(OpenKey)
}).annotate({ identifier: "AccumulatorReport" })

export const Quarantined = Schema.Struct({
  stageId: Schema.String,
  atMs: Schema.Finite,
  seqId: Schema.Finite,
  location: Schema.UndefinedOr(Schema.String),
  reason: Schema.String
}).annotate({ identifier: "Quarantined", description: "A stage that was isolated, and why" })

export const PipelineResult = Schema.Struct({
  pipelineId: Schema.String,
  engine: Schema.String,
  seed: Schema.UndefinedOr(Schema.String),
  success: Schema.Boolean,
  status: Schema.Literals(["completed", "stopped", "aborted", "failed"]),
  recordsIn: Schema.Finite,
  recordsOut: Schema.Finite,
  errorCount: Schema.Finite,
  droppedCount: Schema.Finite,
  bytesIn: Schema.Finite,
  durationMs: Schema.Finite,
  deadLetters: Schema.Array(DeadLetter),
  deadLetterCount: Schema.Finite,
  accumulators: Schema.Array(AccumulatorReport),
  quarantined: Schema.Array(Quarantined),
  finalStates: Schema.Record(Schema.String, StageRuntimeState)
}).annotate({ identifier: "PipelineResult", description: "Outcome of a run" })
