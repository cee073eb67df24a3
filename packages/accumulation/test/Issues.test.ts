// Descriptions that could wait for ever or grow without bound are found when they are made.
import { describe, expect, it } from "@effect/vitest"
import * as Accumulate from "../src/Accumulate.ts"
import * as Complete from "../src/Complete.ts"
import type { Fragments } from "../src/Fragments.ts"
import { TestHost } from "./support/subject.ts"

type Fields = Partial<Accumulate.Options<string, string, Fragments<string>, string>>

const spec = (fields: Fields) =>
  Accumulate.make({
    key: (text: string) => text,
    complete: Complete.items(2),
    output: (group) => group.key,
    expire: { idle: "1 second" },
    ...fields
  })

const slot = (text: string): string => text
const slots = (required: ReadonlyArray<string>) => Complete.slots({ slot, required })
const dataCount = Complete.count((text: string) => text.length)

const wrong: ReadonlyArray<readonly [what: string, fields: Fields, reason: RegExp]> = [
  ["no time bound", { expire: {} }, /wait for ever/],
  ["a waiver without reason", { timeBoundWaived: " " }, /no reason/],
  ["a waiver beside an empty expire", { expire: {}, timeBoundWaived: "x" }, /without idle or age/],
  ["a negative duration", { expire: { idle: -5 } }, /expire\.idle is -5/],
  ["no duration", { expire: { age: Number.NaN } }, /expire\.age is NaN/],
  ["an endless duration", { expire: { age: "Infinity" } }, /expire\.age is Infinity/],
  ["no items", { limits: { items: 0 } }, /limits\.items is 0/],
  ["half a key", { limits: { keys: 0.5 } }, /limits\.keys is 0\.5/],
  ["negative bytes", { limits: { bytes: -1 } }, /limits\.bytes is -1/],
  ["no slots", { limits: { slots: 0 } }, /limits\.slots is 0/],
  ["negative tombstones", { tombstones: { max: -1 } }, /tombstones\.max is -1/],
  ["tombstones without age", { tombstones: { age: 0 } }, /tombstones\.age is 0/],
  ["a weight of nothing", { progressWeights: { a: 0 } }, /weight 0/],
  ["no required slots", { complete: slots([]) }, /required slots is empty/],
  ["a slot listed twice", { complete: slots(["a", "a"]) }, /listed twice/],
  ["a count below one", { complete: Complete.count(0) }, /complete at 0/],
  ["no rule", { complete: Complete.any([]) }, /no completion rule/],
  ["two slot rules", { complete: Complete.any([slots(["a"]), slots(["b"])]) }, /two slot rules/],
  ["two data counts", { complete: Complete.any([dataCount, dataCount]) }, /two counts/],
  [
    "empty parts",
    { complete: Complete.slots({ slot, required: ["a"], parts: { required: [], of: slot } }) },
    /parts of a slot are empty/
  ],
  ["a rule out of reach", { complete: Complete.items(9), limits: { items: 5 } }, /needs 9/],
  ["slots out of reach", { complete: slots(["a", "b"]), limits: { items: 1 } }, /needs 2/]
]

describe("a description with", () => {
  for (const [what, fields, reason] of wrong) {
    it(`${what} is refused with reason and cure`, () => {
      const { issues, make } = spec(fields)
      expect(issues.map((issue) => issue.reason)).toEqual([expect.stringMatching(reason)])
      expect(issues[0]?.cure.length).toBeGreaterThan(10)
      expect(() => make(new TestHost())).toThrow(reason)
    })
  }

  it("sound options has no issue, and says in one line what it does", () => {
    const sound = spec({
      complete: Complete.any([slots(["a", "b"]), Complete.bytes(100)]),
      expire: { idle: "30 seconds", age: "1 minute" },
      limits: { items: 5 },
      atEnd: "discard"
    })
    expect(sound.issues).toEqual([])
    expect(sound.label).toBe(
      "slots (2 fixed) or bytes 100, idle 30s, age 1m, at most 5 items, at end discard"
    )
    expect(sound.descriptor.policy).toEqual({
      itemsMax: 5,
      idleMs: 30_000,
      ageMs: 60_000,
      keysMax: 1_000_000,
      partialFlush: true,
      spillAllowed: false
    })
  })

  it("a waiver needs no time bound", () => {
    const { key, complete, output } = {
      key: (text: string) => text,
      complete: Complete.items(2),
      output: () => ""
    }
    const waived = Accumulate.make({ key, complete, output, timeBoundWaived: "the file ends" })
    expect(waived.issues).toEqual([])
    expect(waived.descriptor.policy.timeBoundWaived).toBe("the file ends")
    expect(waived.make(new TestHost()).deadline()).toBe(Number.POSITIVE_INFINITY)
  })
})
