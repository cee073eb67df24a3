// Inputs that bring a parser in WebAssembly to the ends of its memory and of its language, and the
// reading of all they hold.
import * as Format from "../../src/Format.ts"
import type { Parser } from "../../src/internal/format/generate.ts"
import { Segment } from "../../src/SegmentPool.ts"
import type { Needs, Sheet } from "../../src/Views.ts"
import { everything, SheetPool, ViewBlock } from "../../src/Views.ts"

/** How parsers are made. */
export type Make = (format: Format.Format<unknown>, needs: Needs) => Parser

/** One input. */
export interface Case {
  readonly name: string
  readonly format: Format.Format<unknown>
  readonly text: string
  readonly needs?: Partial<Needs>
  /** Most rows of one call; by default as many as there are. */
  readonly rowsMax?: number
}

/** A format of any records. */
export const erased = <A>(format: Format.Format<A>) => format as Format.Format<unknown>

const keyOf = ({ keyStart, keyLength, keyBytes, keyHash }: Sheet, row: number) => {
  const from = keyStart[row] as number
  const text = Buffer.from(keyBytes.subarray(from, from + (keyLength[row] as number))).toString()
  return [from % 4, text, keyHash[row]]
}

/** All records with their keys, and what the parser told. */
export const readAll = (make: Make, { format, text, needs: some, rowsMax }: Case) => {
  const bytes = Buffer.from(text)
  const needs: Needs = { ...everything(format.layout), ...some }
  const parser = make(format, needs)
  const pool = new SheetPool(parser.layout, needs)
  const host = { lines: 0, fault: -1, faultAt: 0 }
  const records: Array<unknown> = []
  for (let at = 0; at < bytes.length && host.fault < 0; ) {
    const sheet = pool.rent(new Segment(bytes))
    const max = rowsMax ?? Number.POSITIVE_INFINITY
    at = parser.parse(bytes, at, bytes.length, sheet, max, host)
    const objects = new ViewBlock(sheet, 0, sheet.rows).toObjects()
    records.push(...objects.map((record, row) => [record, needs.key && keyOf(sheet, row)]))
    sheet.release()
  }
  return { records, host }
}

const lines = (count: number, of: (i: number) => string): string =>
  `${Array.from({ length: count }, (_, i) => of(i)).join("\n")}\n`

const words = erased(
  Format.delimited({
    pos: Format.choice({ 1: "n", 2: "adverb" }),
    id: Format.digits(5),
    words: Format.counted({ word: Format.text({ lower: true }), n: Format.integer() }),
    rest: Format.text()
  })
)

const line = (i: number, count: number, rest: string): string => {
  const list = Array.from({ length: count }, (_, k) => `Word${k}\t${k}`)
  const id = String(i).padStart(5, "0")
  return [1 + (i % 2), id, count, ...list, rest].join("\t")
}

const keyed: Partial<Needs> = {
  hashes: new Set(["rest", "words.word"]),
  key: ["pos", "rest", "id"]
}

const many = lines(3_000, (i) => line(i, i % 4, "é".repeat(i % 90)))
const long = lines(200, (i) => line(i, 1, i % 40 === 7 ? "x".repeat(300_000) : `rest ${i}`))

const overMemory: ReadonlyArray<Case> = [
  { name: "many rounds into one sheet", format: words, text: many, needs: keyed },
  { name: "rounds of some rows", format: words, text: many, needs: keyed, rowsMax: 100 },
  { name: "rounds and a part", format: words, text: many, needs: keyed, rowsMax: 700 },
  { name: "no line feed at the end", format: words, text: many.slice(0, -1), needs: keyed },
  { name: "lines longer than a copy", format: words, text: long },
  { name: "lines longer than a copy, keyed", format: words, text: long, needs: keyed },
  {
    name: "more elements than there is room for",
    format: words,
    text: lines(300, (i) => line(i, i % 50 === 3 ? 9_000 : 30, "r")),
    needs: keyed
  },
  {
    name: "more bytes of keys than there is room for",
    format: words,
    text: lines(900, (i) => line(i, 1, "k".repeat(100 + (i % 200)))),
    needs: keyed
  },
  {
    name: "keys that have no room",
    format: words,
    text: lines(9, (i) => line(i, 1, "k".repeat(70_000))),
    needs: keyed
  },
  {
    name: "a fault far behind",
    format: words,
    text: lines(3_000, (i) => (i === 2_777 ? "1\tx" : line(i, 1, "r")))
  }
]

const ranked = erased(
  Format.delimited(
    { count: Format.integer(), id: Format.each("count", 4), rank: Format.ordinal() },
    { separator: " " }
  )
)

const ids = (count: number): string =>
  Array.from({ length: count }, (_, k) => String(k).padStart(4, "0")).join(" ")

const repeated = [1, 500, 511, 512, 513, 2_000].map(
  (count): Case => ({
    name: `lines of ${count} records`,
    format: ranked,
    text: lines(7, () => `${count} ${ids(count)}`),
    needs: { key: ["id"] },
    rowsMax: 512
  })
)

const sheet = erased(Format.csv({ a: Format.text(), b: Format.decimal() }))
const beside = erased(
  Format.delimited({ a: Format.text({ to: " | " }), b: Format.text({ lower: true }) })
)

const overLanguage: ReadonlyArray<Case> = [
  { name: "no quotes", format: sheet, text: lines(2_000, (i) => `a${i},${i}`) },
  { name: "quotes everywhere", format: sheet, text: lines(2_000, (i) => `"a ""b""\n${i}",${i}`) },
  {
    name: "quotes here and there",
    format: sheet,
    text: lines(2_000, (i) => (i % 30 === 0 ? `"a",${i}` : `a,${i}`))
  },
  {
    name: "numbers of many digits",
    format: sheet,
    text: lines(200, (i) => `a,${i % 20 === 0 ? "12345678901234567890.5" : `-${i}.0${i}`}`)
  },
  {
    name: "an end of several bytes, parts of which stand before it",
    format: beside,
    text: lines(700, (i) => `${"x |".repeat(i % 9)}${" ".repeat(i % 3)} | Über ${i}`)
  }
]

const members = erased(
  Format.ndjson({ id: Format.integer(), text: Format.optional(Format.text()) })
)
const values = [
  '"plain"',
  '"a \\"b\\" \\u00e9\\/"',
  '[1, {"b": [ -2.5e+3, null ]}, "x,y"]',
  "-0.25",
  "true",
  '{"a":{"b":{}}}',
  `${"[".repeat(70)}${"]".repeat(70)}`
]
const value = (i: number): string => values[i % values.length] as string

const overJson: ReadonlyArray<Case> = [
  {
    name: "members nobody reads",
    format: members,
    text: lines(
      1_500,
      (i) => `{"more": ${value(i)}, "id":${i},"text":"t${i}", "m":${value(i + 3)}}`
    )
  },
  {
    name: "texts with escapes among others",
    format: members,
    text: lines(900, (i) => `{"id":${i},"text":${i % 20 === 0 ? '"a\\tb"' : '"über"'}}`)
  },
  {
    name: "a member nobody reads that is no JSON",
    format: members,
    text: lines(700, (i) => `{"more":${i === 600 ? "tru" : "true"},"id":${i}}`)
  },
  {
    name: "spaces, blank lines, and members in any order",
    format: members,
    text: lines(700, (i) => (i % 9 === 4 ? "  " : ` { "text" : null , "id" : ${i} } `))
  }
]

/** All inputs. */
export const cases: ReadonlyArray<Case> = [...overMemory, ...repeated, ...overLanguage, ...overJson]
