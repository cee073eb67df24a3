// A bounded buffer between two fibers as a thing of its own: blocks, or drops the oldest or newest.
// Guarantees: never above capacity, but for one larger offer alone under `block`; what is dropped
// is handed to the one who offered, and counted. It has no end: a protocol above it says when it is
// over.
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Semaphore from "effect/Semaphore"
import type { Measured } from "./FlowMetrics.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import * as machine from "./internal/bounded.ts"
import * as Readings from "./internal/readings.ts"
import { settled } from "./internal/settings.ts"

/** Records held at most, and what happens to those that find no room. */
export type Settings = machine.Settings

/** Totals since the start. */
export interface Statistics {
  readonly capacity: number
  readonly used: number
  readonly offered: number
  readonly taken: number
  readonly dropped: number
  readonly waits: number
}

/** A running buffer. */
export interface Bounded<A> extends Measured {
  /** Offers records and answers those that were dropped; under `block` it waits instead. */
  readonly offer: (records: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<A>>
  /** Waits for records and takes the oldest, at most `max`. */
  readonly take: (max: number) => Effect.Effect<ReadonlyArray<A>>
  readonly statistics: () => Statistics
}

const shell = <A>(buffer: machine.Bounded<A>, turn: Semaphore.Semaphore): Bounded<A> => {
  const filled = Latch.makeUnsafe(false)
  const room = Latch.makeUnsafe(true)
  let waits = 0
  const settle = (): void => {
    if (buffer.used > 0) filled.openUnsafe()
    else filled.closeUnsafe()
  }
  const attempt = (records: ReadonlyArray<A>): Effect.Effect<ReadonlyArray<A>> =>
    Effect.suspend(() => {
      const offered = buffer.offer(records)
      if (offered._tag !== "Full") {
        settle()
        return Effect.succeed(offered._tag === "Drop" ? offered.dropped : [])
      }
      waits++
      room.closeUnsafe()
      return Effect.flatMap(room.await, () => attempt(records))
    })
  const take = (max: number): Effect.Effect<ReadonlyArray<A>> =>
    Effect.suspend(() => {
      if (buffer.used === 0) return Effect.flatMap(filled.await, () => take(max))
      const taken = buffer.take(Math.max(1, max))
      settle()
      room.openUnsafe()
      return Effect.succeed(taken)
    })
  return {
    // One producer at a time waits at the buffer, so a large offer is not overtaken for ever.
    offer: (records) =>
      buffer.onFull === "block" ? turn.withPermits(1)(attempt(records)) : attempt(records),
    take,
    statistics: () =>
      Object.freeze({
        capacity: buffer.capacity,
        used: buffer.used,
        offered: buffer.offeredCount,
        taken: buffer.takenCount,
        dropped: buffer.droppedCount,
        waits
      }),
    readings: () => [Readings.events("bounded", waits + buffer.droppedCount)]
  }
}

/**
 * An empty buffer.
 *
 * **Errors**: `InvalidSettings` for a capacity below 1.
 */
export const make = <A>(settings: Settings): Effect.Effect<Bounded<A>, InvalidSettings> =>
  Effect.flatMap(Semaphore.make(1), (turn) =>
    settled(() => shell(new machine.Bounded<A>(settings), turn))
  )
