// The set behind the search for secrets: never a wrong no, hardly ever a wrong yes.
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { GramSet, runLength } from "../../src/internal/redaction/gramSet.ts"

describe("GramSet", () => {
  it("finds every run of what was added", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40, unit: "binary" })), (texts) => {
        const set = new GramSet()
        for (const text of texts) set.add(text)
        for (const text of texts) {
          for (let at = 0; at + runLength <= text.length; at++) expect(set.has(text, at)).toBe(true)
        }
        expect(set.empty).toBe(texts.every((text) => text.length < runLength))
      })
    )
  })

  it("of ten thousand runs that were not, it claims at most one", () => {
    const set = new GramSet()
    for (let i = 0; i < 10_000; i++) set.add(`secret-${i}`)
    let wrong = 0
    for (let i = 0; i < 10_000; i++) if (set.has(`other ${i} `, 0)) wrong++
    expect(wrong).toBe(0)
    for (let i = 0; i < 10_000; i++) if (set.has(String(i * 7_919).padStart(6, "x"), 0)) wrong++
    expect(wrong).toBeLessThanOrEqual(1)
  })
})
