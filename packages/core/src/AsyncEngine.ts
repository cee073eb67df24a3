// The default engine: one fiber per segment, effects in flight as the stages allow, real time.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Engine from "./Engine.ts"
import { startRunning } from "./internal/runtime/handle.ts"
import { boundGraph, prepare } from "./internal/runtime/prepare.ts"
import { Run } from "./internal/runtime/run.ts"
import { seededRandom } from "./internal/runtime/seededRandom.ts"
import { Supervisor } from "./internal/runtime/supervise.ts"
import * as Plan from "./Plan.ts"

/**
 * The async engine.
 *
 * Flow: each segment runs in a fiber of its own; a full channel makes its producer wait, so a slow
 * sink stops the read. Closing the scope aborts the run. With a `seed`, Random is seeded and
 * sources interleave in a shuffled way; the interleaving of real I/O is not reproducible: use the
 * sync engine for that.
 */
export const make = (): Engine.Engine => ({
  name: "async",
  start: Effect.fnUntraced(function* (given, options = {}) {
    const graph = yield* boundGraph(given, options)
    const context = yield* Effect.context<never>()
    const clock = Context.get(context, Clock.Clock)
    const run = new Run(graph, options, {
      engine: "async",
      sequential: false,
      clock,
      schedule: queueMicrotask,
      random: options.seed === undefined ? undefined : seededRandom(String(options.seed))
    })
    yield* prepare(run, given)
    const supervisor = new Supervisor(run, Plan.make(graph, { engine: "async" }))
    return yield* startRunning(supervisor, (execute, caller) => {
      const seeded = options.seed === undefined ? execute : Random.withSeed(execute, options.seed)
      return Effect.runForkWith(caller)(run.bound(seeded))
    })
  })
})
