// Flow strategies that break one rule each, made of a plain window (so many records under way) and
// a plain pace (so many records a second).
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import type * as Policy from "@sluice/core/Policy"
import type { FlowStrategySubject } from "../conformance/flowStrategies.ts"

const limit = 25
const other: Policy.BackpressureStrategy = { _tag: "ReactivePull", window: 10 }
const foreign: Policy.BackpressureStrategy = { _tag: "Bounded", capacity: 1, onFull: "block" }

type Host = FlowStrategy.FlowHost
type Strategy = FlowStrategy.FlowStrategy

/** What a faulty window does otherwise. */
interface Twist {
  readonly answer?: (free: number) => number
  readonly told?: (answer: number, offer: FlowStrategy.Offer) => number
  readonly wakes?: boolean
  readonly extra?: number
  readonly forgets?: boolean
  readonly leaks?: boolean
  readonly weighs?: boolean
}

/** At most so many under way; one above all of it goes alone. */
const windowOf =
  (twist: Twist = {}) =>
  (host: Host): Strategy => {
    let [max, held] = [limit, 0]
    const weights: Array<number> = []
    const admit = (offer: FlowStrategy.Offer): number => {
      const each = offer.weight / offer.records
      const free = max + (max === limit ? (twist.extra ?? 0) : 0) - held
      const fitting = Math.min(offer.records, Math.max(0, Math.floor(free / each)))
      const alone = held === 0 && twist.weighs !== true ? Math.max(1, fitting) : fitting
      const answer = twist.answer?.(alone) ?? alone
      for (let n = 0; n < answer; n++) weights.push(each)
      held += answer * each
      return twist.told?.(answer, offer) ?? answer
    }
    return {
      kind: "window",
      unit: twist.weighs === true ? "cost" : "records",
      side: "send",
      admit,
      settled: (records) => {
        for (const weight of weights.splice(0, records)) held -= weight
        if (twist.wakes !== false) host.wake()
      },
      dueNanos: () => undefined,
      change: (wanted) => {
        if (wanted._tag !== "ReactivePull") return false
        max = wanted.window
        if (twist.forgets === true) {
          held = 0
          weights.length = 0
        }
        host.wake()
        return true
      },
      statistics: () => ({ window: max, held }),
      decisions: () => {
        if (twist.leaks === true && held > 0) held--
        return []
      }
    }
  }

const perSecond = 1_000
const nanosEach = 1_000_000n

/** One record a millisecond, and no more at once. */
const paceOf =
  (named: (nextAt: bigint, now: bigint) => bigint) =>
  (host: Host): Strategy => {
    let nextAt = host.nowNanos()
    return {
      kind: "pace",
      unit: "records",
      side: "take",
      admit: () => {
        const now = host.nowNanos()
        if (now < nextAt) return 0
        nextAt = now + nanosEach
        return 1
      },
      settled: () => undefined,
      dueNanos: () => named(nextAt, host.nowNanos()),
      change: () => false,
      statistics: () => ({ pace: perSecond })
    }
  }

const window = (twist: Twist): FlowStrategySubject => ({
  make: windowOf(twist),
  inFlightMax: limit,
  other: { descriptor: other, inFlightMax: 10 },
  foreign
})

/** The window as it should be, for tests of the suite itself. */
export const soundWindow: FlowStrategySubject = window({})

/** The pace as it should be. */
export const soundPace: FlowStrategySubject = {
  make: paceOf((nextAt) => nextAt),
  passMax: (seconds) => 1 + seconds * perSecond,
  foreign
}

/** Counts all calls in this process: what no strategy may look at. */
let calls = 0

/** One faulty strategy for each rule of a flow strategy. */
export const flowStrategies: ReadonlyArray<{
  readonly rule: string
  readonly fault: string
  readonly subject: FlowStrategySubject
}> = [
  {
    rule: "B1",
    fault: "answers with a half record more than all",
    subject: window({ told: (answer, { records }) => (answer === records ? answer + 0.5 : answer) })
  },
  {
    rule: "B2",
    fault: "waits for room for a record that is larger than all the room",
    subject: { make: windowOf({ weighs: true }), inFlightMax: limit, foreign }
  },
  {
    rule: "B3",
    fault: "names a time that is too early",
    subject: {
      ...soundPace,
      make: paceOf((nextAt, now) => now + (nextAt - now) / 2n + 1n)
    }
  },
  { rule: "B4", fault: "wakes nobody", subject: window({ wakes: false }) },
  { rule: "B5", fault: "allows one more", subject: window({ extra: 1 }) },
  {
    rule: "B6",
    fault: "forgets at a change what is under way",
    subject: window({ forgets: true })
  },
  { rule: "B7", fault: "lets one in for each look at it", subject: window({ leaks: true }) },
  {
    rule: "B8",
    fault: "lets fewer in by what others asked before",
    subject: window({ answer: (free) => (free > 1 && calls++ % 3 === 0 ? free - 1 : free) })
  }
]
