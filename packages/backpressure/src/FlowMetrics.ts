// The metric names of flow control, and how a strategy is put into Effect's metric registry.
// Values are read when somebody scrapes; nothing is updated per record. A series is removed when
// its scope closes.
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"

/** Names as the specification has them. */
export type Name =
  | "backpressure_events_total"
  | "credit_tokens_available"
  | "adaptive_batch_adjustments"
  | "effective_queue_size"
  | "stage_circuit_state"

/** One value now. Totals only rise. */
export interface Reading {
  readonly name: Name
  readonly kind: "total" | "gauge"
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number
}

/** Anything that can be read. */
export interface Measured {
  readonly readings: () => ReadonlyArray<Reading>
}

/**
 * Puts every reading of a strategy into the metric registry under the label `name`, until the scope
 * closes.
 *
 * **Limits**: a strategy has a fixed, small set of readings; reading costs only when scraped.
 */
export const register = (
  measured: Measured,
  name: string
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    for (const [index, reading] of measured.readings().entries()) {
      const attributes = { ...reading.attributes, name }
      const value = (): number => measured.readings()[index]?.value ?? 0
      const ignored = { update: () => {}, modify: () => {} }
      const registration =
        reading.kind === "total"
          ? Metric.registerUnsafe(
              Metric.counter(reading.name, { attributes, incremental: true }),
              context,
              { ...ignored, get: () => ({ count: value(), incremental: true }) }
            )
          : Metric.registerUnsafe(Metric.gauge(reading.name, { attributes }), context, {
              ...ignored,
              get: () => ({ value: value() })
            })
      yield* Effect.addFinalizer(() => Effect.sync(() => registration.remove()))
    }
  })
