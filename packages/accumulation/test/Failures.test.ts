// What becomes of fragments and groups when a function of the user fails.

import { describe, expect, it } from "@effect/vitest"
import * as Batch from "@sluice/core/Batch"
import * as Accumulate from "../src/Accumulate.ts"
import * as Complete from "../src/Complete.ts"
import { driver, idle, of } from "./support/runs.ts"
import { slot, TestHost } from "./support/subject.ts"

describe("failures", () => {
  it("a missing key and a throwing function set the fragment aside, and the key goes on", () => {
    const run = driver()
    run.take([
      of("a"),
      { key: undefined },
      of("a", { poison: "key" }),
      of("a", { poison: "add" }),
      of("a"),
      of("a")
    ])
    expect(run.host.failures.map(({ index, key }) => [index, key])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, "a"]
    ])
    expect(run.host.failures[0]?.cause).toMatchObject({ _tag: "MissingKey" })
    expect(run.outputs.map(({ ids }) => ids)).toEqual([[0, 4, 5]])
  })

  it("a key that a Map compares by identity is refused with the reason", () => {
    const host = new TestHost()
    const instance = Accumulate.make({
      key: (n: number) => JSON.parse(`{"n":${n}}`) as string,
      complete: Complete.items(2),
      output: (group) => group.key,
      expire: idle
    }).make(host)
    instance.process(Batch.make([1]))
    expect(JSON.stringify(host.failures[0]?.cause)).toContain("of type object")
  })

  it("an output that throws closes its key: fragments count as failed, the state is kept", () => {
    const run = driver({ complete: Complete.items(2) })
    run.take([of("a"), of("a", { poison: "output" }), of("a"), of("b"), of("b")])
    expect(run.outputs.map(({ key }) => key)).toEqual(["b"])
    expect(run.host.failures[0]).toMatchObject({
      index: 1,
      key: "a",
      payload: { key: "a", state: { ids: [0, 1] }, fragments: 2, reason: "items" }
    })
    expect(run.machine.totals()).toMatchObject({
      fragmentsFailed: 2,
      keysFailed: 1,
      dropsByReason: { late: 1 }
    })
  })

  it("when the host says stop, what is complete is delivered and nothing more is taken", () => {
    const run = driver({ complete: Complete.items(1) })
    run.host.carriesOn = false
    const items = [of("a"), { key: undefined }, of("b")].map((f, id) => ({ ...f, id }))
    expect(run.machine.process(Batch.make(items))?.items).toHaveLength(1)
    expect(run.machine.totals()).toMatchObject({ fragmentsIn: 2, fragmentsFailed: 1 })
    expect([run.machine.pending(), run.machine.end()]).toEqual([false, undefined])
    expect(run.machine.deadline()).toBe(Number.POSITIVE_INFINITY)
  })

  it("duplicates of a slot are counted, and gathered, dropped or refused", () => {
    const complete = Complete.slots({ slot, required: ["s", "t"] })
    const list = [of("a", { slot: "s" }), of("a", { slot: "s" }), of("a", { slot: "t" })]
    const ids = (duplicates: "accept" | "drop" | "fail") => {
      const run = driver({ complete, duplicates })
      run.take(list)
      expect(run.machine.totals().duplicates).toBe(1)
      return run.outputs[0]?.ids
    }
    expect(ids("accept")).toEqual([0, 1, 2])
    expect(ids("drop")).toEqual([0, 2])
    expect(ids("fail")).toEqual([0, 2])
  })
})
