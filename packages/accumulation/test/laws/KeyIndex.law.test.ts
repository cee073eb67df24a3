// The key index against a Map: any sequence of changes, any mix of keys, same answers, same order.
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { KeyIndex } from "../../src/internal/keyIndex.ts"

type Key = string | number
type Step = readonly ["set" | "delete", Key]

// Few distinct keys so that they meet again, and enough of them that chains of places form.
const keys: fc.Arbitrary<Key> = fc.oneof(
  fc.integer({ min: 0, max: 3_000 }).map((n) => `n${n}`),
  fc.integer({ min: -50, max: 3_000 }),
  fc.constantFrom<Key>("", Number.NaN, 0, -0, 0.5, 1e300, "x".repeat(200), `${"x".repeat(199)}y`)
)
const step: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom("set", "set", "delete"), keys)
const steps = fc.array(step, { minLength: 1, maxLength: 6_000, size: "max" })

interface Value<K> {
  readonly key: K
  readonly at: number
}

const replay = (index: KeyIndex<Key, Value<Key>>, changes: ReadonlyArray<Step>): void => {
  const model = new Map<Key, Value<Key>>()
  changes.forEach(([change, key], at) => {
    if (change === "set") {
      index.set({ key, at })
      model.set(key, { key, at })
    } else expect(index.delete(key)).toBe(model.delete(key))
  })
  expect([...index]).toEqual([...model.values()].map((value) => [value.key, value]))
  expect([...index.values()]).toEqual([...model.values()])
  expect(index.size).toBe(model.size)
  index.assertInvariants()
  const asked = [...new Set(changes.map(([, key]) => key)), "absent", undefined]
  const found: Array<Value<Key> | undefined> = []
  index.getAll(asked, asked.length, new Int32Array(asked.length), found)
  expect(found).toEqual(asked.map((key) => model.get(key as Key)))
}

it("answers as a Map does, whatever happened to it", () => {
  fc.assert(
    fc.property(steps, (changes) => replay(new KeyIndex(), changes)),
    { numRuns: 60 }
  )
})

it("keeps the order of a Map through growth and through closing its holes", () => {
  const many = Array.from({ length: 20_000 }, (_, i): Step => ["set", `key ${i}`])
  const most = many.flatMap(([, key], i): Array<Step> => (i % 7 === 0 ? [] : [["delete", key]]))
  replay(new KeyIndex(), [...many, ...most, ["set", "key 3"], ["set", "late"]])
})

it("an index that leaves a gap where a key was removed is caught", () => {
  class Gaps extends KeyIndex<Key, Value<Key>> {
    override delete(key: Key): boolean {
      const before = this.placesForTest.slice()
      const removed = super.delete(key)
      if (removed && before.length === this.placesForTest.length) {
        // Undo the shifting back, keep only the removal itself.
        const gone = before.findIndex(
          (word, i) => i % 2 === 1 && word !== 0 && !this.placesForTest.includes(word)
        )
        before[gone] = 0
        this.placesForTest.set(before)
      }
      return removed
    }
  }
  const changes = Array.from({ length: 400 }, (_, i): Step => ["set", i])
  const removed = changes.filter((_, i) => i % 3 === 0).map(([, key]): Step => ["delete", key])
  expect(() => replay(new Gaps(), [...changes, ...removed])).toThrow()
})

it("keys that share long beginnings and ends do not fall on one place", () => {
  class Watched extends KeyIndex<string, Value<string>> {
    /** Distinct hashes of the occupied places. */
    get distinct(): number {
      const places = this.placesForTest
      const hashes = new Set<number>()
      for (let i = 0; i < places.length; i += 2) if (places[i + 1] !== 0) hashes.add(places[i]!)
      return hashes.size
    }
  }
  const index = new Watched()
  const [before, after] = ["https://example.org/".repeat(4), "/and/so/on".repeat(8)]
  for (let i = 0; i < 2_000; i++) index.set({ key: `${before}${i}${after}`, at: i })
  expect(index.distinct).toBeGreaterThan(1_990)
})
