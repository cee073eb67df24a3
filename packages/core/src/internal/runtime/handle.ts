// What both engines share: from a validated graph to a running pipeline that ends with the caller's
// scope.

import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type * as Engine from "../../Engine.ts"
import type * as Graph from "../../Graph.ts"
import * as PipelineResult from "../../PipelineResult.ts"
import type * as Stage from "../../Stage.ts"
import { attach } from "../telemetry/attach.ts"
import type { Run } from "./run.ts"
import type { Supervisor } from "./supervise.ts"

/**
 * Starts the supervisor's execution as a root fiber, under whatever scheduler and clock the engine
 * has.
 */
export type Launch = (
  execute: Effect.Effect<PipelineResult.PipelineResult>,
  context: Context.Context<never>
) => Fiber.Fiber<PipelineResult.PipelineResult>

const stateOf = (run: Run, stageId: string): Stage.StageRuntimeState | undefined =>
  run.stats.get(stageId)?.snapshot()

const allStates = (run: Run): Readonly<Record<string, Stage.StageRuntimeState>> =>
  Object.fromEntries([...run.stats].map(([stageId, stats]) => [stageId, stats.snapshot()]))

const outcome = (
  graph: Graph.PipelineGraph,
  run: Run,
  result: PipelineResult.PipelineResult
): Effect.Effect<PipelineResult.PipelineResult, PipelineResult.PipelineError> =>
  run.firstFailure === undefined
    ? Effect.succeed(result)
    : Effect.fail(
        new PipelineResult.PipelineError({
          pipelineId: graph.id,
          failure: run.firstFailure,
          result
        })
      )

/** Launches the execution; closing the scope aborts it and waits until everything is closed. */
export const startRunning = Effect.fnUntraced(function* (
  supervisor: Supervisor,
  launch: Launch
): Generator<Effect.Effect<unknown, never, Scope.Scope>, Engine.RunningPipeline, never> {
  const { run } = supervisor
  const caller: Context.Context<never> = yield* Effect.context<never>()
  const { context, ended } = attach(run, caller)
  const fiber: Fiber.Fiber<PipelineResult.PipelineResult> = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const launched = launch(supervisor.execute, context)
      launched.addObserver((exit) => ended(Exit.isSuccess(exit) ? exit.value.status : "aborted"))
      return launched
    }),
    (running) =>
      running.pollUnsafe() === undefined
        ? Effect.andThen(supervisor.stop("abort"), Fiber.interrupt(running))
        : Effect.void
  )
  return {
    graph: run.graph,
    inspect: (stageId) => stateOf(run, stageId),
    inspectAll: () => allStates(run),
    circuit: (stageId) => run.guards.get(stageId)?.byHand(),
    blame: () => run.blame(),
    stop: (mode) => supervisor.stop(mode),
    result: Effect.flatMap(Fiber.await(fiber), (exit) =>
      Exit.isSuccess(exit) ? outcome(run.graph, run, exit.value) : Effect.failCause(exit.cause)
    )
  }
})
