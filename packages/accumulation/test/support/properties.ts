// The laws of the machine as functions of how a machine is made, so that the same law that passes
// on the real one can be seen failing on a broken one.

import type * as Accumulator from "@sluice/core/Accumulator"
import * as Batch from "@sluice/core/Batch"
import fc from "fast-check"
import * as Complete from "../../src/Complete.ts"
import * as OutputHeaders from "../../src/OutputHeaders.ts"
import type { Step } from "./generators.ts"
import { accumulators, histories, soundFragments } from "./generators.ts"
import type { Fragment, Machine, MakeMachine, Options, Output } from "./subject.ts"
import { options, slot, TestHost } from "./subject.ts"

const demand = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what)
}

const same = (actual: unknown, expected: unknown, what: string): void => {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  demand(a === b, `${what}: ${a}, expected ${b}`)
}

/** Drives a machine as an engine does, and keeps what came out. */
export class Driver {
  readonly host = new TestHost()
  readonly machine: Machine
  readonly outputs: Array<Output> = []
  delivered = 0
  private readonly makes: string

  constructor(make: MakeMachine, given: Options) {
    this.machine = make(given, this.host)
    this.makes = "driver"
  }

  private keep(emitted: Accumulator.Emitted<Output>): void {
    if (emitted === undefined) return
    demand(emitted.items.length > 0, `${this.makes}: an empty batch was emitted`)
    for (const [i, output] of emitted.items.entries()) {
      const headers = OutputHeaders.read(Batch.headers(emitted, i))
      same(headers?.reason, output.reason, "acc.reason")
      same(headers?.completeness === 1, output.isComplete, "acc.completeness")
      same(headers?.missing, output.missing, "acc.missingVars")
      same(headers?.key, output.isComplete ? undefined : output.key, "acc.key")
      this.outputs.push(output)
    }
  }

  /** Due work, slice by slice. */
  fire(): void {
    let slices = 0
    do {
      this.keep(this.machine.fire(this.host.clock))
      demand(slices++ < 1000, "fire: pending for ever")
    } while (this.machine.pending())
  }

  take(fragments: ReadonlyArray<Omit<Fragment, "id">>): void {
    const seqBase = this.delivered
    const items = fragments.map((fragment, i) => ({ ...fragment, id: seqBase + i }))
    this.delivered += items.length
    this.keep(this.machine.process(Batch.make(items, { seqBase, origin: "test" })))
    if (this.machine.pending()) this.fire()
  }

  step(step: Step): void {
    switch (step._tag) {
      case "Batch":
        return this.take(step.fragments)
      case "Time":
        this.host.clock += step.ms
        return
      case "Fire":
        return this.fire()
    }
  }

  end(): void {
    for (let emitted = this.machine.end(); emitted !== undefined; emitted = this.machine.end()) {
      this.keep(emitted)
    }
  }

  /** Compares the machine's counts with what the test saw with its own eyes. */
  assertAccounts(): void {
    const totals = this.machine.totals()
    const sum = (list: ReadonlyArray<number>): number => list.reduce((a, b) => a + b, 0)
    const complete = this.outputs.filter(({ isComplete }) => isComplete)
    const partial = this.outputs.filter(({ isComplete }) => !isComplete)
    same(totals.fragmentsIn, this.delivered, "fragments in")
    same(totals.fragmentsCompleted, sum(complete.map(({ fragments }) => fragments)), "completed")
    same(totals.fragmentsPartial, sum(partial.map(({ fragments }) => fragments)), "partial")
    same(totals.keysCompleted, complete.length, "keys completed")
    same(totals.keysPartial, partial.length, "keys partial")
    same(totals.fragmentsDropped, sum(Object.values(totals.dropsByReason)), "drops by reason")
    same(sum(Object.values(totals.completedByReason)), complete.length, "completed by reason")
    const failed = this.host.failures.map(({ payload }) =>
      payload === undefined ? 1 : (payload as { readonly fragments: number }).fragments
    )
    same(totals.fragmentsFailed, sum(failed), "failed")
    const ids = this.outputs.flatMap((output) => output.ids)
    demand(new Set(ids).size === ids.length, "a fragment left twice")
    for (const { ids: own, fragments } of this.outputs) same(own.length, fragments, "fragments")
    for (const { isComplete, completeness, missing } of this.outputs) {
      demand(isComplete === (completeness === 1), `completeness ${completeness}`)
      demand(isComplete === (missing.length === 0), `missing ${missing.join(" ")}`)
    }
  }
}

/** In = completed + partial + dropped + failed + open, whatever happens in whatever order. */
export const conservation = (make: MakeMachine) =>
  fc.property(accumulators, histories, (given, history) => {
    const driver = new Driver(make, given)
    for (const step of history) {
      driver.step(step)
      driver.machine.assertInvariants()
      driver.assertAccounts()
      const { keysMax } = driver.machine.settings
      demand(driver.machine.totals().keysOpen <= keysMax, "more open keys than allowed")
    }
    driver.end()
    driver.machine.assertInvariants()
    driver.assertAccounts()
    const { fragmentsOpen, keysOpen, bytesOpen } = driver.machine.totals()
    same([fragmentsOpen, keysOpen], [0, 0], "open after the end")
    demand(Math.abs(bytesOpen) < 1e-9, "bytes open after the end")
  })

interface Expected {
  readonly ids: Array<number>
  readonly filled: Set<string>
  readonly required: Set<string>
  declared: boolean
  announced: number
}

/** When a key is complete, said in the plainest way. */
const isComplete = (rule: string, key: Expected): boolean => {
  if (rule === "count") return key.announced > 0 && key.ids.length >= key.announced
  return key.declared && [...key.required].every((name) => key.filled.has(name))
}

const reference = (
  rule: string,
  fragments: ReadonlyArray<Omit<Fragment, "id">>
): ReadonlyArray<readonly [key: string, ids: ReadonlyArray<number>]> => {
  const open = new Map<string, Expected>()
  const closed = new Set<string>()
  const complete: Array<readonly [string, ReadonlyArray<number>]> = []
  for (const [id, fragment] of fragments.entries()) {
    const name = fragment.key!
    if (closed.has(name)) continue
    const fixed = rule === "slots"
    const fresh = (): Expected => ({
      ids: [],
      filled: new Set(),
      required: new Set(fixed ? ["s", "t", "u"] : []),
      declared: fixed,
      announced: 0
    })
    const key = open.get(name) ?? fresh()
    open.set(name, key)
    key.ids.push(id)
    if (fragment.slot !== undefined) key.filled.add(fragment.slot)
    if (fragment.declares !== undefined && !fixed) {
      key.declared = true
      for (const each of fragment.declares) key.required.add(each)
    }
    key.announced = Math.max(key.announced, fragment.announces ?? 0)
    if (!isComplete(rule, key)) continue
    complete.push([name, key.ids])
    closed.add(name)
    open.delete(name)
  }
  return complete
}

const ruleOf = (name: string): Options["complete"] => {
  if (name === "slots") return Complete.slots({ slot, required: ["s", "t", "u"] })
  if (name === "count") return Complete.count((fragment: Fragment) => fragment.announces)
  return Complete.discoveredSlots({ slot, declares: (fragment: Fragment) => fragment.declares })
}

const ruleNames = fc.constantFrom("slots", "discovered", "count")

/** Complete keys, their fragments and their order are those of a plain program. */
export const plainMeaning = (make: MakeMachine) =>
  fc.property(
    ruleNames,
    fc.array(fc.array(soundFragments, { maxLength: 20 }), { maxLength: 8 }),
    (rule, batches) => {
      const driver = new Driver(make, options({ complete: ruleOf(rule), expire: { idle: 1000 } }))
      for (const batch of batches) driver.take(batch)
      const complete = driver.outputs.map(({ key, ids }) => [key, ids] as const)
      same(complete, reference(rule, batches.flat()), `complete by ${rule}`)
    }
  )

interface Timed {
  readonly first: number
  last: number
}

const touches = fc.array(
  fc.record({ key: fc.constantFrom("a", "b", "c", "d"), ms: fc.integer({ min: 0, max: 60 }) }),
  { maxLength: 60 }
)

/** Keys go exactly when their time is over, without input; `deadline` is when the next one does. */
export const timersFire = (make: MakeMachine) =>
  fc.property(
    touches,
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 1, max: 200 }),
    (list, idle, age) => {
      const driver = new Driver(
        make,
        options({ complete: Complete.items(1000), expire: { idle, age }, late: "reopen" })
      )
      const open = new Map<string, Timed>()
      const due = ({ first, last }: Timed): number => Math.min(first + age, last + idle)
      for (const { key, ms } of list) {
        driver.host.clock += ms
        const now = driver.host.clock
        driver.fire()
        for (const [each, timed] of open) if (due(timed) <= now) open.delete(each)
        driver.take([{ key }])
        const known = open.get(key)
        if (known === undefined) open.set(key, { first: now, last: now })
        else known.last = now
        same(driver.machine.totals().keysOpen, open.size, "open keys")
        same(driver.machine.deadline(), Math.min(...[...open.values()].map(due)), "deadline")
        driver.machine.assertInvariants()
      }
      driver.assertAccounts()
      for (const { reason } of driver.outputs) demand(/^(idle|age)$/.test(reason), reason)
    }
  )
