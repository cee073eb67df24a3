// The generated parser against the reference meaning of a format: the same records and the same
// faults for any format, any input, any split of the input, and any choice of fields.
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import * as Fields from "../../src/Fields.ts"
import * as Format from "../../src/Format.ts"
import type { Parser } from "../../src/internal/format/generate.ts"
import { generate } from "../../src/internal/format/generate.ts"
import { sampleLines } from "../../src/internal/format/rehearse.ts"
import { wasmParser } from "../../src/internal/format/wasmParser.ts"
import { compileCondition, namesIn } from "../../src/internal/views/conditionCode.ts"
import { keptRows } from "../../src/internal/views/viewWork.ts"
import { Segment } from "../../src/SegmentPool.ts"
import type { Needs } from "../../src/Views.ts"
import { everything, SheetPool, ViewBlock } from "../../src/Views.ts"
import { conditionsFor, formats, linesFor } from "./formats.ts"

// Hundreds of formats are compiled: on a machine with other work that takes its time.
vi.setConfig({ testTimeout: 30_000 })

interface Outcome {
  readonly records: ReadonlyArray<unknown>
  readonly line: number | undefined
  readonly fault: Format.Fault | undefined
}

/** The meaning: line by line, up to the first fault. */
const meant = (
  format: Format.Format<unknown>,
  lines: ReadonlyArray<string>,
  needs?: Needs
): Outcome => {
  const decode = Format.decoder(format, needs)
  const records: Array<unknown> = []
  for (const [line, text] of lines.entries()) {
    const decoded = decode(text)
    if (decoded._tag === "Fault") {
      const isPlain = !(format.quotes && text.includes('"'))
      const fault = isPlain ? decoded.fault : { ...decoded.fault, at: 0 }
      return { records, line, fault }
    }
    records.push(...decoded.records)
  }
  return { records, line: undefined, fault: undefined }
}

/** How parsers are made; the one in WebAssembly leaves frames and some keys to the other. */
type Make = (format: Format.Format<unknown>, needs: Needs) => Parser
const inWebAssembly: Make = (format, needs) => wasmParser(format, needs) ?? generate(format, needs)
let make: Make = generate

/** The same by the generated parser, at most `rowsMax` lines a call. */
const parsed = (
  format: Format.Format<unknown>,
  lines: ReadonlyArray<string>,
  rowsMax: number,
  ends: string,
  needs: Needs = everything(format.layout)
): Outcome => {
  const parser = make(format, needs)
  const bytes = Buffer.from(lines.join(ends) + ends)
  const starts = lines.map((_, i) =>
    Buffer.byteLength(lines.slice(0, i).join(ends) + (i > 0 ? ends : ""))
  )
  const pool = new SheetPool(parser.layout, needs)
  const host = { lines: 0, fault: -1, faultAt: 0 }
  const records: Array<unknown> = []
  let from = 0
  while (from < bytes.length && host.fault < 0) {
    const sheet = pool.rent(new Segment(bytes))
    from = parser.parse(bytes, from, bytes.length, sheet, rowsMax, host)
    const block = new ViewBlock(sheet, 0, sheet.rows)
    const { where } = needs
    records.push(...(where === undefined ? block : passing(block, where)).toObjects())
    sheet.release()
  }
  expect(pool.rented).toBe(0)
  if (host.fault < 0) return { records, line: undefined, fault: undefined }
  const { field, expected } = parser.faults[host.fault]!
  const isPlain = !(format.quotes && lines[host.lines]!.includes('"'))
  // A line with quotes is made plain first: then only its start has a place.
  const at = isPlain ? host.faultAt - starts[host.lines]! : 0
  const fault = { field, expected, at }
  return { records, line: host.lines, fault }
}

/** What the filter behind the parser lets through. */
const passing = (block: ViewBlock, where: Fields.Condition): ViewBlock => {
  const rows: Array<number> = []
  compileCondition(where, block.sheet.layout)(block.sheet, block.from, block.to, rows)
  return keptRows(block, rows)
}

const formatAndLines = formats.chain((format) =>
  fc.tuple(fc.constant(format), linesFor(format), fc.integer({ min: 1, max: 5 }), fc.boolean())
)

const makers: ReadonlyArray<readonly [string, Make]> = [
  ["JavaScript", generate],
  ["WebAssembly", inWebAssembly]
]

const use = (maker: Make): void => {
  beforeAll(() => {
    make = maker
  })
  afterAll(() => {
    make = generate
  })
}

describe.each(makers)("a parser generated as %s", (_, maker) => {
  use(maker)

  it("reads the same records and names the same faults as the format means", () => {
    fc.assert(
      fc.property(formatAndLines, ([format, lines, rowsMax, returns]) => {
        expect(parsed(format, lines, rowsMax, returns ? "\r\n" : "\n")).toEqual(
          meant(format, lines)
        )
      }),
      { numRuns: 500 }
    )
  })

  it("takes the made-up lines of any format without a fault", () => {
    fc.assert(
      fc.property(formats, (format) => {
        const lines = sampleLines(format).split("\n").slice(0, -1)
        const whole = lines.map((line) => line.replace("\r", ""))
        const outcome = parsed(format, whole, 5, "\n")
        // A text may hold what ends it: then the line means something else, to both.
        expect(outcome).toEqual(meant(format, whole))
      }),
      { numRuns: 300 }
    )
  })

  it("reads what is needed as the format means it: chosen fields, of records that pass", () => {
    const chosen = formatAndLines.chain(([format, lines, rowsMax]) =>
      fc.tuple(
        fc.constant(format),
        fc.constant(lines),
        fc.constant(rowsMax),
        fc.subarray([...everything(format.layout).columns], { minLength: 1 }),
        fc.option(conditionsFor(format.layout))
      )
    )
    const seen = { rejected: 0, spared: 0 }
    fc.assert(
      fc.property(chosen, ([format, lines, rowsMax, names, where]) => {
        const asked = where === null ? [] : namesIn(where)
        const columns = new Set([...names, ...asked])
        const texts = format.layout.columns.filter(({ _tag }) => _tag === "Text")
        const needs: Needs = {
          columns,
          hashes: new Set(texts.map(({ name }) => name).filter((name) => columns.has(name))),
          key: undefined,
          ...(where === null ? {} : { where })
        }
        const outcome = meant(format, lines, needs)
        expect(parsed(format, lines, rowsMax, "\n", needs)).toEqual(outcome)
        const all = meant(format, lines)
        if (all.fault === undefined && outcome.records.length < all.records.length) seen.rejected++
        if (all.fault !== undefined && outcome.fault === undefined) seen.spared++
      }),
      { numRuns: 400 }
    )
    expect(Math.min(seen.rejected, seen.spared)).toBeGreaterThan(0)
  })

  it("reads of chosen fields what it reads of all", () => {
    const chosen = formatAndLines.chain(([format, lines]) =>
      fc.tuple(
        fc.constant(format),
        fc.constant(lines),
        fc.subarray([...everything(format.layout).columns], { minLength: 1 })
      )
    )
    fc.assert(
      fc.property(chosen, ([format, lines, names]) => {
        const { records, fault } = meant(format, lines)
        fc.pre(fault === undefined)
        const needs: Needs = { columns: new Set(names), hashes: new Set(), key: undefined }
        const read = meant(format, lines, needs)
        expect(read.fault).toBeUndefined()
        expect(read.records).toEqual(records.map((record) => projected(record, needs.columns)))
      }),
      { numRuns: 300 }
    )
  })
})

describe.each(makers)("a parser generated as %s, of one format,", (_, maker) => {
  use(maker)

  it("passes over no field whose end could stand inside it", () => {
    const format = Format.delimited({
      a: Format.digits(3, { to: "1" }),
      b: Format.text({ to: ";" }),
      c: Format.choice({ "x-": "x", y: "y" }, { to: "--" }),
      d: Format.text()
    }) as Format.Format<unknown>
    const needs: Needs = { columns: new Set(["b", "d"]), hashes: new Set(), key: undefined }
    const lines = ["1111mid;x---end", "0001;y--last"]
    const outcome = meant(format, lines, needs)
    expect(outcome.records).toEqual([
      { b: "mid", d: "end" },
      { b: "", d: "last" }
    ])
    expect(parsed(format, lines, 9, "\n", needs)).toEqual(outcome)
  })

  it("reads fields of a width, whole characters and whole lines alone", () => {
    const format = Format.fixed({
      name: Format.width(4, Format.text({ trimEnd: true })),
      pad: Format.width(1, Format.skip()),
      value: Format.width(6, Format.optional(Format.decimal())),
      kind: Format.width(2, Format.choice({ n: "noun", v: "verb" }))
    }) as Format.Format<unknown>
    const lines = ["ab  |  1.5 n ", "éé |       v", "abc |12345 v "]
    const outcome = parsed(format, lines, 9, "\n")
    expect(outcome).toEqual(meant(format, lines))
    expect(outcome.records[0]).toEqual({ name: "ab", value: 1.5, kind: "noun" })
    const fault = (line: string) => parsed(format, [line], 9, "\n").fault
    expect(fault("abcé|  1.5 n ")).toEqual({ field: "name", expected: "text in 4 bytes", at: 0 })
    expect(fault("abcd|  1,5 n ")).toEqual({
      field: "value",
      expected: "nothing, or a number in 6 bytes",
      at: 7
    })
    expect(fault("abcd|  1.5 n")?.field).toBe("kind")
    expect(fault("abcd|  1.5 n  ")?.field).toBe("kind")
  })

  it("hashes keys and texts as their bytes", async () => {
    const { hashBytes } = await import("../../src/ByteHash.ts")
    const format = Format.delimited({
      name: Format.text({ lower: true, without: ["(x)"] }),
      pos: Format.choice({ 1: "n", 2: "verb" }),
      id: Format.digits(3)
    })
    const needs: Needs = {
      columns: new Set(["name"]),
      hashes: new Set(["name"]),
      key: ["pos", "id", "name"]
    }
    const bytes = Buffer.from("Käfer(X)\t2\t007\n")
    const parser = make(format, needs)
    const sheet = new SheetPool(parser.layout, needs).rent(new Segment(bytes))
    parser.parse(bytes, 0, bytes.length, sheet, 9, { lines: 0, fault: -1, faultAt: 0 })
    const hashOf = (text: string) => {
      const encoded = Buffer.from(text)
      return hashBytes(encoded, 0, encoded.length)
    }
    const key = Buffer.from(sheet.keyBytes.subarray(0, sheet.keyLength[0]!)).toString()
    expect([key, sheet.keyHash[0]]).toEqual(["verb007käfer", hashOf("verb007käfer")])
    expect(sheet.columns[0]!.hash[0]).toBe(hashOf("käfer"))
  })
})

const projected = (record: unknown, names: ReadonlySet<string>): unknown =>
  Object.fromEntries(
    Object.entries(record as Record<string, unknown>).flatMap(([name, value]) => {
      if (name === "_tag") return [[name, value]]
      if (!Array.isArray(value)) return names.has(name) ? [[name, value]] : []
      const inner = [...names].filter((each) => each.startsWith(`${name}.`))
      if (inner.length === 0 && !names.has(name)) return []
      const elements = value.map((element: Record<string, unknown>) =>
        Object.fromEntries(Object.entries(element).filter(([each]) => names.has(`${name}.${each}`)))
      )
      return [[name, elements]]
    })
  )

describe("a condition over members of an object", () => {
  const format = Format.ndjson({
    kind: Format.text(),
    n: Format.integer(),
    m: Format.optional(Format.integer())
  }) as Format.Format<unknown>
  const read = (where: Fields.Condition, line: string): Outcome => {
    const needs: Needs = { ...everything(format.layout), where }
    const outcome = meant(format, [line], needs)
    expect(parsed(format, [line], 9, "\n", needs)).toEqual(outcome)
    return outcome
  }
  const isA = Fields.equals("kind", "a")

  it("is asked once they are read, and leaves the rest of the line alone", () => {
    expect(read(isA, '{"n":"x","kind":"b",broken')).toMatchObject({ records: [], line: undefined })
    expect(read(isA, '{"kind":"b\\u0062","n":{]').fault).toBeUndefined()
    expect(read(isA, '{"kind":"a",broken').fault?.expected).toBe("one JSON object")
    expect(read(isA, '{"broken,"kind":"b","n":1}').fault?.expected).toBe("one JSON object")
    expect(read(isA, '{"kind":"b"').fault?.expected).toBe("one JSON object")
  })

  it("is asked at the end where one of them may be absent, and of the last of a name", () => {
    const small = Fields.not(Fields.compare("m", ">", 5))
    expect(read(small, '{"kind":"a","n":1}').records).toHaveLength(1)
    expect(read(small, '{"m":7,"kind":"a",broken').fault?.expected).toBe("one JSON object")
    expect(read(small, '{"m":7,"kind":"a","m":1,"n":2}').records).toHaveLength(1)
    expect(read(isA, '{"kind":"a","n":1,"kind":"b"}').records).toEqual([])
  })
})

describe("a field that may be absent", () => {
  const format = Format.ndjson({
    id: Format.at(["user", "id"], Format.integer()),
    city: Format.at(["user", "address", "city"], Format.optional(Format.text())),
    ok: Format.optional(Format.boolean())
  }) as Format.Format<unknown>

  it("is null where a member, or an object around it, is missing or null", () => {
    const lines = [
      '{"user":{"id":1,"address":{"city":"Bonn","x":[{}]}},"ok":true}',
      '{"ok":null,"user":{"address":{},"id":2}}',
      '{"user":{"id":3,"address":null}}',
      '{"user":{"id":9,"address":{"city":"Ulm"}},"user":{"id":4}}'
    ]
    expect(parsed(format, lines, 9, "\n")).toEqual({
      records: [
        { id: 1, city: "Bonn", ok: true },
        { id: 2, city: null, ok: null },
        { id: 3, city: null, ok: null },
        { id: 4, city: null, ok: null }
      ],
      line: undefined,
      fault: undefined
    })
  })

  it("is a fault where it is of another kind, with the path in the words", () => {
    const fault = (line: string) => parsed(format, [line], 9, "\n").fault
    expect(fault('{"user":{"id":1,"address":{"city":7}}}')).toEqual({
      field: "city",
      expected: "nothing, or text at user.address.city",
      at: 0
    })
    expect(fault('{"user":[]}')?.expected).toBe("a whole number at user.id")
  })
})

describe("a format that cannot work", () => {
  it.each([
    ["an end that is no text", () => Format.delimited({ a: Format.text({ to: "" }) })],
    ["an end in a line break", () => Format.delimited({ a: Format.text({ to: "\n" }) })],
    [
      "a span over fields behind it",
      () => Format.delimited({ s: Format.span("a", "a"), a: Format.text() })
    ],
    [
      "a span over a changed text",
      () => Format.delimited({ a: Format.text({ lower: true }), s: Format.span("a", "a") })
    ],
    ["no field", () => Format.delimited({})],
    ["a name that begins with a digit", () => Format.delimited({ "1": Format.text() })],
    [
      "two repeated fields",
      () =>
        Format.delimited({ n: Format.integer(), a: Format.each("n", 2), b: Format.each("n", 2) })
    ],
    [
      "a span over what may be absent",
      () => Format.delimited({ a: Format.optional(Format.text()), s: Format.span("a", "a") })
    ],
    [
      "a count that may be absent",
      () => Format.delimited({ n: Format.optional(Format.integer()), e: Format.each("n", 2) })
    ],
    [
      "a field of a group that may be absent",
      () =>
        Format.delimited({
          g: Format.counted({ a: Format.optional(Format.text()) }),
          b: Format.text()
        })
    ],
    [
      "a member in a line without objects",
      () => Format.csv({ a: Format.at(["b"], Format.text()) })
    ],
    ["a member without a name", () => Format.ndjson({ a: Format.at([], Format.text()) })],
    [
      "two members at one place",
      () => Format.ndjson({ a: Format.text(), b: Format.at(["a"], Format.integer()) })
    ],
    [
      "a member that is an object, too",
      () => Format.ndjson({ a: Format.text(), b: Format.at(["a", "c"], Format.integer()) })
    ],
    ["a width in a line with separators", () => Format.csv({ a: Format.width(3, Format.text()) })],
    ["a width in an object", () => Format.ndjson({ a: Format.width(3, Format.text()) })],
    ["a field without a width", () => Format.fixed({ a: Format.text() })],
    ["a width of nothing", () => Format.fixed({ a: Format.width(0, Format.text()) })],
    [
      "a width with an end of its own",
      () => Format.fixed({ a: Format.width(3, Format.text({ to: "|" })) })
    ],
    [
      "a group in a group",
      () => Format.delimited({ g: Format.counted({ h: Format.counted({ a: Format.text() }) }) })
    ]
  ])("is refused with a cure: %s", (_, make) => {
    expect(make).toThrow(/^format: field .* Cure: /)
  })
})
