// Input nobody meant well with: what a file of rows says of it, and what is done with it.
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Format from "../../src/Format.ts"
import * as Records from "../../src/node/Records.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Row from "../../src/Row.ts"
import * as Sink from "../../src/Sink.ts"
import * as drive from "../node/drive.ts"

const rows = Format.csv({ city: Format.text(), amount: Format.decimal(), note: Format.text() })

const read = (content: string | Buffer, options: Records.RecordsOptions = {}) =>
  Effect.gen(function* () {
    const at = yield* drive.withFiles({ in: content })
    const { items, failure } = yield* drive.readAll(Records.files(at("in"), rows, options))
    return { items, message: failure?.message ?? "" }
  }).pipe(Effect.scoped)

const head = "city,amount,note\n"

it.effect.each([
  { name: "an empty file", content: "" },
  { name: "a byte order mark alone", content: "\ufeff" },
  { name: "a header alone", content: head },
  {
    name: "a header without a line break, behind a byte order mark",
    content: `\ufeff${head.trim()}`
  }
])("holds no record, and is no fault: $name", ({ content }) =>
  Effect.gen(function* () {
    expect(yield* read(content)).toEqual({ items: [], message: "" })
    expect(yield* read(content, { chunkBytes: 1 })).toEqual({ items: [], message: "" })
  })
)

it.effect.each([
  {
    name: "quotes that are never closed",
    line: 'Bonn,1,"x',
    says: 'found "Bonn,1,x"'
  },
  { name: "text behind a closing quote", line: 'Bonn,"1"x,y', says: 'found "Bonn,1' },
  { name: "a number too large for one", line: "Bonn,1e400,x", says: 'found "1e400,x"' },
  { name: "a number in another notation", line: "Bonn,+1,x", says: 'found "+1,x"' },
  { name: "a field of another kind, behind a quoted one", line: '"Bonn",x', says: 'found "x".' },
  { name: "a quoted field of another kind", line: 'Bonn,"x",y', says: 'found "x,y"' }
])("says what it found: $name", ({ line, says }) =>
  Effect.gen(function* () {
    const { items, message } = yield* read(`${head}Ulm,2,\n${line}\n`)
    expect(items).toEqual([{ city: "Ulm", amount: 2, note: "" }])
    expect(message).toContain("in:3 (byte ")
    expect(message).toContain(says)
    expect(message).toContain("give the source an error policy")
  })
)

it.effect("reads characters that stand as escapes in ASCII, as objects and on rows", () =>
  Effect.gen(function* () {
    const format = Format.ndjson({ name: Format.text(), n: Format.integer() })
    const lines = [
      '{"name":"a","n":1}',
      '{"name":"\\u00e9\\ud83d\\ude00","n":2}',
      '{"name":"b","n":3}'
    ]
    const at = yield* drive.withFiles({ in: lines.join("\n") })
    const names = ["a", "é😀", "b"]
    for (const chunkBytes of [1, 24, 4_096]) {
      const source = Records.files(at("in"), format, { chunkBytes })
      const { items } = yield* drive.readAll(source)
      expect(items.map(({ name }) => name)).toEqual(names)
      const seen: Array<string> = []
      const rows = Pipeline.source("in", source).pipe(
        Pipeline.map(
          "name",
          Row.of((row) => row.name)
        )
      )
      yield* Pipeline.run(rows.pipe(Pipeline.sink("out", Sink.collectInto(seen))))
      expect(seen).toEqual(names)
    }
  }).pipe(Effect.scoped)
)

it("refuses a field whose name objects do not keep", () => {
  const fields = Object.fromEntries([["__proto__", Format.text()]])
  expect(() => Format.csv(fields)).toThrow('field "__proto__" is no name an object can have')
})

it.effect("names cures that help: for a header, for a byte, for a row that is too long", () =>
  Effect.gen(function* () {
    const header = yield* read("town,amount,note\nBonn,1,x\n")
    expect(header.message).toContain("mend the header, or declare the fields as it names them")
    const latin = yield* read(Buffer.from(`${head}K\xf6ln,1,x\n`, "latin1"))
    expect(latin.message).toContain('Cure: mend the file, or set invalid to "replace".')
    const long = yield* read(`${head}Bonn,1,${"x".repeat(9_000)}\n`, {
      chunkBytes: 1_024,
      recordBytesMax: 4_096
    })
    expect(long.message).toContain("the record is longer than recordBytesMax = 4096 bytes")
    expect(long.message).toContain("raise recordBytesMax")
  })
)
