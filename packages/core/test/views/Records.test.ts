// Records of files: however the file is cut into reads, the same records and the same faults as the
// format means, line by line; everything rented is given back.
import * as fs from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as Fields from "../../src/Fields.ts"
import * as Format from "../../src/Format.ts"
import { generate } from "../../src/internal/format/generate.ts"
import { afterLastQuoted } from "../../src/internal/format/quoted.ts"
import { Override } from "../../src/node/internal/fileSystem.ts"
import { framingOf } from "../../src/node/internal/framing.ts"
import { openRecords } from "../../src/node/internal/recordReader.ts"
import * as Records from "../../src/node/Records.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as RunMode from "../../src/RunMode.ts"
import { blockOf, everything } from "../../src/Views.ts"
import * as drive from "../node/drive.ts"
import * as manualFileSystem from "../node/manualFileSystem.ts"
import { formats, linesFor } from "./formats.ts"

const deterministic = Effect.provideService(RunMode.Deterministic, true)

const pairs = Format.delimited({ name: Format.text(), value: Format.integer() })

const readings = (...lines: ReadonlyArray<string>): string => lines.join("\n")

/** What is read of a file, as records and the place of the fault. */
const outcome = (text: string | Buffer, format: Format.Format<unknown>, chunkBytes: number) =>
  Effect.gen(function* () {
    const at = yield* drive.withFiles({ a: text })
    const { items, failure } = yield* drive.readAll(Records.files(at("a"), format, { chunkBytes }))
    const place = failure && { line: failure.line, byte: failure.byte, reason: failure.reason }
    return { items, place, message: failure?.message }
  })

describe("Records.files", () => {
  it.effect(
    "reads records through any split, with CRLF, a byte order mark, no last line break",
    () =>
      Effect.gen(function* () {
        const text = "\ufeffone\t1\r\ntwo €\t2\n\t3\nlast\t4"
        for (const chunkBytes of [1, 2, 3, 5, 7, 64, 4_096]) {
          const { items, place } = yield* outcome(text, pairs, chunkBytes)
          expect(place).toBeUndefined()
          expect(items).toEqual([
            { name: "one", value: 1 },
            { name: "two €", value: 2 },
            { name: "", value: 3 },
            { name: "last", value: 4 }
          ])
        }
      }).pipe(Effect.scoped)
  )

  it.effect("names line, byte, field and reason of a broken line, after those before it", () =>
    Effect.gen(function* () {
      const { items, place, message } = yield* outcome(readings("a\t1", "é\tx", "b\t2"), pairs, 4)
      expect(items).toEqual([{ name: "a", value: 1 }])
      expect(place).toEqual({ line: 2, byte: 7, reason: "InvalidRecord" })
      expect(message).toContain(
        'field value should be a whole number in base 10 up to the end of the line, found "x"'
      )
    }).pipe(Effect.scoped)
  )

  it.effect("names the first byte that is no text, after the lines before it", () =>
    Effect.gen(function* () {
      const bytes = Buffer.concat([
        Buffer.from("a\t1\nb\t2\nc"),
        Buffer.of(0xff),
        Buffer.from("\t3\n")
      ])
      for (const chunkBytes of [3, 64]) {
        const { items, place } = yield* outcome(bytes, pairs, chunkBytes)
        expect(items).toHaveLength(2)
        expect(place).toEqual({ line: 3, byte: 9, reason: "InvalidUtf8" })
      }
    }).pipe(Effect.scoped)
  )

  it.effect("puts U+FFFD where bytes are no text when asked to", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ a: Buffer.of(0x61, 0xff, 9, 0x31, 10) })
      const { items } = yield* drive.readAll(Records.files(at("a"), pairs, { invalid: "replace" }))
      expect(items).toEqual([{ name: "a\ufffd", value: 1 }])
    }).pipe(Effect.scoped)
  )

  it.effect("refuses a record longer than it may be, and reads a long one that may", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ a: `a\t1\n${"x".repeat(500)}\t2\n` })
      const options = { chunkBytes: 16, recordBytesMax: 100 }
      const short = yield* drive.readAll(Records.files(at("a"), pairs, options))
      expect(short.items).toEqual([{ name: "a", value: 1 }])
      expect(short.failure).toMatchObject({ reason: "LineTooLong", line: 2, byte: 4 })
      const long = yield* drive.readAll(
        Records.files(at("a"), pairs, { ...options, recordBytesMax: 600 })
      )
      expect(long.items[1]).toEqual({ name: "x".repeat(500), value: 2 })
    }).pipe(Effect.scoped)
  )

  it.effect("reads several files, one after the other, at once under the sync engine", () =>
    Effect.gen(function* () {
      const at = yield* drive.withFiles({ a: "a\t1\n", b: "", c: "c\t3" })
      const source = Records.files([at("a"), at("b"), at("c")], pairs)
      const read = yield* drive.readAll(source).pipe(deterministic)
      expect(read.items.map(({ name }) => name)).toEqual(["a", "c"])
      expect(read.atOnce).toBe(read.chunks.length + 1)
      const located = read.chunks.map(({ provenance }) => provenance?.base)
      expect(located).toEqual([0, 0])
    }).pipe(Effect.scoped)
  )

  it.effect("reads CSV with a header, quotes, line breaks in quotes, through any split", () =>
    Effect.gen(function* () {
      const csv = Format.csv({ name: Format.text(), amount: Format.decimal(), note: Format.skip() })
      const text =
        'name,amount,note\r\n"a, ""b""\nc",1.5,x\r\n\r\nplain,"-2",\n"",3,"""\n"\nlast,4,"x"'
      for (const chunkBytes of [1, 2, 3, 7, 16, 4_096]) {
        const { items, place, message } = yield* outcome(text, csv, chunkBytes)
        expect(message).toBeUndefined()
        expect(place).toBeUndefined()
        expect(items).toEqual([
          { name: 'a, "b"\nc', amount: 1.5 },
          { name: "plain", amount: -2 },
          { name: "", amount: 3 },
          { name: "last", amount: 4 }
        ])
      }
      const wrong = yield* outcome("name,sum,note\na,1,x\n", csv, 64)
      expect(wrong.place).toMatchObject({ line: 1 })
      expect(wrong.message).toContain('the header should be "name,amount,note"')
      const ragged = yield* outcome('name,amount,note\n"a\nb",1,x\nc,2\n', csv, 64)
      expect([ragged.items.length, ragged.place?.line]).toEqual([1, 4])
      const open = yield* outcome('name,amount,note\n"a,1,x\nc,2,y', csv, 64)
      expect(open.message).toContain("a closing quote")
    }).pipe(Effect.scoped)
  )

  it.effect("finds the columns of CSV by their names, file by file", () =>
    Effect.gen(function* () {
      const csv = Format.csv(
        {
          city: Format.text(),
          amount: Format.decimal(),
          paid: Format.optional(Format.boolean()),
          note: Format.skip()
        },
        { header: "names", unknown: "skip" }
      )
      const at = yield* drive.withFiles({
        a: "city,amount,paid,note\nBonn,1.5,true,x\n",
        b: '\ufeffnote,"amount",id,city\r\n"a, b",2,7,"K, ""n"""\r\n,3,8,\n',
        c: "paid,amount,note,city\n,4,x,Ulm",
        d: ""
      })
      const files = ["a", "b", "c", "d"].map(at)
      const rows = [
        { city: "Bonn", amount: 1.5, paid: true },
        { city: 'K, "n"', amount: 2, paid: null },
        { city: "", amount: 3, paid: null },
        { city: "Ulm", amount: 4, paid: null }
      ]
      for (const chunkBytes of [1, 3, 7, 4_096]) {
        const read = yield* drive.readAll(Records.files(files, csv, { chunkBytes }))
        expect(read.failure).toBeUndefined()
        expect(read.items).toEqual(rows)
      }
      const part = Pipeline.source("csv", Records.files(files, csv)).pipe(
        Pipeline.filter("dear", Fields.where(Fields.compare("amount", ">", 1.5))),
        Pipeline.map("cities", Fields.pick({ city: "city" })),
        Pipeline.sink("out", Records.ndjsonSink(at("out")))
      )
      yield* Pipeline.run(part)
      expect(fs.readFileSync(at("out"), "utf8")).toBe(
        '{"city":"K, \\"n\\""}\n{"city":""}\n{"city":"Ulm"}\n'
      )
    }).pipe(Effect.scoped)
  )

  it.effect("names file, line and reason of a header that does not fit", () =>
    Effect.gen(function* () {
      const fields = { city: Format.text(), amount: Format.decimal() }
      const csv = Format.csv(fields, { header: "names" })
      const reasons: Array<readonly [string, string]> = [
        ["city,sum", 'the header lacks "amount", found "city", "sum": name the column so'],
        ["amount,city,city", 'the header names "city" more than once'],
        ["amount,id,city", 'the header has "id", which the format does not declare'],
        ['amount,"city', "the header has an open quote"],
        ["toString,city,amount", 'the header has "toString"']
      ]
      for (const [header, reason] of reasons) {
        const at = yield* drive.withFiles({ a: "amount,city\n1,Bonn\n", b: `${header}\n2,x\n` })
        const read = yield* drive.readAll(Records.files([at("a"), at("b")], csv))
        expect(read.items).toEqual([{ city: "Bonn", amount: 1 }])
        expect(read.failure).toMatchObject({ path: at("b"), line: 1, reason: "InvalidRecord" })
        expect(read.failure?.message).toContain(reason)
        expect(Format.headed(csv, header)).toMatchObject({ _tag: "Refused" })
      }
    }).pipe(Effect.scoped)
  )

  it("reads rows of any order of columns as its decoder does", () => {
    const csv = Format.csv(
      {
        a: Format.text(),
        b: Format.optional(Format.integer()),
        c: Format.choice({ x: "x", y: "yy" }),
        d: Format.optional(Format.text())
      },
      { header: "names", unknown: "skip" }
    ) as Format.Format<unknown>
    const columns = fc.tuple(
      fc.shuffledSubarray(["b", "d", "further", 'e"']),
      fc.shuffledSubarray(["a", "c"], { minLength: 2 })
    )
    const cell = fc.constantFrom("", "x", "y", "7", "-1", '"q"', '"a, ""b"""', "é", "7a")
    const law = fc.asyncProperty(
      columns.chain(([some, all]) =>
        fc.shuffledSubarray([...some, ...all], { minLength: some.length + 2 })
      ),
      fc.array(fc.array(cell, { minLength: 3, maxLength: 6 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 30 }),
      async (names, cells, chunkBytes) => {
        const header = names.map((name) => (name === 'e"' ? '"e"""' : name)).join(",")
        const rows = cells
          .map((row) => row.slice(0, names.length).join(","))
          .filter((row) => row !== "")
        const headed = Format.headed(csv, header)
        if (headed._tag === "Refused") throw new Error(headed.reason)
        const decode = Format.decoder(headed.format)
        const decoded = rows.map(decode)
        const broken = decoded.findIndex(({ _tag }) => _tag === "Fault")
        const meant = decoded
          .slice(0, broken < 0 ? undefined : broken)
          .flatMap((each) => (each._tag === "Records" ? each.records : []))
        const text = [header, ...rows].join("\n")
        const { items, place, message } = await Effect.runPromise(
          Effect.scoped(outcome(text, csv, chunkBytes))
        )
        expect(items).toEqual(meant)
        expect(place?.line).toBe(broken < 0 ? undefined : broken + 2)
        const fault = decoded[broken]
        if (fault?._tag === "Fault") {
          expect(message).toContain(`${fault.fault.field} should be ${fault.fault.expected}`)
        }
      }
    )
    return fc.assert(law, { numRuns: 150 })
  })

  it("finds the last whole line of CSV as somebody does who looks at every byte", () => {
    const model = (text: string): number => {
      let last = 0
      let isStart = true
      for (let i = 0; i < text.length; i++) {
        if (isStart && text[i] === '"') {
          for (i++; i < text.length && (text[i] !== '"' || text[i + 1] === '"'); i++)
            if (text[i] === '"') i++
          isStart = false
          continue
        }
        isStart = text[i] === "," || text[i] === "\n"
        if (text[i] === "\n") last = i + 1
      }
      return last
    }
    const texts = fc.string({ unit: fc.constantFrom(...'ab,"\n""\n'), maxLength: 30 })
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = Buffer.from(text)
        expect(afterLastQuoted(bytes, 0, bytes.length, 44)).toBe(model(text))
      }),
      { numRuns: 3_000 }
    )
  })

  it.effect("has one read ahead, and closes its file when given up", () =>
    Effect.gen(function* () {
      const manual = manualFileSystem.make({ a: readings("a\t1", "b\t2", "c\t3", "d\t4", "") })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const reader = yield* openAll(["a"], pairs, 4)
          while (manual.step());
          expect(manual.log.reads).toBe(1)
          const pulled = reader.pull()
          expect(Effect.isEffect(pulled)).toBe(false)
          while (manual.step());
          expect(manual.log.reads).toBe(2)
        })
      ).pipe(Effect.provideService(Override, manual.system), whileStepping(manual))
      expect([manual.log.opened, manual.log.closed]).toEqual([1, 1])
    })
  )

  it("copies only what a read cuts off, and gives every segment back", async () => {
    const law = fc.asyncProperty(
      formats.chain((format) => fc.tuple(fc.constant(format), linesFor(format))),
      fc.integer({ min: 1, max: 40 }),
      async ([format, lines], chunkBytes) => {
        const text = `${lines.join("\n")}\n`
        await Effect.runPromise(
          Effect.scoped(
            Effect.gen(function* () {
              const at = yield* drive.withFiles({ a: text })
              const decode = Format.decoder(format)
              const meant = lines.map(decode)
              const broken = meant.findIndex(({ _tag }) => _tag === "Fault")
              const records = meant
                .slice(0, broken < 0 ? undefined : broken)
                .flatMap((each) => (each._tag === "Records" ? each.records : []))
              const reader = yield* openAll([at("a")], format, chunkBytes)
              const read: Array<unknown> = []
              let failed: { readonly line: number | undefined } | undefined
              for (;;) {
                const pulled = reader.pull()
                const chunk = Effect.isEffect(pulled)
                  ? yield* Effect.catch(pulled, (error) =>
                      Effect.sync(() => {
                        failed = error
                      })
                    )
                  : pulled
                if (chunk === undefined) break
                const block = blockOf(chunk.items)!
                read.push(...block.toObjects())
                block.release()
              }
              expect(read).toEqual(records)
              expect(failed?.line).toBe(broken < 0 ? undefined : broken + 1)
              if (broken < 0) expect(reader.pool.statistics().rented).toBe(0)
            })
          )
        )
      }
    )
    await fc.assert(law, { numRuns: 150 })
  })
})

const openAll = (
  paths: ReadonlyArray<string>,
  format: Format.Format<unknown>,
  chunkBytes: number
) => {
  const needs = everything(format.layout)
  const options = {
    chunkBytes,
    recordBytesMax: 1e6,
    invalid: "fail" as const,
    framing: framingOf({ ...format, quotes: false }),
    hasMark: true,
    header: undefined
  }
  return openRecords(paths, options, generate(format, needs), needs)
}

/** Finishes calls while the effect waits for them. */
const whileStepping =
  (manual: manualFileSystem.Manual) =>
  <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.raceFirst(
      effect,
      Effect.forever(
        Effect.andThen(
          Effect.sync(() => manual.step()),
          Effect.yieldNow
        )
      )
    )

describe("Records.ndjsonSink", () => {
  it.effect("writes objects as Files.ndjsonSink does", () =>
    Effect.gen(function* () {
      const root = yield* drive.directory
      const path = `${root}/out.ndjson`
      yield* drive.writeAll(Records.ndjsonSink(path), [[{ a: 1 }], [{ a: "x" }]])
      expect(fs.readFileSync(path, "utf8")).toBe('{"a":1}\n{"a":"x"}\n')
    }).pipe(Effect.scoped)
  )
})
