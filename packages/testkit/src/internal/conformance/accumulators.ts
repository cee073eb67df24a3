// What an accumulator owes: every fragment accounted for, every key out once, nothing unbounded.
// The rules drive instances as an engine does, with a clock of their own.

import type * as Accumulator from "@sluice/core/Accumulator"
import * as Batch from "@sluice/core/Batch"
import * as Effect from "effect/Effect"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"

/**
 * A fragment of a key; without one it cannot be placed. A poisoned fragment throws when it is
 * added.
 */
export interface Fragment {
  readonly key: string | undefined
  readonly slot: string
  readonly value: number
  readonly poisoned?: boolean
}

/** What a key leaves behind: its values by slot, and whether all were there. */
export interface Gathered {
  readonly key: string
  readonly values: Readonly<Record<string, number>>
  readonly complete: boolean
}

/** What an accumulator under test is to be made like. */
export interface AccumulatorOptions {
  /** A key is complete when each has a fragment. */
  readonly slots: ReadonlyArray<string>
  /** Without a fragment for so long, an open key leaves as a partial. */
  readonly idleMs: number
  /** Most open keys; above, the one touched longest ago leaves as a partial. */
  readonly keysMax: number
  /** Most closed keys remembered. */
  readonly tombstonesMax: number
  readonly atEnd: "partial" | "discard"
  readonly late: "drop" | "reopen"
}

/** An accumulator under test. */
export interface AccumulatorSubject {
  readonly make: (options: AccumulatorOptions) => Accumulator.AccumulatorSpec<Fragment, Gathered>
}

const defaults: AccumulatorOptions = {
  slots: ["a", "b", "c"],
  idleMs: 1_000,
  keysMax: 1_000,
  tombstonesMax: 1_000,
  atEnd: "partial",
  late: "drop"
}

/** Drives one instance: batches in, outputs out, time by hand. */
class Bench {
  now = 0
  readonly out: Array<Gathered> = []
  readonly reasons: Array<string | undefined> = []
  readonly failed: Array<number> = []
  readonly instance: Accumulator.AccumulatorInstance<Fragment, Gathered>

  constructor({ make }: AccumulatorSubject, options: Partial<AccumulatorOptions> = {}) {
    this.instance = make({ ...defaults, ...options }).make({
      pipelineId: "conformance",
      stageId: "hold",
      now: () => this.now,
      failed: (index) => {
        this.failed.push(index)
        return true
      }
    })
  }

  private take(batch: Accumulator.Emitted<Gathered>): void {
    if (batch === undefined) return
    this.out.push(...batch.items)
    this.reasons.push(...batch.items.map((_, i) => Batch.headers(batch, i)["acc.reason"]))
  }

  give(...fragments: ReadonlyArray<Fragment>): void {
    this.take(this.instance.process(Batch.make(fragments, { timestamp: this.now, origin: "in" })))
    this.fire()
  }

  fire(): void {
    while (this.instance.pending() || this.instance.deadline() <= this.now) {
      const [before, deadline] = [this.out.length, this.instance.deadline()]
      this.take(this.instance.fire(this.now))
      const stuck = this.out.length === before && this.instance.deadline() === deadline
      if (stuck && !this.instance.pending()) return
    }
  }

  pass(ms: number): void {
    this.now += ms
    this.fire()
  }

  end(): void {
    for (;;) {
      const batch = this.instance.end()
      if (batch === undefined) return
      this.take(batch)
    }
  }

  /** Fragments that nobody can say where they went. */
  get lost(): number {
    const t = this.instance.totals()
    const known =
      t.fragmentsCompleted +
      t.fragmentsPartial +
      t.fragmentsDropped +
      t.fragmentsFailed +
      t.fragmentsOpen
    return t.fragmentsIn - known
  }
}

const piece = (key: string | undefined, slot: string, value = 1): Fragment => ({ key, slot, value })

const whole = (key: string): ReadonlyArray<Fragment> =>
  ["a", "b", "c"].map((slot) => piece(key, slot))

const body =
  (run: (subject: AccumulatorSubject) => void): Rule<AccumulatorSubject>["run"] =>
  (subject) =>
    Effect.sync(() => run(subject))

const identity: Rule<AccumulatorSubject> = {
  rule: "A1",
  title: "accounts for every fragment at any moment",
  run: body((subject) => {
    const bench = new Bench(subject, { keysMax: 3 })
    let given = 0
    const look = (when: string): void => {
      equal(bench.instance.totals().fragmentsIn, given, `fragments in ${when}`)
      equal(bench.lost, 0, `fragments lost ${when}`)
    }
    const give = (...fragments: ReadonlyArray<Fragment>): void => {
      given += fragments.length
      bench.give(...fragments)
      look(`after ${given} fragments`)
    }
    give(piece("x", "a"), piece("y", "a"))
    give(...whole("z"), piece(undefined, "a"))
    give(piece("z", "a"), { ...piece("x", "b"), poisoned: true })
    for (const key of ["p", "q", "r", "s"]) give(piece(key, "a"))
    bench.pass(5_000)
    look("after every timer")
    give(piece("last", "a"))
    bench.end()
    look("after the end")
    equal(bench.instance.totals().fragmentsOpen, 0, "fragments open after the end")
  })
}

const atOnce: Rule<AccumulatorSubject> = {
  rule: "A2",
  title: "gives a key as soon as its last fragment is there, and names the rule",
  run: body((subject) => {
    const bench = new Bench(subject)
    bench.give(...whole("x").slice(0, 2))
    equal(bench.out.length, 0, "outputs of a key with two of three slots")
    bench.give(piece("x", "c"))
    equal(
      bench.out.map(({ key, complete }) => [key, complete]),
      [["x", true]],
      "outputs in the batch of the last slot"
    )
    holds((bench.reasons[0] ?? "") !== "", "no rule is named on the output")
  })
}

const oncePerLife: Rule<AccumulatorSubject> = {
  rule: "A3",
  title: "gives a key at most once per life",
  run: body((subject) => {
    const bench = new Bench(subject)
    bench.give(...whole("x"), piece("y", "a"))
    bench.pass(5_000)
    bench.pass(5_000)
    bench.end()
    bench.end()
    equal(
      bench.out.map(({ key }) => key),
      ["x", "y"],
      "keys that came out"
    )
  })
}

const anyArrival: Rule<AccumulatorSubject> = {
  rule: "A4",
  title: "gives the same outputs in whatever order fragments arrive",
  run: body((subject) => {
    const fragments = ["x", "y"].flatMap((key) =>
      ["a", "b", "c"].map((slot, i) => piece(key, slot, i))
    )
    const orders = [
      fragments,
      fragments.toReversed(),
      fragments.toSorted((a, b) => a.value - b.value)
    ]
    const outputs = orders.map((order) => {
      const bench = new Bench(subject)
      for (const fragment of order) bench.give(fragment)
      return bench.out.toSorted((a, b) => (a.key < b.key ? -1 : 1))
    })
    equal(outputs[0]?.length, 2, "outputs")
    equal(outputs[1], outputs[0], "outputs of the fragments from back to front")
    equal(outputs[2], outputs[0], "outputs of the fragments slot by slot")
  })
}

const setAside: Rule<AccumulatorSubject> = {
  rule: "A5",
  title: "sets a fragment aside alone that has no key or cannot be added",
  run: body((subject) => {
    const bench = new Bench(subject)
    bench.give(
      piece("x", "a"),
      piece(undefined, "b"),
      { ...piece("x", "b"), poisoned: true },
      piece("x", "b")
    )
    bench.give(piece("x", "c"))
    equal(bench.failed, [1, 2], "positions handed to the error policy")
    equal(
      bench.out,
      [{ key: "x", values: { a: 1, b: 1, c: 1 }, complete: true }],
      "the group of a poisoned fragment"
    )
    equal(bench.instance.totals().fragmentsFailed, 2, "fragments counted as failed")
  })
}

const atEnd: Rule<AccumulatorSubject> = {
  rule: "A6",
  title: "gives open keys as partials at the end, or gives them up and counts them, by name",
  run: body((subject) => {
    for (const policy of ["partial", "discard"] as const) {
      const bench = new Bench(subject, { atEnd: policy })
      bench.give(piece("x", "a"), piece("y", "a"), piece("y", "b"))
      bench.end()
      const partial = policy === "partial"
      equal(
        bench.out.map(({ key, complete }) => [key, complete]),
        partial
          ? [
              ["x", false],
              ["y", false]
            ]
          : [],
        `${policy}: outputs`
      )
      const totals = bench.instance.totals()
      equal(
        [totals.fragmentsPartial, totals.fragmentsDropped],
        partial ? [3, 0] : [0, 3],
        `${policy}: fragments`
      )
      const named = bench.instance.openKeys(10).map(({ key }) => key)
      equal(named.toSorted(), ["x", "y"], `${policy}: keys that can be named`)
    }
  })
}

const bounded: Rule<AccumulatorSubject> = {
  rule: "A7",
  title: "keeps no more open keys than it may, and counts what had to go",
  run: body((subject) => {
    const bench = new Bench(subject, { keysMax: 5, tombstonesMax: 5 })
    for (let n = 0; n < 50; n++) {
      bench.now++
      bench.give(piece(`key-${n}`, "a"))
      holds(
        bench.instance.totals().keysOpen <= 5,
        `${bench.instance.totals().keysOpen} keys are open, 5 may be`
      )
    }
    const totals = bench.instance.totals()
    equal(totals.keysPartial + totals.keysDropped, 45, "keys that had to go")
    equal(
      bench.out.slice(0, 2).map(({ key }) => key),
      ["key-0", "key-1"],
      "the keys touched longest ago"
    )
  })
}

const lateComers: Rule<AccumulatorSubject> = {
  rule: "A8",
  title: "drops and counts late fragments, or opens the key anew, as declared",
  run: body((subject) => {
    for (const late of ["drop", "reopen"] as const) {
      const bench = new Bench(subject, { late })
      bench.give(...whole("x"))
      bench.give(piece("x", "a"))
      const { fragmentsDropped, fragmentsOpen } = bench.instance.totals()
      const expected = late === "drop" ? [1, 0] : [0, 1]
      equal([fragmentsDropped, fragmentsOpen], expected, `${late}: fragments dropped and open`)
    }
  })
}

/** What every accumulator is held to. */
export const accumulatorRules: ReadonlyArray<Rule<AccumulatorSubject>> = [
  identity,
  atOnce,
  oncePerLife,
  anyArrival,
  setAside,
  atEnd,
  bounded,
  lateComers
]
