// What sinks write from views and from objects is the same bytes, and formats read it back as the
// same records; what would not read back is refused, alone.
import * as fs from "node:fs"
import { describe, expect, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as Format from "../../src/Format.ts"
import * as Records from "../../src/node/Records.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import * as drive from "../node/drive.ts"

// Hundreds of formats are compiled: on a machine with other work that takes its time.
vi.setConfig({ testTimeout: 30_000 })

const fields = {
  text: Format.text(),
  number: Format.optional(Format.decimal()),
  flag: Format.optional(Format.boolean()),
  word: Format.choice({ a: "plain", b: "with, a comma", c: "é" }),
  last: Format.text()
}

const backFields = {
  ...fields,
  word: Format.choice({ plain: "plain", "with, a comma": "with, a comma", é: "é" })
}

const text = fc.string({ unit: fc.constantFrom(...'ab,;|"\t\r\n é'), maxLength: 8 })

const record = fc.record({
  text,
  number: fc.oneof(fc.integer(), fc.constantFrom(0.25, 1e21, -1.5, null)),
  flag: fc.constantFrom(true, false, null),
  word: fc.constantFrom("plain", "with, a comma", "é"),
  last: fc.oneof(
    { arbitrary: text, weight: 5 },
    { arbitrary: fc.constant("x".repeat(300)), weight: 1 }
  )
})

const wordOf: Readonly<Record<string, string>> = { plain: "a", "with, a comma": "b", é: "c" }

type Sale = typeof record extends fc.Arbitrary<infer A> ? A : never

interface Case {
  readonly sink: (path: string) => ReturnType<typeof Records.delimitedSink>
  readonly back: Format.Format<unknown>
  readonly isRefused: (sale: Sale) => boolean
}

const delimited = (separator: string): Case => ({
  sink: (path) => Records.delimitedSink(path, { separator }),
  back: Format.delimited(backFields, { separator }),
  isRefused: ({ text, word, last }) =>
    [text, word, last].some((each) => each.includes(separator) || each.includes("\n")) ||
    last.endsWith("\r")
})

const csv = (separator: string): Case => ({
  sink: (path) => Records.csvSink(path, { separator }),
  back: Format.csv(backFields, { separator }),
  isRefused: () => false
})

/** Frames of either kind; some records are longer than a byte can say. */
const framed = (prefix: Format.Frames["prefix"], isJson: boolean): Case => {
  const plain = delimited("|")
  const json = (path: string) => Records.ndjsonSink<object>(path, { prefix })
  const lines = (path: string) => Records.delimitedSink(path, { prefix, separator: "|" })
  const bytesOf = (sale: Sale): number => {
    const row = Object.values(sale).map((each) => (each === null ? "" : String(each)))
    return Buffer.byteLength(isJson ? JSON.stringify(sale) : row.join("|"))
  }
  return {
    sink: isJson ? json : lines,
    back: Format.framed(isJson ? Format.ndjson(backFields) : plain.back, { prefix }),
    isRefused: (sale) =>
      (!isJson && plain.isRefused(sale)) || (prefix === "u8" && bytesOf(sale) > 255)
  }
}

/** What a run of records of JSON into a sink leaves behind. */
const run = (records: ReadonlyArray<Sale>, { sink, back }: Case, isViews: boolean) =>
  Effect.gen(function* () {
    const lines = records.map((each) => JSON.stringify({ ...each, word: wordOf[each.word] }))
    const at = yield* drive.withFiles({ a: lines.join("\n") })
    const read = Pipeline.source("a", Records.files(at("a"), Format.ndjson(fields)))
    const shaped = isViews ? read : read.pipe(Pipeline.map("same", (each) => ({ ...each })))
    const closed = shaped.pipe(
      Pipeline.sink("out", sink(at("out")), { onError: Policy.deadLetter })
    )
    const result = yield* Pipeline.run(closed, { batchSize: 3 })
    const bytes = fs.readFileSync(at("out"), "utf8")
    const again = yield* drive.readAll(Records.files(at("out"), back))
    expect(again.failure).toBeUndefined()
    const { recordsIn, recordsOut, deadLetters } = result.finalStates.out!
    return {
      bytes,
      read: again.items,
      refused: result.deadLetters.map(({ payload }) => payload),
      counts: [recordsIn, recordsOut, deadLetters]
    }
  }).pipe(Effect.scoped)

describe("a sink of views", () => {
  it.each([
    ["tabs", delimited("\t")],
    ["bars", delimited("|")],
    ["JSON in frames of u8", framed("u8", true)],
    ["JSON in frames of u32le", framed("u32le", true)],
    ["JSON in frames of varint", framed("varint", true)],
    ["bars in frames of u8", framed("u8", false)],
    ["bars in frames of u16be", framed("u16be", false)],
    ["bars in frames of varint", framed("varint", false)],
    ["commas of CSV", csv(",")],
    ["semicolons of CSV", csv(";")]
  ])("writes what its format reads back, and refuses what it would not: %s", (_, each) => {
    const law = fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 12 }),
      async (records) => {
        const good = records.filter((sale) => !each.isRefused(sale))
        const bad = records.filter(each.isRefused)
        for (const isViews of [true, false]) {
          const found = await Effect.runPromise(run(records, each, isViews))
          expect(found.read).toEqual(good)
          expect(found.refused).toEqual(bad)
          expect(found.counts).toEqual([records.length, good.length, bad.length])
        }
      }
    )
    return fc.assert(law, { numRuns: 15 })
  })

  it("takes no separator of two characters, and no groups", async () => {
    expect(() => Records.delimitedSink("a", { separator: "--" })).toThrow("one ASCII character")
    expect(() => Records.delimitedSink("a", { separator: "\n" })).toThrow("one ASCII character")
    const group = Format.delimited({ g: Format.counted({ a: Format.text() }), b: Format.text() })
    const failed = await Effect.runPromise(
      Effect.gen(function* () {
        const at = yield* drive.withFiles({ a: "1\tx\ty" })
        const closed = Pipeline.source("a", Records.files(at("a"), group)).pipe(
          Pipeline.sink("out", Records.delimitedSink(at("out")))
        )
        return yield* Effect.flip(Pipeline.run(closed))
      }).pipe(Effect.scoped)
    )
    expect(String(failed)).toContain('field "g" is a group')
  })
})
