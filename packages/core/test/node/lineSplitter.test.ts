// The splitter against its definition: however bytes arrive, the lines, their places and the first
// fault are the same.
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { LineFault, LineFormat } from "../../src/node/internal/lineSplitter.ts"
import { LineSplitter } from "../../src/node/internal/lineSplitter.ts"
import { firstInvalid } from "../../src/node/internal/utf8.ts"

interface Placed {
  readonly line: number
  readonly byte: number | undefined
  readonly text: string
}

interface Outcome {
  readonly lines: ReadonlyArray<Placed>
  readonly bytes: number
  readonly fault: LineFault | undefined
}

const standard: LineFormat = {
  encoding: "utf8",
  invalid: "fail",
  lineBytesMax: 1 << 20,
  textBytes: 8_192,
  chunkBytes: 1 << 16
}

// Feeds `bytes` in reads of the given sizes, over and over; a read is never longer than the room.
const split = (
  bytes: Buffer,
  sizes: ReadonlyArray<number>,
  options: Partial<LineFormat> = {}
): Outcome => {
  const splitter = new LineSplitter({ ...standard, ...options })
  const lines: Array<Placed> = []
  let at = 0
  let total = 0
  for (let turn = 0; ; turn++) {
    const { buffer, offset, length } = splitter.room()
    const wanted = Math.min(length, sizes[turn % sizes.length] as number)
    const count = bytes.copy(buffer, offset, at, at + wanted)
    at += count
    const answer = splitter.filled(count)
    if (answer === "end") return { lines, bytes: total, fault: undefined }
    if (answer === "more") continue
    do {
      const taken = splitter.take()
      if ("_tag" in taken) return { lines, bytes: total, fault: taken }
      total += taken.bytes
      taken.lines.forEach((text, i) => {
        lines.push({ line: taken.line + i, byte: taken.byteOf(i), text })
      })
    } while (splitter.settled && !splitter.exhausted)
    if (splitter.exhausted) return { lines, bytes: total, fault: undefined }
  }
}

// The definition, on the whole text: cut at LF, drop one CR before it, no record after the last
// line break.
const defined = (bytes: Buffer): ReadonlyArray<Placed> => {
  const mark = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0
  const lines: Array<Placed> = []
  let from = mark
  while (from < bytes.length) {
    const found = bytes.indexOf(10, from)
    const stop = found < 0 ? bytes.length : found
    const text = bytes.toString("utf8", from, stop)
    const line = lines.length
    lines.push({ line, byte: from, text: found < 0 ? text : text.replace(/\r$/, "") })
    from = stop + 1
  }
  return lines
}

const piece = fc.constantFrom(
  "a",
  "bc",
  "é",
  "€",
  "😀",
  "\n",
  "\r\n",
  "\r",
  "\n\n",
  "x".repeat(40),
  "\ufeff"
)
const text = fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join("")))
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

describe("LineSplitter", () => {
  it("gives the defined lines, places and bytes for any cut into reads", () => {
    fc.assert(
      fc.property(text, sizes, fc.integer({ min: 1, max: 16 }), (bytes, cuts, chunkBytes) => {
        const outcome = split(bytes, cuts, { chunkBytes })
        expect(outcome).toEqual({ lines: defined(bytes), bytes: bytes.length, fault: undefined })
      }),
      { numRuns: 400 }
    )
  })

  it("gives the same lines and the same fault for any cut into reads of any bytes", () => {
    const broken = fc
      .array(
        fc.oneof(
          piece.map((s) => Buffer.from(s)),
          fc.uint8Array({ minLength: 1, maxLength: 2 })
        ),
        {
          maxLength: 20
        }
      )
      .map((pieces) => Buffer.concat(pieces))
    fc.assert(
      fc.property(broken, sizes, fc.integer({ min: 1, max: 60 }), (bytes, cuts, lineBytesMax) => {
        const whole = split(bytes, [1 << 20], { lineBytesMax })
        const cut = split(bytes, cuts, { lineBytesMax, chunkBytes: 7 })
        expect(cut).toEqual(whole)
      }),
      { numRuns: 400 }
    )
  })

  it("crosses the blocks in which text is decoded", () => {
    const lines = Array.from({ length: 3_000 }, (_, i) =>
      i % 7 === 0 ? "é".repeat(i) : `line ${i}`
    )
    const bytes = Buffer.from(lines.join("\r\n"))
    const outcome = split(bytes, [50_000], { lineBytesMax: 1 << 22 })
    expect(outcome.lines).toEqual(defined(bytes))
    expect(outcome.lines.map((line) => line.text)).toEqual(lines)
  })

  it("names line, byte and value of the first broken text, after the lines before it", () => {
    const bytes = Buffer.concat([
      Buffer.from("good\nalso é\nab"),
      Buffer.from([0xff]),
      Buffer.from("\nnext\n")
    ])
    const outcome = split(bytes, [1_000])
    expect(outcome.lines.map((line) => line.text)).toEqual(["good", "also é"])
    expect(outcome.fault).toEqual({ _tag: "InvalidUtf8", line: 2, byte: 15, value: 0xff })
  })

  it("takes a line of exactly the limit and refuses one byte more", () => {
    const outcome = split(Buffer.from("12345\r\n12345\n12345"), [3], { lineBytesMax: 5 })
    expect(outcome.lines).toHaveLength(3)
    const over = split(Buffer.from("12345\n123456"), [100], { lineBytesMax: 5 })
    expect(over.lines.map((line) => line.text)).toEqual(["12345"])
    expect(over.fault).toEqual({ _tag: "LineTooLong", line: 1, byte: 6, lineBytesMax: 5 })
  })

  it("stops reading a line that has become too long, and does not hold the rest", () => {
    const splitter = new LineSplitter({ ...standard, lineBytesMax: 10, chunkBytes: 4 })
    let reads = 0
    for (let answer = "more"; answer === "more" && reads < 100; reads++) {
      const { buffer, offset, length } = splitter.room()
      buffer.fill(120, offset, offset + length)
      answer = splitter.filled(length)
    }
    expect(reads).toBe(3)
    expect(splitter.take()).toMatchObject({ _tag: "LineTooLong", line: 0 })
  })

  it("gives back the memory of a long line", () => {
    const splitter = new LineSplitter({ ...standard, chunkBytes: 16 })
    const bytes = Buffer.from(`${"x".repeat(1_000)}\n${"short\n".repeat(20)}`)
    let at = 0
    let largest = 0
    for (;;) {
      const { buffer, offset, length } = splitter.room()
      largest = Math.max(largest, buffer.length)
      const count = bytes.copy(buffer, offset, at, at + length)
      at += count
      if (splitter.filled(count) === "ready") splitter.take()
      if (count === 0) break
    }
    expect(largest).toBeGreaterThan(1_000)
    expect(splitter.room().buffer.length).toBe(32)
  })

  it("replaces broken text when asked to, and then names no byte", () => {
    const bytes = Buffer.concat([Buffer.from("a"), Buffer.from([0xff]), Buffer.from("b\nc\n")])
    const outcome = split(bytes, [100], { invalid: "replace" })
    expect(outcome.lines.map((line) => line.text)).toEqual(["a\ufffdb", "c"])
    expect(outcome.lines[1]?.byte).toBeUndefined()
  })

  it("takes every byte as a character in latin1", () => {
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0xe9, 0xff, 0x0a])
    expect(split(bytes, [2], { encoding: "latin1" }).lines.map((line) => line.text)).toEqual([
      "ï»¿éÿ"
    ])
  })
})

describe("firstInvalid", () => {
  const fatal = (bytes: Uint8Array): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
      return true
    } catch {
      return false
    }
  }

  it("is -1 exactly for UTF-8, and names the end of the longest good start", () => {
    const edge = fc.constantFrom(
      0x41,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5
    )
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 8 }), (values) => {
        const bytes = Uint8Array.from(values)
        const at = firstInvalid(bytes)
        expect(at === -1).toBe(fatal(bytes))
        if (at >= 0) expect(fatal(bytes.subarray(0, at))).toBe(true)
      }),
      { numRuns: 3_000 }
    )
  })
})
