// A byte pipe: any split of the input gives the same records, nothing is copied but the rest of a
// full segment, and every segment is given back.
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { FindRecord } from "../../src/BytePipe.ts"
import { BytePipe, lengthPrefixed, readRecords, untilByte } from "../../src/BytePipe.ts"
import { SegmentPool } from "../../src/SegmentPool.ts"

const run = (
  input: Buffer,
  splits: ReadonlyArray<number>,
  segmentBytes: number,
  find: FindRecord
) => {
  const pool = new SegmentPool({ name: "test", segmentBytes })
  const pipe = new BytePipe(pool, 1_000)
  const records: Array<string> = []
  const take = (bytes: Uint8Array, from: number, to: number): void => {
    records.push(Buffer.from(bytes.subarray(from, to)).toString())
  }
  for (let at = 0, i = 0; at < input.length; i++) {
    const { bytes, from, to } = pipe.room()
    const count = Math.min(splits[i % splits.length]!, to - from, input.length - at)
    bytes.set(input.subarray(at, at + count), from)
    at += count
    pipe.filled(count)
    readRecords(pipe, find, take)
  }
  pipe.end()
  readRecords(pipe, find, take)
  pipe.close()
  return { records, copied: pipe.copied, rented: pool.statistics().rented }
}

const texts = fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { maxLength: 30 })
const splits = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 })
const sizes = fc.integer({ min: 1, max: 64 })

describe("a byte pipe", () => {
  it("gives the same lines for any split and any size of segment", () => {
    fc.assert(
      fc.property(texts, splits, sizes, (list, cuts, size) => {
        const lines = list.map((text) => text.replaceAll("\n", " "))
        const input = Buffer.from(lines.map((line) => `${line}\n`).join(""))
        const { records, rented } = run(input, cuts, size, untilByte(10))
        expect(records).toEqual(lines)
        expect(rented).toBe(0)
      })
    )
  })

  it("gives the same frames for any split and any size of segment", () => {
    fc.assert(
      fc.property(texts, splits, sizes, (list, cuts, size) => {
        const frames = list.map((text) => {
          const bytes = Buffer.from(text)
          const length = Buffer.alloc(4)
          length.writeUInt32BE(bytes.length)
          return Buffer.concat([length, bytes])
        })
        const { records, rented } = run(Buffer.concat(frames), cuts, size, lengthPrefixed)
        expect(records).toEqual(list)
        expect(rented).toBe(0)
      })
    )
  })

  it("copies the rest of a full segment and nothing else", () => {
    const lines = Array.from({ length: 1_000 }, (_, i) => String(i).padStart(19, "x"))
    const input = Buffer.from(lines.map((line) => `${line}\n`).join(""))
    const { records, copied } = run(input, [256], 256, untilByte(10))
    expect(records).toEqual(lines)
    // 20,000 bytes in segments of 256: each time less than a line is left.
    expect(copied).toBeLessThan(Math.ceil(20_000 / 236) * 20)
    expect(run(input, [260], 260, untilByte(10)).copied).toBe(0)
  })

  it("asks a parser again only when there is a byte it has not examined", () => {
    const pipe = new BytePipe(new SegmentPool({ name: "test", segmentBytes: 16 }), 100)
    pipe.room().bytes.set(Buffer.from("abc"))
    pipe.filled(3)
    expect(pipe.readable()).toMatchObject({ from: 0, to: 3 })
    pipe.advance(1, 3)
    expect(pipe.readable()).toBeUndefined()
    pipe.filled(1)
    expect(pipe.readable()).toMatchObject({ from: 1, to: 4 })
    expect(() => pipe.advance(0)).toThrow("not within 1 to 4")
    expect(() => pipe.advance(2, 5)).toThrow("not within")
    pipe.advance(1, 4)
    pipe.end()
    expect(pipe.readable()).toMatchObject({ from: 1, to: 4 })
  })

  it("refuses a record longer than allowed, and an input that ends inside a frame", () => {
    const pipe = new BytePipe(new SegmentPool({ name: "test", segmentBytes: 8 }), 10)
    const fill = () => {
      for (let i = 0; i < 9; i++) {
        const { from, to } = pipe.room()
        pipe.filled(to - from)
      }
    }
    expect(fill).toThrow(/bytes hold no whole record, 10 are allowed/)
    expect(() => run(Buffer.from([0, 0, 0, 9, 1]), [2], 16, lengthPrefixed)).toThrow(
      "ends 5 bytes into a record of 9 bytes"
    )
  })
})
