// CSV in and out: the grammar's corners, the place of every row and of every fault, however the
// file is cut into reads; and what is written is read back.
import * as fs from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import * as Csv from "../../src/Csv.ts"
import * as CsvFiles from "../../src/node/CsvFiles.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import type * as Source from "../../src/Source.ts"
import { collect, engines } from "../engines.ts"
import type { Read } from "./drive.ts"
import { directory, openFiles, readAll, withFiles, writeAll } from "./drive.ts"

/** Line (1-based) of every record. */
const linesOf = (read: Read<unknown, unknown>): ReadonlyArray<number> =>
  read.chunks.flatMap((chunk: Source.Chunk<unknown>) =>
    chunk.items.map((_, i) => (chunk.lines?.[i] ?? (chunk.provenance?.base ?? 0) + i) + 1)
  )

const rowsOf = (content: string | Buffer, options: CsvFiles.RowsOptions = {}) =>
  Effect.gen(function* () {
    const at = yield* withFiles({ "in.csv": content })
    return yield* readAll(CsvFiles.rows(at("in.csv"), options))
  })

describe("CSV rows", () => {
  it.effect("quoted cells hold delimiters, quotes and line breaks", () =>
    Effect.gen(function* () {
      const content = 'a,b\n"x, y","say ""hi"""\n"two\nlines",2\r\n"cr\r\nlf",""\nlast,3'
      const read = yield* rowsOf(content)
      expect(read.failure).toBeUndefined()
      expect(read.items).toEqual([
        ["a", "b"],
        ["x, y", 'say "hi"'],
        ["two\nlines", "2"],
        ["cr\r\nlf", ""],
        ["last", "3"]
      ])
      expect(linesOf(read)).toEqual([1, 2, 3, 5, 7])
    })
  )

  it.effect("a byte order mark is dropped, blank lines are no rows, cells keep their blanks", () =>
    Effect.gen(function* () {
      const read = yield* rowsOf("\uFEFFa;b\r\n\r\n 1 ; 2\r\n\r\n", { delimiter: ";" })
      expect(read.items).toEqual([
        ["a", "b"],
        [" 1 ", " 2"]
      ])
      expect(linesOf(read)).toEqual([1, 3])
    })
  )

  it.effect("ragged rows are rows", () =>
    Effect.gen(function* () {
      const read = yield* rowsOf("a,b,c\n1\n1,2,3,4\n")
      expect(read.items).toEqual([["a", "b", "c"], ["1"], ["1", "2", "3", "4"]])
    })
  )

  const broken: ReadonlyArray<readonly [string, string, ReadonlyArray<number>, string]> = [
    ["a quote inside a bare cell", 'a,b\n1,2\n3,4"5\n6,7\n', [1, 2], ":3 (byte 8)"],
    ["text behind a closing quote", 'a,b\n"x"y,2\n', [1], ":2 (byte 4)"],
    ["a quote that is never closed", 'a,b\n1,2\nö,"open\nand on\n', [1, 2], ":3 (byte 8)"],
    ["a fault behind a record of two lines", '"a\nb",1\n2,3\n4,"5"6\n', [1, 3], ":4 (byte 12)"]
  ]
  for (const [what, content, lines, place] of broken) {
    it.effect(`${what} is named with its place, after the rows before it`, () =>
      Effect.gen(function* () {
        for (const textBytes of [1, 8_192]) {
          const read = yield* rowsOf(content, { textBytes })
          expect(linesOf(read)).toEqual(lines)
          expect(read.failure?.reason).toBe("InvalidRecord")
          expect(read.failure?.message).toContain(`in.csv${place}: the record that begins here`)
        }
      })
    )
  }

  it.effect("wrong encodings are named", () =>
    Effect.gen(function* () {
      const latin = yield* rowsOf(Buffer.from("a,b\nK\xf6ln,1\n", "latin1"))
      expect(latin.failure?.message).toContain("in.csv:2 (byte 5): byte 0xf6 is not valid UTF-8")
      expect(latin.items).toEqual([["a", "b"]])
      const taken = yield* rowsOf(Buffer.from("K\xf6ln,1\n", "latin1"), { encoding: "latin1" })
      expect(taken.items).toEqual([["Köln", "1"]])
      const utf16 = yield* rowsOf(Buffer.from("\uFEFFa,b\n", "utf16le"))
      expect(utf16.failure?.message).toContain("it begins like UTF-16")
      expect(utf16.failure?.message).toContain("iconv -f UTF-16")
    })
  )

  it.effect("a record that never ends is stopped by its bound", () =>
    Effect.gen(function* () {
      const content = `a,b\n"${"x\n".repeat(5_000)}`
      const { failure } = yield* rowsOf(content, { recordCharsMax: 1_000 })
      expect(failure?.message).toContain("in.csv:2 (byte 4)")
      expect(failure?.message).toContain("raise recordCharsMax")
    })
  )

  const cell = fc.oneof(
    fc.constantFrom("", " ", "a", "ö", '"', "\n", "\r\n", ",", 'x"y', "two\nlines", "1,5"),
    fc.string({ maxLength: 6 })
  )
  // A lone empty cell is a blank line, which is no row; the first cell begins no byte order mark.
  const row = fc
    .array(cell, { minLength: 1, maxLength: 4 })
    .filter((cells) => cells.length > 1 || cells[0] !== "")
    .filter((cells) => !cells.some((text) => /\r(?!\n)/.test(text) || text.includes("\uFEFF")))

  it.effect("law: what the encoder writes is read back, however the file is cut", () =>
    Effect.gen(function* () {
      const root = yield* directory
      const law = fc.asyncProperty(
        fc.array(row, { maxLength: 12 }),
        fc.constantFrom(1, 2, 7, 64, 8_192),
        fc.constantFrom(1, 3, 16, 65_536),
        fc.constantFrom("\n", "\r\n"),
        async (rows, textBytes, chunkBytes, newline) => {
          const path = `${root}/law.csv`
          fs.writeFileSync(path, rows.map((cells) => Csv.encodeRow(cells) + newline).join(""))
          const source = CsvFiles.rows(path, { textBytes, chunkBytes })
          const read = await Effect.runPromise(readAll(source))
          expect(read.failure).toBeUndefined()
          expect(read.items).toEqual(rows)
          let line = 1
          const starts = rows.map((cells) => {
            const start = line
            line += 1 + (cells.join("").match(/\n/g) ?? []).length
            return start
          })
          expect(linesOf(read)).toEqual(starts)
        }
      )
      yield* Effect.promise(() => fc.assert(law, { numRuns: 200 }))
    })
  )
})

const City = Schema.Struct({
  name: Schema.String,
  people: Schema.Number,
  mayor: Schema.optionalKey(Schema.String)
})

describe("CSV records", () => {
  it.effect("the header of each file names the cells; a schema types them", () =>
    Effect.gen(function* () {
      const at = yield* withFiles({
        "a.csv": "name,people,mayor\nKöln,1087353,\n",
        "b.csv": "people,name,mayor\n12,Ort,Frau B.\n"
      })
      const plain = yield* readAll(CsvFiles.records([at("a.csv"), at("b.csv")]))
      expect(plain.items).toEqual([
        { name: "Köln", people: "1087353", mayor: "" },
        { name: "Ort", people: "12", mayor: "Frau B." }
      ])
      const typed = yield* readAll(CsvFiles.records([at("a.csv"), at("b.csv")], City))
      expect(typed.items).toEqual([
        { name: "Köln", people: 1_087_353 },
        { name: "Ort", people: 12, mayor: "Frau B." }
      ])
    })
  )

  const bad: ReadonlyArray<readonly [string, string, string]> = [
    ["too few cells", "a,b\n1,2\n3\n", ":3 (byte 8): the record has 1 cells, the header 2"],
    ["too many cells", "a,b\n1,2\n3,4,5\n", ":3 (byte 8): the record has 3 cells, the header 2"],
    ["a name twice", "a,a\n1,2\n", ':1 (byte 0): the header has the column "a" twice']
  ]
  for (const [what, content, message] of bad) {
    it.effect(`${what}: the records before, then the place`, () =>
      Effect.gen(function* () {
        const at = yield* withFiles({ "in.csv": content })
        const { items, failure } = yield* readAll(CsvFiles.records(at("in.csv")))
        expect(items).toEqual(what === "a name twice" ? [] : [{ a: "1", b: "2" }])
        expect(failure?.message).toContain(`in.csv${message}`)
      })
    )
  }

  it.effect("missing cells may be filled, surplus ones never vanish", () =>
    Effect.gen(function* () {
      const at = yield* withFiles({ "in.csv": "a,b\n3\n4,5,6\n" })
      const source = CsvFiles.records(at("in.csv"), undefined, { ragged: "fill" })
      const { items, failure } = yield* readAll(source)
      expect(items).toEqual([{ a: "3", b: "" }])
      expect(failure?.message).toContain("the record has 3 cells, the header 2")
    })
  )

  it.effect("a value that is not of the schema is named with line and field", () =>
    Effect.gen(function* () {
      const at = yield* withFiles({ "in.csv": "name,people\nA,1\nB,many\n" })
      const { items, failure } = yield* readAll(CsvFiles.records(at("in.csv"), City))
      expect(items).toEqual([{ name: "A", people: 1 }])
      expect(failure?.message).toContain("in.csv:3 (byte 16): the record does not fit the schema")
      expect(failure?.message).toContain("people")
    })
  )

  it.effect("a sink writes what the source reads", () =>
    Effect.gen(function* () {
      const root = yield* directory
      const records = [
        { name: 'say "hi"', people: 1, mayor: "two\nlines" },
        { name: " ", people: -2.5, mayor: "a,b" }
      ]
      for (const newline of ["\n", "\r\n"] as const) {
        const path = `${root}/out.csv.gz`
        const options = { columns: ["name", "people", "mayor"], newline } as const
        yield* writeAll(CsvFiles.sink<(typeof records)[number]>(path, options), [records, records])
        const { items, failure } = yield* readAll(CsvFiles.records(path, City))
        expect(failure).toBeUndefined()
        expect(items).toEqual([...records, ...records])
      }
      const empty = `${root}/empty.csv`
      yield* writeAll(CsvFiles.sink<{ readonly a: number }>(empty, { columns: ["a"] }), [])
      expect(fs.readFileSync(empty, "utf8")).toBe("a\n")
      expect(openFiles(root)).toEqual([])
    })
  )
})

describe.each(engines)("$name engine, CSV", (engine) => {
  it.effect("bad rows are set aside one by one, each with its line", () =>
    Effect.gen(function* () {
      const content = '1,A\n2\n"3","two\nlines"\nfour,D,x\n5,E\n'
      const at = yield* withFiles({ "in.csv": content })
      const Row = Schema.Struct({ id: Schema.Number, name: Schema.String })
      const open = Pipeline.source("in", CsvFiles.rows(at("in.csv"))).pipe(
        Pipeline.map("decode", Csv.decoder(["id", "name"], Row), { onError: Policy.deadLetter })
      )
      const { out, result } = yield* collect(engine, open)
      expect(out.map(({ id }) => id)).toEqual([1, 3, 5])
      expect(result.deadLetters.map(({ location }) => location)).toEqual([
        `${at("in.csv")}:2`,
        `${at("in.csv")}:5`
      ])
    })
  )
})
