// The sync engine with its steps in view: SyncEngine runs it as it is, tests and simulators look on
// or cut in between two steps.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Engine from "../../Engine.ts"
import * as Plan from "../../Plan.ts"
import * as RunMode from "../../RunMode.ts"
import * as Validate from "../../Validate.ts"
import { startRunning } from "../runtime/handle.ts"
import { Run } from "../runtime/run.ts"
import { seededRandom } from "../runtime/seededRandom.ts"
import { Supervisor } from "../runtime/supervise.ts"
import { DeterministicScheduler } from "./deterministicScheduler.ts"
import { VirtualClock } from "./virtualClock.ts"

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
  start: Effect.fnUntraced(function* (graph, options = {}) {
    yield* Effect.fromResult(Validate.validateOrFail(graph))
    const seed = String(options.seed ?? seedDefault)
    const random = seededRandom(seed)
    const clock: VirtualClock = new VirtualClock(stepOptions.startMs ?? 0, () => scheduler.wake())
    const scheduler: DeterministicScheduler = new DeterministicScheduler(
      (count) => {
        stepOptions.onStep?.()
        return count === 1 ? 0 : Math.floor(random() * count)
      },
      () => clock.advance(),
      stepOptions.opsPerStep
    )
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
    const supervisor = new Supervisor(run, Plan.make(graph, { engine: "sync", fuse: false }))
    return yield* startRunning(supervisor, (execute, caller) => {
      const deterministic = execute.pipe(
        run.bound,
        Random.withSeed(seed),
        Effect.provideService(RunMode.Deterministic, true),
        Effect.provideService(Clock.Clock, clock)
      )
      return Effect.runForkWith(caller)(deterministic, { scheduler })
    })
  })
})
