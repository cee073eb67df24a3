// The reference engine: sequential, virtual time, seeded choices. Same graph, input and seed: same
// run, same trace bytes. It runs stages unfused and effects one by one, so it shares neither
// kernels nor windows with the engines it judges. Real I/O works under it too (the file sources
// read synchronously then), but foreign promises are outside its order.
import type * as Engine from "./Engine.ts"
import * as engine from "./internal/sync/engine.ts"

/** Options of the sync engine. */
export interface SyncOptions {
  /**
   * Virtual time at which runs start, milliseconds since the epoch; default 0. Not used under a
   * `VirtualClock` of the caller.
   */
  readonly startMs?: number
  /** Told before each step of a fiber: simulators count steps, or cut in between two. */
  readonly onStep?: () => void
  /** Operations after which a step ends, default 2,048; small numbers show more states. */
  readonly opsPerStep?: number
}

/**
 * The sync engine.
 *
 * Flow: one step of one fiber at a time, chosen by the seed; time stands still until nothing else
 * can run, then jumps to the next sleeper. A `VirtualClock` in the caller's context is followed
 * instead of a clock of its own: then time goes as far as that one is let. Effects run one after
 * the other; results of any concurrency setting are in order.
 */
export const make = (syncOptions: SyncOptions = {}): Engine.Engine => engine.make(syncOptions)
