// Reactive pull as a thing of its own: the source waits for demand and delivers no more than that.
// Guarantees: demanded plus unprocessed records never exceed the window; a refused delivery costs
// nothing. It holds no records.
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { Measured } from "./FlowMetrics.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import * as machine from "./internal/reactivePull.ts"
import * as Readings from "./internal/readings.ts"
import { settled } from "./internal/settings.ts"

/** Records that may be demanded and unprocessed together. */
export type Settings = machine.Settings

/** Where the window is. */
export interface Statistics {
  readonly window: number
  readonly demanded: number
  readonly outstanding: number
  readonly delivered: number
  readonly refused: number
  readonly pulls: number
}

/** A running window. */
export interface ReactivePull extends Measured {
  /** Waits until something is demanded, and says how much. */
  readonly demand: Effect.Effect<number>
  /** Offers records; false, and nothing changed, when more than demanded. */
  readonly deliver: (amount: number) => Effect.Effect<boolean>
  /** Tells that delivered records are processed. */
  readonly processed: (amount: number) => Effect.Effect<void>
  readonly statistics: () => Statistics
}

const shell = (initial: machine.State): ReactivePull => {
  let state = initial
  const wanted = Latch.makeUnsafe(false)
  const send = (event: machine.Event): ReadonlyArray<machine.Action> => {
    const [next, actions] = machine.transition(state, event)
    state = next
    if (state.demanded > 0) wanted.openUnsafe()
    else wanted.closeUnsafe()
    return actions
  }
  send({ _tag: "Start" })
  // Another source may have delivered between the wake-up and the look.
  const demand: Effect.Effect<number> = Effect.suspend(() =>
    state.demanded > 0 ? Effect.succeed(state.demanded) : Effect.flatMap(wanted.await, () => demand)
  )
  return {
    demand,
    deliver: (amount) =>
      Effect.sync(() => send({ _tag: "Deliver", amount }).some(({ _tag }) => _tag === "Accept")),
    processed: (amount) => Effect.sync(() => void send({ _tag: "Processed", amount })),
    statistics: () =>
      Object.freeze({
        window: state.window,
        demanded: state.demanded,
        outstanding: state.outstanding,
        delivered: state.deliveredCount,
        refused: state.refusedCount,
        pulls: state.pullCount
      }),
    readings: () => [Readings.events("pull", state.refusedCount)]
  }
}

/**
 * A window with its first demand open.
 *
 * **Errors**: `InvalidSettings` for a window below 1.
 */
export const make = (settings: Settings): Effect.Effect<ReactivePull, InvalidSettings> =>
  settled(() => shell(machine.initial(settings)))
