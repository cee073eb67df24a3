// Canonical digests tell content apart, and nothing else.
import { describe, expect, it } from "vitest"
import * as Digest from "../src/Digest.ts"

describe("canonical digests", () => {
  it("do not depend on the order of fields", () => {
    const a = Digest.canonical([{ a: 1, b: { c: [1, 2], d: undefined } }])
    const b = Digest.canonical([{ b: { c: [1, 2] }, a: 1 }])
    expect(a).toEqual(b)
  })

  it("tell the order of records apart in one digest and not in the other", () => {
    const [up, down] = [Digest.canonical([1, 2, 2]), Digest.canonical([2, 2, 1])]
    expect(up.ordered).not.toBe(down.ordered)
    expect(up.unordered).toBe(down.unordered)
    expect(Digest.canonical([1, 2]).unordered).not.toBe(up.unordered)
  })

  const apart: ReadonlyArray<readonly [unknown, unknown]> = [
    [1, "1"],
    [0, -0],
    [null, undefined],
    [1, 1n],
    [
      [1, 2],
      [[1], 2]
    ],
    [{ a: 1 }, new Map([["a", 1]])],
    [[1], new Set([1])],
    [Number.NaN, "NaN"],
    [new Uint8Array([1]), [1]],
    [["a", "b"], ["a,b"]],
    [["a\nb"], ["a", "b"]]
  ]
  for (const [a, b] of apart) {
    it(`tell ${Digest.canonicalText(a)} and ${Digest.canonicalText(b)} apart`, () => {
      expect(Digest.canonical([a]).unordered).not.toBe(Digest.canonical([b]).unordered)
    })
  }

  it("are the same on every machine: SHA-256 of the canonical texts", () => {
    expect(Digest.canonical(["a"]).ordered).toBe(
      "ac8d8342bbb2362d13f0a559a3621bb407011368895164b628a54f7fc33fc43c"
    )
  })

  it("refuse what has no content", () => {
    expect(() => Digest.canonical([() => 1])).toThrow(/a function has no canonical text/)
  })
})
