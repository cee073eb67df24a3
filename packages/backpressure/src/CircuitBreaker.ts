// A circuit breaker around effects: opens at (error rate AND p95 latency) OR a surge of accumulator
// deadlocks, closes again on the evidence of trials. Guarantees: an interrupted trial frees its
// slot, results of an earlier phase are ignored, each change is told. It never waits and never
// retries.
import * as Breaker from "@sluice/core/Breaker"
import * as FunctionRef from "@sluice/core/FunctionRef"
import type * as Policy from "@sluice/core/Policy"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as CircuitOpen from "./CircuitOpen.ts"
import type { Measured } from "./FlowMetrics.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import * as machine from "./internal/circuitBreaker.ts"
import { restored, saved } from "./internal/circuitSnapshot.ts"
import * as Now from "./internal/now.ts"
import * as Readings from "./internal/readings.ts"
import { settled } from "./internal/settings.ts"
import { stageCircuit } from "./internal/stageBreaker.ts"

/** Thresholds, window, cool-down and trials. */
export type Settings = machine.Settings

/** The phases by name, and their numbers in `stage_circuit_state`; isolated counts as open. */
export type PhaseName = machine.Phase["_tag"]

/** A change of phase and why. */
export interface Transition {
  readonly name: string
  readonly from: PhaseName
  readonly to: PhaseName
  readonly atMs: number
  readonly reason: string
}

/** What outlives a process: times are spans, since clocks start anew. */
export const Snapshot = Schema.Struct({
  phase: Schema.Literals(["Closed", "Open", "HalfOpen", "Isolated"]),
  epoch: Schema.Number,
  sinceMsAgo: Schema.Number,
  openMsLeft: Schema.Number,
  cooldownMs: Schema.Number,
  good: Schema.Number,
  bad: Schema.Number
})
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

class Circuit {
  state: machine.State
  readonly log: Array<Transition> = []
  private readonly name: string
  private readonly tell: ((transition: Transition) => void) | undefined

  constructor(
    state: machine.State,
    name: string,
    tell: ((transition: Transition) => void) | undefined
  ) {
    this.state = state
    this.name = name
    this.tell = tell
  }

  send(event: machine.Event): ReadonlyArray<machine.Action> {
    const [state, actions] = machine.transition(this.state, event)
    this.state = state
    for (const action of actions) if (action._tag === "Change") this.changed(action)
    return actions
  }

  private changed({ from, to, atMs, reason }: Extract<machine.Action, { _tag: "Change" }>): void {
    const transition: Transition = { name: this.name, from, to, atMs, reason }
    this.log.push(transition)
    if (this.log.length > transitionsMax) this.log.shift()
    try {
      this.tell?.(transition)
    } catch {
      // An observer must not decide whether a call is made.
    }
  }
}

const ended = <A, E>(
  circuit: Circuit,
  isFailure: (cause: Cause.Cause<E>) => boolean,
  ticket: machine.Ticket,
  startedMs: number,
  exit: Exit.Exit<A, E>
): Effect.Effect<void> =>
  Effect.map(Now.millis, (atMs) => {
    if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) {
      circuit.send({ _tag: "Cancelled", atMs, ticket })
      return
    }
    const ok = Exit.isSuccess(exit) || !judge(isFailure, exit.cause)
    circuit.send({ _tag: "Result", atMs, ticket, ok, latencyMs: atMs - startedMs })
  })

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

const guarded =
  <E0>(circuit: Circuit, name: string, isFailure: (cause: Cause.Cause<E0>) => boolean) =>
  <A, E extends E0, R>(
    call: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | CircuitOpen.CircuitOpen, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Now.millis, (atMs): Effect.Effect<A, E | CircuitOpen.CircuitOpen, R> => {
        const verdict = circuit.send({ _tag: "Request", atMs }).at(-1)
        if (verdict?._tag === "Admit")
          return Effect.onExit(restore(call), (exit) =>
            ended(circuit, isFailure, verdict.ticket, atMs, exit)
          )
        if (verdict?._tag !== "Reject")
          return Effect.die(new Error(`circuit "${name}" did not answer a request`))
        return Effect.fail(CircuitOpen.make(name, verdict.phase, verdict.retryAfterMs))
      })
    )

const statisticsOf = (state: machine.State): Statistics =>
  Object.freeze({
    phase: state.phase._tag,
    ...machine.windowCounts(state),
    admitted: state.admittedCount,
    rejected: state.rejectedCount,
    ignored: state.ignoredCount,
    opened: state.openedCount,
    cooldownMs: state.cooldownMs
  })

const shell = <E0>(circuit: Circuit, options: Options<E0>): CircuitBreaker<E0> => {
  const at = (event: (atMs: number) => machine.Event): Effect.Effect<void> =>
    Effect.map(Now.millis, (atMs) => void circuit.send(event(atMs)))
  const tick = at((atMs) => ({ _tag: "Tick", atMs }))
  return {
    run: guarded(circuit, options.name, options.isFailure ?? (() => true)),
    phase: Effect.map(tick, () => circuit.state.phase._tag),
    deadlocked: (count) => at((atMs) => ({ _tag: "Deadlocked", atMs, count })),
    isolate: at((atMs) => ({ _tag: "Isolate", atMs })),
    reset: at((atMs) => ({ _tag: "Reset", atMs })),
    save: Effect.map(tick, () => saved(circuit.state)),
    transitions: () => [...circuit.log],
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
      const fresh = machine.initial(options, atMs)
      const state = options.restore === undefined ? fresh : restored(fresh, options.restore)
      return shell(new Circuit(state, options.name, options.onTransition), options)
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

/**
 * A circuit around the calls of one stage: `breaker: CircuitBreaker.stage({ … })`.
 *
 * Flow: each call of the stage's effect, each attempt of a retry, asks first. While the circuit is
 * open a record fails with `CircuitOpen` and `onError` follows, or it is held with `whenOpen:
 * "wait"`, and the stages before it wait too. Time spent waiting for a slot counts for nothing.
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
 * ```
 */
export const stage = (policy: Policy.CircuitBreakerPolicy): Breaker.StageBreaker => ({
  policy,
  implementation
})
