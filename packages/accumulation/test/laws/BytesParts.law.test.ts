// The parts of keyed state on bytes against models: the index against a Map, the arena against
// memory that nobody else writes to.
import { hashBytes } from "@sluice/core/ByteHash"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ByteArena, copyName, copyText, sameName } from "../../src/internal/byteArena.ts"
import { ByteIndex } from "../../src/internal/byteIndex.ts"
import { ByteRows } from "../../src/internal/byteRows.ts"

describe("the index by bytes", () => {
  const texts = fc.oneof(
    fc.integer({ min: 0, max: 400 }).map((n) => `n${n}`),
    fc.constantFrom("", "é", "x".repeat(100), `${"x".repeat(99)}y`)
  )
  const changes = fc.array(fc.tuple(fc.boolean(), texts), { maxLength: 1_500, size: "max" })

  const emptyIndex = (): ByteIndex =>
    new ByteIndex(new ByteRows(new ByteArena(), { first: false, expected: false, firsts: false }))
  const wordsOf = (text: string): Int32Array => {
    const words = new Int32Array((Buffer.byteLength(text) + 3) >> 2)
    new Uint8Array(words.buffer).set(Buffer.from(text))
    return words
  }
  const made = ({ rows }: ByteIndex, text: string, hash: number): number => {
    return rows.make(hash, wordsOf(text), 0, Buffer.byteLength(text), 0)
  }
  const hashOf = (text: string): number => hashBytes(Buffer.from(text), 0, Buffer.byteLength(text))
  const find = (index: ByteIndex, text: string): number => {
    return index.find(hashOf(text), wordsOf(text), 0, Buffer.byteLength(text))
  }

  it("answers as a Map does, and gives back what it let go of", () => {
    fc.assert(
      fc.property(changes, (list) => {
        const index = emptyIndex()
        const model = new Map<string, number>()
        for (const [adds, text] of list) {
          const known = model.get(text)
          expect(find(index, text)).toBe(known ?? 0)
          if (adds && known === undefined) {
            const row = made(index, text, hashOf(text))
            index.add(row)
            model.set(text, row)
          } else if (!adds && known !== undefined) {
            expect(index.remove(known)).toBe(true)
            model.delete(text)
            index.forgetGone()
          }
        }
        expect([...index.all()]).toEqual([...model.values()])
        expect(index.size).toBe(model.size)
        for (const row of index.all()) index.remove(row)
        index.forgetGone()
        expect(index.rows.arena.taken).toBe(0)
      }),
      { numRuns: 60 }
    )
  })

  it("tells keys of one hash apart", () => {
    const index = emptyIndex()
    const entries = ["one", "two", "ones"].map((text) => {
      const row = made(index, text, 7)
      index.add(row)
      return row
    })
    const found = new Int32Array(4)
    const keys = new Int32Array(4)
    const bytes = new Uint8Array(keys.buffer)
    bytes.set(Buffer.from("two\0one\0ones"))
    const lengths = Int32Array.of(3, 3, 4, 2)
    const starts = Int32Array.of(0, 4, 8, 0)
    index.findAll(Int32Array.of(7, 7, 7, 7), keys, starts, lengths, 0, 4, found)
    expect([...found]).toEqual([entries[1], entries[0], entries[2], 0])
  })
})

describe("the arena", () => {
  it("never hands out the same byte twice, and hands out again what came back", () => {
    const sizes = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 3_000 })), {
      maxLength: 300
    })
    fc.assert(
      fc.property(sizes, (list) => {
        const arena = new ByteArena()
        const taken: Array<readonly [at: number, size: number, mark: number]> = []
        list.forEach(([takes, size], i) => {
          if (takes || taken.length === 0) {
            const at = arena.take(size)
            expect(at % 8).toBe(0)
            arena.bytes.fill(i & 255, at, at + size)
            taken.push([at, size, i & 255])
          } else {
            const [at, length, mark] = taken.splice(size % taken.length, 1)[0]!
            expect(arena.bytes.subarray(at, at + length).every((byte) => byte === mark)).toBe(true)
            arena.give(at, length)
          }
        })
        for (const [at, size] of taken) arena.give(at, size)
        expect(arena.taken).toBe(0)
      }),
      { numRuns: 100 }
    )
  })

  it("puts small cells into one line of the cache, and uses what it skips", () => {
    const arena = new ByteArena()
    const cells = [64, 24, 64, 16, 32, 64, 8, 64].map((size) => [arena.take(size), size] as const)
    for (const [at, size] of cells)
      expect((at + 16) >> 6, `${size} at ${at}`).toBe((at + size - 1 + 16) >> 6)
    const { reached } = arena
    // Before the first cell, and behind that of 24.
    for (const size of [48, 40]) arena.take(size)
    expect(arena.reached).toBe(reached)
  })

  it("grows and keeps what it holds", () => {
    const arena = new ByteArena()
    const first = arena.take(16)
    arena.bytes.fill(9, first, first + 16)
    for (let i = 0; i < 300; i++) arena.take(8_000)
    expect([...arena.bytes.subarray(first, first + 16)]).toEqual(new Array(16).fill(9))
    expect(arena.reached).toBeGreaterThan(2 << 20)
  })
})

describe("texts in the arena", () => {
  const viewOf = (bytes: Uint8Array): DataView =>
    new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

  it("are copied whole, from any place to any place, and nothing beside them", () => {
    const place = fc.integer({ min: 0, max: 9 })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), place, place, place, (text, at, to, shift) => {
        const from = new Uint8Array(new ArrayBuffer(shift + at + text.length), shift)
        from.set(text, at)
        const target = new Uint8Array(to + text.length + 9).fill(170)
        const end = copyText(from, viewOf(from), at, text.length, target, viewOf(target), to)
        expect(end).toBe(to + text.length)
        const expected = [...new Array<number>(to).fill(170), ...text, ...Array(9).fill(170)]
        expect([...target]).toEqual(expected)
      })
    )
  })

  it("names are copied and compared whole, from any place, and by nothing beside them", () => {
    const place = fc.integer({ min: 0, max: 9 })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), place, place, fc.nat(), (name, at, to, n) => {
        const from = viewOf(Uint8Array.from([...new Array<number>(at).fill(1), ...name, 2, 2, 2]))
        const target = new Uint8Array(to + name.length + 9).fill(170)
        copyName(from, at, name.length, viewOf(target), to)
        const expected = [...new Array<number>(to).fill(170), ...name, ...Array(9).fill(170)]
        expect([...target]).toEqual(expected)
        expect(sameName(from, at, viewOf(target), to, name.length)).toBe(true)
        if (name.length === 0) return
        const changed = to + (n % name.length)
        target[changed] = (target[changed] as number) ^ 128
        expect(sameName(from, at, viewOf(target), to, name.length)).toBe(false)
      })
    )
  })

  it("a piece that no reference could reach is refused with its size and the cure", () => {
    expect(() => new ByteArena().take(2 ** 30 + 1)).toThrow(
      /a fragment of 1073741825 bytes.*Cure: /
    )
  })
})
