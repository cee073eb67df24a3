// The parser in WebAssembly where its memory ends: what it has no room for is read by that in
// JavaScript, in the same sheet, and nothing is lost or read twice. That both mean the same of any
// format is the law of formats.
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Fields from "../../src/Fields.ts"
import * as Format from "../../src/Format.ts"
import { generate } from "../../src/internal/format/generate.ts"
import { wasmParser } from "../../src/internal/format/wasmParser.ts"
import { Segment } from "../../src/SegmentPool.ts"
import type { Needs, Sheet } from "../../src/Views.ts"
import { everything, SheetPool, ViewBlock } from "../../src/Views.ts"
import { formats } from "./formats.ts"

type Make = typeof generate

const inWebAssembly: Make = (format, needs) => {
  const parser = wasmParser(format, needs)
  if (parser === undefined) throw new Error("the format has no parser in WebAssembly")
  return parser
}

const keyOf = ({ keyStart, keyLength, keyBytes, keyHash }: Sheet, row: number) => {
  const from = keyStart[row] as number
  const text = Buffer.from(keyBytes.subarray(from, from + (keyLength[row] as number))).toString()
  return [from % 4, text, keyHash[row]]
}

/** All records with their keys; as many a call as fit, unless a number is given. */
const readAll = (
  make: Make,
  format: Format.Format<unknown>,
  text: string,
  needs: Needs,
  rowsMax: number
) => {
  const bytes = Buffer.from(text)
  const parser = make(format, needs)
  const pool = new SheetPool(parser.layout, needs)
  const host = { lines: 0, fault: -1, faultAt: 0 }
  const records: Array<unknown> = []
  for (let at = 0; at < bytes.length && host.fault < 0; ) {
    const sheet = pool.rent(new Segment(bytes))
    at = parser.parse(bytes, at, bytes.length, sheet, rowsMax, host)
    const objects = new ViewBlock(sheet, 0, sheet.rows).toObjects()
    records.push(...objects.map((record, row) => [record, needs.key && keyOf(sheet, row)]))
    sheet.release()
  }
  return { records, host }
}

const same = (
  format: Format.Format<unknown>,
  text: string,
  needs: Partial<Needs> = {},
  rowsMax = Number.POSITIVE_INFINITY
) => {
  const all = { ...everything(format.layout), ...needs }
  const read = readAll(inWebAssembly, format, text, all, rowsMax)
  expect(read).toEqual(readAll(generate, format, text, all, rowsMax))
  return read
}

const erased = <A>(format: Format.Format<A>) => format as Format.Format<unknown>

const words = erased(
  Format.delimited({
    pos: Format.choice({ 1: "n", 2: "verb" }),
    id: Format.digits(5),
    words: Format.counted({ word: Format.text({ lower: true }), n: Format.integer() }),
    rest: Format.text()
  })
)

const line = (i: number, count: number, rest: string): string => {
  const list = Array.from({ length: count }, (_, k) => `Word${k}\t${k}`)
  const id = String(i).padStart(5, "0")
  return [1 + (i % 2), id, count, ...list, rest].join("\t")
}

const lines = (count: number, of: (i: number) => string): string =>
  `${Array.from({ length: count }, (_, i) => of(i)).join("\n")}\n`

const keyed: Partial<Needs> = {
  hashes: new Set(["rest", "words.word"]),
  key: ["pos", "rest", "id"]
}

describe("the parser in WebAssembly", () => {
  it("fills one sheet over many rounds and windows", () => {
    const text = lines(3_000, (i) => line(i, i % 4, "é".repeat(i % 90)))
    expect(same(words, text, keyed).records).toHaveLength(3_000)
    same(words, text, keyed, 100)
    same(words, text, keyed, 700)
    same(words, text.slice(0, -1), keyed)
  })

  it("leaves lines longer than its window to the other, and goes on behind them", () => {
    const rest = (i: number) => (i % 40 === 7 ? "x".repeat(300_000) : `rest ${i}`)
    const text = lines(200, (i) => line(i, 1, rest(i)))
    expect(same(words, text).records).toHaveLength(200)
    same(words, text, keyed)
  })

  it("leaves what its columns of elements or its keys have no room for", () => {
    same(
      words,
      lines(300, (i) => line(i, i % 50 === 3 ? 9_000 : 30, "r")),
      keyed
    )
    same(
      words,
      lines(900, (i) => line(i, 1, "k".repeat(100 + (i % 200)))),
      keyed
    )
    same(
      words,
      lines(9, (i) => line(i, 1, "k".repeat(70_000))),
      keyed
    )
  })

  it("reads lines of more records than a call", () => {
    const format = erased(
      Format.delimited(
        { count: Format.integer(), id: Format.each("count", 4), rank: Format.ordinal() },
        { separator: " " }
      )
    )
    const ids = (count: number) =>
      Array.from({ length: count }, (_, k) => String(k).padStart(4, "0")).join(" ")
    for (const count of [1, 500, 511, 512, 513, 2_000])
      same(
        format,
        lines(7, () => `${count} ${ids(count)}`),
        { key: ["id"] },
        512
      )
  })

  it("goes on in JavaScript for good where most lines are left to it", () => {
    const format = erased(Format.csv({ a: Format.text(), b: Format.integer() }))
    const plain = same(
      format,
      lines(2_000, (i) => `a${i},${i}`)
    )
    const quoted = same(
      format,
      lines(2_000, (i) => `"a ""b""\n${i}",${i}`)
    )
    expect([plain.records.length, quoted.records.length]).toEqual([2_000, 2_000])
    same(
      format,
      lines(2_000, (i) => (i % 30 === 0 ? `"a",${i}` : `a,${i}`))
    )
  })

  it("tells the fault of a record far behind", () => {
    const text = lines(3_000, (i) => (i === 2_777 ? "1\tx" : line(i, 1, "r")))
    const { host, records } = same(words, text)
    expect([host.lines, records.length]).toEqual([2_777, 2_777])
  })

  it("computes numbers as the other does, also those of many digits", () => {
    const format = erased(Format.delimited({ x: Format.decimal(), y: Format.integer() }))
    const decimals = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.tuple(fc.bigInt(), fc.nat(30)).map(([n, d]) => `${n}.${"0".repeat(d)}${d}`),
      fc.tuple(fc.maxSafeInteger(), fc.nat({ max: 99_999 })).map(([n, d]) => `${n}.${d}`),
      fc.constantFrom("-0", "0.1", "-0.0", "1e5", "000.5", "999999999999999", "1234567890.12345")
    )
    const integers = fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 })
    fc.assert(
      fc.property(fc.array(fc.tuple(decimals, integers), { maxLength: 20 }), (pairs) => {
        const text = pairs.map(([x, y]) => `${x}\t${y}\n`).join("")
        fc.pre(text !== "")
        same(format, text, { where: Fields.not(Fields.compare("y", "<", -4_294_967_296.5)) })
      })
    )
  })

  it("exists for every delimited format, and names the same faults by the same numbers", () => {
    fc.assert(
      fc.property(formats, (format) => {
        const parser = wasmParser(format, everything(format.layout))
        const isJson = format._tag === "Ndjson"
        expect(parser === undefined).toBe(isJson || format.frames !== undefined)
        if (parser === undefined) return
        expect(parser.faults).toEqual(generate(format, everything(format.layout)).faults)
      }),
      { numRuns: 200 }
    )
  })

  it("does not exist for keys made of numbers", () => {
    const format = erased(Format.delimited({ a: Format.integer(), b: Format.text() }))
    const needs: Needs = { ...everything(format.layout), key: ["a"] }
    expect(wasmParser(format, needs)).toBeUndefined()
  })
})
