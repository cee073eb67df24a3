// What is no record of a format, in files: told with its text and place, and read on behind, for
// lines, rows and frames, through any split.
import * as fs from "node:fs"
import { describe, expect, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as Fields from "../../src/Fields.ts"
import * as Format from "../../src/Format.ts"
import { frameAt, framed } from "../../src/internal/format/frames.ts"
import * as Records from "../../src/node/Records.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import type * as Source from "../../src/Source.ts"
import * as drive from "../node/drive.ts"
import { formats, linesFor } from "./formats.ts"

// Hundreds of formats are compiled: on a machine with other work that takes its time.
vi.setConfig({ testTimeout: 30_000 })

type Any = Format.Format<unknown>

const invalid = "\udfff"

/** Text as bytes, with one that is no text where the mark stands. */
const bytesOf = (text: string): Buffer =>
  Buffer.concat(
    text
      .split(invalid)
      .flatMap((part, i) => (i === 0 ? [Buffer.from(part)] : [Buffer.of(0xff), Buffer.from(part)]))
  )

const shown = (text: string): string => text.replaceAll(invalid, "\ufffd")

interface Outcome {
  readonly records: ReadonlyArray<unknown>
  /** Line and text of each. */
  readonly refused: ReadonlyArray<readonly [line: number, text: unknown]>
}

/** Every line by itself. */
const meant = (format: Any, lines: ReadonlyArray<string>): Outcome => {
  const decode = Format.decoder(format)
  const records: Array<unknown> = []
  const refused: Array<readonly [number, unknown]> = []
  lines.forEach((line, i) => {
    const decoded = decode(line)
    if (line.includes(invalid) || decoded._tag === "Fault") refused.push([i, shown(line)])
    else records.push(...decoded.records)
  })
  return { records, refused }
}

/** Everything that is read of a file by somebody who goes on. */
const read = (format: Any, bytes: Buffer, chunkBytes: number) =>
  Effect.gen(function* () {
    const at = yield* drive.withFiles({ a: bytes })
    const source = Records.files(at("a"), format, { chunkBytes })
    const reader = yield* source.open
    reader.goOn?.()
    const records: Array<unknown> = []
    const refused: Array<Source.Refused> = []
    const error = yield* Effect.gen(function* () {
      for (;;) {
        const pulled = reader.pull()
        const chunk = Effect.isEffect(pulled) ? yield* pulled : pulled
        if (chunk === undefined) return undefined
        records.push(...chunk.items)
        refused.push(...(chunk.refused ?? []))
      }
    }).pipe(Effect.catch((failure) => Effect.succeed(failure)))
    return { records, refused, error }
  }).pipe(Effect.scoped)

const told = (refused: ReadonlyArray<Source.Refused>): Outcome["refused"] =>
  refused.map(({ payload, cause, provenance }) => {
    expect((cause as Records.FileError).line).toBe((provenance?.base ?? -1) + 1)
    return [provenance?.base ?? -1, payload] as const
  })

const marked = (lines: ReadonlyArray<string>): fc.Arbitrary<ReadonlyArray<string>> =>
  fc
    .array(fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 3 }), {
      minLength: lines.length,
      maxLength: lines.length
    })
    .map((places) =>
      lines.map((line, i) => {
        const place = places[i]
        if (place === null || place === undefined || line === "") return line
        const at = Math.floor(place * line.length)
        return (line.slice(0, at) + invalid + line.slice(at)).toWellFormed() === line
          ? line
          : line.slice(0, at).replace(/[\ud800-\udbff]$/, "") +
              invalid +
              line.slice(at).replace(/^[\udc00-\udfff]/, "")
      })
    )

const cases = formats
  .filter((format) => !format.quotes)
  .chain((format) =>
    fc.tuple(
      fc.constant(format as Any),
      linesFor(format).chain(marked),
      fc.integer({ min: 1, max: 60 })
    )
  )

describe("what is no record", () => {
  it("is passed over line by line, with its text and place", () => {
    const law = fc.asyncProperty(cases, async ([format, lines, chunkBytes]) => {
      const found = await Effect.runPromise(read(format, bytesOf(lines.join("\n")), chunkBytes))
      const all = lines.at(-1) === "" ? lines.slice(0, -1) : lines
      expect(found.error).toBeUndefined()
      expect({ records: found.records, refused: told(found.refused) }).toEqual(meant(format, all))
    })
    return fc.assert(law, { numRuns: 100 })
  })

  it("is passed over frame by frame, whatever the length in front is written as", () => {
    const prefixes = fc.constantFrom<Format.Frames["prefix"]>(
      "u8",
      "u16be",
      "u16le",
      "u32be",
      "u32le",
      "varint"
    )
    const law = fc.asyncProperty(cases, prefixes, async ([plain, lines, chunkBytes], prefix) => {
      const bodies = lines.map((line, i) => (i % 3 === 1 ? line.replaceAll(" ", "\n") : line))
      fc.pre(bodies.every((body) => bytesOf(body).length < 256))
      const format = Format.framed(plain, { prefix })
      const bytes = Buffer.concat(bodies.map((body) => framed(bytesOf(body), prefix)))
      const found = await Effect.runPromise(read(format, bytes, chunkBytes))
      expect(found.error).toBeUndefined()
      expect({ records: found.records, refused: told(found.refused) }).toEqual(
        meant(format, bodies)
      )
    })
    return fc.assert(law, { numRuns: 100 })
  })

  it("is a row as it stood, its quotes included, where they can be told", async () => {
    const format = Format.csv({ a: Format.text(), n: Format.integer() }, { header: false }) as Any
    const rows = ['"x, ""y""",1', '"p\nq",two', "z,3,4", '"u"v,5', 'w,"6"', '"open,7', "last,8"]
    for (const chunkBytes of [1, 5, 4_096]) {
      const bytes = Buffer.from(rows.join("\r\n"))
      const found = await Effect.runPromise(read(format, bytes, chunkBytes))
      expect(found.records).toEqual([
        { a: 'x, "y"', n: 1 },
        { a: "w", n: 6 },
        { a: "last", n: 8 }
      ])
      expect(told(found.refused)).toEqual([
        [1, '"p\nq",two'],
        [3, "z,3,4"],
        [4, '"u"v,5'],
        [6, '"open,7']
      ])
    }
  })

  it("is the text before it was made small", async () => {
    const format = Format.delimited({ a: Format.text({ lower: true }), n: Format.integer() }) as Any
    const found = await Effect.runPromise(read(format, Buffer.from("AB\t1\nCD\tE\n"), 64))
    expect(found.records).toEqual([{ a: "ab", n: 1 }])
    expect(told(found.refused)).toEqual([[1, "CD\tE"]])
  })
})

describe("a field far longer than a read", () => {
  const long = `"é,\t${"x".repeat(300_000)}`
  const escaped = `"${long.replaceAll('"', '""')}"`
  const fields = { text: Format.text(), n: Format.integer() }
  it.each([
    ["delimited", Format.delimited(fields, { separator: "|" }), `${long}|1\na|b\n${long}|2\n`],
    ["CSV", Format.csv(fields, { header: false }), `${escaped},1\na,b\n${escaped},2\n`],
    [
      "NDJSON",
      Format.ndjson(fields),
      [
        { text: long, n: 1 },
        { text: "a", n: "b" },
        { n: 2, text: long }
      ]
        .map((each) => JSON.stringify(each))
        .join("\n")
    ]
  ])("is read whole: %s", async (_, format, text) => {
    for (const chunkBytes of [4_096, 70_000]) {
      const found = await Effect.runPromise(read(format as Any, Buffer.from(text), chunkBytes))
      expect(found.error).toBeUndefined()
      expect(found.refused.map(({ provenance }) => provenance?.base)).toEqual([1])
      expect(found.records).toEqual([
        { text: long, n: 1 },
        { text: long, n: 2 }
      ])
    }
  })
})

describe("frames", () => {
  const pairs = Format.delimited({ name: Format.text(), value: Format.integer() }) as Any

  it("end the source where one is too long or cut off, whatever the policy", async () => {
    const one = framed(Buffer.from("a\t1"), "u16be")
    const format = Format.framed(pairs, { prefix: "u16be", bytesMax: 100 })
    const cases = [
      [Buffer.of(0, 101, 1), "a frame of at most 100 bytes"],
      [Buffer.of(0, 9, 1), "a frame as long as it says"],
      [Buffer.of(0), "a frame as long as it says"]
    ] as const
    for (const [rest, expected] of cases) {
      for (const chunkBytes of [1, 4, 64]) {
        const found = await Effect.runPromise(read(format, Buffer.concat([one, rest]), chunkBytes))
        expect(found.records).toEqual([{ name: "a", value: 1 }])
        expect(found.refused).toEqual([])
        expect(found.error).toMatchObject({ line: 2, byte: 5 })
        expect(found.error?.message).toContain(expected)
      }
    }
    const varint = Format.framed(pairs, { prefix: "varint" })
    const endless = await Effect.runPromise(read(varint, Buffer.alloc(7, 0xff), 3))
    expect(endless.error?.message).toContain("a frame of at most 16777216 bytes")
  })

  it("begin and end where their lengths say", () => {
    const prefixes = fc.constantFrom<Format.Frames["prefix"]>("u16be", "u16le", "u32le", "varint")
    fc.assert(
      fc.property(prefixes, fc.integer({ min: 0, max: 40_000 }), (prefix, length) => {
        const bytes = framed(new Uint8Array(length), prefix)
        const frame = frameAt(bytes, 0, bytes.length, { prefix, bytesMax: 2 ** 30 })
        expect(frame).toEqual({ _tag: "Frame", from: bytes.length - length, to: bytes.length })
        const short = frameAt(bytes, 0, bytes.length - 1, { prefix, bytesMax: 2 ** 30 })
        expect(short._tag).toBe("Cut")
      })
    )
  })

  it("are refused for rows with quotes, for a bound that is none, and for replaced bytes", () => {
    const csv = Format.csv({ a: Format.text() })
    expect(() => Format.framed(csv, { prefix: "u8" })).toThrow("Cure: frame a delimited format")
    expect(() => Format.framed(pairs, { prefix: "u8", bytesMax: 0 })).toThrow("bytesMax is 0")
    const format = Format.framed(pairs, { prefix: "u8" })
    expect(() => Records.files("a", format, { invalid: "replace" })).toThrow(
      'leave invalid at "fail"'
    )
  })
})

describe("the error policy of a source of records", () => {
  const format = Format.csv({ city: Format.text(), amount: Format.decimal() })
  const text = 'city,amount\nBonn,1\nUlm,x\n"a\nb",2\nc\nKiel,3\n'
  const run = (onError: Pipeline.SourceErrorPolicy | undefined, isViews: boolean) =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ a: text })
      const options = onError === undefined ? {} : { onError }
      const source = Pipeline.source("sales", Records.files(at("a"), format), options)
      const some = Fields.where(Fields.compare("amount", "!=", 2))
      const shaped = isViews
        ? source.pipe(Pipeline.filter("some", some))
        : source.pipe(Pipeline.filter("some", (record) => some(record)))
      const closed = shaped.pipe(Pipeline.sink("out", Records.ndjsonSink(at("out"))))
      const result = yield* Pipeline.run(closed)
      const { recordsIn, recordsOut, dropped, deadLetters } = result.finalStates.sales!
      return {
        counts: [recordsIn, recordsOut, dropped, deadLetters],
        letters: result.deadLetters.map(({ payload, location }) => [
          payload,
          location?.split("/").at(-1)
        ]),
        out: fs.readFileSync(at("out"), "utf8")
      }
    }).pipe(Effect.scoped)

  const out = '{"city":"Bonn","amount":1}\n{"city":"Kiel","amount":3}\n'

  it.effect("sets lines aside as text, or drops and counts them, in either shape", () =>
    Effect.gen(function* () {
      for (const isViews of [true, false]) {
        expect(yield* run(Policy.deadLetter, isViews)).toEqual({
          counts: [5, 3, 0, 2],
          letters: [
            ["Ulm,x", "a:3"],
            ["c", "a:6"]
          ],
          out
        })
        expect(yield* run(Policy.ignore, isViews)).toEqual({
          counts: [5, 3, 2, 0],
          letters: [],
          out
        })
      }
    })
  )

  it.effect("fails with the place, after what stood before it", () =>
    Effect.gen(function* () {
      for (const isViews of [true, false]) {
        const error = yield* Effect.flip(run(undefined, isViews))
        expect(String(error)).toContain("a:3 (byte 23): field amount should be a number")
      }
    })
  )
})
