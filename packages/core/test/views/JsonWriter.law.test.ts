// Lines of JSON written from views against JSON.stringify of the same records as objects.
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Format from "../../src/Format.ts"
import { generate } from "../../src/internal/format/generate.ts"
import { csvRow, csvWriter } from "../../src/internal/views/csvWriter.ts"
import { jsonWriter, putNumber } from "../../src/internal/views/jsonWriter.ts"
import { makeMemory } from "../../src/internal/wasm/module.ts"
import { Segment } from "../../src/SegmentPool.ts"
import type { ViewBlock } from "../../src/Views.ts"
import { ViewBlock as Block, everything, SheetPool } from "../../src/Views.ts"
import { formats, linesFor } from "./formats.ts"

/** An output that starts with next to no room. */
class SmallOutput {
  bytes = new Uint8Array(1)
  used = 0
  grow(used: number, room: number): number {
    const grown = new Uint8Array(used + room)
    grown.set(this.bytes.subarray(0, used))
    this.bytes = grown
    return grown.length
  }
}

const written = (block: ViewBlock): string => {
  const output = new SmallOutput()
  jsonWriter(block.sheet.layout)(block.sheet, block.from, block.to, output)
  return Buffer.from(output.bytes.subarray(0, output.used)).toString()
}

type Placed = (text: string) => Uint8Array

const inBuffer: Placed = (text) => Buffer.from(text)

/** Texts end where the memory does. */
const inMemory: Placed = (text) => {
  const bytes = Buffer.from(text)
  const memory = makeMemory(bytes.length) as Uint8Array
  memory.set(bytes)
  return memory
}

const blockOf = (
  format: Format.Format<unknown>,
  text: string,
  placed: Placed = inBuffer
): ViewBlock => {
  const needs = everything(format.layout)
  const parser = generate(format, needs)
  const bytes = placed(text)
  const sheet = new SheetPool(parser.layout, needs).rent(new Segment(bytes))
  parser.parse(bytes, 0, bytes.length, sheet, 100, { lines: 0, fault: -1, faultAt: 0 })
  return new Block(sheet, 0, sheet.rows)
}

const linesOf = (block: ViewBlock): string =>
  block
    .toObjects()
    .map((record) => `${JSON.stringify(record)}\n`)
    .join("")

describe("the CSV writer of views", () => {
  it("writes the rows of the same records, which read back as they were", () => {
    const format = Format.ndjson({
      text: Format.text(),
      number: Format.decimal(),
      flag: Format.boolean(),
      word: Format.choice({ a: "plain", b: "with, a comma", c: "" })
    })
    const record = fc.record({
      text: fc.string({ unit: fc.constantFrom(...'ab,;"\r\n é') }),
      number: fc.oneof(fc.integer(), fc.constantFrom(0.25, 1e21, -1.5)),
      flag: fc.boolean(),
      word: fc.constantFrom("a", "b", "c")
    })
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1 }),
        fc.constantFrom(",", ";"),
        (records, separator) => {
          const text = records.map((each) => `${JSON.stringify(each)}\n`).join("")
          const block = blockOf(format as Format.Format<unknown>, text)
          const output = new SmallOutput()
          csvWriter(block.sheet.layout, separator)(block.sheet, block.from, block.to, output)
          const rows = Buffer.from(output.bytes.subarray(0, output.used)).toString()
          const objects = block.toObjects() as ReadonlyArray<Record<string, unknown>>
          expect(rows).toBe(objects.map((each) => `${csvRow(each, separator)}\n`).join(""))
          const back = Format.csv(
            {
              text: Format.text(),
              number: Format.decimal(),
              flag: Format.boolean(),
              word: Format.text()
            },
            { separator, header: false }
          ) as Format.Format<unknown>
          expect(blockOf(back, rows).toObjects()).toEqual(objects)
        }
      ),
      { numRuns: 200 }
    )
  })

  it("refuses groups, and writes a line for a record of nothing", () => {
    const group = Format.delimited({ g: Format.counted({ a: Format.text() }), rest: Format.text() })
    expect(() => csvWriter(group.layout, ",")).toThrow('field "g" is a group')
    expect(csvRow({ text: null }, ",")).toBe('""')
  })
})

const numbers = fc.oneof(
  fc.integer(),
  fc.integer({ min: -12, max: 1_000 }),
  fc.double(),
  fc.constantFrom(0, -0, 9, 10, 999_999_999, 1e9, 2 ** 31 - 1, 2 ** 31, 1 - 2 ** 31, -(2 ** 31)),
  fc.constantFrom(1e21, 5e-324, Number.NaN, Number.POSITIVE_INFINITY)
)

describe("a number on its own", () => {
  it("is written as JSON does", () => {
    fc.assert(
      fc.property(numbers, (value) => {
        const bytes = new Uint8Array(32)
        const end = putNumber(bytes, 2, value)
        expect(Buffer.from(bytes.subarray(2, end)).toString()).toBe(JSON.stringify(value))
      })
    )
  })
})

describe.each([
  ["of bytes from anywhere", inBuffer],
  ["of bytes in the memory of programs", inMemory]
] as const)("the JSON writer of views %s", (_, placed) => {
  it("writes what JSON.stringify makes of the same records", () => {
    const cases = formats.chain((format) => fc.tuple(fc.constant(format), linesFor(format)))
    fc.assert(
      fc.property(cases, ([format, lines]) => {
        const block = blockOf(format, lines.join("\n"), placed)
        expect(written(block)).toBe(linesOf(block))
      }),
      { numRuns: 400 }
    )
  })

  it("escapes every character that JSON escapes, and no other", () => {
    const format = Format.delimited({ text: Format.text() }, { separator: "\u0001" })
    const codes = Array.from({ length: 0x900 }, (_, code) => code).filter((code) => code !== 10)
    const text = `${String.fromCharCode(...codes)}\u2028\u2029\ud83d\ude00`
    const block = blockOf(format, text, placed)
    expect(written(block)).toBe(`${JSON.stringify({ text })}\n`)
  })

  it("writes numbers as JSON does", () => {
    const format = Format.ndjson({ a: Format.decimal(), b: Format.text() })
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 30 }), (values) => {
        const text = values.map(() => `${JSON.stringify({ a: 1, b: "x" })}\n`).join("")
        const block = blockOf(format as Format.Format<unknown>, text, placed)
        const [column] = block.sheet.columns
        for (const [row, value] of values.entries()) column!.value[row] = value
        const lines = values.map((a) => `${JSON.stringify({ a, b: "x" })}\n`)
        expect(written(block)).toBe(lines.join(""))
      }),
      { numRuns: 200 }
    )
  })

  it("writes null for what is absent", () => {
    const format = Format.delimited({
      text: Format.text(),
      number: Format.integer(),
      flag: Format.boolean(),
      word: Format.choice({ a: "b" })
    })
    const block = blockOf(format, "x\t1\ttrue\ta\n", placed)
    const [text, number, flag, word] = block.sheet.columns
    text!.length[0] = -1
    number!.value[0] = Number.NaN
    flag!.code[0] = 255
    word!.code[0] = 255
    const record = { text: null, number: null, flag: null, word: null }
    expect(written(block)).toBe(`${JSON.stringify(record)}\n`)
    expect(block.toObjects()).toEqual([record])
  })
})
