// What stages may be told: options as the DSL takes them, before they become settings of nodes.
// Nothing but types.
import type * as Duration from "effect/Duration"
import type * as Breaker from "../../Breaker.ts"
import type * as Channel from "../../Channel.ts"
import type * as FlowStrategy from "../../FlowStrategy.ts"
import type * as Policy from "../../Policy.ts"
import type * as Quarantine from "../../Quarantine.ts"

/** Options every stage takes. */
export interface StageOptions {
  /** Engine for this stage by name; default: the run's engine. */
  readonly engine?: string
  /** How the stage may run in parallel; a number is `Fixed`. Default sequential. */
  readonly parallelism?: Policy.ParallelismHint | number
  /**
   * A buffer in front of the stage, which then runs in a segment of its own. Default capacity 1,024
   * records, `block`.
   */
  readonly buffer?: Partial<Policy.BufferPolicy>
  /**
   * What limits the records on their way into the stage, which then runs in a segment of its own:
   * `Flow.credit`, `Flow.rate` and others of `@sluice/backpressure`, or the same as plain data when
   * the run is given `Flow.layer`. On a source it limits what the source emits. Default: a bounded
   * channel alone.
   */
  readonly flow?: FlowStrategy.Flow | Policy.BackpressureStrategy
  /**
   * Policies taken by name from the run's `policies`; each stands in for the option of that name,
   * and follows the registry while the pipeline runs.
   */
  readonly policies?: Policy.PolicyNames
  /** Read by custom stages as `context.config`. */
  readonly config?: Readonly<Record<string, unknown>>
}

/**
 * What a stage that produces `B` for `A` does when its function fails: a policy, or a replacement
 * value.
 */
export type OnError<A, B> =
  | Policy.ErrorPolicy
  | { readonly fallback: (payload: A, cause: unknown) => B }

/** Options of stages whose function may fail record by record. */
export interface RecordOptions<A, B> extends StageOptions {
  /** Default: `Policy.fail`. */
  readonly onError?: OnError<A, B>
  /**
   * Makes the record that the stages behind get, once, when `Policy.quarantine` has isolated this
   * stage; its header `sluice.sentinel` names the stage. Default: they get none.
   */
  readonly sentinel?: (quarantined: Quarantine.Quarantined) => B
}

/** What becomes of what stands in an input and is no record. */
export type SourceErrorPolicy =
  | Extract<Policy.ErrorPolicy, { readonly _tag: "Fail" | "DeadLetter" | "Ignore" }>
  | Policy.ByKindPolicy

/** Options of sources. */
export interface SourceOptions extends StageOptions {
  /**
   * What becomes of a line, row or text that is no record, where the source can go on behind it:
   * files and sources of bytes read as lines, NDJSON and CSV. `Policy.deadLetter` sets it aside
   * with its text and place, `Policy.ignore` drops and counts it. Default: `Policy.fail`.
   */
  readonly onError?: SourceErrorPolicy
}

/** What may guard the calls of a stage for records of `A`. */
export interface CallOptions<in A = unknown> {
  /** Bound on one call; a call that takes longer is interrupted and fails. */
  readonly timeout?: Duration.Input
  /** Bound on all attempts of one record together, the waits between them included. */
  readonly deadline?: Duration.Input
  /**
   * A circuit around the stage's calls: `CircuitBreaker.stage` of `@sluice/backpressure`. A call it
   * does not let fails with `CircuitOpen`, and `onError` follows. With a `key` each key of the
   * records has a circuit of its own; only stages that call for each record can have that.
   */
  readonly breaker?: Breaker.StageBreaker<A> | Policy.CircuitBreakerPolicy
  /** Calls at once, shared with the stages that name the same bulkhead. */
  readonly bulkhead?: Policy.BulkheadPolicy
}

/** Options of effectful stages. */
export interface EffectOptions<A, B> extends RecordOptions<A, B>, CallOptions<A> {
  /** Records in flight; default 1. The same as a fixed `parallelism`. */
  readonly concurrency?: number
  /** Order of the results: `Channel.ordered` (default), `unordered`, or `partitionOrdered(key)`. */
  readonly ordering?: Channel.OrderingOf<A>
  /**
   * Further calls for a record whose first takes long, within the stage's concurrency: a permit
   * nobody else wants, and a bulkhead with room. The first success wins, the others are
   * interrupted; a circuit counts one call. Only for calls that may be made twice. Stage metrics:
   * `hedges`, `hedgeWins`, `hedgesRefused` (no permit), `hedgesGivenUp` (a record needed it).
   */
  readonly hedge?: Policy.HedgePolicy
}

/** Options of branching stages. */
export type BranchOptions = StageOptions & { readonly onError?: Policy.ErrorPolicy }

/** Options of sinks. */
export interface SinkOptions<A> extends StageOptions, CallOptions {
  readonly onError?: Policy.ErrorPolicy
  /** Order in which records must arrive; refused at build when a stage before gives it up. */
  readonly ordering?: Channel.OrderingOf<A>
}
