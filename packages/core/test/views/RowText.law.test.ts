// A text as bytes answers what the string it stands for answers.
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { RowText } from "../../src/RowText.ts"

const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b", "é", "€", "😀", "-", "0", "7"), maxLength: 18 }),
  fc.integer().map(String),
  fc.constantFrom("", "-", "-0", "007", "123456789012345", "1234567890123456")
)

const pieces = (text: string) =>
  fc
    .tuple(fc.nat(), fc.nat(), texts)
    .map(([from, length, other]) => [text.slice(from % (text.length + 1)).slice(0, length), other])

const placed = (text: string): RowText => {
  const bytes = Buffer.from(`<${text}>`)
  return new RowText().place(bytes, 1, bytes.length - 2)
}

const byCodePoints = (a: string, b: string): number =>
  Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))

const numberOf = (text: string): number | null =>
  /^-?\d{1,15}$/.test(text) ? Number(text) + 0 : null

const wellFormed = (text: string): string => Buffer.from(text).toString()

it("answers as the string does", () => {
  fc.assert(
    fc.property(
      texts.chain((text) => fc.tuple(fc.constant(text), pieces(text))),
      ([text, others]) => {
        const view = placed(text)
        expect(String(view)).toBe(text)
        expect([...view.bytes]).toEqual([...Buffer.from(text)])
        expect(view.length).toBe(Buffer.byteLength(text))
        expect(view.integer()).toBe(numberOf(text))
        expect(view.hash()).toBe(placed(text).hash())
        expect([view.at(-1), view.at(view.length)]).toEqual([undefined, undefined])
        for (const other of (others as ReadonlyArray<string>).map(wellFormed)) {
          expect(view.startsWith(other)).toBe(text.startsWith(other))
          expect(view.endsWith(other)).toBe(text.endsWith(other))
          expect(view.includes(other)).toBe(text.includes(other))
          expect(view.equals(other)).toBe(text === other)
          expect(view.equals(placed(other))).toBe(text === other)
          expect(view.compare(other)).toBe(byCodePoints(text, other))
          expect(view.compare(placed(other))).toBe(byCodePoints(text, other))
        }
      }
    ),
    { numRuns: 500 }
  )
})

it("is nothing where the field is null", () => {
  const text = new RowText().place(Buffer.from("abc"), 0, -1)
  expect([text.isNull, text.length, String(text), text.integer()]).toEqual([true, 0, "", null])
  expect([text.equals(""), text.startsWith(""), text.includes(""), text.endsWith("")]).toEqual(
    new Array(4).fill(false)
  )
  expect(text.equals(new RowText().place(Buffer.from("abc"), 0, -1))).toBe(false)
  expect(text.compare("")).toBe(0)
})
