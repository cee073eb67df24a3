// The circuit breaker under random calls: it recovers on evidence only, waits out its cool-down,
// and never loses a trial slot.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { transition } from "../../src/internal/circuitBreaker.ts"
import type { Settings } from "../../src/internal/circuitSettings.ts"
import { goodNeeded } from "../../src/internal/circuitSettings.ts"
import type { Action, Event, State, Ticket } from "../../src/internal/circuitState.ts"
import { assertInvariants, initial } from "../../src/internal/circuitState.ts"
import { faults } from "../faulty/circuitBreaker.ts"

type Transition = (state: State, event: Event) => readonly [State, ReadonlyArray<Action>]

const settings: fc.Arbitrary<Settings> = fc.record({
  errorThreshold: fc.constantFrom(0.3, 0.5, 1),
  windowMs: fc.constant(1_000),
  throughputMin: fc.integer({ min: 1, max: 6 }),
  cooldownMs: fc.integer({ min: 50, max: 400 }),
  cooldownMsMax: fc.constant(1_000),
  closedMsMin: fc.constantFrom(0, 200),
  trials: fc.integer({ min: 1, max: 5 }),
  trialRatio: fc.constantFrom(0.5, 0.8, 1),
  trialMsMax: fc.constant(100_000)
})

/** Opens the circuit and waits the cool-down out, so that each run sees trials. */
const opening = [
  { kind: "request", afterMs: 250, pick: 0, ok: false },
  ...Array.from({ length: 6 }, () => [
    { kind: "request", afterMs: 0, pick: 0, ok: false },
    { kind: "result", afterMs: 0, pick: 1, ok: false }
  ]).flat(),
  { kind: "request", afterMs: 400, pick: 0, ok: false }
]

const commands = fc.array(
  fc.record({
    kind: fc.constantFrom("request", "request", "request", "result", "result", "cancel"),
    afterMs: fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 20 }) }, fc.nat({ max: 600 })),
    pick: fc.nat({ max: 100 }),
    ok: fc.boolean()
  }),
  { maxLength: 150 }
)

/** What an observer outside knows of a run. */
class Watch {
  readonly admitted: Array<Ticket> = []
  good = 0
  sinceMs = 0
  private readonly given: Required<Settings>
  constructor(given: Settings) {
    this.given = given as Required<Settings>
  }

  /** Trials of this half-open phase that somebody holds or that were judged. */
  trialsUsed = 0
  trialIds = new Set<number>()

  result(ticket: Ticket, ok: boolean): void {
    if (this.trialIds.delete(ticket) && ok) this.good++
  }

  cancel(ticket: Ticket): void {
    if (this.trialIds.delete(ticket)) this.trialsUsed--
  }

  see(state: State, actions: ReadonlyArray<Action>): void {
    for (const action of actions) {
      if (action._tag === "Change") this.changed(state, action)
      if (action._tag === "Admit") {
        this.admitted.push(action.ticket)
        if (!action.trial) continue
        this.trialIds.add(action.ticket)
        this.trialsUsed++
        expect(this.trialsUsed).toBeLessThanOrEqual(this.given.trials)
      }
      // A half-open circuit rejects only while all of its trials are held or judged.
      if (action._tag === "Reject" && action.phase === "HalfOpen")
        expect(this.trialsUsed).toBe(this.given.trials)
    }
  }

  private changed(state: State, change: Extract<Action, { _tag: "Change" }>): void {
    const lasted = change.atMs - this.sinceMs
    if (change.to === "Closed") expect(this.good).toBe(goodNeeded(state.settings))
    if (change.from === "Open") expect(lasted).toBeGreaterThanOrEqual(this.given.cooldownMs)
    if (change.from === "Closed") expect(lasted).toBeGreaterThanOrEqual(this.given.closedMsMin)
    this.sinceMs = change.atMs
    this.good = 0
    this.trialsUsed = 0
    this.trialIds.clear()
  }
}

const law = (step: Transition): fc.IProperty<unknown> =>
  fc.property(settings, commands, (given, script) => {
    const watch = new Watch(given)
    let state = initial(given, 0)
    let atMs = 0
    for (const { kind, afterMs, pick, ok } of [...opening, ...script]) {
      atMs += afterMs
      let event: Event = { _tag: "Request", atMs }
      if (kind !== "request" && watch.admitted.length > 0) {
        const [ticket] = watch.admitted.splice(pick % watch.admitted.length, 1) as [Ticket]
        // The observer must know of phase changes by time before it judges the result.
        const [now, changes] = step(state, { _tag: "Tick", atMs })
        watch.see(now, changes)
        state = now
        if (kind === "result") watch.result(ticket, ok)
        else watch.cancel(ticket)
        event =
          kind === "result"
            ? { _tag: "Result", atMs, ticket, ok, latencyMs: 1 }
            : { _tag: "Cancelled", atMs, ticket }
      }
      const [next, actions] = step(state, event)
      watch.see(next, actions)
      assertInvariants(next)
      state = next
    }
  })

describe("circuit breaker", () => {
  it("closes on evidence alone, keeps its intervals and its trial slots", () => {
    fc.assert(law(transition), { numRuns: 2_000 })
  })
})

describe("the law finds a circuit breaker that is wrong", () => {
  for (const [name, fault] of Object.entries(faults)) {
    it(name, () => {
      expect(fc.check(law(fault), { numRuns: 3_000, seed: 1 }).failed).toBe(true)
    })
  }
})
