// Every ready-made merge gives the same value for every permutation of the same fragments.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import * as Merge from "../../src/Merge.ts"

interface Reading {
  readonly at: number
  readonly amount: number
  readonly tag: string
  readonly fields: Readonly<Record<string, unknown>>
}

const readings = fc.array(
  fc.record<Reading>(
    {
      at: fc.integer({ min: 0, max: 3 }),
      amount: fc.oneof(
        fc.double({ min: -1e300, max: 1e300, noNaN: true }),
        fc.constantFrom(1e16, 1, -1e16, 0.1, 0.2, 0.3, -0)
      ),
      tag: fc.constantFrom("a", "b", "c", "aa"),
      fields: fc.dictionary(fc.constantFrom("x", "y", "z"), fc.jsonValue({ maxDepth: 1 }), {
        maxKeys: 3,
        noNullPrototype: true
      })
    },
    // Prototypes are no part of what the order of plain values compares, here as in `fields`.
    { noNullPrototype: true }
  ),
  { maxLength: 12 }
)

const permuted = readings.chain((list) =>
  fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))
)

const amount = (reading: Reading): number => reading.amount
const tag = (reading: Reading): string => reading.tag
const at = (reading: Reading): number => reading.at

const merges: Readonly<Record<string, Merge.Merge<Reading, unknown>>> = {
  count: Merge.count<Reading>(),
  sum: Merge.sum(amount),
  min: Merge.min(amount),
  max: Merge.max(tag),
  "max by the user's order": Merge.max(
    (reading: Reading) => reading,
    (a, b) => a.tag.length - b.tag.length
  ),
  firstByTime: Merge.firstByTime(amount, at),
  lastByTime: Merge.lastByTime((reading: Reading) => reading.fields, at),
  list: Merge.list(amount),
  "list by the user's order": Merge.list(
    (reading: Reading) => reading.fields,
    () => 0
  ),
  set: Merge.set(tag),
  objectByTime: Merge.objectByTime((reading: Reading) => reading.fields, at),
  struct: Merge.struct<Reading, Record<string, Merge.Merge<Reading, unknown>>>({
    total: Merge.sum(amount),
    tags: Merge.set(tag)
  })
}

const valueOf = <A>(merge: Merge.Merge<Reading, A>, list: ReadonlyArray<Reading>): A => {
  const state = merge.init()
  for (const reading of list) merge.add(state, reading)
  return state.value
}

describe("merges", () => {
  for (const [name, merge] of Object.entries(merges)) {
    it(`${name} gives the same for every order of arrival`, () => {
      fc.assert(
        fc.property(permuted, ([list, shuffled]) => {
          expect(valueOf(merge, shuffled)).toStrictEqual(valueOf(merge, list))
        }),
        { numRuns: 300 }
      )
    })
  }

  it("the law fails for plain addition", () => {
    const plain = (list: ReadonlyArray<Reading>): number => list.reduce((n, r) => n + r.amount, 0)
    const law = fc.property(permuted, ([list, shuffled]) => plain(list) === plain(shuffled))
    expect(fc.check(law, { numRuns: 1000, seed: 3 }).failed).toBe(true)
  })

  it("the sum is rounded once", () => {
    const of = (...amounts: ReadonlyArray<number>): ReadonlyArray<Reading> =>
      amounts.map((each) => ({ at: 0, amount: each, tag: "a", fields: {} }))
    expect(valueOf(Merge.sum(amount), of(1e16, 1, -1e16))).toBe(1)
    expect(valueOf(Merge.sum(amount), of(...Array.from({ length: 10 }, () => 0.1)))).toBe(1)
    expect(valueOf(Merge.sum(amount), of())).toBe(0)
    expect(valueOf(Merge.sum(amount), of(1, Number.POSITIVE_INFINITY))).toBe(Infinity)
  })

  it("values are what their names say", () => {
    const list: ReadonlyArray<Reading> = [
      { at: 2, amount: 5, tag: "b", fields: { x: 1, y: 1 } },
      { at: 1, amount: 7, tag: "a", fields: { x: 2, z: 2 } },
      { at: 3, amount: 6, tag: "b", fields: { y: 3 } }
    ]
    expect(valueOf(Merge.count<Reading>(), list)).toBe(3)
    expect(valueOf(Merge.min(amount), list)).toBe(5)
    expect(valueOf(Merge.max(amount), list)).toBe(7)
    expect(valueOf(Merge.firstByTime(amount, at), list)).toBe(7)
    expect(valueOf(Merge.lastByTime(amount, at), list)).toBe(6)
    expect(valueOf(Merge.list(amount), list)).toEqual([5, 6, 7])
    expect(valueOf(Merge.set(tag), list)).toEqual(["a", "b"])
    expect(
      valueOf(
        Merge.objectByTime((r: Reading) => r.fields, at),
        list
      )
    ).toEqual({
      x: 1,
      y: 3,
      z: 2
    })
    expect(
      valueOf(Merge.struct({ n: Merge.count<Reading>(), all: Merge.list(tag) }), list)
    ).toEqual({ n: 3, all: ["a", "b", "b"] })
  })
})
