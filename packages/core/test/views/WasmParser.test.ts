// The parser in WebAssembly where its memory or its language ends: what it leaves is read by that
// in JavaScript, into the same sheet, and nothing is lost or read twice. That both mean the same of
// any format is the law of formats.
import * as fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import * as Fields from "../../src/Fields.ts"
import * as Format from "../../src/Format.ts"
import { generate } from "../../src/internal/format/generate.ts"
import { wasmParser } from "../../src/internal/format/wasmParser.ts"
import type { Needs } from "../../src/Views.ts"
import { everything } from "../../src/Views.ts"
import { formats } from "./formats.ts"
import type { Make } from "./parserCases.ts"
import { cases, erased, readAll } from "./parserCases.ts"

vi.setConfig({ testTimeout: 30_000 })

const inWebAssembly: Make = (format, needs) => {
  const parser = wasmParser(format, needs)
  if (parser === undefined) throw new Error("the format has no parser in WebAssembly")
  return parser
}

describe("where there is no WebAssembly for it", () => {
  const format = erased(Format.delimited({ a: Format.text(), b: Format.integer() }))

  it.each([
    ["no platform", undefined],
    [
      "no addresses for a memory",
      {
        Module: class {},
        CompileError: class extends Error {},
        Instance: class {
          constructor() {
            throw new RangeError("WebAssembly.Instance(): Out of memory")
          }
        }
      }
    ]
  ])("with %s, JavaScript parses", (_, platform) => {
    vi.stubGlobal("WebAssembly", platform)
    try {
      expect(wasmParser(format, everything(format.layout))).toBe(undefined)
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe("the parser in WebAssembly", () => {
  it.each(cases)("reads what that in JavaScript reads: $name", (each) => {
    const { records, host } = readAll(inWebAssembly, each)
    expect(records.length).toBeGreaterThan(0)
    expect({ records, host }).toEqual(readAll(generate, each))
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
    const pairs = fc.array(fc.tuple(decimals, integers), { minLength: 1, maxLength: 20 })
    const where = Fields.not(Fields.compare("y", "<", -4_294_967_296.5))
    fc.assert(
      fc.property(pairs, (list) => {
        const text = list.map(([x, y]) => `${x}\t${y}\n`).join("")
        const numbers = { name: "numbers", format, text, needs: { where } }
        expect(readAll(inWebAssembly, numbers)).toEqual(readAll(generate, numbers))
      }),
      { numRuns: 300 }
    )
  })

  it("passes over any JSON, and stops at what is none, as the other does", () => {
    const format = erased(Format.ndjson({ id: Format.integer() }))
    const spoilt = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom("", '"', "\\", "\\u12", "]", ",", "0", "e", "\u0001")
      )
      .map(([json, at, by]) => {
        const place = at % (json.length + 1)
        return json.slice(0, place) + by + json.slice(place)
      })
    const some = fc.oneof(fc.json(), spoilt).map((text) => text.replaceAll("\n", " "))
    const seen = { sound: 0, broken: 0 }
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 8 }), (list) => {
        const text = list.map((json, i) => `{"a":${json},"id":${i},"b":${json}}\n`).join("")
        const each = { name: "json", format, text }
        const read = readAll(inWebAssembly, each)
        expect(read).toEqual(readAll(generate, each))
        if (read.host.fault < 0) seen.sound++
        else seen.broken++
      }),
      { numRuns: 500 }
    )
    expect(Math.min(seen.sound, seen.broken)).toBeGreaterThan(0)
  })

  it("exists for every format but frames, and names the same faults by the same numbers", () => {
    fc.assert(
      fc.property(formats, (format) => {
        const parser = wasmParser(format, everything(format.layout))
        expect(parser === undefined).toBe(format.frames !== undefined)
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

  it("does not exist where the platform has no WebAssembly", () => {
    const format = erased(Format.delimited({ a: Format.text() }))
    vi.stubGlobal("WebAssembly", undefined)
    try {
      expect(wasmParser(format, everything(format.layout))).toBeUndefined()
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
