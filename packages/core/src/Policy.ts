// Descriptors of behaviour as plain data: parallelism, buffers, drops, errors, breakers,
// backpressure, accumulation. They hold no function and no state, so they cross process borders;
// the schemas are in Schemas.ts.
import type * as DeadLetter from "./DeadLetter.ts"

/** How a stage may be run in parallel; an engine reads it as a hint, `Sequential` as a promise. */
export type ParallelismHint =
  | { readonly _tag: "Fixed"; readonly n: number }
  | { readonly _tag: "CpuBound" }
  | { readonly _tag: "IoBound" }
  | { readonly _tag: "Sequential" }

/** What happens to a record that finds a channel full. `block` makes the producer wait. */
export type DropPolicy = "block" | "drop-oldest" | "drop-newest"

/** Bound of a channel. `capacity` is in records (default 1,024), `bytes` optional beside it. */
export interface BufferPolicy {
  readonly capacity: number
  readonly bytes?: number
  readonly onFull: DropPolicy
}

/**
 * Exponential backoff: the n-th wait is `min(backoffMs * factor^(n-1), backoffMsMax)`, jittered by
 * ±20 %.
 */
export interface RetryPolicy {
  readonly _tag: "Retry"
  /** Attempts after the first one. */
  readonly retriesMax: number
  readonly backoffMs: number
  readonly factor?: number
  readonly backoffMsMax?: number
  /** What to do when the last attempt failed; default `fail`. */
  readonly exhausted?: Exclude<ErrorPolicy, RetryPolicy | ByKindPolicy>
}

/**
 * Sets the failing record aside and, after `failures` of them, the stage: what still comes for it
 * becomes dead letters, the stages behind get a sentinel, the rest of the pipeline runs.
 */
export interface QuarantinePolicy {
  readonly _tag: "Quarantine"
  /** Default 1: the first failure isolates the stage. */
  readonly failures?: number
}

/** A policy for one kind of failure. */
export type KindPolicy = Exclude<ErrorPolicy, ByKindPolicy>

/**
 * A policy for each kind of failure; `otherwise` for kinds that are not named, but a catastrophic
 * failure ends the run unless it is.
 */
export interface ByKindPolicy {
  readonly _tag: "ByKind"
  readonly kinds: { readonly [K in DeadLetter.FailureKind]?: KindPolicy }
  readonly otherwise: KindPolicy
}

/**
 * What happens when a user function fails on a record.
 *
 * `Fail` ends the run (records before it are delivered), `DeadLetter` sets the record aside with
 * its context, `Ignore` drops and counts it, `Fallback` replaces the result, `Retry` tries again
 * and then follows `exhausted`, `Quarantine` isolates the stage.
 */
export type ErrorPolicy =
  | RetryPolicy
  | { readonly _tag: "DeadLetter" }
  | { readonly _tag: "Fail" }
  | { readonly _tag: "Ignore" }
  | { readonly _tag: "Fallback" }
  | QuarantinePolicy
  | ByKindPolicy

/**
 * When a circuit breaker opens and how it closes again. It opens when the error threshold AND the
 * latency threshold are met, those that are given, OR accumulators give up keys in a surge. Of
 * `errorThreshold`, `latencyMsThreshold` and `deadlocks` at least one must be given.
 */
export interface CircuitBreakerPolicy {
  /** Share of failed calls, above 0 and at most 1. */
  readonly errorThreshold?: number
  /** p95 of the calls' time; slow calls count whether they fail or not. */
  readonly latencyMsThreshold?: number
  /** Keys that accumulators gave up in one window. */
  readonly deadlocks?: number
  /** Rolling window; default 10,000. */
  readonly windowMs?: number
  /** Calls in the window below which nothing is judged; default 20. */
  readonly throughputMin?: number
  /** First cool-down; default 10,000. */
  readonly cooldownMs?: number
  /** Growth of the cool-down with each reopening, and its end; default 2, 120,000. */
  readonly cooldownFactor?: number
  readonly cooldownMsMax?: number
  /** A circuit stays closed at least this long; default 0. */
  readonly closedMsMin?: number
  /** Calls a half-open circuit lets through, and the share of good ones that closes it; 5, 0.8. */
  readonly trials?: number
  readonly trialRatio?: number
  /** A trial that takes longer counts as bad; default 60,000. */
  readonly trialMsMax?: number
  /**
   * What a record meets while the circuit is open: `reject` fails it, and `onError` follows;
   * `wait` holds it, and so the stages before, until a trial is due. Default `reject`.
   */
  readonly whenOpen?: "reject" | "wait"
}

/** What credits and tokens count; default records. */
export type FlowUnit = "records" | "bytes" | "cost"

/** Credits of a receiver: so much may be under way; given back in portions. */
export interface CreditBased {
  readonly _tag: "CreditBased"
  readonly initial: number
  readonly replenishThreshold: number
  readonly unit?: FlowUnit
}

/** A token bucket in front of a stage. */
export interface RateShaping {
  readonly _tag: "RateShaping"
  readonly ratePerSecond: number
  readonly burst: number
  readonly unit?: FlowUnit
}

/** Batches whose size follows the time the stage takes, and the queue in front of it. */
export interface Adaptive {
  readonly _tag: "Adaptive"
  readonly batchMin: number
  readonly batchMax: number
  /** Time one batch should take; default 100. */
  readonly latencyMsTarget?: number
  /** Size at the start; default `batchMin`. */
  readonly batchInitial?: number
}

/** At most a window of records asked for and not yet processed. */
export interface ReactivePull {
  readonly _tag: "ReactivePull"
  readonly window: number
}

/** Counts what accumulators hold as queue; around another strategy, or alone. */
export interface AccumulatorAware {
  readonly _tag: "AccumulatorAware"
  /** The effective queue at which the gate shuts. */
  readonly capacity: number
  /** Bytes held by accumulators that count as one record. */
  readonly bytesUnit: number
  /** Records that one running spill counts as. */
  readonly spillPenalty: number
  readonly inner?: CreditBased | RateShaping | ReactivePull
}

/** Batch size and credits under one regulator, by the interaction table of the specification. */
export interface Regulated {
  readonly _tag: "Regulated"
  readonly batch: Adaptive
  readonly credits: CreditBased
  /** Time between two looks at the run; default 1,000. */
  readonly sampleMs?: number
  /** Share of the credits that is left while they are slowed; default 0.5. */
  readonly slowedShare?: number
}

/** How pressure travels upstream over an edge. */
export type BackpressureStrategy =
  | { readonly _tag: "Bounded"; readonly capacity: number; readonly onFull: DropPolicy }
  | CreditBased
  | RateShaping
  | Adaptive
  | ReactivePull
  | AccumulatorAware
  | Regulated

/** Calls that several stages make together at most; they share by name. */
export interface BulkheadPolicy {
  readonly name: string
  readonly concurrency: number
}

/**
 * Further calls for a record whose first takes long; the first success wins and the others are
 * interrupted. Only for calls that may be made twice.
 */
export interface HedgePolicy {
  /** After this long, and as long again, another call starts where the stage has a permit free. */
  readonly afterMs: number
  /** Calls for one record at once, the first included; default 2. */
  readonly attemptsMax?: number
}

/** What the stages of a run share. Absent means no limit of that kind. */
export interface ResourcePolicy {
  /** Calls of effectful stages and sinks that run at once, over all stages. */
  readonly concurrency?: number
  /** Bytes in channels and open in accumulators; sources wait at the ceiling. */
  readonly bytesMax?: number
  /** Time the run may take. */
  readonly deadlineMs?: number
  /**
   * What the deadline does: `drain` finishes what was read, `abort` interrupts; default `drain`.
   */
  readonly onDeadline?: "drain" | "abort"
}

/** Names of policies that a stage takes from the run's registry, see `Policies`. */
export interface PolicyNames {
  readonly flow?: string
  readonly onError?: string
  readonly breaker?: string
  readonly buffer?: string
  readonly accumulator?: string
}

/** Limits of keyed state; absent means no limit of that kind. */
export interface AccumulatorPolicy {
  readonly itemsMax?: number
  readonly bytesMax?: number
  /** Age bound: since the first fragment of a key. */
  readonly ageMs?: number
  /** Idle bound: since the last fragment of a key. */
  readonly idleMs?: number
  /** A waiver of the mandatory time bound, by name, with its reason. */
  readonly timeBoundWaived?: string
  readonly keysMax?: number
  readonly partialFlush: boolean
  readonly spillAllowed: boolean
}

/** What the graph says of an accumulating stage. */
export interface AccumulationDescriptor {
  readonly policy: AccumulatorPolicy
  readonly engineHint: ParallelismHint
  /** Weight of each named slot in the completeness score; absent slots weigh 1. */
  readonly progressWeights: Readonly<Record<string, number>>
}

/** Parallelism hints. */
export const parallelism = {
  fixed: (n: number): ParallelismHint => ({ _tag: "Fixed", n }),
  cpuBound: { _tag: "CpuBound" } as ParallelismHint,
  ioBound: { _tag: "IoBound" } as ParallelismHint,
  sequential: { _tag: "Sequential" } as ParallelismHint
} as const

/** Ends the run with the error. The default. */
export const fail = { _tag: "Fail" } as const satisfies ErrorPolicy
/** Sets the record aside as a dead letter. */
export const deadLetter = { _tag: "DeadLetter" } as const satisfies ErrorPolicy
/** Sets the record aside, and the stage too once so many records have failed. */
export const quarantine = (options: { readonly failures?: number } = {}): QuarantinePolicy => ({
  _tag: "Quarantine",
  ...options
})
/** A policy for each kind of failure; see `DeadLetter.FailureKind` and `DeadLetter.kindOf`. */
export const byKind = (kinds: ByKindPolicy["kinds"], otherwise: KindPolicy): ByKindPolicy => ({
  _tag: "ByKind",
  kinds,
  otherwise
})
/** The policy that a failure of this kind follows: a catastrophe ends the run unless named. */
export const forKind = (policy: ErrorPolicy, kind: DeadLetter.FailureKind): KindPolicy => {
  if (policy._tag === "ByKind")
    return policy.kinds[kind] ?? (kind === "catastrophic" ? fail : policy.otherwise)
  return kind === "catastrophic" ? fail : policy
}
/** Every policy that may come to apply. */
export const partsOf = (policy: ErrorPolicy): ReadonlyArray<KindPolicy> =>
  policy._tag === "ByKind" ? [...Object.values(policy.kinds), policy.otherwise] : [policy]
/** Whether some failure is tried again. */
export const mayRetry = (policy: ErrorPolicy): boolean =>
  policy._tag === "Retry" ||
  (policy._tag === "ByKind" && partsOf(policy).some(({ _tag }) => _tag === "Retry"))
/** Drops the record and counts it. */
export const ignore = { _tag: "Ignore" } as const satisfies ErrorPolicy
/** Tries again with backoff, then follows `exhausted`. */
export const retry = (options: Omit<RetryPolicy, "_tag">): RetryPolicy => ({
  _tag: "Retry",
  ...options
})

/**
 * Records a channel holds unless said otherwise: what waits should still be in the processor's
 * cache when it is taken. One batch larger than that is admitted alone.
 */
export const capacityDefault = 1_024

/** The buffer of an edge nobody configured: blocks the producer. */
export const bufferDefault: BufferPolicy = { capacity: capacityDefault, onFull: "block" }
