// Programs against the object table in histories that are long enough for them: many keys and
// names of any length, blocks of many records, cut and filtered, outputs that are read later.
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Given } from "../support/bothTables.ts"
import { compare } from "../support/bothTables.ts"
import { bounds, head, left, right } from "../support/byteHistories.ts"
import { languages, takenByPrograms } from "../support/languages.ts"
import { collisions } from "../support/slotCases.ts"
import { headOf, leftOf, rightOf } from "../support/tableBatches.ts"
import { wordsByKey } from "../support/wordsByKey.ts"

const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
const short = fc.constantFrom("s", "t", "u", "v", "w", "é", "")
const long = fc
  .tuple(fc.integer({ min: 0, max: 36 }), fc.constantFrom("", "!", "?", "??"))
  .map(([length, end]) => letters.slice(0, length) + end)
const names = fc.oneof(
  { weight: 6, arbitrary: short },
  { weight: 3, arbitrary: long },
  { weight: 1, arbitrary: fc.constantFrom(...collisions.flat()) }
)
const keys = fc.oneof(
  { weight: 6, arbitrary: fc.nat(30).map((n) => `k${n}`) },
  { weight: 2, arbitrary: long },
  { weight: 1, arbitrary: fc.constantFrom(...collisions.flat()) }
)
const numbers = fc.oneof(fc.nat(9), fc.constantFrom("-0", 2 ** 30, 2 ** 30 + 1, -1))
const texts = fc.oneof(
  names,
  fc.nat(400).map((length) => "t".repeat(length))
)

const lines = fc.oneof(
  fc.record({
    format: fc.constant(head),
    lines: fc.array(
      fc
        .tuple(keys, fc.array(names, { maxLength: 5 }), texts)
        .map(([key, words, title]) => headOf(key, words, title)),
      { maxLength: 60, size: "max" }
    )
  }),
  fc.record({
    format: fc.constant(left),
    lines: fc.array(
      fc.tuple(keys, names, numbers).map(([key, word, x]) => leftOf(key, word, x)),
      { maxLength: 300, size: "max" }
    )
  }),
  fc.record({
    format: fc.constant(right),
    lines: fc.array(
      fc.tuple(keys, names, texts).map(([key, word, y]) => rightOf(key, word, y)),
      { maxLength: 300, size: "max" }
    )
  })
)

const batch: fc.Arbitrary<Given> = fc
  .tuple(
    lines,
    fc.constantFrom("p", "q"),
    fc.constantFrom(0, 0, 5, 60),
    fc.constantFrom(0, 0, 1, 7),
    fc.constantFrom(0, 0, 2, 3)
  )
  .map(([given, origin, ms, from, every]) => ({
    ...given,
    origin,
    ms,
    from: Math.min(from, given.lines.length),
    ...(every === 0 ? {} : { keeps: (i: number) => i % every === 0 })
  }))

const numRuns = 40

describe.each(languages)("long histories in %s", (language) => {
  const history = fc.array(batch, { minLength: 2, maxLength: 12 })
  // Limits that so many keys reach at once would leave nothing to see.
  const roomy = bounds.map(({ limits: { emit, items = 20 }, ...rest }) => ({
    ...rest,
    limits: { ...(emit === undefined ? {} : { emit }), items: 5 * items, keys: 20, slots: 40 }
  }))

  it("are answered as over objects", () => {
    const taken = takenByPrograms(() => {
      fc.assert(
        fc.property(roomy, history, fc.boolean(), (options, batches, holds) => {
          compare(wordsByKey(options), [head, left, right], batches, { language, holds })
        }),
        { numRuns }
      )
    })
    if (language === "JavaScript") expect(taken).toBe(0)
    else expect(taken).toBeGreaterThan(10 * numRuns)
  })
})
