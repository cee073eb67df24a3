// What the generated writers of rows share: those of CSV, of delimited lines and of JSON.
import type { Column } from "../../Views.ts"

const encoder = new TextEncoder()

/** Bytes a number takes at most, with its sign. */
export const numberMax = 32

/** Makes room for so many bytes behind the first `a`. */
export const room = (bytes: string): string =>
  `if (a + ${bytes} > z) { z = out.grow(a, ${bytes}); o = out.bytes; }`

/** The bytes of each code of a column of choices or booleans; none for a null. */
export const wordsOf = (
  column: Column,
  textOf: (value: string) => string
): ReadonlyArray<Uint8Array> => {
  const values = column._tag === "Choice" ? column.values : ["false", "true"]
  const words = values.map((value) => encoder.encode(textOf(value)))
  return Array.from({ length: 256 }, (_, code) => words[code] ?? new Uint8Array(0))
}
