// The machines of the package as the simulation drives them: how much may enter, what was done.
import * as Adaptive from "../src/internal/adaptiveBatch.ts"
import { Bounded } from "../src/internal/bounded.ts"
import * as Credit from "../src/internal/creditWindow.ts"
import * as Effective from "../src/internal/effectiveQueue.ts"
import * as Pull from "../src/internal/reactivePull.ts"
import * as Bucket from "../src/internal/tokenBucket.ts"

/** What an offer led to. */
export interface Admitted {
  readonly entered: number
  readonly dropped: number
}

/** One strategy in one run. */
export interface Simulated {
  readonly name: string
  /** Records that may be in the system at once. */
  readonly bound: number
  /** Offers what waits upstream. */
  readonly admit: (atNanos: bigint, wanted: number) => Admitted
  /** Records of `capacity` that can be done this tick. */
  readonly serve: (capacity: number, queued: number) => number
  readonly processed: (count: number) => void
  /** Records the machine itself believes to be in the system. */
  readonly held: () => number
  readonly assertInvariants: () => void
}

const limit = 500

const enter = (entered: number): Admitted => ({ entered, dropped: 0 })

const all = (capacity: number, queued: number): number => Math.min(capacity, queued)

const bounded = (name: string, onFull: "block" | "drop-oldest"): Simulated => {
  const buffer = new Bounded<number>({ capacity: limit, onFull })
  return {
    name,
    bound: limit,
    admit: (_, wanted) => {
      const room = limit - buffer.used
      const count = onFull === "block" ? Math.min(room, wanted) : wanted
      const offered = buffer.offer(Array.from({ length: count }, () => 0))
      const dropped = offered._tag === "Drop" ? offered.dropped.length : 0
      return { entered: count, dropped }
    },
    serve: all,
    processed: (count) => void buffer.take(count),
    held: () => buffer.used,
    assertInvariants: () => buffer.assertInvariants()
  }
}

const credit = (): Simulated => {
  let state = Credit.initial({ initial: limit, replenishThreshold: limit / 4 })
  let id = 0
  return {
    name: "credit",
    bound: limit,
    admit: (_, wanted) => {
      const amount = Math.min(wanted, state.available)
      if (amount > 0)
        state = Credit.transition(state, { _tag: "Request", id: id++, amount, wait: false })[0]
      return enter(amount)
    },
    serve: all,
    processed: (amount) => {
      if (amount > 0) state = Credit.transition(state, { _tag: "Processed", amount })[0]
    },
    held: () => state.inFlight,
    assertInvariants: () => Credit.assertInvariants(state)
  }
}

const bucket = (): Simulated => {
  let state = Bucket.initial({ ratePerSecond: 900, burst: 100 }, 0n)
  const held = bounded("rate", "block")
  return {
    ...held,
    // A rate alone bounds no queue: it stands before a bounded buffer, as in a pipeline.
    admit: (atNanos, wanted) => {
      const amount = Math.min(wanted, Bucket.available(state, atNanos))
      const entered = held.admit(atNanos, amount)
      const take = { _tag: "Take", amount: entered.entered, wait: false, atNanos } as const
      if (entered.entered > 0) state = Bucket.transition(state, take)[0]
      return entered
    },
    assertInvariants: () => {
      held.assertInvariants()
      Bucket.assertInvariants(state)
    }
  }
}

/** Fixed cost of a batch in ms; what makes larger batches worth it. */
const batchCostMs = 2

const tickMs = 10

const adaptive = (): Simulated => {
  let state = Adaptive.initial({ batchMin: 1, batchMax: 200, latencyMsTarget: 60 })
  const held = bounded("adaptive batch", "block")
  return {
    ...held,
    // The consumer pays for each batch, so its capacity is reached with large batches alone.
    serve: (capacity, queued) => {
      if (capacity <= 0) return 0
      const latencyMs = batchCostMs + (state.size * tickMs) / capacity
      const batches = tickMs / latencyMs
      const fill = queued / limit
      state = Adaptive.transition(state, { _tag: "Observed", latencyMs, fill })[0]
      return Math.min(queued, batches * state.size)
    },
    assertInvariants: () => {
      held.assertInvariants()
      Adaptive.assertInvariants(state)
    }
  }
}

const pull = (): Simulated => {
  let state = Pull.transition(Pull.initial({ window: limit }), { _tag: "Start" })[0]
  return {
    name: "reactive pull",
    bound: limit,
    admit: (_, wanted) => {
      const amount = Math.min(wanted, state.demanded)
      if (amount > 0) state = Pull.transition(state, { _tag: "Deliver", amount })[0]
      return enter(amount)
    },
    serve: all,
    processed: (amount) => {
      state = Pull.transition(state, { _tag: "Processed", amount })[0]
    },
    held: () => state.outstanding,
    assertInvariants: () => Pull.assertInvariants(state)
  }
}

/** Each record done leaves this much in an accumulator, a second's worth of which is held. */
const bytesPerRecord = 256

const effective = (): Simulated => {
  const given = { capacity: limit, bytesUnitWindow: 1_024, spillPenalty: 50 }
  let state = Effective.initial(given)
  const recent: Array<number> = []
  let id = 0
  return {
    name: "accumulator-aware",
    // One record may enter a shut gate when nothing is in flight.
    bound: limit + 1,
    admit: (_, wanted) => {
      const size = Effective.effectiveQueueSize(given, state.pressure)
      const amount = Math.min(wanted, Math.max(1, limit - size))
      if (amount === 0) return enter(0)
      const request = { _tag: "Request", id: id++, amount, wait: false } as const
      const [next, actions] = Effective.transition(state, request)
      state = next
      return enter(actions.some(({ _tag }) => _tag === "Grant") ? amount : 0)
    },
    serve: all,
    processed: (amount) => {
      recent.push(amount)
      if (recent.length > 1_000 / tickMs) recent.shift()
      const bytes = recent.reduce((sum, count) => sum + count, 0) * bytesPerRecord
      state = Effective.transition(state, { _tag: "Processed", amount })[0]
      state = Effective.transition(state, {
        _tag: "Reported",
        pendingAccumulatorBytes: bytes,
        activeSpillCount: bytes > 200_000 ? 1 : 0
      })[0]
    },
    held: () => state.pressure.rawQueueLength,
    assertInvariants: () => Effective.assertInvariants(state)
  }
}

/** A fresh strategy for each run. */
export const strategies: ReadonlyArray<() => Simulated> = [
  () => bounded("bounded", "block"),
  () => bounded("drop oldest", "drop-oldest"),
  credit,
  bucket,
  adaptive,
  pull,
  effective
]
