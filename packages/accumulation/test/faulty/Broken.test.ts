// The checker of the checker: each law must fail on a machine that is broken in the way the law is
// there to find. A law that passes here finds nothing.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { AccumulatorMachine } from "../../src/internal/accumulatorMachine.ts"
import type { Entry } from "../../src/internal/entry.ts"
import { verdicts } from "../../src/internal/logic.ts"
import { RuleLogic } from "../../src/internal/ruleLogic.ts"
import { SlotTable } from "../../src/internal/slotTable.ts"
import { conservation, plainMeaning, timersFire } from "../support/properties.ts"
import type { Fragment, Ids, Logic, MakeMachine, Output } from "../support/subject.ts"
import { makeWith } from "../support/subject.ts"

type Args = ConstructorParameters<typeof RuleLogic<Fragment, string, Ids, Output>>

/** Looks at completeness only after every second fragment. */
class ForgetsToCheck extends RuleLogic<Fragment, string, Ids, Output> {
  private asked = 0

  override take(entry: Entry<string, Ids>, fragment: Fragment, index: number): number {
    const verdict = super.take(entry, fragment, index)
    return this.asked++ % 2 === 0 || verdict < 0 ? verdict : verdicts.incomplete
  }
}

/** Takes a second fragment of a slot for a new one. */
class CountingSlots extends SlotTable {
  override fill(slot: number): void {
    if (this.isFilled(slot) && this.waiting > 0) this.waiting--
    super.fill(slot)
  }
}

class CountsDuplicates extends RuleLogic<Fragment, string, Ids, Output> {
  override open(entry: Entry<string, Ids>): void {
    super.open(entry)
    const { fixed } = this.options.rule
    if (entry.slots !== undefined) entry.slots = new CountingSlots(fixed, 1)
  }
}

class Machine extends AccumulatorMachine<Fragment, string, Ids, Output> {}

/** Forgets a key whose time is over instead of handing it on. */
class LosesAtExpiry extends Machine {
  protected override expireNext(): boolean {
    const entry = this.timers?.due(this.now)
    if (entry === undefined) return false
    entry.phase = "closed"
    this.table.map.delete(entry.key)
    this.table.open--
    this.timers?.disarmed()
    return true
  }
}

/** Hands on all but the last output of a slice. */
class DropsAnOutput extends Machine {
  override fire(now: number): ReturnType<Machine["fire"]> {
    const emitted = super.fire(now)
    if (emitted === undefined || emitted.items.length < 2) return emitted
    return { ...emitted, items: emitted.items.slice(0, -1) }
  }
}

/** Keeps closed keys for ever. */
class NeverForgets extends Machine {
  constructor(...[host, logic, settings]: ConstructorParameters<typeof Machine>) {
    super(host, logic, { ...settings, tombstones: { max: 1_000_000, ageMs: 1e9 } })
    Object.assign(this, { settings })
  }
}

/** Measures idle time from the first fragment: a touched key goes too early. */
class IdleFromFirst extends Machine {
  override process(...[batch]: Parameters<Machine["process"]>): ReturnType<Machine["process"]> {
    const emitted = super.process(batch)
    for (const entry of this.table.openEntries()) entry.last = entry.first
    return emitted
  }
}

/** Counts a late fragment and takes it nevertheless. */
class TakesLateOnes extends Machine {
  override process(...[batch]: Parameters<Machine["process"]>): ReturnType<Machine["process"]> {
    for (const [key, entry] of this.table.map) {
      if (entry.phase === "closed") this.table.map.delete(key)
    }
    return super.process(batch)
  }
}

type LogicMaker = (...args: Args) => Logic
const logic = (maker: LogicMaker): MakeMachine => makeWith({ logic: maker })
const machine = (Broken: typeof Machine): MakeMachine =>
  makeWith({ machine: (host, inner, settings) => new Broken(host, inner, settings) })

/** Runs a law that ought to fail; true when it did. */
type Law = (make: MakeMachine) => boolean

const runs = { numRuns: 1500, seed: 7 }
const conserves: Law = (make) => fc.check(conservation(make), runs).failed
const means: Law = (make) => fc.check(plainMeaning(make), runs).failed
const fires: Law = (make) => fc.check(timersFire(make), runs).failed

const cases: ReadonlyArray<readonly [name: string, make: MakeMachine, laws: ReadonlyArray<Law>]> = [
  ["forgets to check", logic((o) => new ForgetsToCheck(o)), [conserves, means]],
  ["counts duplicates", logic((o) => new CountsDuplicates(o)), [conserves, means]],
  ["loses at expiry", machine(LosesAtExpiry), [conserves, fires]],
  ["drops an output", machine(DropsAnOutput), [conserves]],
  ["never forgets", machine(NeverForgets), [conserves]],
  ["measures idle time from the first", machine(IdleFromFirst), [fires]],
  ["takes late fragments", machine(TakesLateOnes), [conserves, means]]
]

describe("a machine that", () => {
  for (const [name, make, laws] of cases) {
    it(`${name} fails its laws`, () => {
      for (const law of laws) {
        expect(law(make), `${law.name} finds it`).toBe(true)
      }
    })
  }
})
