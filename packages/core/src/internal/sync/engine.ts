// The sync engine with its steps in view: SyncEngine runs it as it is, tests and simulators look on
// or cut in between two steps.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Engine from "../../Engine.ts"
import * as Plan from "../../Plan.ts"
import * as RunMode from "../../RunMode.ts"
import { SteppedScheduler } from "../../SteppedScheduler.ts"
import { VirtualClock } from "../../VirtualClock.ts"
import { startRunning } from "../runtime/handle.ts"
import { boundGraph, prepare } from "../runtime/prepare.ts"
import { Run } from "../runtime/run.ts"
import { seededRandom } from "../runtime/seededRandom.ts"
import { Supervisor } from "../runtime/supervise.ts"

const seedDefault = "sluice"

/**
 * What may be set: the virtual start time, who is told before each step of a fiber, how long steps
 * are.
 */
export interface StepOptions {
  readonly startMs?: number | undefined
  readonly onStep?: (() => void) | undefined
  /** Operations after which a step ends; 1 shows every state between two operations. */
  readonly opsPerStep?: number
}

/** Makes a sync engine. */
export const make = (stepOptions: StepOptions): Engine.Engine => ({
  name: "sync",
  start: Effect.fnUntraced(function* (given, options = {}) {
    const graph = yield* boundGraph(given, options)
    const seed = String(options.seed ?? seedDefault)
    const random = seededRandom(seed)
    const outer = Context.get(yield* Effect.context<never>(), Clock.Clock)
    const { startMs, onStep, opsPerStep } = stepOptions
    const clock = outer instanceof VirtualClock ? outer : new VirtualClock({ startMs })
    const scheduler = new SteppedScheduler({
      pick: (count) => (count === 1 ? 0 : Math.floor(random() * count)),
      onIdle: clock.idle,
      onStep,
      opsPerStep
    })
    const leave = clock.follow(scheduler)
    const run = new Run(
      graph,
      { kernels: "closures", ...options },
      {
        engine: "sync",
        sequential: true,
        clock,
        schedule: scheduler.add,
        random
      }
    )
    yield* Effect.onError(prepare(run, given), () => Effect.sync(leave))
    const supervisor = new Supervisor(run, Plan.make(graph, { engine: "sync", fuse: false }))
    return yield* startRunning(supervisor, (execute, caller) => {
      const deterministic = execute.pipe(
        run.bound,
        Random.withSeed(seed),
        Effect.provideService(RunMode.Deterministic, true),
        Effect.provideService(Clock.Clock, clock)
      )
      const fiber = Effect.runForkWith(caller)(deterministic, { scheduler })
      fiber.addObserver(leave)
      return fiber
    })
  })
})
