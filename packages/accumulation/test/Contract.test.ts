// An accumulator written by hand against the specification's contract runs on the same machine.

import { describe, expect, it } from "@effect/vitest"
import * as Batch from "@sluice/core/Batch"
import * as Accumulate from "../src/Accumulate.ts"
import * as Contract from "../src/Contract.ts"
import { AccumulatorMachine } from "../src/internal/accumulatorMachine.ts"
import { TestHost } from "./support/subject.ts"

type Sum = Contract.AccumulatorState<string, number>

const calls: Array<string> = []

/**
 * Sums numbers by sign until 10; four fragments are too many; odd partials are not worth an output.
 */
const sums: Contract.Accumulator<number, string, string, number> = {
  id: "sums",
  init: ({ stageId }) => void calls.push(`init ${stageId}`),
  extractKey: ({ payload }) => (Number.isNaN(payload) ? undefined : payload < 0 ? "-" : "+"),
  updateState: (state, { payload, timestamp }) => {
    if (payload === 13) throw new Error("thirteen")
    const total = (state?.state ?? 0) + payload
    return {
      key: state?.key ?? (payload < 0 ? "-" : "+"),
      state: total,
      sizeItems: (state?.sizeItems ?? 0) + 1,
      sizeBytes: (state?.sizeBytes ?? 0) + 8,
      firstMs: state?.firstMs ?? timestamp,
      lastMs: timestamp,
      completenessScore: Math.abs(total) / 10
    }
  },
  checkComplete: ({ key, state, sizeItems }) => {
    if (Math.abs(state) >= 10) return Contract.complete(`${key}${state}`, state)
    if (sizeItems === 4) return Contract.expired(state === 4 ? undefined : `old ${state}`, state)
    return Contract.incomplete(state)
  },
  flushForced: ({ key, state }) => (state % 2 === 0 ? `${key}${state}?` : undefined),
  missing: ({ state }) => [`${10 - Math.abs(state)} more`],
  serializeSpill: (state) => new TextEncoder().encode(JSON.stringify(state)),
  deserializeSpill: (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Sum,
  close: () => void calls.push("close")
}

const start = (bounds: Accumulate.Bounds = {}) => {
  const host = new TestHost()
  const spec = Accumulate.fromContract(sums, {
    expire: { idle: "1 second" },
    late: "reopen",
    ...bounds
  })
  const instance = spec.make(host)
  const checked = (): void => {
    if (instance instanceof AccumulatorMachine) instance.assertInvariants()
    else throw new Error("not the machine")
  }
  return { host, instance, checked, label: spec.label }
}

describe("a contract accumulator", () => {
  it("is initialised, completes, and is closed once", () => {
    calls.length = 0
    const { instance, checked, label } = start()
    const emitted = instance.process(Batch.make([4, -1, 6, -9]))
    expect(emitted?.items).toEqual(["+10", "--10"])
    expect(Batch.headers(emitted!, 0)["acc.reason"]).toBe("complete")
    instance.close?.()
    checked()
    expect(calls).toEqual(["init gather", "close"])
    expect(label).toBe("sums, idle 1s, at end partial")
  })

  it("judges keys expired, with or without an output", () => {
    const { instance, checked } = start()
    const emitted = instance.process(Batch.make([1, 1, 1, 2, 1, 1, 1, 1]))
    expect(emitted?.items).toEqual(["old 5"])
    expect(Batch.headers(emitted!, 0)).toMatchObject({
      "acc.reason": "expired",
      "acc.completeness": "0.5",
      "acc.missingVars": "5 more"
    })
    expect(instance.totals()).toMatchObject({
      fragmentsPartial: 4,
      dropsByReason: { "flushed-empty": 4 }
    })
    checked()
  })

  it("is flushed when time is over and at the end; what it keeps back is counted", () => {
    const { host, instance, checked } = start()
    instance.process(Batch.make([2, -3]))
    host.clock += 1000
    expect(instance.fire(host.clock)?.items).toEqual(["+2?"])
    instance.process(Batch.make([6]))
    expect(instance.end()?.items).toEqual(["+6?"])
    expect(instance.end()).toBeUndefined()
    expect(instance.totals()).toMatchObject({
      fragmentsIn: 3,
      fragmentsPartial: 2,
      fragmentsOpen: 0,
      bytesOpen: 0,
      dropsByReason: { "flushed-empty": 1 }
    })
    checked()
  })

  it("a missing key and a throw set the record aside; the state is as before", () => {
    const { host, instance, checked } = start()
    instance.process(Batch.make([1, 13, Number.NaN, 9]))
    expect(host.failures.map(({ index, key }) => [index, key])).toEqual([
      [1, "+"],
      [2, undefined]
    ])
    expect(instance.totals()).toMatchObject({ fragmentsCompleted: 2, fragmentsFailed: 2 })
    checked()
  })

  it("its state survives the way through bytes", () => {
    const state: Sum = sums.updateState(undefined, {
      ...Batch.envelope(Batch.make([3], { timestamp: 5 }), 0)
    })
    expect(sums.deserializeSpill(sums.serializeSpill(state))).toEqual(state)
  })
})
