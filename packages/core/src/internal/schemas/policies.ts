// Schemas of the descriptors in Policy.ts. Shapes only: whether the numbers make sense is judged by
// Validate, which names the stage and the cure.
import * as Schema from "effect/Schema"

export const ParallelismHint = Schema.Union([
  Schema.TaggedStruct("Fixed", { n: Schema.Finite }),
  Schema.TaggedStruct("CpuBound", {}),
  Schema.TaggedStruct("IoBound", {}),
  Schema.TaggedStruct("Sequential", {})
]).annotate({
  identifier: "ParallelismHint",
  description: "How a stage may be run in parallel; Sequential is a promise, the others are hints"
})

export const DropPolicy = Schema.Literals(["block", "drop-oldest", "drop-newest"]).annotate({
  identifier: "DropPolicy",
  description: "What happens to a record that finds a channel full; block makes the producer wait"
})

export const BufferPolicy = Schema.Struct({
  capacity: Schema.Finite.annotate({ description: "Records held at most" }),
  bytes: Schema.optionalKey(Schema.Finite),
  onFull: DropPolicy
}).annotate({ identifier: "BufferPolicy", description: "Bound of a channel" })

const settled = [
  Schema.TaggedStruct("DeadLetter", {}),
  Schema.TaggedStruct("Fail", {}),
  Schema.TaggedStruct("Ignore", {}),
  Schema.TaggedStruct("Fallback", {})
] as const

export const RetryPolicy = Schema.TaggedStruct("Retry", {
  retriesMax: Schema.Finite.annotate({ description: "Attempts after the first one" }),
  backoffMs: Schema.Finite,
  factor: Schema.optionalKey(Schema.Finite),
  backoffMsMax: Schema.optionalKey(Schema.Finite),
  exhausted: Schema.optionalKey(Schema.Union(settled))
}).annotate({ identifier: "RetryPolicy", description: "Exponential backoff, then exhausted" })

export const ErrorPolicy = Schema.Union([RetryPolicy, ...settled]).annotate({
  identifier: "ErrorPolicy",
  description: "What happens when a user function fails on a record"
})

export const CircuitBreakerPolicy = Schema.Struct({
  errorThreshold: Schema.Finite,
  latencyMsThreshold: Schema.Finite,
  windowMs: Schema.Finite,
  throughputMin: Schema.Finite,
  cooldownMs: Schema.Finite
}).annotate({
  identifier: "CircuitBreakerPolicy",
  description: "When a circuit breaker opens and how it closes again"
})

export const BackpressureStrategy = Schema.Union([
  Schema.TaggedStruct("Bounded", { capacity: Schema.Finite, onFull: DropPolicy }),
  Schema.TaggedStruct("CreditBased", {
    initial: Schema.Finite,
    replenishThreshold: Schema.Finite
  }),
  Schema.TaggedStruct("RateShaping", { ratePerSecond: Schema.Finite, burst: Schema.Finite }),
  Schema.TaggedStruct("Adaptive", { batchMin: Schema.Finite, batchMax: Schema.Finite }),
  Schema.TaggedStruct("ReactivePull", { window: Schema.Finite })
]).annotate({
  identifier: "BackpressureStrategy",
  description: "How pressure travels upstream over an edge"
})

export const AccumulatorPolicy = Schema.Struct({
  itemsMax: Schema.optionalKey(Schema.Finite),
  bytesMax: Schema.optionalKey(Schema.Finite),
  ageMs: Schema.optionalKey(Schema.Finite),
  idleMs: Schema.optionalKey(Schema.Finite),
  timeBoundWaived: Schema.optionalKey(Schema.String),
  keysMax: Schema.optionalKey(Schema.Finite),
  partialFlush: Schema.Boolean,
  spillAllowed: Schema.Boolean
}).annotate({
  identifier: "AccumulatorPolicy",
  description: "Limits of keyed state; an absent one means no limit of that kind"
})

export const AccumulationDescriptor = Schema.Struct({
  policy: AccumulatorPolicy,
  engineHint: ParallelismHint,
  progressWeights: Schema.Record(Schema.String, Schema.Finite)
}).annotate({
  identifier: "AccumulationDescriptor",
  description: "What the graph says of an accumulating stage"
})
