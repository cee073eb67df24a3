import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { firstBad } from "../src/internal/jsonPosition.ts"
import * as Ndjson from "../src/Ndjson.ts"

const thrown = (call: () => unknown): Ndjson.NdjsonError => {
  try {
    call()
  } catch (error) {
    if (error instanceof Ndjson.NdjsonError) return error
  }
  throw new Error("no NdjsonError was thrown")
}

describe("Ndjson", () => {
  it("parses what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const line = JSON.stringify(value)
        expect(Ndjson.parse(line)).toEqual(JSON.parse(line))
      })
    )
  })

  it.each([
    ["", 0, "the line ends too early"],
    ['{"a":', 5, "the line ends too early"],
    ['{"a":}', 5, "Unexpected token"],
    ['{"a":tru}', 5, "Unexpected token"],
    ["[1,,2]", 3, "Unexpected token"],
    ["[1}", 2, "Expected ','"],
    ['["a', 3, "ends too early"],
    ["[1,2] x", 6, "after JSON"],
    ['{"a":1,"long text before the place":"x" "y":2}', 40, "Expected ','"]
  ])("names the column of %j", (line, position, text) => {
    const error = thrown(() => Ndjson.parse(line))
    expect(error.position).toBe(position)
    expect(error.message).toContain(`at column ${position + 1}`)
    expect(error.message).toContain(text)
    expect(error.message).toMatch(/Cure: mend the line/)
  })

  it("finds a bad place exactly in what JSON.parse refuses", () => {
    const part = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"\\u00e9"',
      '"\\x"',
      "-1.5e3",
      "01",
      "tru",
      '"\u0001"',
      "null",
      " ",
      "é",
      '"'
    )
    const text = fc.oneof(
      fc.array(part, { maxLength: 8 }).map((parts) => parts.join("")),
      fc.tuple(fc.jsonValue(), fc.nat()).map(([value, at]) => {
        const json = JSON.stringify(value)
        const cut = at % (json.length + 1)
        return json.slice(0, cut) + json.slice(cut + 1)
      }),
      fc.jsonValue().map((value) => JSON.stringify(value))
    )
    const accepted = (line: string): boolean => {
      try {
        JSON.parse(line)
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(text, (line) => {
        const at = firstBad(line)
        expect(at === -1).toBe(accepted(line))
        if (at > 0 && at < line.length)
          expect(firstBad(line.slice(0, at))).toSatisfy((end) => end === -1 || end === at)
      }),
      { numRuns: 5_000 }
    )
  })

  it("names the field that does not fit the schema", () => {
    const decode = Ndjson.decoder(Schema.Struct({ key: Schema.String, n: Schema.NumberFromString }))
    expect(decode('{"key":"a","n":"7"}')).toEqual({ key: "a", n: 7 })
    expect(thrown(() => decode('{"key":1,"n":"7"}')).message).toMatch(
      /does not fit the schema: .*key/
    )
    expect(thrown(() => decode("{")).position).toBe(1)
  })
})
