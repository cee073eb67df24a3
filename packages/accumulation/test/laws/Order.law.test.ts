// Arrival order does not show: for every permutation of what a set of keys needs, the same keys
// come out complete, with the same fragments, by the same rule.

import { describe, expect, it } from "@effect/vitest"
import * as Batch from "@sluice/core/Batch"
import fc from "fast-check"
import * as Accumulate from "../../src/Accumulate.ts"
import * as Complete from "../../src/Complete.ts"
import { TestHost } from "../support/subject.ts"

interface Piece {
  readonly key: string
  readonly slot: string
  readonly part: string
  readonly declares: ReadonlyArray<string> | undefined
  readonly announces: number | undefined
  readonly id: number
}

const names = ["s", "t", "u", "v", ...Array.from({ length: 40 }, (_, i) => `w${i}`)]
const required = names.slice(0, 3)
const partNames = ["value", "status"]

/** What keys need under a rule: each slot once, or each part of each slot once. */
const piecesOf = (rule: string, sizes: ReadonlyArray<number>): ReadonlyArray<Piece> => {
  const pieces: Array<Omit<Piece, "id">> = []
  for (const [k, size] of sizes.entries()) {
    const slots = rule === "slots" ? required : names.slice(0, size)
    const parts = rule === "parts" ? partNames : ["value"]
    for (const [i, slot] of slots.entries()) {
      for (const part of parts) {
        const declares = i === 0 && part === "value" ? slots : undefined
        const announces = i === slots.length - 1 ? slots.length : undefined
        pieces.push({ key: `k${k}`, slot, part, declares, announces })
      }
    }
  }
  return pieces.map((piece, id) => ({ ...piece, id }))
}

const slot = (piece: Piece): string => piece.slot
const declares = (piece: Piece): ReadonlyArray<string> | undefined => piece.declares
const parts = { required: partNames, of: (piece: Piece): string => piece.part }

const ruleOf: Readonly<Record<string, Complete.Rule<Piece, unknown>>> = {
  slots: Complete.slots({ slot, required }),
  discovered: Complete.discoveredSlots({ slot, declares }),
  parts: Complete.discoveredSlots({ slot, declares, parts }),
  count: Complete.count((piece: Piece) => piece.announces)
}

/** Complete outputs, sorted by key; `gather` uses the default state. */
const run = (rule: string, arrival: ReadonlyArray<Piece>, batchSize: number): unknown => {
  const instance = Accumulate.make({
    key: (piece: Piece) => piece.key,
    complete: ruleOf[rule]!,
    order: (a, b) => a.id - b.id,
    output: ({ key, state, reason, isComplete }) => {
      return { key, reason, isComplete, ids: state.all.map(({ id }) => id) }
    },
    expire: { idle: "1 minute" }
  }).make(new TestHost())
  const outputs: Array<{ readonly key: string }> = []
  for (let from = 0; from < arrival.length; from += batchSize) {
    const items = arrival.slice(from, from + batchSize)
    outputs.push(...(instance.process(Batch.make(items, { seqBase: from }))?.items ?? []))
  }
  expect(instance.totals().fragmentsOpen).toBe(0)
  return outputs.sort((a, b) => (a.key < b.key ? -1 : 1))
}

const scenario = fc
  .record({
    rule: fc.constantFrom(...Object.keys(ruleOf)),
    sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 28, max: 44 })), {
      minLength: 1,
      maxLength: 5
    }),
    batchSize: fc.integer({ min: 1, max: 20 })
  })
  .chain(({ rule, sizes, batchSize }) => {
    const pieces = piecesOf(rule, sizes)
    const shuffled = fc.shuffledSubarray([...pieces], { minLength: pieces.length })
    return fc.record({
      rule: fc.constant(rule),
      pieces: fc.constant(pieces),
      shuffled,
      batchSize: fc.constant(batchSize)
    })
  })

describe("order of arrival", () => {
  it("does not show in complete outputs, for slots, discovered slots, parts and counts", () => {
    fc.assert(
      fc.property(scenario, ({ rule, pieces, shuffled, batchSize }) => {
        expect(run(rule, shuffled, batchSize)).toEqual(run(rule, pieces, pieces.length))
      }),
      { numRuns: 400 }
    )
  })
})
