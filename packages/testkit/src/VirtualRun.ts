// A run in a world of its own: its clock moves when the test says so, its fibers take turns by a
// seed. Nothing sleeps: an hour of the pipeline's time passes at once. For engines that take
// scheduler and clock from their caller, as the async one does, or that follow a VirtualClock, as
// the sync one does. Real I/O of the pipeline is not waited for by `advance`.
import * as AsyncEngine from "@sluice/core/AsyncEngine"
import type * as Engine from "@sluice/core/Engine"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { patience, settled, World } from "./internal/virtual/world.ts"

/** Options of the run, besides those of the engine. */
export interface Options extends Engine.ExecutionOptions {
  /** Default: a new async engine. */
  readonly engine?: Engine.Engine
  /** Milliseconds since the epoch at which the run starts; default 0. */
  readonly startMs?: number
}

/** A run whose clock is yours. */
export interface VirtualRun {
  /** Lets so much time pass and everything happen that is due by then. */
  readonly advance: (duration: Duration.Input) => Promise<void>
  /** The run's time, milliseconds since the epoch. */
  readonly now: () => number
  readonly inspect: Engine.RunningPipeline["inspect"]
  /** Asks the run to end, and lets happen what needs no time. */
  readonly stop: (mode: Engine.StopMode) => Promise<void>
  /** Lets time run to the end: the result, that of a failed run too. Rejects when it hangs. */
  readonly result: () => Promise<PipelineResult.PipelineResult>
  /** Interrupts the run, if it has not ended, and waits until everything is closed. */
  readonly close: () => Promise<void>
}

type RunFiber = Fiber.Fiber<PipelineResult.PipelineResult, unknown>

class Running implements VirtualRun {
  private readonly world: World
  private fiber: RunFiber | undefined
  private running: Engine.RunningPipeline | undefined

  constructor({ seed, startMs = 0 }: Options) {
    this.world = new World({ seed, startMs, limitMs: startMs })
  }

  /** Starts the pipeline and lets happen what needs no time. */
  async begin(pipeline: Pipeline.Closed<unknown>, options: Options): Promise<void> {
    const { engine = AsyncEngine.make(), startMs: _, ...rest } = options
    const started = Effect.flatMap(Pipeline.start(pipeline, { ...rest, engine }), (running) => {
      this.running = running
      return Effect.catchTag(running.result, "PipelineError", ({ result }) =>
        Effect.succeed(result)
      )
    })
    this.fiber = this.world.launch(Effect.scoped(started))
    await this.untilQuiet()
    // An engine may load modules before it starts the stages that need them: no time of the run's.
    for (let turn = 0; turn < patience && this.isStarting(); turn++) {
      await Effect.runPromise(Effect.yieldNow)
      await this.untilQuiet()
    }
    if (this.running === undefined) await this.result()
  }

  private isStarting(): boolean {
    const states = Object.values(this.running?.inspectAll() ?? {})
    return (
      this.fiber?.pollUnsafe() === undefined && states.some(({ status }) => status === "pending")
    )
  }

  private untilQuiet(): Promise<void> {
    return Effect.runPromise(this.world.clock.settled)
  }

  readonly now = (): number => this.world.clock.currentTimeMillisUnsafe()

  readonly advance = (duration: Duration.Input): Promise<void> =>
    Effect.runPromise(this.world.clock.advance(duration))

  readonly inspect = (stageId: string) => this.running?.inspect(stageId)

  readonly stop = async (mode: Engine.StopMode): Promise<void> => {
    if (this.running !== undefined) this.world.launch(this.running.stop(mode))
    await this.untilQuiet()
  }

  readonly result = async (): Promise<PipelineResult.PipelineResult> => {
    this.world.clock.release()
    const exit = await settled(this.fiber as RunFiber)
    if (Exit.isSuccess(exit)) return exit.value
    throw new Error(`the run gave no result: ${exit.cause}`)
  }

  readonly close = async (): Promise<void> => {
    this.fiber?.interruptUnsafe()
    this.world.clock.release()
    await settled(this.fiber as RunFiber)
  }
}

/**
 * Starts a pipeline at virtual time and lets happen what needs no time.
 *
 * Errors: rejects when the graph is refused.
 */
export const start = async (
  pipeline: Pipeline.Closed<unknown>,
  options: Options = {}
): Promise<VirtualRun> => {
  const run = new Running(options)
  await run.begin(pipeline, options)
  return run
}

/** Runs a pipeline to its end at virtual time, failed or not. */
export const run = async (
  pipeline: Pipeline.Closed<unknown>,
  options: Options = {}
): Promise<PipelineResult.PipelineResult> => (await start(pipeline, options)).result()
