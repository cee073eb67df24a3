// What a circuit owes the engine that asks it before each call: who may try, what outcomes count,
// and what an operator may rely on. The circuit is driven as an engine drives it, with a clock of
// the test's own.
import type * as Breaker from "@sluice/core/Breaker"
import type * as Policy from "@sluice/core/Policy"
import * as Effect from "effect/Effect"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"

/** A circuit breaker under test. */
export interface BreakerSubject {
  /** Makes circuits of the policies the tests choose; the kit asks for rates of errors alone. */
  readonly implementation: Breaker.BreakerImplementation
}

const [callsJudged, trials, cooldownMs] = [4, 2, 1_000]

/**
 * Opens when half of four calls have failed, cools down for a second, closes on two good trials.
 */
const policy: Policy.CircuitBreakerPolicy = {
  errorThreshold: 0.5,
  windowMs: 60_000,
  throughputMin: callsJudged,
  cooldownMs,
  cooldownFactor: 1,
  cooldownMsMax: cooldownMs,
  trials,
  trialRatio: 1,
  trialMsMax: 60_000
}

/** Asks a circuit, at times of its own. */
class Caller {
  readonly breaker: Breaker.Breaker
  readonly changes: Array<Breaker.CircuitChange> = []
  now = 5_000

  constructor({ implementation }: BreakerSubject) {
    const changed = (change: Breaker.CircuitChange): void => void this.changes.push(change)
    const host = { pipelineId: "kit", stageId: "stage", changed }
    this.breaker = implementation(policy, host, this.now)
  }

  get state(): Breaker.CircuitState {
    return this.breaker.state(this.now)
  }

  /** The tickets of those of so many requests that are let. */
  ask(count: number): ReadonlyArray<unknown> {
    return Array.from({ length: count }, () => this.breaker.request(this.now)).flatMap((verdict) =>
      verdict._tag === "Admitted" ? [verdict.ticket] : []
    )
  }

  end(tickets: ReadonlyArray<unknown>, ok: boolean): void {
    for (const ticket of tickets) this.breaker.ended(ticket, this.now, ok, 1)
  }

  /** Has it open, by calls that fail. */
  open(): void {
    this.end(this.ask(callsJudged), false)
    equal(this.state, "open", `state after ${callsJudged} failed calls`)
  }

  /** Has it open, and then cool down. */
  halfOpen(): void {
    this.open()
    this.now += cooldownMs
  }
}

const circuit =
  (body: (caller: Caller) => void) =>
  (subject: BreakerSubject): Effect.Effect<void, unknown> =>
    Effect.try({ try: () => body(new Caller(subject)), catch: (cause) => cause })

const trialsAlone: Rule<BreakerSubject> = {
  rule: "F14",
  title: "lets nothing before its cool-down is over, then its trials; one cut off frees its place",
  run: circuit((caller) => {
    caller.open()
    const verdict = caller.breaker.request(caller.now)
    equal(verdict._tag, "Rejected", "answer of a circuit that has just opened")
    const due = verdict._tag === "Rejected" ? verdict.retryAfterMs : undefined
    equal(due, cooldownMs, "milliseconds until it may be asked again")
    caller.now += cooldownMs - 1
    equal(caller.ask(3).length, 0, "calls let just before the cool-down is over")
    caller.now += 1
    const [first, second, ...rest] = caller.ask(trials + 3)
    equal(rest.length + (second === undefined ? 1 : 0), 0, `calls let beyond ${trials} trials`)
    caller.breaker.cancelled(first, caller.now)
    const again = caller.ask(3)
    equal(again.length, 1, "calls let when one trial was cut off")
    equal(caller.state, "half-open", "state while trials are under way")
    caller.end([second, ...again], true)
    equal(caller.state, "closed", "state after good trials")
    equal(caller.ask(10).length, 10, "calls that a closed circuit lets")
  })
}

const earlierIgnored: Rule<BreakerSubject> = {
  rule: "F15",
  title: "is not changed by outcomes of calls that were let in an earlier state",
  run: circuit((caller) => {
    const early = caller.ask(3)
    caller.halfOpen()
    const [good, bad, cut] = early
    caller.end([good], true)
    caller.end([good], true)
    equal(caller.state, "half-open", "state after good calls of before it opened")
    caller.end([bad], false)
    equal(caller.state, "half-open", "state after a bad call of before it opened")
    const running = caller.ask(trials + 3)
    caller.breaker.cancelled(cut, caller.now)
    equal(caller.ask(3).length, 0, "calls let when one of before it opened was cut off")
    caller.end(running, true)
    equal(caller.state, "closed", "state after good trials")
    caller.end(early, false)
    caller.end(early, false)
    equal(caller.state, "closed", "state after bad calls of before it had opened")
  })
}

const byHand: Rule<BreakerSubject> = {
  rule: "F16",
  title: "stays open by hand until it is reset, and then has forgotten what it counted",
  run: circuit((caller) => {
    const early = caller.ask(2)
    caller.end(caller.ask(callsJudged - 1), false)
    caller.breaker.isolate(caller.now)
    equal(caller.state, "isolated", "state of a circuit opened by hand")
    caller.now += 1_000 * cooldownMs
    equal(caller.ask(3).length, 0, "calls let by a circuit that was opened by hand")
    caller.end(early, true)
    equal(caller.state, "isolated", "state after outcomes of earlier calls")
    caller.breaker.reset(caller.now)
    equal(caller.state, "closed", "state after its reset")
    caller.end(caller.ask(1), false)
    equal(caller.state, "closed", "state after one bad call behind a reset")
  })
}

const told: Rule<BreakerSubject> = {
  rule: "F17",
  title: "tells each change once, as it happened, and is not changed by being asked about",
  run: circuit((caller) => {
    caller.halfOpen()
    caller.end(caller.ask(trials), true)
    caller.breaker.isolate(caller.now)
    caller.breaker.reset(caller.now)
    const chain = caller.changes.map(({ from, to }) => `${from} to ${to}`)
    equal(
      chain,
      [
        "closed to open",
        "open to half-open",
        "half-open to closed",
        "closed to isolated",
        "isolated to closed"
      ],
      "changes that were told"
    )
    holds(
      caller.changes.every(({ reason }) => reason !== ""),
      "a change was told without a reason"
    )
    const figures = caller.breaker.statistics()
    for (const [name, figure] of Object.entries(figures))
      holds(Number.isFinite(figure), `its figure ${name} is ${figure}`)
    for (let look = 0; look < 10; look++) caller.breaker.state(caller.now)
    equal(caller.breaker.statistics(), figures, "figures read again")
    equal(caller.changes.length, chain.length, "changes told by looking at it")
  })
}

/** Rules F14 to F17. */
export const breakerRules: ReadonlyArray<Rule<BreakerSubject>> = [
  trialsAlone,
  earlierIgnored,
  byHand,
  told
]
