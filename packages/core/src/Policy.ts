// Descriptors of behaviour as plain data: parallelism, buffers, drops, errors, breakers,
// backpressure, accumulation. They hold no function and no state, so they cross process borders;
// the schemas are in Schemas.ts.

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
  readonly exhausted?: Exclude<ErrorPolicy, RetryPolicy>
}

/**
 * What happens when a user function fails on a record.
 *
 * `Fail` ends the run (records before it are delivered), `DeadLetter` sets the record aside with
 * its context, `Ignore` drops and counts it, `Fallback` replaces the result, `Retry` tries again
 * and then follows `exhausted`.
 */
export type ErrorPolicy =
  | RetryPolicy
  | { readonly _tag: "DeadLetter" }
  | { readonly _tag: "Fail" }
  | { readonly _tag: "Ignore" }
  | { readonly _tag: "Fallback" }

/** When a circuit breaker opens and how it closes again. */
export interface CircuitBreakerPolicy {
  readonly errorThreshold: number
  readonly latencyMsThreshold: number
  readonly windowMs: number
  readonly throughputMin: number
  readonly cooldownMs: number
}

/** How pressure travels upstream over an edge. */
export type BackpressureStrategy =
  | { readonly _tag: "Bounded"; readonly capacity: number; readonly onFull: DropPolicy }
  | { readonly _tag: "CreditBased"; readonly initial: number; readonly replenishThreshold: number }
  | { readonly _tag: "RateShaping"; readonly ratePerSecond: number; readonly burst: number }
  | { readonly _tag: "Adaptive"; readonly batchMin: number; readonly batchMax: number }
  | { readonly _tag: "ReactivePull"; readonly window: number }

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
