// Accumulator-aware flow control: held bytes and running spills count as queue, as a gate of its
// own or around another strategy. Guarantees: the gate shuts at capacity, opens with hysteresis,
// and lets one request through when nothing is in flight. It measures nothing: tell it what
// accumulators hold.
import * as Effect from "effect/Effect"
import type { Measured } from "./FlowMetrics.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import * as machine from "./internal/effectiveQueue.ts"
import { Gate } from "./internal/gate.ts"
import * as Readings from "./internal/readings.ts"
import { accept, settled } from "./internal/settings.ts"

/** Capacity of the gate and the weights of the formula. */
export type Settings = machine.Settings
/** Weights of the formula. */
export type Weights = machine.Weights
/** What is measured. */
export type Pressure = machine.Pressure

/** A request that found the line full. */
export interface QueueFull {
  readonly _tag: "QueueFull"
  readonly effective: number
  readonly message: string
}

/** Where the gate is. */
export interface Statistics extends Pressure {
  readonly effective: number
  readonly capacity: number
  readonly gate: "open" | "shut"
  readonly admitted: number
  readonly waits: number
  readonly waiting: number
  readonly refused: number
  readonly shuts: number
}

/** A strategy that admits amounts: a credit window, a gate, anything of that shape. */
export interface Admitting<E> {
  readonly acquire: (amount: number) => Effect.Effect<void, E>
  readonly processed: (amount: number) => Effect.Effect<void>
}

/** A running gate. */
export interface EffectiveQueue<E = never> extends Admitting<E | QueueFull>, Measured {
  /** Tells what accumulators hold now. */
  readonly report: (held: Omit<Pressure, "rawQueueLength">) => Effect.Effect<void>
  readonly statistics: () => Statistics
}

/**
 * `raw + pendingBytes / bytesUnitWindow + spills × spillPenalty`, rounded down and saturating.
 *
 * **Errors**: throws `InvalidSettings` when a weight could not be used.
 */
export const size = (weights: Weights, pressure: Pressure): number => {
  accept("effective queue", machine.weightProblems(weights))
  return machine.effectiveQueueSize(weights, pressure)
}

type Queue = Gate<machine.State, machine.Event, "shut" | "line-full", machine.Action>

const effectiveOf = ({ settings, pressure }: machine.State): number =>
  machine.effectiveQueueSize(settings, pressure)

const statisticsOf = (state: machine.State): Statistics =>
  Object.freeze({
    ...state.pressure,
    effective: effectiveOf(state),
    capacity: state.settings.capacity,
    gate: state.gate,
    admitted: state.admittedCount,
    waits: state.waitCount,
    waiting: state.waiters.length,
    refused: state.refusedCount,
    shuts: state.shutCount
  })

const shell = <E>(gate: Queue, inner: Admitting<E>): EffectiveQueue<E> => {
  const leave = (amount: number): Effect.Effect<void> =>
    Effect.sync(() => void gate.send({ _tag: "Processed", amount }))
  const enter = (amount: number): Effect.Effect<void, QueueFull> =>
    Effect.mapError(
      gate.request(
        (id) => ({ _tag: "Request", id, amount, wait: true }),
        (id) => ({ _tag: "Cancel", id })
      ),
      () => ({
        _tag: "QueueFull",
        effective: effectiveOf(gate.state),
        message:
          `${gate.state.waiters.length} requests wait at an effective queue of ` +
          `${effectiveOf(gate.state)} of ${gate.state.settings.capacity}: raise waitersMax`
      })
    )
  return {
    // What the inner strategy refuses, or is interrupted at, must not stay counted.
    acquire: (amount) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(restore(enter(amount)), () =>
          Effect.onError(restore(inner.acquire(amount)), () => leave(amount))
        )
      ),
    processed: (amount) => Effect.andThen(leave(amount), inner.processed(amount)),
    report: (held) => Effect.sync(() => void gate.send({ _tag: "Reported", ...held })),
    statistics: () => statisticsOf(gate.state),
    readings: () => [
      Readings.events("accumulator", gate.state.waitCount + gate.state.refusedCount),
      Readings.gauge("effective_queue_size", effectiveOf(gate.state))
    ]
  }
}

const always: Admitting<never> = { acquire: () => Effect.void, processed: () => Effect.void }

/**
 * A gate of its own.
 *
 * **Errors**: `InvalidSettings` for a unit of 0, a negative penalty or crossed thresholds.
 */
export const make = (settings: Settings): Effect.Effect<EffectiveQueue, InvalidSettings> =>
  wrap(always, settings)

/** A gate before another strategy: a request passes both, and leaves both when processed. */
export const wrap = <E>(
  inner: Admitting<E>,
  settings: Settings
): Effect.Effect<EffectiveQueue<E>, InvalidSettings> =>
  settled(() => shell(new Gate(machine.initial(settings), machine.transition), inner))
