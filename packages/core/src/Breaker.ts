// The seam of circuit breakers: who may call, and how the calls ended. Core asks before each call
// of a stage and tells the outcome; a breaker decides by a pure machine of its own, and neither
// waits nor calls. The breaker is in `@sluice/backpressure`, as `CircuitBreaker`.
import * as Context from "effect/Context"
import type * as Schema from "effect/Schema"
import type * as Policy from "./Policy.ts"

/** Where a circuit is. `isolated` was opened by hand and stays so until it is reset. */
export type CircuitState = "closed" | "half-open" | "open" | "isolated"

/** The value of `stage_circuit_state`. */
export const circuitStateNumber = { closed: 0, "half-open": 1, open: 2, isolated: 2 } as const

/** A change of state, and why. */
export interface CircuitChange {
  /** Of whose circuit, where a stage has one for each key. */
  readonly key?: string
  readonly from: CircuitState
  readonly to: CircuitState
  readonly reason: string
}

/** What a breaker is given to act through. */
export interface BreakerHost {
  readonly pipelineId: string
  readonly stageId: string
  /** Whose circuit it is, where a stage has one for each key. */
  readonly key?: string
  /** Told of each change, in order. */
  readonly changed: (change: CircuitChange) => void
}

/** The answer to a request; a ticket belongs to the breaker and is handed back with the outcome. */
export type Verdict =
  | { readonly _tag: "Admitted"; readonly ticket: unknown }
  | {
      readonly _tag: "Rejected"
      readonly state: CircuitState
      /** Undefined when only the trials under way, or an operator, can tell. */
      readonly retryAfterMs: number | undefined
    }

/**
 * One running circuit of one stage.
 *
 * Flow: each admitted call is told with `ended` or `cancelled`, exactly once; outcomes of calls
 * that were admitted in an earlier state change nothing. `atMs` is monotonic milliseconds.
 * Limits: all calls are synchronous.
 */
export interface Breaker {
  readonly request: (atMs: number) => Verdict
  readonly ended: (ticket: unknown, atMs: number, ok: boolean, latencyMs: number) => void
  /** The call was interrupted: it says nothing, and a trial frees its slot. */
  readonly cancelled: (ticket: unknown, atMs: number) => void
  /** Accumulators behind gave up so many keys. */
  readonly deadlocked: (count: number, atMs: number) => void
  readonly isolate: (atMs: number) => void
  readonly reset: (atMs: number) => void
  readonly state: (atMs: number) => CircuitState
  /** Takes over other thresholds; state and history are kept. */
  readonly change: (policy: Policy.CircuitBreakerPolicy, atMs: number) => void
  readonly statistics: () => Readonly<Record<string, number>>
  /** What outlives the run, as plain data; absent where a breaker keeps nothing. */
  readonly save?: (atMs: number) => Schema.Json
  /**
   * Takes over what `save` answered in another run. Errors: throws for data that is not its own.
   */
  readonly restore?: (saved: unknown, atMs: number) => void
}

/**
 * The circuits of a stage as plain data, from `RunningPipeline.circuit(stageId).save` to the stage
 * option `restore` of a later run.
 *
 * Shape: `stage` of the one circuit, or `keys` of a stage that has one for each key. Times in it
 * are spans, since clocks start anew.
 */
export interface SavedCircuits {
  readonly stage?: Schema.Json
  readonly keys?: Readonly<Record<string, Schema.Json>>
}

/** Circuits that a stage has by default at most, when it has one for each key. */
export const keysMaxDefault = 1_024

/**
 * Makes running circuits of policies.
 *
 * Errors: throws when the policy could never open or never close.
 */
export type BreakerImplementation = (
  policy: Policy.CircuitBreakerPolicy,
  host: BreakerHost,
  atMs: number
) => Breaker

/** A breaker as an option of a stage: thresholds as plain data, and who carries them out. */
export interface StageBreaker<in A = unknown> {
  readonly policy: Policy.CircuitBreakerPolicy
  readonly implementation: BreakerImplementation
  /** By what records share a circuit; absent: one for the stage. */
  readonly key?: (record: A) => string
  /** Circuits at once at most; default 1,024. The least recently used closed one makes room. */
  readonly keysMax?: number
  /** Where its circuits were when an earlier run saved them. */
  readonly restore?: SavedCircuits
}

/** Who carries out policies of stages that name no implementation; none by default. */
export const Implementation: Context.Reference<BreakerImplementation | undefined> =
  Context.Reference<BreakerImplementation | undefined>("@sluice/core/BreakerImplementation", {
    defaultValue: () => undefined
  })

/**
 * Why a call was not made: the circuit of its stage does not let it. A plain value:
 * rejecting must stay cheaper than calling.
 */
export interface CircuitOpen {
  readonly _tag: "CircuitOpen"
  readonly stageId: string
  readonly state: CircuitState
  readonly retryAfterMs: number | undefined
  readonly message: string
}

/** The cause of a record whose call was not made. */
export const circuitOpen = (
  stageId: string,
  state: CircuitState,
  retryAfterMs: number | undefined
): CircuitOpen => {
  const wait = retryAfterMs === undefined ? "" : ` for another ${Math.ceil(retryAfterMs)} ms`
  const message =
    `the circuit of stage "${stageId}" is ${state}${wait}: the call was not made; ` +
    'retry with backoff, or hold records back with whenOpen: "wait"'
  return { _tag: "CircuitOpen", stageId, state, retryAfterMs, message }
}
