// A resource budget that several stages share: concurrency tokens and a memory ceiling.
// Guarantees: neither limit is ever exceeded; what could never fit is refused at once instead of
// waiting for ever; first come, first served. It trusts the amounts it is told.
import type * as Effect from "effect/Effect"
import type { Measured } from "./FlowMetrics.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import { admission } from "./internal/admissionShell.ts"
import { waitersMaxDefault } from "./internal/waiters.ts"

/** The limits. */
export interface Settings {
  readonly concurrency: number
  readonly bytesMax?: number
  /** Default 1,024. */
  readonly waitersMax?: number
}

/** What a piece of work takes while it runs. */
export interface Cost {
  readonly tokens?: number
  readonly bytes?: number
}

/** The work was not started. */
export interface OverBudget {
  readonly _tag: "OverBudget"
  readonly reason: "full" | "line-full" | "never-fits"
  readonly message: string
}

/** Where the budget is. */
export interface Statistics {
  readonly tokens: number
  readonly bytes: number
  readonly waiting: number
  readonly admitted: number
  readonly waits: number
  readonly refused: number
  readonly tokensPeak: number
  readonly bytesPeak: number
}

/** A running budget. */
export interface Budget extends Measured {
  readonly run: (
    cost: Cost
  ) => <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E | OverBudget, R>
  readonly statistics: () => Statistics
}

/**
 * An unspent budget.
 *
 * **Errors**: `InvalidSettings` for limits below 1.
 */
export const make = (settings: Settings): Effect.Effect<Budget, InvalidSettings> => {
  const { concurrency, bytesMax, waitersMax = waitersMaxDefault } = settings
  const limits = { slotsMax: concurrency, waitersMax }
  return admission(
    "budget",
    bytesMax === undefined ? limits : { ...limits, bytesMax },
    ({ run, state, readings }) => ({
      readings,
      run: ({ tokens = 1, bytes = 0 }) =>
        run(
          { slots: tokens, bytes },
          (reason): OverBudget => ({
            _tag: "OverBudget",
            reason,
            message:
              `budget: ${tokens} tokens and ${bytes} bytes of ${concurrency} and ` +
              `${bytesMax ?? "unlimited"}: ${reason}; raise the limit or ask for less`
          })
        ),
      statistics: () => {
        const { slots, bytes, waiters, ...rest } = state()
        return Object.freeze({
          tokens: slots,
          bytes,
          waiting: waiters.length,
          admitted: rest.admittedCount,
          waits: rest.waitCount,
          refused: rest.refusedCount,
          tokensPeak: rest.slotsPeak,
          bytesPeak: rest.bytesPeak
        })
      }
    })
  )
}
