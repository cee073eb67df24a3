// The reference engine: sequential, virtual time, seeded choices. Same graph, input and seed: same run, same trace bytes.
// It runs stages unfused and effects one by one, so it shares neither kernels nor windows with the engines it judges.
// Real I/O works under it too (the file sources read synchronously then), but foreign promises are outside its order.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Engine from "./Engine.ts"
import { startRunning } from "./internal/runtime/handle.ts"
import { Run } from "./internal/runtime/run.ts"
import { seededRandom } from "./internal/runtime/seededRandom.ts"
import { Supervisor } from "./internal/runtime/supervise.ts"
import { DeterministicScheduler } from "./internal/sync/deterministicScheduler.ts"
import { VirtualClock } from "./internal/sync/virtualClock.ts"
import * as Plan from "./Plan.ts"
import * as RunMode from "./RunMode.ts"
import * as Validate from "./Validate.ts"

/** Options of the sync engine. */
export interface SyncOptions {
  /** Virtual time at which runs start, milliseconds since the epoch; default 0. */
  readonly startMs?: number
}

const seedDefault = "sluice"

/**
 * The sync engine.
 *
 * Flow: one step of one fiber at a time, chosen by the seed; time stands still until nothing else can run, then jumps to the
 * next sleeper. Effects run one after the other; results of any concurrency setting are in order.
 */
export const make = (syncOptions: SyncOptions = {}): Engine.Engine => ({
  name: "sync",
  start: Effect.fnUntraced(function* (graph, options = {}) {
    yield* Effect.fromResult(Validate.validateOrFail(graph))
    const seed = String(options.seed ?? seedDefault)
    const random = seededRandom(seed)
    const clock: VirtualClock = new VirtualClock(syncOptions.startMs ?? 0, () => scheduler.wake())
    const scheduler: DeterministicScheduler = new DeterministicScheduler(
      (count) => (count === 1 ? 0 : Math.floor(random() * count)),
      () => clock.advance()
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
