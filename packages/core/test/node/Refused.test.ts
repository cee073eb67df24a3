// What stands in an input and is no record follows the source's error policy: it ends the run, or
// is set aside or dropped, and reading goes on behind it. However the file is cut into reads.
import * as fs from "node:fs"
import * as zlib from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import type * as DeadLetter from "../../src/DeadLetter.ts"
import * as CsvFiles from "../../src/node/CsvFiles.ts"
import type { FileError } from "../../src/node/FileError.ts"
import * as Files from "../../src/node/Files.ts"
import * as Text from "../../src/node/Text.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policies from "../../src/Policies.ts"
import * as Policy from "../../src/Policy.ts"
import * as Redaction from "../../src/Redaction.ts"
import * as Source from "../../src/Source.ts"
import { collect, collectFailing, engines } from "../engines.ts"
import { withFiles } from "./drive.ts"

const Person = Schema.Struct({ name: Schema.String, age: Schema.Number })

/** Place and text of each letter. */
const told = (letters: ReadonlyArray<DeadLetter.DeadLetter>) =>
  letters.map(({ location, payload }) => [location?.replace(/^.*\//, ""), payload])

const latin = Buffer.from([0x63, 0xe9, 0x21])

interface Case {
  readonly name: string
  readonly content: Buffer
  readonly source: (path: string) => Source.Source<unknown, FileError>
  readonly good: ReadonlyArray<unknown>
  readonly bad: ReadonlyArray<readonly [line: number, payload: unknown]>
  /** What the message of the first one ends the run with. */
  readonly message: RegExp
}

const person = (name: string, age: number) => ({ name, age })
const csv = (path: string) => CsvFiles.records(path, Person)

const cases: ReadonlyArray<Case> = [
  {
    name: "NDJSON: a line that is no JSON, one of another shape, one that is cut off",
    content: Buffer.from(
      '{"name":"a","age":1}\n{"name":\n\n{"name":"b","age":"x"}\n{"name":"c","age":3}\n{"na'
    ),
    source: (path) => Files.ndjson(path, Person),
    good: [person("a", 1), person("c", 3)],
    bad: [
      [2, '{"name":'],
      [4, '{"name":"b","age":"x"}'],
      [6, '{"na']
    ],
    message: /in:2 \(byte 21\): not JSON/
  },
  {
    name: "lines: bytes that are no UTF-8, and a line that is too long",
    content: Buffer.concat([
      Buffer.from("one\n"),
      latin,
      Buffer.from(`\ntwo\n${"x".repeat(50)}\r\nthree\n`),
      latin
    ]),
    source: (path) => Files.lines(path, { lineBytesMax: 20, chunkBytes: 1024 }),
    good: ["one", "two", "three"],
    bad: [
      [2, "c\uFFFD!"],
      [4, "x".repeat(20)],
      [6, "c\uFFFD!"]
    ],
    message: /in:2 \(byte 5\): byte 0xe9 is not valid UTF-8/
  },
  {
    name: "CSV: a row that is too short, one too long, one of another type",
    content: Buffer.from("name,age\na,1\nb\nc,3,4\nd,four\ne,5\n"),
    source: csv,
    good: [person("a", 1), person("e", 5)],
    bad: [
      [3, ["b"]],
      [4, ["c", "3", "4"]],
      [5, ["d", "four"]]
    ],
    message: /in:3 \(byte 13\): the record has 1 cells/
  },
  {
    name: "CSV: a quote in the middle of a cell, and one that is never closed",
    content: Buffer.from('name,age\na,1\nb"ig",2\n"c\nc",3\nd,4\n"e,5\nf,6\n'),
    source: csv,
    good: [person("a", 1), person("c\nc", 3), person("d", 4), person("f", 6)],
    bad: [
      [3, 'b"ig",2'],
      [7, '"e,5']
    ],
    message: /in:3 \(byte 13\): the record that begins here is no CSV/
  },
  {
    name: "CSV: bytes that are no UTF-8, in a row and within a quoted cell",
    content: Buffer.concat([
      Buffer.from("name,age\na,1\n"),
      latin,
      Buffer.from(',2\nb,3\n"long\n'),
      latin,
      Buffer.from('",4\nc,5\n')
    ]),
    source: csv,
    good: [person("a", 1), person("b", 3), person("c", 5)],
    bad: [
      [3, "c\uFFFD!,2"],
      [5, '"long\nc\uFFFD!",4']
    ],
    message: /in:3 \(byte 14\): byte 0xe9 is not valid UTF-8/
  }
]

describe.each(engines)("$name engine", (engine) => {
  describe.each(cases)("$name", ({ content, source, good, bad, message }) => {
    const open = (path: string, onError?: Pipeline.SourceErrorPolicy) =>
      Pipeline.source("in", source(path), onError === undefined ? {} : { onError })

    it.effect("set aside, each with its text and place", () =>
      Effect.gen(function* () {
        const path = (yield* withFiles({ in: content }))("in")
        const { out, result } = yield* collect(engine, open(path, Policy.deadLetter))
        expect(out).toEqual(good)
        expect(told(result.deadLetters)).toEqual(bad.map(([line, text]) => [`in:${line}`, text]))
        expect(result).toMatchObject({
          recordsIn: good.length + bad.length,
          recordsOut: good.length,
          deadLetterCount: bad.length,
          droppedCount: 0
        })
      })
    )

    it.effect("the same from a compressed file", () =>
      Effect.gen(function* () {
        const path = (yield* withFiles({ "in.gz": zlib.gzipSync(content) }))("in.gz")
        const { out, result } = yield* collect(engine, open(path, Policy.deadLetter))
        expect(out).toEqual(good)
        expect(result.deadLetters.map(({ payload }) => payload)).toEqual(bad.map((each) => each[1]))
      })
    )

    it.effect("dropped and counted", () =>
      Effect.gen(function* () {
        const path = (yield* withFiles({ in: content }))("in")
        const { out, result } = yield* collect(engine, open(path, Policy.ignore))
        expect(out).toEqual(good)
        expect(result.deadLetters).toEqual([])
        expect(result).toMatchObject({ droppedCount: bad.length, errorCount: bad.length })
      })
    )

    it.effect("by default the first one ends the run, after the records before it", () =>
      Effect.gen(function* () {
        const path = (yield* withFiles({ in: content }))("in")
        const { out, error } = yield* collectFailing(engine, open(path))
        expect(out).toEqual(good.slice(0, 1))
        expect(error.message).toMatch(message)
      })
    )
  })

  it.effect("a source of bytes as a file with them", () =>
    Effect.gen(function* () {
      const content = Buffer.from('{"a":1}\n{"a"\n{"a":3}\n')
      const pieces = Array.from(content, (_, i) => content.subarray(i, i + 1))
      const bytes: Source.Source<Uint8Array> = Source.fromIterable(pieces)
      const open = Pipeline.source("in", Text.ndjson(bytes), { onError: Policy.deadLetter })
      const { out, result } = yield* collect(engine, open)
      expect(out).toEqual([{ a: 1 }, { a: 3 }])
      expect(told(result.deadLetters)).toEqual([["iterable:2", '{"a"']])
    })
  )

  it.effect("a reader is told to go on only where the policy may let it", () =>
    Effect.gen(function* () {
      const toldUnder = (options: Pipeline.SourceOptions, policies?: Policies.Policies) =>
        Effect.gen(function* () {
          let isTold = false
          const goOn = (): void => {
            isTold = true
          }
          const source = Source.make<number, never, never>(
            "watched",
            Effect.succeed({ pull: () => undefined, goOn })
          )
          const given = policies === undefined ? {} : { policies }
          yield* collect(engine, Pipeline.source("in", source, options), given)
          return isTold
        })
      const byKind = Policy.byKind({ recoverable: Policy.ignore }, Policy.fail)
      const named = yield* Policies.make({ version: 1, errors: { strict: Policy.fail } })
      expect(yield* toldUnder({})).toBe(false)
      expect(yield* toldUnder({ onError: Policy.fail })).toBe(false)
      expect(yield* toldUnder({ onError: Policy.byKind({}, Policy.fail) })).toBe(false)
      expect(yield* toldUnder({ onError: Policy.deadLetter })).toBe(true)
      expect(yield* toldUnder({ onError: Policy.ignore })).toBe(true)
      expect(yield* toldUnder({ onError: byKind })).toBe(true)
      // It may be replaced by one that goes on.
      expect(yield* toldUnder({ policies: { onError: "strict" } }, named)).toBe(true)
    })
  )

  it.effect("a damaged file ends the run whatever the policy is", () =>
    Effect.gen(function* () {
      const whole = zlib.gzipSync("1\n2\n3\n")
      const path = (yield* withFiles({ "in.gz": whole.subarray(0, whole.length - 6) }))("in.gz")
      const open = Pipeline.source("in", Files.lines(path), { onError: Policy.deadLetter })
      const { error } = yield* collectFailing(engine, open)
      expect(error.message).toMatch(/its gzip data is broken/)
    })
  )

  it.effect("a header that cannot be read ends the run whatever the policy is", () =>
    Effect.gen(function* () {
      const path = (yield* withFiles({ in: "name,name\na,1\n" }))("in")
      const open = Pipeline.source("in", CsvFiles.records(path), { onError: Policy.ignore })
      const { error } = yield* collectFailing(engine, open)
      expect(error.message).toMatch(/the header has the column "name" twice/)
    })
  )

  it.effect("the text of a secret field is masked where the letter is shown", () =>
    Effect.gen(function* () {
      const path = (yield* withFiles({ in: '{"user":"u","password":"hunter22",}\n' }))("in")
      const open = Pipeline.source("in", Files.ndjson(path), { onError: Policy.deadLetter })
      const { result } = yield* Effect.provide(
        collect(engine, open),
        Redaction.layer({ fields: ["password"] })
      )
      expect(result.deadLetters.length).toBe(1)
      expect(JSON.stringify(result.deadLetters)).not.toContain("hunter")
    })
  )
})

describe("however a file is cut into reads", () => {
  const [engine] = engines
  const line = fc.constantFrom('{"v":1}', '{"v":', "", "x".repeat(2_000), '{"v":2}', "\u00e9")
  const cell = fc.constantFrom("a,1", "b", '"q",2', 'w"x,3', '"y\nz",4', '"open,5', "c,6")

  const outcome = (
    source: Source.Source<unknown, FileError>
  ): Effect.Effect<ReadonlyArray<unknown>> =>
    Effect.map(
      collect(
        engine as NonNullable<typeof engine>,
        Pipeline.source("in", source, { onError: Policy.deadLetter })
      ),
      ({ out, result }) => [out, told(result.deadLetters)]
    ).pipe(Effect.orDie)

  it.effect("NDJSON gives the same records and the same letters", () =>
    Effect.gen(function* () {
      const at = yield* withFiles({})
      const read = (chunkBytes: number) =>
        Files.lines(at("in"), { lineBytesMax: 1_000, chunkBytes })
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.array(line), fc.constantFrom("\n", "\r\n"), async (lines, end) => {
            fs.writeFileSync(at("in"), lines.join(end))
            const whole = await Effect.runPromise(outcome(read(1 << 20)))
            expect(await Effect.runPromise(outcome(read(1_024)))).toEqual(whole)
            // The last line has no break: where it is empty it is none.
            const told = lines.at(-1) === "" ? lines.slice(0, -1) : lines
            const long = told.filter((text) => text.length > 1_000)
            expect(whole[0]).toEqual(told.filter((text) => text.length <= 1_000))
            expect((whole[1] as ReadonlyArray<unknown>).length).toBe(long.length)
          }),
          { numRuns: 60 }
        )
      )
    })
  )

  it.effect("CSV gives the same records and the same letters", () =>
    Effect.gen(function* () {
      const at = yield* withFiles({})
      const read = (textBytes: number) => CsvFiles.rows(at("in"), { textBytes, chunkBytes: 1_024 })
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.array(cell), async (rows) => {
            fs.writeFileSync(at("in"), `${rows.join("\n")}\n`)
            const whole = await Effect.runPromise(outcome(read(1 << 20)))
            expect(await Effect.runPromise(outcome(read(1)))).toEqual(whole)
          }),
          { numRuns: 100 }
        )
      )
    })
  )
})
