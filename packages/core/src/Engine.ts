// How a graph is run: the engine contract, its options, and the handle on a running pipeline.
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Blame from "./Blame.ts"
import type * as Breaker from "./Breaker.ts"
import type * as DeadLetter from "./DeadLetter.ts"
import type * as Graph from "./Graph.ts"
import type * as GraphError from "./GraphError.ts"
import type * as Observer from "./Observer.ts"
import type * as PipelineResult from "./PipelineResult.ts"
import type * as Policies from "./Policies.ts"
import type * as Policy from "./Policy.ts"
import type * as Stage from "./Stage.ts"

/** How a stop ends the run: `graceful` drains what was read, `abort` interrupts. */
export type StopMode = "graceful" | "abort"

/** Options of one run; all have defaults. */
export interface ExecutionOptions {
  /** Seeds Random and the interleaving of stages; any string or number. */
  readonly seed?: string | number
  /** Largest batch handed between stages, records; default 4,096. */
  readonly batchSize?: number
  /**
   * Dead letters kept in the result; default 1,000. All are counted, and all reach `onDeadLetters`.
   */
  readonly deadLettersMax?: number
  /** Open keys listed per accumulator; default 100. */
  readonly openKeysMax?: number
  /**
   * Receives dead letters batch-wise; the failing stage waits for it. `shown` are the same letters
   * without what a redaction masks: for files and screens, while `letters` can be processed again.
   */
  readonly onDeadLetters?: (
    letters: ReadonlyArray<DeadLetter.DeadLetter>,
    shown: ReadonlyArray<DeadLetter.DeadLetter>
  ) => Effect.Effect<void>
  /**
   * Receives records that were dropped: by a full channel, in front of a stage that is gone, by a
   * branch without a way for them.
   */
  readonly onDropped?: (stageId: string, payloads: ReadonlyArray<unknown>) => void
  readonly observer?: Observer.PipelineObserver
  /** The registry of the policies that stages take by name; default `Policies.Registry`. */
  readonly policies?: Policies.Policies
  /** What the stages share; default `resources` of the policies, else no limit. */
  readonly budget?: Policy.ResourcePolicy
  /**
   * Kernels: `generated` code, composed `closures`, or `auto` (generated where code generation is
   * allowed).
   */
  readonly kernels?: "auto" | "generated" | "closures"
  /** Development mode: slower, and a row of `Row` that is kept after its call is caught. */
  readonly development?: boolean
}

/** A stage's circuit in the hands of an operator; of a stage with keys, all of them. */
export interface Circuit {
  /** Of several the worst. */
  readonly state: Effect.Effect<Breaker.CircuitState>
  /** Opens it until `reset`; trials do not close it. */
  readonly isolate: Effect.Effect<void>
  /** Closes it and forgets what it counted. */
  readonly reset: Effect.Effect<void>
  /** Where it is, to be given to a later run; also once this one is over. */
  readonly save: Effect.Effect<Breaker.SavedCircuits>
  /** Of a stage with a circuit for each key: those there are, the latest used last. */
  readonly keys: Effect.Effect<Readonly<Record<string, Breaker.CircuitState>>>
}

/** A pipeline that is running. */
export interface RunningPipeline {
  readonly graph: Graph.PipelineGraph
  /** State of one stage right now, or undefined for an unknown id. */
  readonly inspect: (stageId: string) => Stage.StageRuntimeState | undefined
  readonly inspectAll: () => Readonly<Record<string, Stage.StageRuntimeState>>
  /** The circuit of a stage, to be worked by hand; undefined where it has none. */
  readonly circuit: (stageId: string) => Circuit | undefined
  /** Who holds whom back, so far or in the whole run. */
  readonly blame: () => Blame.Blame
  /** Asks the run to end; returns at once, the result comes from `result`. */
  readonly stop: (mode: StopMode) => Effect.Effect<void>
  /** Waits for the end. */
  readonly result: Effect.Effect<PipelineResult.PipelineResult, PipelineResult.PipelineError>
}

/** An engine executes graphs. `R` of the stages' effects is taken from the caller's context. */
export interface Engine {
  readonly name: string
  readonly start: (
    graph: Graph.PipelineGraph,
    options?: ExecutionOptions
  ) => Effect.Effect<RunningPipeline, GraphError.GraphError, Scope.Scope>
}
