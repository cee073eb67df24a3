// Random graphs whose every value has a reference, using every operation, policy and descriptor:
// what JSON must carry. Not all of them are sound: JSON does not judge.
import fc from "fast-check"
import * as Batching from "../../src/Batching.ts"
import * as Channel from "../../src/Channel.ts"
import * as Graph from "../../src/Graph.ts"
import type * as Policy from "../../src/Policy.ts"
import * as stages from "../fixtures/stages.ts"
import { breakers } from "./reports.ts"

const name = fc.string({ maxLength: 12 })
// Through text: JSON knows no -0.
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)))
const count = fc.integer({ min: 1, max: 1_000_000 })
const optional = <A>(value: fc.Arbitrary<A>): fc.Arbitrary<A | undefined> =>
  fc.option(value, { nil: undefined })

const onFull = fc.constantFrom<Policy.DropPolicy>("block", "drop-oldest", "drop-newest")

/** Buffers with and without a bound in bytes. */
export const buffers: fc.Arbitrary<Policy.BufferPolicy> = fc.record(
  { capacity: count, bytes: count, onFull },
  { requiredKeys: ["capacity", "onFull"] }
)

/** Every parallelism hint. */
export const hints: fc.Arbitrary<Policy.ParallelismHint> = fc.oneof(
  fc.record({ _tag: fc.constant("Fixed" as const), n: count }),
  fc.record({ _tag: fc.constantFrom("CpuBound" as const, "IoBound", "Sequential") })
)

const settled = fc.oneof(
  fc.record({ _tag: fc.constantFrom("DeadLetter" as const, "Fail", "Ignore", "Fallback") }),
  fc.record(
    { _tag: fc.constant("Quarantine" as const), failures: count },
    { requiredKeys: ["_tag"] }
  )
)

/** Every error policy. */
export const errorPolicies: fc.Arbitrary<Policy.ErrorPolicy> = fc.oneof(
  settled,
  fc.record(
    {
      _tag: fc.constant("Retry" as const),
      retriesMax: count,
      backoffMs: count,
      factor: count,
      backoffMsMax: count,
      exhausted: settled
    },
    { requiredKeys: ["_tag", "retriesMax", "backoffMs"] }
  ),
  fc.record({
    _tag: fc.constant("ByKind" as const),
    kinds: fc.record(
      { recoverable: settled, "non-recoverable": settled, serialization: settled },
      { requiredKeys: [] }
    ),
    otherwise: settled
  })
)

const adaptives: fc.Arbitrary<Policy.Adaptive> = fc.record(
  { _tag: fc.constant("Adaptive" as const), batchMin: count, batchMax: count, batchInitial: count },
  { requiredKeys: ["_tag", "batchMin", "batchMax"] }
)

/** Every backpressure strategy. */
export const strategies: fc.Arbitrary<Policy.BackpressureStrategy> = fc.oneof(
  fc.record({ _tag: fc.constant("Bounded" as const), capacity: count, onFull }),
  fc.record({
    _tag: fc.constant("CreditBased" as const),
    initial: count,
    replenishThreshold: count,
    unit: fc.constantFrom("records" as const, "bytes" as const, "cost" as const)
  }),
  fc.record(
    {
      _tag: fc.constant("RateShaping" as const),
      ratePerSecond: count,
      burst: count,
      unit: fc.constantFrom("records" as const, "bytes" as const, "cost" as const)
    },
    { requiredKeys: ["_tag", "ratePerSecond", "burst"] }
  ),
  adaptives,
  fc.record({ _tag: fc.constant("ReactivePull" as const), window: count }),
  fc.record(
    {
      _tag: fc.constant("AccumulatorAware" as const),
      capacity: count,
      bytesUnit: count,
      spillPenalty: count,
      inner: fc.record({ _tag: fc.constant("ReactivePull" as const), window: count })
    },
    { requiredKeys: ["_tag", "capacity", "bytesUnit", "spillPenalty"] }
  ),
  fc.record({
    _tag: fc.constant("Regulated" as const),
    batch: adaptives,
    credits: fc.record({
      _tag: fc.constant("CreditBased" as const),
      initial: count,
      replenishThreshold: count
    }),
    sampleMs: count
  })
)

/** What a breaker saves is its own affair, as long as it is JSON. */
const saved = fc.record({ phase: name, sinceMsAgo: count })

/** Guards with any subset of settings; who carries them out has a reference. */
const controls: fc.Arbitrary<Graph.StageControls> = fc.record(
  {
    flow: fc.constant(stages.flow),
    breaker: breakers,
    circuit: fc.constant(stages.circuit),
    circuitKey: fc.constant(stages.isEven),
    circuitKeysMax: count,
    circuitRestore: fc.record(
      { stage: saved, keys: fc.dictionary(name, saved, { noNullPrototype: true }) },
      { requiredKeys: [] }
    ),
    bulkhead: fc.record({ name, concurrency: count }),
    hedge: fc.record({ afterMs: count, attemptsMax: count }, { requiredKeys: ["afterMs"] }),
    deadlineMs: count,
    sentinel: fc.constant(stages.zero),
    policies: fc.record({ flow: name, onError: name }, { requiredKeys: [] })
  },
  { requiredKeys: [] }
)

/** Accumulation descriptors with any subset of limits. */
export const descriptors: fc.Arbitrary<Policy.AccumulationDescriptor> = fc.record({
  policy: fc.record(
    {
      itemsMax: count,
      bytesMax: count,
      ageMs: count,
      idleMs: count,
      timeBoundWaived: name,
      keysMax: count,
      partialFlush: fc.boolean(),
      spillAllowed: fc.boolean()
    },
    { requiredKeys: ["partialFlush", "spillAllowed"] }
  ),
  engineHint: hints,
  progressWeights: fc.dictionary(name, count)
})

const orderings = fc.constantFrom<Channel.ChannelOrdering>(Channel.ordered, Channel.unordered, {
  _tag: "PartitionOrdered",
  key: stages.isEven
})

const operations: fc.Arbitrary<Graph.Operation> = fc.oneof(
  fc.constantFrom<Graph.Operation>(
    { _tag: "Source", source: stages.numbers },
    { _tag: "Process", stage: stages.passingStage },
    { _tag: "Accumulate", accumulator: stages.accumulator },
    { _tag: "Merge" },
    { _tag: "Batch", batching: Batching.record },
    { _tag: "Batch", batching: Batching.fixed(7, { incomplete: "hold" }) },
    { _tag: "Batch", batching: Batching.timeWindow("2 seconds") },
    { _tag: "Batch", batching: Batching.hybrid(9, 20) },
    { _tag: "Batch", batching: stages.byTotal },
    { _tag: "Batch", batching: stages.adapting },
    { _tag: "Sink", sink: stages.forget },
    { _tag: "MapEffect", f: stages.later },
    { _tag: "Map", f: stages.increment },
    { _tag: "Filter", f: stages.isEven },
    { _tag: "FlatMap", f: stages.zero },
    { _tag: "MapEnvelope", f: stages.zero },
    { _tag: "MapBatch", f: stages.zero },
    { _tag: "MapPromise", f: stages.zero }
  ),
  fc
    .oneof(
      fc.record({
        _tag: fc.constant("Predicate" as const),
        routes: fc.array(fc.record({ port: name, when: fc.constant(stages.all) }))
      }),
      fc.record({ _tag: fc.constant("Broadcast" as const), ports: fc.array(name) }),
      fc.record({
        _tag: fc.constant("Partition" as const),
        ports: fc.array(name),
        key: fc.constant(stages.isEven)
      })
    )
    .map((mode): Graph.Operation => ({ _tag: "Branch", mode }))
)

const markers = fc.dictionary(fc.constantFrom("$ref", "$inline", "$value", "a"), json)

const config = fc.dictionary(name, fc.oneof(json, markers, fc.constant(stages.increment)))

const nodes: fc.Arbitrary<Graph.StageNode> = fc
  .record({
    id: name,
    operation: operations,
    parallelism: hints,
    engine: optional(name),
    errorPolicy: errorPolicies,
    fallback: optional(fc.constant(stages.zero)),
    ordering: orderings,
    timeoutMs: optional(count),
    accumulation: optional(descriptors),
    bufferPolicy: optional(buffers),
    backpressure: optional(strategies),
    config
  })
  .chain((node) =>
    optional(controls).map((guards) => ({
      ...node,
      kind: Graph.kindOf(node.operation._tag),
      ...(guards === undefined ? {} : { controls: guards })
    }))
  )

/** Graphs of up to 6 stages and 6 edges, of every form. */
export const referencedGraphs: fc.Arbitrary<Graph.PipelineGraph> = fc.record({
  id: name,
  nodes: fc.array(nodes, { maxLength: 6 }),
  edges: fc.array(
    fc.record({
      from: name,
      port: name,
      to: name,
      channel: fc.record({ buffer: buffers, ordering: orderings })
    }),
    { maxLength: 6 }
  ),
  meta: fc.dictionary(name, name)
})
