// What a user of Accumulate.make sees, fact by fact. The laws are in test/laws.

import { describe, expect, it } from "@effect/vitest"
import * as Batch from "@sluice/core/Batch"
import * as Accumulate from "../src/Accumulate.ts"
import * as Complete from "../src/Complete.ts"
import * as Merge from "../src/Merge.ts"
import * as OutputHeaders from "../src/OutputHeaders.ts"
import { driver, idle, of } from "./support/runs.ts"
import type { Fragment } from "./support/subject.ts"
import { make, options, slot, TestHost } from "./support/subject.ts"

describe("completion", () => {
  it("is looked at after every fragment: a key leaves with the one that completes it", () => {
    const run = driver({ complete: Complete.slots({ slot, required: ["id", "name"] }) })
    run.take([of("a", { slot: "name" }), of("b", { slot: "id" }), of("a", { slot: "id" })])
    expect(run.outputs).toEqual([
      {
        key: "a",
        reason: "slots",
        isComplete: true,
        completeness: 1,
        missing: [],
        fragments: 2,
        ids: [0, 2]
      }
    ])
  })

  it("the output has the sequence number of the fragment that completed it", () => {
    const instance = Accumulate.make({
      key: (n: number) => n % 2,
      complete: Complete.count(2),
      output: (group) => group.state.all,
      expire: idle
    }).make(new TestHost())
    const whole = Batch.make([10, 11, 12, 13], { seqBase: 100, index: [0, 2, 4, 6], origin: "src" })
    const emitted = instance.process(whole)!
    expect(emitted.items).toEqual([
      [10, 12],
      [11, 13]
    ])
    expect([Batch.seqId(emitted, 0), Batch.seqId(emitted, 1)]).toEqual([104, 106])
    expect(emitted.origin).toBe("src")
  })

  it("of several rules the first listed wins a tie, and its name is the reason", () => {
    const rules = [Complete.items(2, { name: "pair" }), Complete.bytes(2), Complete.items(1)]
    const first = driver({ complete: Complete.any(rules.slice(0, 2)) })
    first.take([of("a"), of("a")])
    expect(first.outputs.map(({ reason }) => reason)).toEqual(["pair"])
    const second = driver({ complete: Complete.any([rules[1]!, rules[0]!]) })
    second.take([of("a"), of("a")])
    expect(second.outputs.map(({ reason }) => reason)).toEqual(["bytes"])
    const third = driver({ complete: Complete.any(rules) })
    third.take([of("a")])
    expect(third.machine.totals().completedByReason).toEqual({ items: 1 })
  })

  it("a predicate sees the state after each fragment", () => {
    const total = Complete.predicate((state: Merge.Merged<number, number>) => state.value >= 10, {
      name: "enough"
    })
    const instance = Accumulate.make({
      key: () => "all",
      complete: total,
      state: Merge.sum((n: number) => n),
      output: ({ state, reason }) => [reason, state.value],
      expire: idle,
      late: "reopen"
    }).make(new TestHost())
    expect(instance.process(Batch.make([4, 4, 4, 1]))?.items).toEqual([["enough", 12]])
    expect(instance.totals()).toMatchObject({ fragmentsOpen: 1, keysCompleted: 1 })
  })

  it("an immutable state is what `add` returns", () => {
    const instance = Accumulate.make({
      key: (word: string) => word.charAt(0),
      complete: Complete.items(2),
      state: { init: (key) => `${key}:`, add: (state: string, word: string) => state + word },
      output: (group) => group.state,
      expire: idle
    }).make(new TestHost())
    expect(instance.process(Batch.make(["ab", "ac"]))?.items).toEqual(["a:abac"])
  })

  it("slots with parts need each part, and reports name them part:slot", () => {
    const parts = { required: ["value", "status"], of: (f: Fragment) => f.part ?? "value" }
    const run = driver({ complete: Complete.slots({ slot, required: ["t", "p"], parts }) })
    run.take([of("a", { slot: "t" }), of("a", { slot: "t", part: "status" })])
    expect(run.machine.openKeys(9)).toEqual([
      { key: "a", fragments: 2, completeness: 0.5, missing: ["value:p", "status:p"] }
    ])
    run.take([of("a", { slot: "p", part: "colour" })])
    expect(run.host.failures[0]?.cause).toMatchObject({ _tag: "UnknownPart" })
    run.take([of("a", { slot: "p" }), of("a", { slot: "p", part: "status" })])
    expect(run.outputs.map(({ reason }) => reason)).toEqual(["slots"])
  })

  it("a predicate that throws fails the fragment, and the key goes on without it", () => {
    const complete = Complete.predicate((state: { readonly ids: ReadonlyArray<number> }) => {
      if (state.ids.includes(1)) throw new Error("no")
      return state.ids.length === 2
    })
    const host = new TestHost()
    const instance = Accumulate.make({
      key: () => "k",
      complete,
      state: {
        init: () => ({ ids: [] as ReadonlyArray<number> }),
        add: (state, n: number) => ({ ids: [...state.ids, n] })
      },
      output: (group) => group.state.ids,
      expire: idle
    }).make(host)
    expect(instance.process(Batch.make([0, 1, 2]))?.items).toEqual([[0, 2]])
    expect(host.failures.map(({ index }) => index)).toEqual([1])
  })
})

describe("partials", () => {
  it("say what is missing, how far they are and why they go", () => {
    const complete = Complete.slots({ slot, required: ["id", "name", "limit,%", "risk"] })
    const weights = { id: 3, name: 1 }
    const host = new TestHost()
    const machine = make(options({ complete, expire: idle, progressWeights: weights }), host)
    machine.process(Batch.make<Fragment>([{ id: 0, key: "a", slot: "id" }]))
    host.clock += 1000
    const emitted = machine.fire(host.clock)!
    expect(emitted.items[0]).toMatchObject({ reason: "idle", completeness: 0.5, isComplete: false })
    const headers = Batch.headers(emitted, 0)
    expect(headers).toEqual({
      "acc.completeness": "0.5",
      "acc.missingVars": "name,limit%2C%25,risk",
      "acc.reason": "idle",
      "acc.key": "a"
    })
    expect(OutputHeaders.read(headers)?.missing).toEqual(["name", "limit,%", "risk"])
    expect(OutputHeaders.read({})).toBeUndefined()
  })

  it("before anything was declared, what would declare it is missing", () => {
    const declares = (f: Fragment) => f.declares
    const run = driver({
      complete: Complete.discoveredSlots({ slot, declares, declaredBy: "gloss" }),
      atEnd: "partial"
    })
    run.take([of("a", { slot: "s" }), of("b", { slot: "s", declares: ["s", "t"] })])
    run.end()
    expect(
      run.outputs.map(({ key, missing, completeness }) => [key, missing, completeness])
    ).toEqual([
      ["a", ["gloss"], 0],
      ["b", ["t"], 0.5]
    ])
  })

  it("long lists of missing slots are cut and say so", () => {
    const required = Array.from({ length: 300 }, (_, i) => `s${i}`)
    const run = driver({ complete: Complete.slots({ slot, required }) })
    run.take([of("a", { slot: "s7" })])
    const [open] = run.machine.openKeys(1)
    expect(open?.missing).toHaveLength(100)
    expect(open?.missing.at(-1)).toBe("and 200 more")
  })

  it("count and bytes say how much more they wait for", () => {
    const run = driver({ complete: Complete.count((f: Fragment) => f.announces) })
    run.take([of("a"), of("b", { announces: 2 })])
    expect(run.machine.openKeys(9).map(({ missing }) => missing)).toEqual([
      ["(count)"],
      ["1 more fragment of 2"]
    ])
  })

  it("never claim to be complete by rounding", () => {
    const weights = { s: 1e12, t: 1e-12 }
    const complete = Complete.slots({ slot, required: ["s", "t"] })
    const run = driver({ complete, progressWeights: weights })
    run.take([of("a", { slot: "s" })])
    run.end()
    expect(run.outputs[0]?.completeness).toBe(0.9999)
  })
})

describe("bounds", () => {
  it("items and bytes of a key force it out", () => {
    const run = driver({
      complete: Complete.slots({ slot, required: ["s"] }),
      limits: { items: 2, bytes: 10 }
    })
    run.take([of("a"), of("a"), of("b", { bytes: 10 })])
    expect(run.outputs.map(({ key, reason }) => [key, reason])).toEqual([
      ["a", "limit-items"],
      ["b", "limit-bytes"]
    ])
  })

  it("above the key limit the key touched longest ago goes", () => {
    const run = driver({ limits: { keys: 2, emit: "discard" } })
    run.take([of("a"), of("b")])
    run.host.clock += 1
    run.take([of("a")])
    run.host.clock += 1
    run.take([of("c")])
    expect(run.machine.openKeys(9).map(({ key }) => key)).toEqual(["a", "c"])
    expect(run.machine.totals()).toMatchObject({
      keysDropped: 1,
      dropsByReason: { "key-explosion": 1 }
    })
  })

  it("a million keys never hold more than the limit, and leave in slices", () => {
    const host = new TestHost()
    const instance = Accumulate.make({
      key: (n: number) => n,
      complete: Complete.items(2),
      output: (group) => group.key,
      expire: idle,
      limits: { keys: 10_000 },
      tombstones: { max: 1_000 }
    }).make(host)
    let partials = 0
    for (let from = 0; from < 1_000_000; from += 50_000) {
      instance.process(Batch.make(Array.from({ length: 50_000 }, (_, i) => from + i)))
      while (instance.pending()) {
        const emitted = instance.fire(host.clock)?.items.length ?? 0
        expect(emitted).toBeLessThanOrEqual(1024)
        partials += emitted
      }
      expect(instance.totals().keysOpen).toBeLessThanOrEqual(10_000)
    }
    expect(partials).toBe(990_000)
  })

  it("too many slots in one key fail the fragment, not the key", () => {
    const declares = (f: Fragment) => f.declares
    const run = driver({
      complete: Complete.discoveredSlots({ slot, declares }),
      limits: { slots: 3 }
    })
    run.take([of("a", { slot: "s", declares: ["s", "t", "u", "v"] }), of("a", { slot: "s" })])
    expect(run.host.failures.map(({ cause }) => cause)).toMatchObject([{ _tag: "TooManySlots" }])
    run.take([of("a", { declares: ["s", "t"] }), of("a", { slot: "t", declares: ["s", "t"] })])
    expect(run.outputs.map(({ ids }) => ids)).toEqual([[1, 2, 3]])
  })
})

describe("gathered fragments", () => {
  it("are sorted by source and sequence number, and found by slot", () => {
    const instance = Accumulate.make({
      key: () => "k",
      complete: Complete.slots({ slot: (f: { readonly s: string }) => f.s, required: ["a", "b"] }),
      output: ({ state }) => state,
      expire: idle
    }).make(new TestHost())
    instance.process(Batch.make([{ s: "a", n: 1 }], { origin: "z", seqBase: 5 }))
    instance.process(Batch.make([{ s: "a", n: 2 }], { origin: "y", seqBase: 9 }))
    const [state] = instance.process(
      Batch.make([{ s: "b", n: 3 }], { origin: "y", seqBase: 2 })
    )!.items
    expect([...state!]).toEqual([
      { s: "b", n: 3 },
      { s: "a", n: 2 },
      { s: "a", n: 1 }
    ])
    expect(state!.get("a")).toEqual({ s: "a", n: 2 })
    expect(state!.getAll("a")).toHaveLength(2)
    expect(state!.get("c")).toBeUndefined()
    expect(state!.size).toBe(3)
  })
})
