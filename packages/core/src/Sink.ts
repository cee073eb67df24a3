// Where records go: a description that opens a writer in a scope. The writer gets whole batches.

import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type * as Batch from "./Batch.ts"
import type * as DeadLetter from "./DeadLetter.ts"

/**
 * One open output.
 *
 * Flow: `write` takes a batch; returning an Effect makes the engine wait for it before it hands
 * over the next one, which is how a slow sink stops the read. `end` runs once after the last batch
 * (not on abort); resources belong to the scope.
 */
export interface SinkWriter<in A, out E = never, out R = never> {
  readonly write: (batch: Batch.Batch<A>) => void | Effect.Effect<void, E | RecordsRejected, R>
  readonly end?: Effect.Effect<void, E, R>
}

/**
 * Thrown by, or failed with from, `write`: these records could not be taken, all others of the
 * batch were. The engine applies the stage's error policy to the named records only, and retries
 * those alone. `kind` is `serialization` unless said otherwise.
 */
export interface RecordsRejected {
  readonly _tag: "RecordsRejected"
  readonly records: ReadonlyArray<{
    readonly index: number
    readonly cause: unknown
    /** The record as an object, where the batch was one of views. */
    readonly payload?: unknown
  }>
  readonly kind?: DeadLetter.FailureKind
}

type Rejected = RecordsRejected["records"][number]

const rejection = (
  records: ReadonlyArray<Rejected>,
  kind: DeadLetter.FailureKind
): RecordsRejected => ({
  _tag: "RecordsRejected",
  records,
  kind
})

/** A sink: opens a writer whose resources live in the run's scope. */
export interface Sink<in A, out E = never, out R = never> {
  readonly _tag: "Sink"
  /** Shown by `explain`. */
  readonly label: string
  readonly open: Effect.Effect<SinkWriter<A, E, R>, E, R | Scope.Scope>
  /**
   * A synchronous per-record function: the planner fuses it into the kernel before it, and isolates
   * its errors per record.
   */
  readonly each?: (payload: A) => void
  /** True for a writer that also takes blocks of views: see `Views.blockOf`. */
  readonly views?: boolean
}

/** Builds a sink from its opening effect. */
export const make = <A, E, R>(
  label: string,
  open: Effect.Effect<SinkWriter<A, E, Exclude<R, Scope.Scope>>, E, R>
): Sink<A, E, Exclude<R, Scope.Scope>> =>
  ({ _tag: "Sink", label, open }) as Sink<A, E, Exclude<R, Scope.Scope>>

/** Every record is tried; those for which `f` throws are named. */
const callAll = <A>(batch: Batch.Batch<A>, f: (payload: A) => void): void => {
  const records: Array<Rejected> = []
  for (let index = 0; index < batch.items.length; index++) {
    try {
      f(batch.items[index] as A)
    } catch (cause) {
      records.push({ index, cause })
    }
  }
  if (records.length > 0) throw rejection(records, "non-recoverable")
}

/** Every record is tried, one after the other; those whose effect fails are named. */
const runAll = <A, E, R>(
  batch: Batch.Batch<A>,
  f: (payload: A) => Effect.Effect<unknown, E, R>
): Effect.Effect<void, RecordsRejected, R> =>
  Effect.suspend(() => {
    const records: Array<Rejected> = []
    const one = (payload: A, index: number): Effect.Effect<unknown, never, R> =>
      Effect.catchCause(
        Effect.suspend(() => f(payload)),
        (cause) => Effect.sync(() => records.push({ index, cause: Cause.squash(cause) }))
      )
    const settled = Effect.suspend(() =>
      records.length === 0 ? Effect.void : Effect.fail(rejection(records, "recoverable"))
    )
    return Effect.andThen(Effect.forEach(batch.items, one, { discard: true }), settled)
  })

/**
 * Calls a synchronous function for each record. An exception follows the stage's error policy,
 * record by record.
 */
export const forEach = <A>(f: (payload: A) => void): Sink<A> => ({
  _tag: "Sink",
  label: "forEach",
  each: f,
  open: Effect.succeed({ write: (batch) => callAll(batch, f) })
})

/**
 * Runs an effect for each batch, one batch at a time: the sink backpressures while the effect runs.
 */
export const forEachBatch = <A, E, R>(
  f: (items: ReadonlyArray<A>) => Effect.Effect<unknown, E, R>
): Sink<A, E, R> => ({
  _tag: "Sink",
  label: "forEachBatch",
  open: Effect.succeed({ write: (batch) => Effect.asVoid(f(batch.items)) })
})

/**
 * Runs an effect for each record, one after the other in the order of arrival. A failure concerns
 * its record alone.
 */
export const forEachEffect = <A, E, R>(
  f: (payload: A) => Effect.Effect<unknown, E, R>
): Sink<A, E, R> => ({
  _tag: "Sink",
  label: "forEachEffect",
  open: Effect.succeed({ write: (batch) => runAll(batch, f) })
})

/** Options of `intoQueue`. */
export interface QueueOptions {
  /** Default true: the queue ends with the run, or is interrupted when that fails or is aborted. */
  readonly end?: boolean
}

/**
 * Offers every record to a queue.
 *
 * Flow: waits while the queue is full (a dropping or sliding queue drops by its own rule). At the
 * end of the run the queue ends, so its takers do; a run that failed or was aborted interrupts
 * them, after what was offered. Records for a queue that ended before are refused.
 *
 * @example
 * ```ts
 * import * as Sink from "@sluice/core/Sink"
 * import type * as Cause from "effect/Cause"
 * import * as Effect from "effect/Effect"
 * import * as Queue from "effect/Queue"
 *
 * const sink = Effect.map(Queue.bounded<number, Cause.Done>(64), (queue) => Sink.intoQueue(queue))
 * ```
 */
export const intoQueue = <A, E>(
  queue: Queue.Enqueue<A, E | Cause.Done>,
  options: QueueOptions = {}
): Sink<A> => {
  const ends = options.end ?? true
  const offer = (batch: Batch.Batch<A>): Effect.Effect<void, RecordsRejected> =>
    Effect.flatMap(Queue.offerAll(queue, batch.items), (left) => {
      if (left.length === 0) return Effect.void
      const first = batch.items.length - left.length
      const cause = new Error("the queue has ended. Cure: end the run before the queue")
      return Effect.fail(
        rejection(
          left.map((_, i) => ({ index: first + i, cause })),
          "non-recoverable"
        )
      )
    })
  const opened = ends
    ? Effect.acquireRelease(Effect.void, () => Queue.interrupt(queue))
    : Effect.void
  return make(
    "queue",
    Effect.as(opened, {
      write: offer,
      end: ends ? Effect.asVoid(Queue.end(queue)) : Effect.void
    })
  )
}

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
