// A world of its own for one effect: seeded scheduler, clock that jumps, fibers counted. Engines
// that take scheduler and clock from their caller (the async one) become functions of the seed in
// it.

import { SteppedScheduler } from "@sluice/core/SteppedScheduler"
import { VirtualClock } from "@sluice/core/VirtualClock"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import { seeded } from "./seeded.ts"

/** What may be set. */
export interface WorldOptions {
  readonly seed?: string | number | undefined
  readonly startMs?: number | undefined
  /** Latest time the clock jumps to by itself; default no limit. */
  readonly limitMs?: number | undefined
  readonly onStep?: (() => void) | undefined
  readonly opsPerStep?: number | undefined
}

/** Turns of the process a run may take to answer once it has nothing to do. */
export const patience = 2_000

/** Waits for a fiber to end; throws when it hangs. */
export const settled = async <A, E>(fiber: Fiber.Fiber<A, E>): Promise<Exit.Exit<A, E>> => {
  for (let turn = 0; turn < patience; turn++) {
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return exit
    await Effect.runPromise(Effect.yieldNow)
  }
  throw new Error("the run hangs: nothing is left to do, and it has not ended")
}

/** Counts the fibers an effect starts and ends. */
export class FiberCount {
  left = 0

  readonly of = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(effect, Metric.FiberRuntimeMetrics, {
      recordFiberStart: () => void this.left++,
      recordFiberEnd: () => void this.left--
    })
}

/** The world: launch effects in it. */
export class World {
  readonly clock: VirtualClock
  private readonly scheduler: SteppedScheduler
  private readonly seed: string | number | undefined

  constructor(options: WorldOptions = {}) {
    const { seed, startMs, limitMs, onStep, opsPerStep } = options
    this.seed = seed
    const random = seed === undefined ? undefined : seeded(seed)
    this.clock = new VirtualClock({ startMs, limitMs })
    this.scheduler = new SteppedScheduler({
      pick: (count) => (random === undefined ? 0 : Math.floor(random() * count)),
      onIdle: this.clock.idle,
      onStep,
      opsPerStep
    })
    this.clock.follow(this.scheduler)
  }

  /** Starts an effect under this world's scheduler and clock. */
  readonly launch = <A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> => {
    const timed = Effect.provideService(effect, Clock.Clock, this.clock)
    const random = this.seed === undefined ? timed : Random.withSeed(timed, this.seed)
    return Effect.runFork(random, { scheduler: this.scheduler })
  }
}
