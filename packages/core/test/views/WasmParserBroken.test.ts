// The checker of the checker: each way in which the dialect of WebAssembly can be wrong is seen in
// one of the cases.
import { afterEach, expect, it, vi } from "vitest"
import type { Dialect } from "../../src/internal/format/dialect.ts"
import { webAssembly } from "../../src/internal/format/dialect.ts"
import { generate } from "../../src/internal/format/generate.ts"
import type { Case, Make } from "./parserCases.ts"
import { cases, readAll } from "./parserCases.ts"

vi.setConfig({ testTimeout: 30_000 })

const path = "../../src/internal/format/dialect.ts"

const withDialect = async (broken: Partial<Dialect>): Promise<Make> => {
  vi.resetModules()
  vi.doMock(path, async (original) => ({
    ...(await original<object>()),
    webAssembly: { ...webAssembly, ...broken }
  }))
  const { wasmParser } = await import("../../src/internal/format/wasmParser.ts")
  return (format, needs) => {
    const parser = wasmParser(format, needs)
    if (parser === undefined) throw new Error("not compilable: that is no test of the cases")
    return parser
  }
}

afterEach(() => {
  vi.doUnmock(path)
  vi.resetModules()
})

const outcome = (make: Make, each: Case): string => {
  try {
    return JSON.stringify(readAll(make, each))
  } catch (cause) {
    return String(cause)
  }
}

const seen = (make: Make): ReadonlyArray<string> =>
  cases.filter((each) => outcome(make, each) !== outcome(generate, each)).map(({ name }) => name)

it("sees nothing in the sound one", async () => {
  expect(seen(await withDialect({}))).toEqual([])
})

it.each<readonly [string, Partial<Dialect>]>([
  ["places are those of the copy", { position: (place) => place }],
  [
    "the rows of a line that has no room stay",
    { recordRoom: () => "if (r >= rowRoom) { rowsBefore = r; break stopped; }" }
  ],
  [
    "the half of a key that has no room stays",
    { keyRoom: (count) => `if (ku + ${count} > keyRoom) { keysBefore = ku; break stopped; }` }
  ],
  ["a search ends before its last byte", { upTo: (byte) => `p = find(${byte}, p, e - 1);` }],
  [
    "the first of several bytes is enough",
    { upToBytes: ([first]) => `p = find(${first?.[0]}, p + ${first?.[1]}, e) - ${first?.[1]};` }
  ],
  ["quotes are bytes like others", { quotes: (separator) => `T = ${separator}; breaks = 0;` }],
  ["powers of ten are one too high", { powerOfTen: (exponent) => `P10[${exponent} + 1]` }],
  ["digits beyond the fifteenth are taken as they come", { longNumber: () => "" }],
  ["a text of JSON goes on behind a backslash", { textEnd: "q = find(34, q, e);" }],
  ["a value nobody reads ends at the next comma", { skip: "find(44, q, e)" }],
  ["a line has one byte too many", { lineEnd: `${webAssembly.lineEnd} if (e < end) e++;` }]
])("sees that %s", async (_, broken) => {
  expect(seen(await withDialect(broken))).not.toEqual([])
})
