// What a flow strategy owes the engine that asks it: bounded, honest answers, and no standstill.
// The strategy is driven as an engine drives it, over seeded offers and settlements, with a clock
// and a pressure of the test's own.
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import type * as Policy from "@sluice/core/Policy"
import * as Effect from "effect/Effect"
import type { Random } from "../virtual/seeded.ts"
import { between, seeded } from "../virtual/seeded.ts"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"

/** A strategy under test, with what its settings allow. */
export interface FlowStrategySubject {
  /** A new strategy; throws for settings that cannot work. */
  readonly make: (host: FlowStrategy.FlowHost) => FlowStrategy.FlowStrategy
  /** Weight that may be under way at once; a single record above it may go alone. */
  readonly inFlightMax?: number
  /** Weight that may pass in so many seconds from the start, where that is limited. */
  readonly passMax?: (seconds: number) => number
  /** Other settings of the same kind, and what they allow; it takes them over. */
  readonly other?: {
    readonly descriptor: Policy.BackpressureStrategy
    readonly inFlightMax?: number
  }
  /** Settings of another kind: it cannot take them over. */
  readonly foreign: Policy.BackpressureStrategy
}

const calm: FlowStrategy.Pressure = {
  pendingBytes: 0,
  spills: 0,
  fill: 0.5,
  keysCompleted: 0,
  keysOpened: 0,
  gcShare: 0,
  idleShare: 0
}

const pressed: FlowStrategy.Pressure = {
  ...calm,
  pendingBytes: 1e9,
  spills: 3,
  fill: 0.95,
  keysOpened: 1_000,
  gcShare: 0.5
}

const nanosPerSecond = 1_000_000_000n

/** Asks a strategy, and keeps the books the engine keeps. */
class Asker {
  readonly strategy: FlowStrategy.FlowStrategy
  private readonly random: Random
  private readonly inFlight: Array<number> = []
  private readonly startedAt = 5n * nanosPerSecond
  private now = this.startedAt
  pressure = calm
  wakes = 0
  passed = 0
  last: FlowStrategy.Offer = { records: 1, weight: 1 }

  constructor({ make }: FlowStrategySubject, seed: string) {
    this.random = seeded(seed)
    this.strategy = make({
      pipelineId: "kit",
      stageId: "stage",
      nowNanos: () => this.now,
      wake: () => void this.wakes++,
      pressure: () => this.pressure
    })
  }

  get count(): number {
    return this.inFlight.length
  }
  get weight(): number {
    return this.inFlight.reduce((sum, weight) => sum + weight, 0)
  }
  get seconds(): number {
    return Number(this.now - this.startedAt) / 1e9
  }

  /** Weight of one record of an offer: 1, unless the strategy counts otherwise. */
  private each(): number {
    return this.strategy.unit === "records" ? 1 : between(this.random, 1, 9)
  }

  /** Offers some records of equal weight; the answer is booked. */
  offer(records = between(this.random, 1, 40), each = this.each()): number {
    this.last = { records, weight: records * each }
    const answer = this.strategy.admit(this.last)
    for (let n = 0; n < Math.min(answer, records); n++) this.inFlight.push(each)
    this.passed += answer * each
    return answer
  }

  /** Settles some of what is under way, oldest first. */
  settle(records = between(this.random, 1, 30)): void {
    const some = Math.min(records, this.count)
    if (some === 0) return
    this.inFlight.splice(0, some)
    this.strategy.settled(some)
  }

  wait(nanos: bigint): void {
    this.now += nanos
  }

  /** When it said that it will answer more. */
  get due(): bigint | undefined {
    const at = this.strategy.dueNanos(this.last)
    return at === undefined ? undefined : at - this.now
  }

  /** One step of an engine's life. */
  step(): number {
    const kind = this.random()
    if (kind < 0.1) this.wait(BigInt(between(this.random, 1, 50_000_000)))
    else if (kind < 0.45) this.settle()
    return this.offer()
  }
}

const stepsMax = 300
const seeds = ["a", "b", "c"]

/** The same over some seeds, each with a strategy of its own. */
const overSeeds =
  (body: (asker: Asker, subject: FlowStrategySubject) => void) =>
  (subject: FlowStrategySubject): Effect.Effect<void, unknown> =>
    Effect.try({
      try: () => {
        for (const seed of seeds) body(new Asker(subject, seed), subject)
      },
      catch: (cause) => cause
    })

const whole: Rule<FlowStrategySubject> = {
  rule: "B1",
  title: "answers a whole number of records, from none to all that were offered",
  run: overSeeds((asker) => {
    for (let n = 0; n < stepsMax; n++) {
      const answer = asker.step()
      const { records } = asker.last
      const sound = Number.isInteger(answer) && answer >= 0 && answer <= records
      holds(sound, `${answer} of ${records} records were let in`)
    }
  })
}

const goesOn: Rule<FlowStrategySubject> = {
  rule: "B2",
  title: "lets something in when nothing is under way and no time is due",
  run: overSeeds((asker) => {
    const heavy = asker.strategy.unit === "records" ? 1 : 1_000_000
    for (const pressure of [calm, pressed]) {
      asker.pressure = pressure
      for (const [records, each] of [
        [1, 1],
        [40, 1],
        [1, heavy],
        [3, heavy]
      ] as const) {
        asker.settle(Number.POSITIVE_INFINITY)
        const answer = asker.offer(records, each)
        const due = answer === 0 ? asker.due : undefined
        holds(answer > 0 || due !== undefined, `${records} records of ${each} are let in never`)
        if (due !== undefined) asker.wait(due)
      }
    }
  })
}

const dueIsTrue: Rule<FlowStrategySubject> = {
  rule: "B3",
  title: "lets something in at the time it named, which is ahead",
  run: overSeeds((asker) => {
    for (let n = 0; n < stepsMax; n++) {
      if (asker.step() > 0) continue
      const due = asker.due
      if (due === undefined) continue
      holds(due > 0n, `it will let something in ${-due} ns ago`)
      asker.wait(due)
      const { records, weight } = asker.last
      const answer = asker.offer(records, weight / records)
      holds(answer > 0, `nothing of ${records} records was let in at the time it named`)
    }
  })
}

const wakesAll: Rule<FlowStrategySubject> = {
  rule: "B4",
  title: "wakes those it refused once what is under way is settled",
  run: overSeeds((asker) => {
    for (let n = 0; n < stepsMax; n++) {
      if (asker.step() > 0 || asker.count === 0 || asker.due !== undefined) continue
      asker.wakes = 0
      asker.settle(Number.POSITIVE_INFINITY)
      holds(asker.wakes > 0, "all is settled, and nobody was woken")
      holds(asker.offer() > 0, "all is settled, and nothing is let in")
    }
  })
}

const beyond = (asker: Asker, max: number): boolean => asker.weight > max && asker.count > 1

const keepsLimits: Rule<FlowStrategySubject> = {
  rule: "B5",
  title: "lets in no more than its settings allow",
  applies: ({ inFlightMax, passMax }) => inFlightMax !== undefined || passMax !== undefined,
  run: overSeeds((asker, { inFlightMax = Number.POSITIVE_INFINITY, passMax }) => {
    for (let n = 0; n < stepsMax; n++) {
      asker.step()
      const { weight, passed, seconds } = asker
      holds(!beyond(asker, inFlightMax), `${weight} are under way, ${inFlightMax} may be`)
      const most = passMax?.(seconds) ?? Number.POSITIVE_INFINITY
      holds(passed <= most + 1e-6, `${passed} passed in ${seconds} s, ${most} may`)
    }
  })
}

const changes: Rule<FlowStrategySubject> = {
  rule: "B6",
  title: "takes other settings over with what is under way, and refuses those of another kind",
  run: overSeeds((asker, { other, foreign }) => {
    for (let n = 0; n < 20; n++) asker.step()
    const before = asker.strategy.statistics()
    equal(asker.strategy.change(foreign), false, "answer to settings of another kind")
    equal(asker.strategy.statistics(), before, "figures behind a refused change")
    if (other === undefined) return
    while (asker.offer() > 0 && asker.count < 10_000 && other.inFlightMax !== undefined) {
      // Filled up, so that what is under way is known to the new settings.
    }
    equal(asker.strategy.change(other.descriptor), true, "answer to settings of its kind")
    const held = asker.weight
    const max = Math.max(other.inFlightMax ?? Number.POSITIVE_INFINITY, held)
    for (let n = 0; n < 10; n++) asker.offer()
    holds(!beyond(asker, max), `${asker.weight} under way behind a change, ${max} may be`)
    asker.settle(Number.POSITIVE_INFINITY)
    for (let n = 0; n < stepsMax; n++) {
      asker.step()
      const now = other.inFlightMax ?? Number.POSITIVE_INFINITY
      holds(!beyond(asker, now), `${asker.weight} under way by the new settings, ${now} may be`)
    }
  })
}

const tells: Rule<FlowStrategySubject> = {
  rule: "B7",
  title: "tells plain figures, and reading them changes nothing",
  run: overSeeds((asker) => {
    const { strategy } = asker
    for (let n = 0; n < stepsMax; n++) {
      asker.step()
      const figures = strategy.statistics()
      for (const [name, figure] of Object.entries(figures))
        holds(Number.isFinite(figure), `its figure ${name} is ${figure}`)
      strategy.decisions?.()
      equal(strategy.statistics(), figures, "figures read again")
    }
  })
}

const repeats: Rule<FlowStrategySubject> = {
  rule: "B8",
  title: "gives equal answers to equal questions at equal times",
  run: (subject) =>
    Effect.try({
      try: () => {
        const answers = seeds.map(() => {
          const asker = new Asker(subject, "same")
          return Array.from({ length: stepsMax }, () => asker.step())
        })
        for (const own of answers) equal(own, answers[0], "answers")
      },
      catch: (cause) => cause
    })
}

/** Rules B1 to B8. */
export const flowStrategyRules: ReadonlyArray<Rule<FlowStrategySubject>> = [
  whole,
  goesOn,
  dueIsTrue,
  wakesAll,
  keepsLimits,
  changes,
  tells,
  repeats
]
