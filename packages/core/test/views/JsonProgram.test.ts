// The program that writes JSON where texts lie in its memory: what it has room for, what it leaves,
// and that a broken one is seen.
import { afterEach, describe, expect, it, vi } from "vitest"
import * as Format from "../../src/Format.ts"
import { generate } from "../../src/internal/format/generate.ts"
import { JsonProgram } from "../../src/internal/views/jsonProgram.ts"
import type { WriteRows } from "../../src/internal/views/jsonWriter.ts"
import type { FunctionText } from "../../src/internal/wasm/module.ts"
import { makeMemory } from "../../src/internal/wasm/module.ts"
import { Segment } from "../../src/SegmentPool.ts"
import type { ViewBlock } from "../../src/Views.ts"
import { ViewBlock as Block, everything, SheetPool } from "../../src/Views.ts"

/** What becomes of the texts of programs. */
const broken = vi.hoisted(() => ({ change: (text: string): string => text }))

vi.mock(import("../../src/internal/wasm/module.ts"), async (original) => {
  const real = await original()
  const changed = (each: FunctionText) => ({ ...each, text: broken.change(each.text) })
  return {
    ...real,
    compilePrograms: (options) =>
      real.compilePrograms({ ...options, functions: options.functions.map(changed) })
  }
})

afterEach(() => {
  broken.change = (text) => text
})

class Output {
  bytes = new Uint8Array(8)
  used = 0
  grow(used: number, room: number): number {
    const grown = new Uint8Array(2 * (used + room))
    grown.set(this.bytes.subarray(0, used))
    this.bytes = grown
    return grown.length
  }
}

const separator = "\u001f"
const format = Format.delimited(
  {
    text: Format.text(),
    count: Format.decimal(),
    word: Format.choice({ a: "plain", b: "other word" }),
    list: Format.counted({ name: Format.text(), size: Format.decimal() }),
    after: Format.optional(Format.text())
  },
  { separator }
) as Format.Format<unknown>

interface Given {
  readonly text: string
  readonly count: number
  readonly list: number
}

const lineOf = ({ text, count, list }: Given): string =>
  [
    text,
    count,
    list % 2 === 0 ? "a" : "b",
    list,
    ...Array.from({ length: list }, (_, i) => [`n${i}`, i * 7 - 20]).flat(),
    list % 3 === 0 ? "" : "é€😀 and more than sixteen bytes"
  ].join(separator)

const blockOf = (memory: Uint8Array, text: string, of = format): ViewBlock => {
  const needs = everything(of.layout)
  const parser = generate(of, needs)
  memory.set(Buffer.from(text))
  const sheet = new SheetPool(parser.layout, needs).rent(new Segment(memory))
  parser.parse(memory, 0, Buffer.byteLength(text), sheet, 1e6, { lines: 0, fault: -1, faultAt: 0 })
  return new Block(sheet, 0, sheet.rows)
}

const memoryFor = (text: string): Uint8Array =>
  makeMemory(Buffer.byteLength(text)) as Uint8Array<ArrayBuffer>

const expected = (block: ViewBlock): ReadonlyArray<string> =>
  block.toObjects().map((record) => JSON.stringify(record))

/** What the program writes, and how many records it left; those are `left`. */
const programmed = (block: ViewBlock, program?: JsonProgram) => {
  const output = new Output()
  let count = 0
  const script: WriteRows = (_, from, to, out) => {
    count += to - from
    const line = Buffer.from("left\n".repeat(to - from))
    if (out.used + line.length > out.bytes.length) out.grow(out.used, line.length)
    out.bytes.set(line, out.used)
    out.used += line.length
  }
  const writer = program ?? new JsonProgram(block.sheet.layout, script)
  writer.write(block.sheet, block.from, block.to, output)
  const text = Buffer.from(output.bytes.subarray(0, output.used)).toString()
  return { lines: text.split("\n").slice(0, -1), count }
}

const plain: ReadonlyArray<Given> = [
  { text: "", count: 0, list: 0 },
  { text: "sixteen bytes ..", count: 7, list: 1 },
  { text: 'a "quoted" \\ text\twith\u0001', count: 12_345, list: 2 },
  { text: "x".repeat(15), count: -10, list: 3 },
  { text: `${"y".repeat(31)}"`, count: 2_147_483_647, list: 0 },
  { text: "\f", count: -2_147_483_647, list: 5 },
  { text: "z".repeat(300), count: 1_000_000_000, list: 1 }
]

const many = Array.from(
  { length: 300 },
  (_, i): Given => ({ text: "x".repeat(i * 8), count: 3, list: 1 })
)

/** Whether each record is written, but for those with a number there are no words for. */
const isRight = (given: ReadonlyArray<Given>): boolean => {
  const text = given.map((each) => `${lineOf(each)}\n`).join("")
  const block = blockOf(memoryFor(text), text)
  const wanted = expected(block).map((line, i) =>
    Number.isInteger((given[i] as Given).count) ? line : "left"
  )
  return programmed(block).lines.join("\n") === wanted.join("\n")
}

describe("the program that writes JSON", () => {
  it("writes every record it has words for", () => {
    expect(isRight([...plain, { text: "", count: 0.5, list: 0 }, ...many])).toBe(true)
  })

  it("writes more rows, elements and bytes than it has room for in one call", () => {
    const more = Array.from(
      { length: 700 },
      (_, i): Given => ({
        text: `${i}`.repeat(1 + (i % 90)),
        count: i,
        list: i % 4
      })
    )
    expect(isRight(more)).toBe(true)
    // Rows with more elements than there is room for are left.
    const text = `${lineOf({ text: "long", count: 1, list: 1_025 })}\n`
    expect(programmed(blockOf(memoryFor(text), text)).lines).toEqual(["left"])
  })

  it("leaves a record with a number it has no words for, and goes on behind it", () => {
    const counts = [1, 0.5, 2, 2_147_483_648, -2_147_483_648, 3, 1e300, 4]
    const given = counts.map((count) => ({ text: "t", count, list: 0 }))
    const text = given.map((each) => `${lineOf(each)}\n`).join("")
    const block = blockOf(memoryFor(text), text)
    const lines = expected(block).map((line, i) => ([1, 3, 4, 6].includes(i) ? "left" : line))
    expect(programmed(block)).toEqual({ lines, count: 4 })
  })

  it("leaves a record that is longer than its room, however little of it is escaped", () => {
    const given = [
      { text: "a", count: 1, list: 0 },
      { text: "b".repeat(300_000), count: 1, list: 0 },
      { text: "c", count: 1, list: 0 }
    ]
    const text = given.map((each) => `${lineOf(each)}\n`).join("")
    const block = blockOf(memoryFor(text), text)
    const [first, , last] = expected(block)
    expect(programmed(block).lines).toEqual([first, "left", last])
  })

  it("leaves texts whose length, escaped, has no 32 bits", () => {
    const text = `${lineOf({ text: "a", count: 1, list: 3 })}\n`
    const block = blockOf(memoryFor(text), text)
    const [own, , , list, after] = block.sheet.columns
    for (const bytes of [2 ** 30, 2 ** 31 / 6 + 10, 2 ** 31 - 1]) {
      own!.length[0] = bytes
      expect(programmed(block).lines).toEqual(["left"])
      after!.length[0] = bytes
      list!.children[0]!.length.fill(bytes, 0, 3)
      expect(programmed(block).lines).toEqual(["left"])
    }
  })

  it("leaves all, where it left more than an eighth", () => {
    const text = `${lineOf({ text: "t", count: 0.5, list: 0 })}\n`.repeat(70)
    const whole = `${lineOf({ text: "t", count: 5, list: 0 })}\n`
    const memory = memoryFor(text)
    const block = blockOf(memory, text)
    let left = 0
    const program = new JsonProgram(block.sheet.layout, (_, from, to) => {
      left += to - from
    })
    programmed(block, program)
    programmed(blockOf(memory, whole), program)
    expect(left).toBe(71)
  })

  it("shares the scratch of a memory with others", () => {
    const other = Format.delimited({ word: Format.choice({ x: "first", y: "second" }) })
    const memory = makeMemory(65_536) as Uint8Array<ArrayBuffer>
    const text = `${lineOf({ text: 'a "b"', count: 1, list: 1 })}\n`
    const never: WriteRows = () => {
      throw new Error("left")
    }
    const program = new JsonProgram(blockOf(memory, text).sheet.layout, never)
    const second = new JsonProgram(other.layout, never)
    for (let turn = 0; turn < 3; turn++) {
      const one = blockOf(memory, text)
      expect(programmed(one, program).lines).toEqual(expected(one))
      const two = blockOf(memory, "y\nx\n", other as Format.Format<unknown>)
      expect(programmed(two, second).lines).toEqual(['{"word":"second"}', '{"word":"first"}'])
    }
  })
})

/** What is broken, by replacing one text in a program by another. */
const variants: ReadonlyArray<readonly [what: string, from: string, to: string]> = [
  ["goes on behind an escape without it", "p = e + 1;", "p = e + 2;"],
  ["takes every escape for two bytes", "a += EL[c];", "a += 2;"],
  ["knows no null", "if (length < 0)", "if (length < -1)"],
  ["forgets the quote that ends a text", "o[a] = 34;\n    return a + 1;", "return a;"],
  ["writes digits of the wrong place", "x - Math.imul(t, 10)", "x - Math.imul(t, 8)"],
  ["writes nine digits of ten", "if (n === 10) break;", "if (n === 9) break;"],
  ["forgets a sign", "o[a] = 45; a++;", ""],
  ["takes each number for a whole one", "v0 !== x || ", ""],
  ["reads the elements of other rows", " - ST[5]", " - 1 - ST[5]"],
  ["does not ask for room", "if (a + n >", "if (0 >"],
  ["counts a text as if nothing were escaped", "n + 6 * length", "n"],
  ["writes one word for all", "x = WF0[", "x = 0 * WF0["]
]

describe("a broken program that writes JSON", () => {
  it.each(variants)("that %s is seen", (_, from, to) => {
    let changes = 0
    broken.change = (text) => {
      const parts = text.split(from)
      changes += parts.length - 1
      return parts.join(to)
    }
    let isSeen = false
    try {
      isSeen = !isRight([...plain, { text: "", count: 0.5, list: 0 }, ...many])
    } catch (trap) {
      isSeen = trap instanceof Error
    }
    expect(changes).toBeGreaterThan(0)
    expect(isSeen).toBe(true)
  })
})
