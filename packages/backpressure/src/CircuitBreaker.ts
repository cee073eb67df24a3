// A circuit breaker around effects: opens at (error rate AND p95 latency) OR a surge of accumulator
// deadlocks, closes again on the evidence of trials. Guarantees: an interrupted trial frees its
// slot, results of an earlier phase are ignored, each change is told. It never waits and never
// retries.
import * as Breaker from "@sluice/core/Breaker"
import * as FunctionRef from "@sluice/core/FunctionRef"
import type * as Policy from "@sluice/core/Policy"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as CircuitOpen from "./CircuitOpen.ts"
import type { Measured } from "./FlowMetrics.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import * as machine from "./internal/circuitBreaker.ts"
import type * as settings from "./internal/circuitSettings.ts"
import * as snapshot from "./internal/circuitSnapshot.ts"
import type { Change, Phase, State, Ticket } from "./internal/circuitState.ts"
import { initial, windowCounts } from "./internal/circuitState.ts"
import * as Now from "./internal/now.ts"
import * as Readings from "./internal/readings.ts"
import { settled } from "./internal/settings.ts"
import { stageCircuit } from "./internal/stageBreaker.ts"

/** Thresholds, window, cool-down and trials. */
export type Settings = settings.Settings

/** The phases by name, and their numbers in `stage_circuit_state`; isolated counts as open. */
export type PhaseName = Phase["_tag"]

/** A change of phase and why. */
export interface Transition {
  readonly name: string
  readonly from: PhaseName
  readonly to: PhaseName
  readonly atMs: number
  readonly reason: string
}

/** What outlives a process: times are spans, since clocks start anew. */
export const Snapshot = snapshot.Snapshot
/** A saved circuit. */
export type Snapshot = typeof Snapshot.Type

/** Settings and what surrounds the circuit. */
export interface Options<E = unknown> extends Settings {
  readonly name: string
  /** Whether a failure speaks against the other side; by default every failure and defect does. */
  readonly isFailure?: (cause: Cause.Cause<E>) => boolean
  /** Told of each change; what it throws is ignored. */
  readonly onTransition?: (transition: Transition) => void
  readonly restore?: Snapshot
}

/** Where the circuit is. */
export interface Statistics {
  readonly phase: PhaseName
  readonly calls: number
  readonly failed: number
  readonly slow: number
  readonly deadlocks: number
  readonly admitted: number
  readonly rejected: number
  readonly ignored: number
  readonly opened: number
  readonly cooldownMs: number
}

/** A running circuit. */
export interface CircuitBreaker<E0 = unknown> extends Measured {
  /** Makes the call if the circuit lets it, and counts how it ended. */
  readonly run: <A, E extends E0, R>(
    call: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | CircuitOpen.CircuitOpen, R>
  /** The phase now; an open circuit whose cool-down is over is half-open. */
  readonly phase: Effect.Effect<PhaseName>
  /** Tells of accumulators that gave up waiting. */
  readonly deadlocked: (count: number) => Effect.Effect<void>
  /** Opens until `reset`. */
  readonly isolate: Effect.Effect<void>
  /** Closes and forgets. */
  readonly reset: Effect.Effect<void>
  readonly save: Effect.Effect<Snapshot>
  /** The last changes, oldest first. */
  readonly transitions: () => ReadonlyArray<Transition>
  readonly statistics: () => Statistics
}

/** Changes that are kept: days of a circuit that flaps once a minute are not worth memory. */
const transitionsMax = 64

const stateNumber = { Closed: 0, HalfOpen: 1, Open: 2, Isolated: 2 } as const

/** A running circuit and what is told of it. */
interface Guarded<E0> {
  readonly name: string
  readonly circuit: machine.Circuit
  readonly log: Array<Transition>
  readonly isFailure: (cause: Cause.Cause<E0>) => boolean
}

const telling =
  <E0>({ name, onTransition }: Options<E0>, log: Array<Transition>) =>
  ({ from, to, atMs, reason }: Change): void => {
    const transition: Transition = { name, from, to, atMs, reason }
    log.push(transition)
    if (log.length > transitionsMax) log.shift()
    try {
      onTransition?.(transition)
    } catch {
      // An observer must not decide whether a call is made.
    }
  }

/** A classifier that throws says that something is wrong. */
const judge = <E>(
  isFailure: (cause: Cause.Cause<E>) => boolean,
  cause: Cause.Cause<E>
): boolean => {
  try {
    return isFailure(cause)
  } catch {
    return true
  }
}

/** One call on its way through. */
class Passage<E0> {
  private readonly guarded: Guarded<E0>
  private readonly clock: Clock.Clock
  private ticket: Ticket = machine.rejected
  private startedMs = 0

  constructor(guarded: Guarded<E0>, clock: Clock.Clock) {
    this.guarded = guarded
    this.clock = clock
  }

  enter<A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E | CircuitOpen.CircuitOpen, R> {
    const { circuit, name } = this.guarded
    this.startedMs = Now.millisUnsafe(this.clock)
    this.ticket = circuit.request(this.startedMs)
    if (this.ticket !== machine.rejected) return call
    const { phase, retryAfterMs } = circuit.rejection()
    return Effect.fail(CircuitOpen.make(name, phase, retryAfterMs))
  }

  leave(exit: Exit.Exit<unknown, E0 | CircuitOpen.CircuitOpen>): undefined {
    const { ticket, guarded } = this
    if (ticket === machine.rejected) return undefined
    const atMs = Now.millisUnsafe(this.clock)
    if (Exit.isSuccess(exit)) {
      guarded.circuit.result(ticket, atMs, true, atMs - this.startedMs)
    } else if (Cause.hasInterruptsOnly(exit.cause)) {
      guarded.circuit.cancelled(ticket, atMs)
    } else {
      // The call was made, so what it failed with is its own.
      const ok = !judge(guarded.isFailure, exit.cause as Cause.Cause<E0>)
      guarded.circuit.result(ticket, atMs, ok, atMs - this.startedMs)
    }
    return undefined
  }
}

/** The exit is watched before the circuit is asked: no interruption falls between the two. */
const run =
  <E0>(guarded: Guarded<E0>) =>
  <A, E extends E0, R>(
    call: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | CircuitOpen.CircuitOpen, R> =>
    Effect.withFiber((fiber) => {
      const passage = new Passage(guarded, fiber.getRef(Clock.Clock))
      return Effect.onExitPrimitive(
        Effect.suspend(() => passage.enter(call)),
        (exit) => passage.leave(exit)
      )
    })

const statisticsOf = (state: State): Statistics =>
  Object.freeze({
    phase: state.phase._tag,
    ...windowCounts(state),
    admitted: state.admittedCount,
    rejected: state.rejectedCount,
    ignored: state.ignoredCount,
    opened: state.openedCount,
    cooldownMs: state.cooldownMs
  })

const shell = <E0>(guarded: Guarded<E0>): CircuitBreaker<E0> => {
  const { circuit } = guarded
  const at = <A>(act: (atMs: number) => A): Effect.Effect<A> => Effect.map(Now.millis, act)
  return {
    run: run(guarded),
    phase: at((atMs) => {
      circuit.tick(atMs)
      return circuit.state.phase._tag
    }),
    deadlocked: (count) => at((atMs) => circuit.deadlocked(count, atMs)),
    isolate: at((atMs) => circuit.isolate(atMs)),
    reset: at((atMs) => circuit.reset(atMs)),
    save: at((atMs) => {
      circuit.tick(atMs)
      return snapshot.saved(circuit.state)
    }),
    transitions: () => [...guarded.log],
    statistics: () => statisticsOf(circuit.state),
    readings: () => [
      Readings.events("circuit", circuit.state.rejectedCount),
      Readings.gauge("stage_circuit_state", stateNumber[circuit.state.phase._tag])
    ]
  }
}

/**
 * A closed circuit, or the restored one.
 *
 * **Limits**: the window holds ten slices, the log 64 changes, whatever the traffic.
 *
 * **Errors**: `InvalidSettings` when nothing could open it or a threshold could never be met.
 */
export const make = <E = unknown>(
  options: Options<E>
): Effect.Effect<CircuitBreaker<E>, InvalidSettings> =>
  Effect.flatMap(Now.millis, (atMs) =>
    settled(() => {
      const fresh = initial(options, atMs)
      const state =
        options.restore === undefined ? fresh : snapshot.restored(fresh, options.restore)
      const log: Array<Transition> = []
      const circuit = new machine.Circuit(state, telling(options, log))
      const { name, isFailure = () => true } = options
      return shell({ name, circuit, log, isFailure })
    })
  )

/**
 * Carries out the circuits of stages.
 *
 * Errors: throws `InvalidSettings` for a policy that could never open or never close.
 */
export const implementation: Breaker.BreakerImplementation = FunctionRef.make(
  "@sluice/backpressure/CircuitBreaker",
  "implementation",
  stageCircuit
)

/** Carries out the circuits of stages that describe them as plain data, by JSON or by policy. */
export const layer: Layer.Layer<never> = Layer.succeed(Breaker.Implementation)(implementation)

/** A policy for the calls of a stage, and by what records share a circuit. */
export interface StageOptions<in A> extends Policy.CircuitBreakerPolicy {
  /** A circuit for each key, such as one for each host; absent: one for the stage. */
  readonly key?: (record: A) => string
  /** Circuits at once at most; default 1,024. */
  readonly keysMax?: number
  /** Where the circuits of an earlier run were, from `running.circuit(stageId).save`. */
  readonly restore?: Breaker.SavedCircuits
}

/**
 * A circuit around the calls of one stage: `breaker: CircuitBreaker.stage({ … })`.
 *
 * Flow: each call of the stage's effect, each attempt of a retry, asks first. While the circuit is
 * open a record fails with `CircuitOpen` and `onError` follows, or it is held with `whenOpen:
 * "wait"`, and the stages before it wait too. Time spent waiting for a slot counts for nothing.
 * With `key` each key has a circuit of its own. A held record holds its place in the stage, so one
 * key that is down leaves the others the rest of its `concurrency`.
 *
 * Limits: `keysMax` circuits; to make room the least recently used closed one is forgotten, and an
 * open one only where all are open: stage metrics `circuitKeys`, `circuitKeysEvicted`,
 * `circuitKeysEvictedOpen`.
 *
 * Errors: with `key`, stages that call for whole batches (mapBatch, sinks) are refused. What `key`
 * throws is a failure of its record. What `restore` holds that no circuit saved is refused.
 *
 * @example
 * ```ts
 * import * as CircuitBreaker from "@sluice/backpressure/CircuitBreaker"
 * import * as Pipeline from "@sluice/core/Pipeline"
 * import * as Policy from "@sluice/core/Policy"
 * import * as Effect from "effect/Effect"
 *
 * export const price = Pipeline.mapEffect("price", (n: number) => Effect.succeed(n * 2), {
 *   breaker: CircuitBreaker.stage({ errorThreshold: 0.5, cooldownMs: 5_000 }),
 *   onError: Policy.retry({ retriesMax: 3, backoffMs: 100, exhausted: Policy.deadLetter })
 * })
 *
 * export const load = Pipeline.mapEffect(
 *   "load",
 *   ({ pathname }: URL) => Effect.succeed(pathname),
 *   {
 *     breaker: CircuitBreaker.stage({ errorThreshold: 0.5, key: (url: URL) => url.host })
 *   }
 * )
 * ```
 */
export const stage = <A = unknown>({
  key,
  keysMax,
  restore,
  ...policy
}: StageOptions<A>): Breaker.StageBreaker<A> => ({
  policy,
  implementation,
  ...(key === undefined ? {} : { key }),
  ...(keysMax === undefined ? {} : { keysMax }),
  ...(restore === undefined ? {} : { restore })
})
