// Random values of everything a run reports and a record carries, as JSON can hold them.
import fc from "fast-check"
import type * as Accumulator from "../../src/Accumulator.ts"
import type * as DeadLetter from "../../src/DeadLetter.ts"
import type * as Envelope from "../../src/Envelope.ts"
import type * as PipelineResult from "../../src/PipelineResult.ts"
import type * as Policy from "../../src/Policy.ts"
import type * as Stage from "../../src/Stage.ts"

const text = fc.string({ maxLength: 10 })
// Through text: JSON knows no -0.
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)))
const count = fc.nat()
const figure = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0)
const absent = <A>(value: fc.Arbitrary<A>) => fc.option(value, { nil: undefined })

/** Trace contexts. */
export const traces: fc.Arbitrary<Envelope.TraceContext> = fc.record({
  traceId: text,
  spanId: text,
  baggage: fc.dictionary(text, text)
})

/** Costs. */
export const costs: fc.Arbitrary<Envelope.Cost> = fc.record({ bytes: count, cpuHint: figure })

/** Envelopes around any JSON value. */
export const envelopes: fc.Arbitrary<Envelope.Envelope<number>> = fc.record({
  payload: fc.integer(),
  headers: fc.dictionary(text, text),
  seqId: count,
  spanCtx: traces,
  timestamp: count,
  attrs: fc.dictionary(text, json),
  cost: costs
})

/** Circuit breaker policies. */
export const breakers: fc.Arbitrary<Policy.CircuitBreakerPolicy> = fc.record(
  {
    errorThreshold: figure,
    latencyMsThreshold: figure,
    deadlocks: count,
    windowMs: count,
    throughputMin: count,
    cooldownMs: count,
    cooldownFactor: figure,
    cooldownMsMax: count,
    closedMsMin: count,
    trials: count,
    trialRatio: figure,
    trialMsMax: count,
    whenOpen: fc.constantFrom("reject" as const, "wait" as const)
  },
  { requiredKeys: [] }
)

/** What the stages of a run share. */
export const resources: fc.Arbitrary<Policy.ResourcePolicy> = fc.record(
  {
    concurrency: count,
    bytesMax: count,
    deadlineMs: count,
    onDeadline: fc.constantFrom("drain" as const, "abort" as const)
  },
  { requiredKeys: [] }
)

const kinds = fc.constantFrom<Stage.StageKind>(
  "source",
  "transform",
  "accumulator",
  "branch",
  "merge",
  "sink"
)

const statuses = fc.constantFrom<Stage.StageStatus>(
  "pending",
  "running",
  "draining",
  "completed",
  "failed",
  "aborted",
  "quarantined"
)

/** States of a stage; its own metrics may be infinite. */
export const states: fc.Arbitrary<Stage.StageRuntimeState> = fc.record({
  stageId: text,
  kind: kinds,
  status: statuses,
  inputQueueDepth: count,
  outputQueueDepth: count,
  recordsIn: count,
  recordsOut: count,
  recordsMade: count,
  errors: count,
  deadLetters: count,
  dropped: count,
  batches: count,
  bytes: count,
  inFlight: count,
  latency: fc.record({
    counts: fc.array(count),
    p50Micros: figure,
    p95Micros: figure,
    maxMicros: figure
  }),
  lastError: absent(text),
  metrics: fc.dictionary(text, fc.oneof(figure, fc.constant(Number.POSITIVE_INFINITY))),
  busyMicros: count,
  blockedMicros: count,
  flow: fc.option(
    fc.record({
      kind: text,
      statistics: fc.dictionary(text, count),
      decisions: fc.array(fc.record({ atMs: count, action: text, reason: text }), { maxLength: 3 })
    }),
    { nil: undefined }
  ),
  circuit: fc.option(
    fc.constantFrom("closed" as const, "half-open" as const, "open" as const, "isolated" as const),
    { nil: undefined }
  )
})

const causes = fc.oneof(
  fc.string(),
  fc.integer(),
  text.map((message) => new Error(message))
)

/** Dead letters with JSON payloads, failed by anything that can be thrown. */
export const deadLetters: fc.Arbitrary<DeadLetter.DeadLetter> = fc.record({
  _tag: fc.constant("DeadLetter" as const),
  stageId: text,
  kind: fc.constantFrom<DeadLetter.FailureKind>(
    "recoverable",
    "non-recoverable",
    "catastrophic",
    "completeness-deadlock",
    "key-explosion",
    "spill-failure",
    "serialization"
  ),
  seqId: count,
  origin: text,
  location: absent(text),
  key: json,
  headers: fc.dictionary(text, text),
  payload: json,
  cause: causes,
  attempts: count,
  timestamp: count
})

const optionalTotals = fc.record(
  { keysFailed: count, duplicates: count, spillsActive: count },
  { requiredKeys: [] }
)

const requiredTotals = fc.record({
  fragmentsIn: count,
  fragmentsCompleted: count,
  fragmentsPartial: count,
  fragmentsDropped: count,
  fragmentsFailed: count,
  fragmentsOpen: count,
  keysOpen: count,
  keysCompleted: count,
  keysPartial: count,
  keysDropped: count,
  bytesOpen: count,
  dropsByReason: fc.dictionary(text, count),
  completedByReason: fc.dictionary(text, count)
})

const totals: fc.Arbitrary<Accumulator.AccumulatorTotals> = fc
  .tuple(requiredTotals, optionalTotals)
  .map(([required, optional]) => ({ ...required, ...optional }))

const openKeys: fc.Arbitrary<Accumulator.OpenKey> = fc.record({
  key: json,
  fragments: count,
  completeness: figure,
  missing: fc.array(text)
})

/** Results of runs. */
export const results: fc.Arbitrary<PipelineResult.PipelineResult> = fc.record({
  pipelineId: text,
  engine: text,
  seed: absent(text),
  success: fc.boolean(),
  status: fc.constantFrom<PipelineResult.PipelineStatus>(
    "completed",
    "stopped",
    "aborted",
    "failed"
  ),
  recordsIn: count,
  recordsOut: count,
  errorCount: count,
  droppedCount: count,
  bytesIn: count,
  durationMs: figure,
  deadLetters: fc.array(deadLetters, { maxLength: 3 }),
  deadLetterCount: count,
  quarantined: fc.array(
    fc.record({
      stageId: text,
      atMs: count,
      seqId: count,
      location: absent(text),
      reason: text
    }),
    { maxLength: 2 }
  ),
  accumulators: fc.array(
    fc.record({ stageId: text, totals, openKeys: fc.array(openKeys, { maxLength: 3 }) }),
    { maxLength: 2 }
  ),
  finalStates: fc.dictionary(text, states, { maxKeys: 3 })
})
