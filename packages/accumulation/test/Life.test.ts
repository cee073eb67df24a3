// The life of a key after its last fragment: time, the end of the input, and what comes too late.
import { describe, expect, it } from "@effect/vitest"
import * as Complete from "../src/Complete.ts"
import { driver, idle, of } from "./support/runs.ts"
import { slot } from "./support/subject.ts"

describe("late fragments", () => {
  it("of a closed key are dropped and counted", () => {
    const run = driver({ complete: Complete.items(1) })
    run.take([of("a"), of("a"), of("a")])
    expect(run.machine.totals()).toMatchObject({ keysCompleted: 1, dropsByReason: { late: 2 } })
  })

  it("open the key anew where that is asked for", () => {
    const run = driver({ complete: Complete.items(1), late: "reopen" })
    run.take([of("a"), of("a")])
    expect(run.outputs.map(({ ids }) => ids)).toEqual([[0], [1]])
  })

  it("are known for as long as tombstones are kept: by count", () => {
    const run = driver({ complete: Complete.items(1), tombstones: { max: 2 } })
    run.take([of("a"), of("b"), of("c"), of("a"), of("c")])
    expect(run.outputs.map(({ key }) => key)).toEqual(["a", "b", "c", "a"])
    expect(run.machine.totals().dropsByReason).toEqual({ late: 1 })
  })

  it("are known for as long as tombstones are kept: by age", () => {
    const run = driver({ complete: Complete.items(1), tombstones: { age: "10 seconds" } })
    run.take([of("a")])
    run.host.clock += 9_999
    run.take([of("a")])
    run.host.clock += 1
    run.take([of("a")])
    expect(run.outputs.map(({ ids }) => ids)).toEqual([[0], [2]])
    expect(run.machine.tombstones.count).toBe(1)
  })
})

describe("time", () => {
  it("fires without input, age beside idle, and the reason says which", () => {
    const run = driver({ expire: { idle: 100, age: 150 } })
    const start = run.host.clock
    run.take([of("a"), of("b")])
    run.host.clock += 90
    run.take([of("a")])
    expect(run.machine.deadline()).toBe(start + 100)
    run.host.clock = start + 160
    run.fire()
    expect(run.outputs.map(({ key, reason }) => [key, reason])).toEqual([
      ["b", "idle"],
      ["a", "age"]
    ])
    expect(run.machine.deadline()).toBe(Number.POSITIVE_INFINITY)
  })

  it("discards instead of emitting where that is asked for", () => {
    const run = driver({ expire: { ...idle, emit: "discard" } })
    run.take([of("a"), of("a")])
    run.host.clock += 1000
    run.fire()
    expect(run.outputs).toEqual([])
    expect(run.machine.totals().dropsByReason).toEqual({ idle: 2 })
  })

  it("a clock that goes back closes nothing and breaks nothing", () => {
    const run = driver()
    run.take([of("a")])
    run.host.clock -= 10_000
    run.take([of("b")])
    run.fire()
    expect(run.machine.totals().keysOpen).toBe(2)
  })
})

describe("the end", () => {
  it("of no input is no output", () => {
    const run = driver()
    run.take([])
    run.fire()
    run.end()
    expect(run.outputs).toEqual([])
    expect(run.machine.totals()).toMatchObject({ fragmentsIn: 0, keysOpen: 0 })
  })

  it("hands on open keys in slices, or drops and counts them", () => {
    const keys = Array.from({ length: 2_500 }, (_, i) => of(`k${i}`))
    const partial = driver()
    partial.take(keys)
    expect(partial.machine.end()?.items).toHaveLength(1024)
    partial.end()
    expect(partial.machine.totals()).toMatchObject({ keysPartial: 2_500, keysOpen: 0 })
    const dropped = driver({ atEnd: "discard" })
    dropped.take(keys)
    dropped.end()
    expect(dropped.outputs).toEqual([])
    expect(dropped.machine.totals().dropsByReason).toEqual({ end: 2_500 })
  })

  it("open keys are listed before it, those that left incomplete after it", () => {
    const run = driver({
      complete: Complete.slots({ slot, required: ["s", "t"] }),
      atEnd: "discard"
    })
    run.take([of("a", { slot: "s" }), of("b", { slot: "t" })])
    const expected = [
      { key: "a", fragments: 1, completeness: 0.5, missing: ["t"] },
      { key: "b", fragments: 1, completeness: 0.5, missing: ["s"] }
    ]
    expect(run.machine.openKeys(9)).toEqual(expected)
    expect(run.machine.openKeys(1)).toEqual(expected.slice(0, 1))
    run.end()
    expect(run.machine.openKeys(9)).toEqual(expected)
  })
})
