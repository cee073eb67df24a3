// A bulkhead: at most so many calls at once, a bounded line before them, and no more.
// Guarantees: first come, first served; a slot comes back however its call ends; an interrupted
// waiter leaves the line. It does not time calls out.
import type * as Effect from "effect/Effect"
import type { Measured } from "./FlowMetrics.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import type * as Admission from "./internal/admission.ts"
import { admission } from "./internal/admissionShell.ts"

/** Calls at once and calls in line. */
export interface Settings {
  readonly name: string
  readonly concurrency: number
  /** Default 0: what finds no slot is refused. */
  readonly queueMax?: number
}

/** Both the slots and the line were full. */
export interface BulkheadFull {
  readonly _tag: "BulkheadFull"
  readonly name: string
  readonly message: string
}

/** Where the bulkhead is. */
export interface Statistics {
  readonly running: number
  readonly waiting: number
  readonly admitted: number
  readonly waits: number
  readonly refused: number
  readonly cancelled: number
  readonly runningPeak: number
}

/** A running bulkhead. */
export interface Bulkhead extends Measured {
  readonly run: <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E | BulkheadFull, R>
  readonly statistics: () => Statistics
}

const one: Admission.Need = { slots: 1, bytes: 0 }

/**
 * An empty bulkhead.
 *
 * **Errors**: `InvalidSettings` for less than one call at once.
 */
export const make = ({
  name,
  concurrency,
  queueMax = 0
}: Settings): Effect.Effect<Bulkhead, InvalidSettings> =>
  admission(
    "bulkhead",
    { slotsMax: concurrency, waitersMax: queueMax },
    ({ run, state, readings }) => ({
      readings,
      run: run(
        one,
        (): BulkheadFull => ({
          _tag: "BulkheadFull",
          name,
          message:
            `bulkhead "${name}": ${concurrency} calls run and ${queueMax} wait; ` +
            "raise concurrency or queueMax, or offer less"
        })
      ),
      statistics: () => {
        const { slots, waiters, ...rest } = state()
        return Object.freeze({
          running: slots,
          waiting: waiters.length,
          admitted: rest.admittedCount,
          waits: rest.waitCount,
          refused: rest.refusedCount,
          cancelled: rest.cancelledCount,
          runningPeak: rest.slotsPeak
        })
      }
    })
  )
