// Runs that need time to pass: the test clock goes on whenever nothing else is left to do.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Policy from "@sluice/core/Policy"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

/** The whole numbers below `count`. */
export const range = (count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => i)

const turnsMax = 20_000

/** Runs to the end while time passes in steps. */
export const timed = <A, E, R>(run: Effect.Effect<A, E, R>, step = 5): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(run)
    for (let turn = 0; turn < turnsMax && fiber.pollUnsafe() === undefined; turn++) {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust(step)
    }
    return yield* Fiber.join(fiber)
  })

/** Calls that take so long, and how many of them run now and ran at most at once. */
export const countedCalls = (ms: number) => {
  const running = { now: 0, most: 0 }
  const call = (n: number): Effect.Effect<number> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        running.now++
        running.most = Math.max(running.most, running.now)
      }),
      () => Effect.as(Effect.sleep(ms), n),
      () => Effect.sync(() => void running.now--)
    )
  return { running, call }
}

/** An accumulator that passes every fragment on as a key it gave up. */
export const givingUp: Accumulator.AccumulatorSpec<number, number> = {
  _tag: "AccumulatorSpec",
  label: "gives up",
  descriptor: {
    policy: { partialFlush: true, spillAllowed: false, timeBoundWaived: "holds nothing" },
    engineHint: Policy.parallelism.sequential,
    progressWeights: {}
  },
  issues: [],
  make: () => {
    let count = 0
    return {
      process: (batch) => {
        count += batch.items.length
        return batch
      },
      fire: () => undefined,
      deadline: () => Number.POSITIVE_INFINITY,
      pending: () => false,
      end: () => undefined,
      openKeys: () => [],
      totals: () => ({
        fragmentsIn: count,
        fragmentsCompleted: 0,
        fragmentsPartial: count,
        fragmentsDropped: 0,
        fragmentsFailed: 0,
        fragmentsOpen: 0,
        keysOpen: 0,
        keysCompleted: 0,
        keysPartial: count,
        keysDropped: 0,
        bytesOpen: 0,
        dropsByReason: {},
        completedByReason: {}
      })
    }
  }
}

/** As `timed`, outside of a test's own clock: each run has a test clock to itself. */
export const simulated = <A, E>(run: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  timed(run).pipe(Effect.provide(TestClock.layer()))
