// The checker of the checker, for keys on bytes: a table that gives a row to another key while
// somebody still names it must fail the comparison with the object table.
import * as Batch from "@sluice/core/Batch"
import * as Fields from "@sluice/core/Fields"
import * as Views from "@sluice/core/Views"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Accumulate from "../../src/Accumulate.ts"
import * as Assemble from "../../src/Assemble.ts"
import * as Complete from "../../src/Complete.ts"
import type { ByteRows } from "../../src/internal/byteRows.ts"
import type { Holder } from "../../src/internal/keyTable.ts"
import { holders } from "../../src/internal/keyTable.ts"
import { blockOf } from "../support/blocks.ts"
import type { Comparison, Instance } from "../support/bothTables.ts"
import { watched } from "../support/bothTables.ts"
import type { Bounds, Fragment, Step } from "../support/byteHistories.ts"
import { bounds, kinds, replay, step } from "../support/byteHistories.ts"

const specOf = (options: Bounds, fragments = 3) =>
  Accumulate.make({
    ...options,
    key: Fields.joined("key"),
    complete: Complete.items(fragments) as Complete.Rule<Fragment, unknown>,
    output: Assemble.record("Head", { id: Assemble.key, title: Assemble.own("title") })
  })

const options = (tombstones: Bounds["tombstones"], late: Bounds["late"]): Bounds => ({
  limits: {},
  expire: { idle: 10_000, emit: "partial" },
  atEnd: "partial",
  late,
  tombstones,
  duplicates: "accept",
  progressWeights: {}
})

/** Rows that do not know of one kind of holder. */
const withoutHolder =
  (unknown: Holder) =>
  (rows: ByteRows): void => {
    const { hold, letGo } = rows
    rows.hold = (row, by) => (by === unknown ? undefined : hold.call(rows, row, by))
    rows.letGo = (row, by) => (by === unknown ? undefined : letGo.call(rows, row, by))
  }

/** A table in which nobody but the table itself keeps a row from being used again. */
const withTableOnly = (rows: ByteRows): void => {
  for (const holder of Object.values(holders))
    if (holder !== holders.table) withoutHolder(holder)(rows)
}

/** True when histories show that the rows are broken. */
const isFound = (comparison: Comparison): boolean =>
  fc.check(
    fc.property(bounds, fc.array(step, { maxLength: 25 }), (given, steps) => {
      const spec = specOf(given)
      fc.pre(spec.issues.length === 0)
      replay(spec, steps, comparison)
    }),
    { numRuns: 1_000, seed: 11, endOnFailure: true }
  ).failed

describe("rows that are used again", () => {
  it("too early are found by their answers alone", () => {
    expect(isFound({ recounts: false, breaks: withTableOnly })).toBe(true)
  })

  it.each([
    ["an earlier look-up of the same call", holders.call, false],
    ["a dead timer", holders.timers, true],
    ["eviction", holders.oldest, false]
  ] as const)("while %s names them are found", (_who, holder, recounts) => {
    expect(isFound({ recounts, breaks: withoutHolder(holder) })).toBe(true)
  })

  it("while the ring of closed keys names them are found", () => {
    const lines = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => `k${from + i} w 1 1`)
    const taken = (ms: number, list: ReadonlyArray<string>): Step => ({
      kind: "left",
      origin: "p",
      lines: list,
      ms
    })
    // More are over than a call sweeps: the last one is replaced while the ring still names it.
    const steps = [
      taken(0, lines(10_000, 10_000)),
      taken(100, lines(19_999, 1)),
      taken(0, ["other1 w 1 1"]),
      taken(0, ["other2 w 1 1"]),
      taken(0, lines(20_000, 9_997)),
      taken(0, ["other1 w 1 1"])
    ]
    const spec = specOf(options({ max: 10_000, age: 50 }, "drop"), 1)
    const answers = (breaks: (rows: ByteRows) => void) => () =>
      replay(spec, steps, { recounts: false, breaks })
    expect(answers(() => undefined)).not.toThrow()
    expect(answers(withoutHolder(holders.ring))).toThrow()
  })

  it("while an output that is not read names them are found", () => {
    const idAfter = (breaks: (rows: ByteRows) => void): unknown => {
      const shape = specOf(options({ max: 0, age: 50 }, "reopen"), 1).shapeFor?.([
        kinds.head.layout
      ])
      if (shape?._tag !== "Views") throw new Error("not on views")
      const { instance } = watched((host) => shape.make(host, true), { now: 0 })
      breaks((instance as Instance & { readonly rows: ByteRows }).rows)
      const [first] = ["early", "later"].map((key) => {
        const block = blockOf(kinds.head, shape.needs[0]!, [`${key} 0 true 1 1 t`])
        return Views.blockOf(instance.process(Batch.make(Views.asItems(block)))?.items)
      })
      return first?.toObjects()[0]
    }
    expect(idAfter(() => undefined)).toMatchObject({ id: "early" })
    expect(idAfter(withoutHolder(holders.output))).toMatchObject({ id: "later" })
  })

  it("in time are not", () => {
    expect(isFound({ breaks: () => undefined })).toBe(false)
  })
})
