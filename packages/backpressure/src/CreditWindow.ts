// Credit-based flow control as a thing of its own: spend credits, give them back, wait in between.
// Guarantees: no more than `initial` units are in flight, but for one larger request alone; waiting
// is first come, first served; an interrupted waiter leaves the line. It holds no records.
import * as Effect from "effect/Effect"
import type { Measured } from "./FlowMetrics.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import * as machine from "./internal/creditWindow.ts"
import { Gate } from "./internal/gate.ts"
import * as Readings from "./internal/readings.ts"
import { settled } from "./internal/settings.ts"

/** What one credit stands for; only named in statistics, the caller counts in it. */
export type Unit = machine.CreditUnit

/** `initial` credits, announced back in portions of at least `replenishThreshold`. */
export type Settings = machine.Settings

/** A request that was refused: the line was full, or it was not to wait. */
export interface NoCredit {
  readonly _tag: "NoCredit"
  readonly reason: machine.Refusal
  readonly amount: number
  readonly message: string
}

/** Totals since the start, and where the credits are now. `waitRatio` is between 0 and 1. */
export interface Statistics extends machine.Totals {
  readonly unit: Unit
  readonly limit: number
  readonly available: number
  readonly inFlight: number
  readonly returned: number
  readonly waiting: number
  readonly waitRatio: number
}

/** A running window. */
export interface CreditWindow extends Measured {
  /** Waits for credits and spends them. Fails when the line is full. */
  readonly acquire: (amount: number) => Effect.Effect<void, NoCredit>
  /** Spends credits if they are there now. */
  readonly tryAcquire: (amount: number) => Effect.Effect<boolean>
  /** Gives credits back once the records they paid for are processed. */
  readonly processed: (amount: number) => Effect.Effect<void>
  /** Changes the number of credits; what is in flight stays in flight. */
  readonly resize: (limit: number) => Effect.Effect<void>
  /** Runs an effect on credits that come back however it ends. */
  readonly withCredits: (
    amount: number
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | NoCredit, R>
  readonly statistics: () => Statistics
}

type Window = Gate<machine.State, machine.Event, machine.Refusal, machine.Action>

const statisticsOf = ({ settings, totals, ...state }: machine.State): Statistics =>
  Object.freeze({
    ...totals,
    unit: settings.unit ?? "records",
    limit: state.limit,
    available: state.available,
    inFlight: state.inFlight,
    returned: state.returned,
    waiting: state.waiters.length,
    waitRatio: totals.requests === 0 ? 0 : totals.waits / totals.requests
  })

const refusal =
  (gate: Window, amount: number) =>
  (reason: machine.Refusal): NoCredit => ({
    _tag: "NoCredit",
    reason,
    amount,
    message:
      `no credit for ${amount}: ${gate.state.available} of ${gate.state.limit} available and ` +
      `${gate.state.waiters.length} waiting; raise initial or waitersMax, or slow the sender down`
  })

const shell = (gate: Window): CreditWindow => {
  const acquire = (amount: number): Effect.Effect<void, NoCredit> =>
    Effect.mapError(
      gate.request(
        (id) => ({ _tag: "Request", id, amount, wait: true }),
        (id) => ({ _tag: "Cancel", id })
      ),
      refusal(gate, amount)
    )
  const processed = (amount: number): Effect.Effect<void> =>
    Effect.sync(() => void gate.send({ _tag: "Processed", amount }))
  return {
    acquire,
    processed,
    tryAcquire: (amount) =>
      Effect.sync(() => {
        const actions = gate.send({ _tag: "Request", id: gate.ticket(), amount, wait: false })
        return actions.some(({ _tag }) => _tag === "Grant")
      }),
    resize: (limit) => Effect.sync(() => void gate.send({ _tag: "Resize", limit })),
    withCredits: (amount) => (effect) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(restore(acquire(amount)), () =>
          Effect.ensuring(restore(effect), processed(amount))
        )
      ),
    statistics: () => statisticsOf(gate.state),
    readings: () => [
      Readings.events("credit", gate.state.totals.waits + gate.state.totals.refused),
      Readings.gauge("credit_tokens_available", gate.state.available)
    ]
  }
}

/**
 * A window with all its credits.
 *
 * **Limits**: at most `waitersMax` (1,024) fibers wait; a request above the window is granted
 * alone.
 *
 * **Errors**: `InvalidSettings` when the threshold is above the initial credits.
 */
export const make = (settings: Settings): Effect.Effect<CreditWindow, InvalidSettings> =>
  settled(() => shell(new Gate(machine.initial(settings), machine.transition)))
