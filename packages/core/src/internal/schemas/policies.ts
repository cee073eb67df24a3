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
  Schema.TaggedStruct("Fallback", {}),
  Schema.TaggedStruct("Quarantine", {
    failures: Schema.optionalKey(
      Schema.Finite.annotate({ description: "Failures that isolate the stage, default 1" })
    )
  })
] as const

export const RetryPolicy = Schema.TaggedStruct("Retry", {
  retriesMax: Schema.Finite.annotate({ description: "Attempts after the first one" }),
  backoffMs: Schema.Finite,
  factor: Schema.optionalKey(Schema.Finite),
  backoffMsMax: Schema.optionalKey(Schema.Finite),
  exhausted: Schema.optionalKey(Schema.Union(settled))
}).annotate({ identifier: "RetryPolicy", description: "Exponential backoff, then exhausted" })

const KindPolicy = Schema.Union([RetryPolicy, ...settled])

const kinds = Schema.Struct({
  recoverable: Schema.optionalKey(KindPolicy),
  "non-recoverable": Schema.optionalKey(KindPolicy),
  catastrophic: Schema.optionalKey(KindPolicy),
  "completeness-deadlock": Schema.optionalKey(KindPolicy),
  "key-explosion": Schema.optionalKey(KindPolicy),
  "spill-failure": Schema.optionalKey(KindPolicy),
  serialization: Schema.optionalKey(KindPolicy)
}).annotate({ description: "A policy for each kind of failure" })

export const ErrorPolicy = Schema.Union([
  RetryPolicy,
  ...settled,
  Schema.TaggedStruct("ByKind", { kinds, otherwise: KindPolicy })
]).annotate({
  identifier: "ErrorPolicy",
  description: "What happens when a user function fails on a record"
})

const ms = (description: string) =>
  Schema.optionalKey(Schema.Finite.annotate({ description: `${description}, milliseconds` }))

const figure = (description: string) => Schema.optionalKey(Schema.Finite.annotate({ description }))

export const CircuitBreakerPolicy = Schema.Struct({
  errorThreshold: figure("Share of failed calls, above 0 and at most 1"),
  latencyMsThreshold: ms("p95 of the calls' time"),
  deadlocks: figure("Keys that accumulators gave up in one window"),
  windowMs: ms("Rolling window, default 10000"),
  throughputMin: figure("Calls in the window below which nothing is judged, default 20"),
  cooldownMs: ms("First cool-down, default 10000"),
  cooldownFactor: figure("Growth of the cool-down with each reopening, default 2"),
  cooldownMsMax: ms("Longest cool-down, default 120000"),
  closedMsMin: ms("A circuit stays closed at least this long, default 0"),
  trials: figure("Calls a half-open circuit lets through, default 5"),
  trialRatio: figure("Share of good trials that closes it, default 0.8"),
  trialMsMax: ms("A trial that takes longer counts as bad, default 60000"),
  whenOpen: Schema.optionalKey(Schema.Literals(["reject", "wait"]))
}).annotate({
  identifier: "CircuitBreakerPolicy",
  description: "When a circuit breaker opens and how it closes again"
})

const unit = Schema.optionalKey(Schema.Literals(["records", "bytes", "cost"]))

const CreditBased = Schema.TaggedStruct("CreditBased", {
  initial: Schema.Finite,
  replenishThreshold: Schema.Finite,
  unit
})
const RateShaping = Schema.TaggedStruct("RateShaping", {
  ratePerSecond: Schema.Finite,
  burst: Schema.Finite,
  unit
})
const Adaptive = Schema.TaggedStruct("Adaptive", {
  batchMin: Schema.Finite,
  batchMax: Schema.Finite,
  latencyMsTarget: ms("Time one batch should take, default 100"),
  batchInitial: figure("Size at the start, default batchMin")
})
const ReactivePull = Schema.TaggedStruct("ReactivePull", { window: Schema.Finite })

export const BackpressureStrategy = Schema.Union([
  Schema.TaggedStruct("Bounded", { capacity: Schema.Finite, onFull: DropPolicy }),
  CreditBased,
  RateShaping,
  Adaptive,
  ReactivePull,
  Schema.TaggedStruct("AccumulatorAware", {
    capacity: Schema.Finite,
    bytesUnit: Schema.Finite,
    spillPenalty: Schema.Finite,
    inner: Schema.optionalKey(Schema.Union([CreditBased, RateShaping, ReactivePull]))
  }),
  Schema.TaggedStruct("Regulated", {
    batch: Adaptive,
    credits: CreditBased,
    sampleMs: ms("Time between two looks at the run, default 1000"),
    slowedShare: figure("Share of the credits that is left while they are slowed, default 0.5")
  })
]).annotate({
  identifier: "BackpressureStrategy",
  description: "How pressure travels upstream over an edge"
})

export const BulkheadPolicy = Schema.Struct({
  name: Schema.String,
  concurrency: Schema.Finite
}).annotate({
  identifier: "BulkheadPolicy",
  description: "Calls that several stages make together at most; they share by name"
})

export const HedgePolicy = Schema.Struct({
  afterMs: Schema.Finite,
  attemptsMax: Schema.optionalKey(Schema.Finite)
}).annotate({
  identifier: "HedgePolicy",
  description: "Further calls for a record whose first takes long"
})

export const ResourcePolicy = Schema.Struct({
  concurrency: figure("Calls of effectful stages and sinks that run at once, over all stages"),
  bytesMax: figure("Bytes in channels and open in accumulators; sources wait at the ceiling"),
  deadlineMs: ms("Time the run may take"),
  onDeadline: Schema.optionalKey(Schema.Literals(["drain", "abort"]))
}).annotate({
  identifier: "ResourcePolicy",
  description: "What the stages of a run share; an absent limit is none"
})

export const PolicyNames = Schema.Struct({
  flow: Schema.optionalKey(Schema.String),
  onError: Schema.optionalKey(Schema.String),
  breaker: Schema.optionalKey(Schema.String),
  buffer: Schema.optionalKey(Schema.String),
  accumulator: Schema.optionalKey(Schema.String)
}).annotate({
  identifier: "PolicyNames",
  description: "Policies a stage takes from the run's registry, by name"
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
