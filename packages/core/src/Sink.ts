// Where records go: a description that opens a writer in a scope. The writer gets whole batches.
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Batch from "./Batch.ts"

/**
 * One open output.
 *
 * Flow: `write` takes a batch; returning an Effect makes the engine wait for it before it hands over the next one, which is
 * how a slow sink stops the read. `end` runs once after the last batch (not on abort); resources belong to the scope.
 */
export interface SinkWriter<in A, out E = never, out R = never> {
  readonly write: (batch: Batch.Batch<A>) => void | Effect.Effect<void, E | RecordsRejected, R>
  readonly end?: Effect.Effect<void, E, R>
}

/**
 * Thrown by, or failed with from, `write`: these records could not be taken, all others of the batch were. The engine
 * applies the stage's error policy to the named records only.
 */
export interface RecordsRejected {
  readonly _tag: "RecordsRejected"
  readonly records: ReadonlyArray<{ readonly index: number; readonly cause: unknown }>
}

/** A sink: opens a writer whose resources live in the run's scope. */
export interface Sink<in A, out E = never, out R = never> {
  readonly _tag: "Sink"
  /** Shown by `explain`. */
  readonly label: string
  readonly open: Effect.Effect<SinkWriter<A, E, R>, E, R | Scope.Scope>
  /** A synchronous per-record function: the planner fuses it into the kernel before it, and isolates its errors per record. */
  readonly each?: (payload: A) => void
}

/** Builds a sink from its opening effect. */
export const make = <A, E, R>(
  label: string,
  open: Effect.Effect<SinkWriter<A, E, Exclude<R, Scope.Scope>>, E, R>
): Sink<A, E, Exclude<R, Scope.Scope>> =>
  ({ _tag: "Sink", label, open }) as Sink<A, E, Exclude<R, Scope.Scope>>

const callAll = <A>(batch: Batch.Batch<A>, f: (payload: A) => void): void => {
  const items = batch.items
  for (let i = 0; i < items.length; i++) f(items[i] as A)
}

/** Calls a synchronous function for each record. An exception follows the stage's error policy, record by record. */
export const forEach = <A>(f: (payload: A) => void): Sink<A> => ({
  _tag: "Sink",
  label: "forEach",
  each: f,
  open: Effect.succeed({ write: (batch) => callAll(batch, f) })
})

/** Runs an effect for each batch, one batch at a time: the sink backpressures while the effect runs. */
export const forEachBatch = <A, E, R>(
  f: (items: ReadonlyArray<A>) => Effect.Effect<unknown, E, R>
): Sink<A, E, R> => ({
  _tag: "Sink",
  label: "forEachBatch",
  open: Effect.succeed({ write: (batch) => Effect.asVoid(f(batch.items)) })
})

/** Runs an effect for each record, one after the other in the order of arrival. */
export const forEachEffect = <A, E, R>(f: (payload: A) => Effect.Effect<unknown, E, R>): Sink<A, E, R> => ({
  _tag: "Sink",
  label: "forEachEffect",
  open: Effect.succeed({ write: (batch) => Effect.forEach(batch.items, f, { discard: true }) })
})

/** Forgets every record; they are still counted. */
export const drain: Sink<unknown> = {
  _tag: "Sink",
  label: "drain",
  open: Effect.succeed({ write: () => undefined })
}

/** Pushes every record into `target`, which grows without bound: for tests and small results. */
export const collectInto = <A>(target: Array<A>): Sink<A> => ({
  _tag: "Sink",
  label: "collect",
  open: Effect.succeed({ write: (batch) => callAll(batch, (payload) => target.push(payload)) })
})
