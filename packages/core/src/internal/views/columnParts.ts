// The parts of columns, and how the code of parsers, writers and programs calls their arrays: a
// letter for the part, with the place of the column behind it.
import type { Column } from "../../Views.ts"

/** A part of a column. */
export type Part = "start" | "length" | "hash" | "value" | "code"

/** What the entries of a part are. */
export const kinds = {
  start: "ints",
  length: "ints",
  hash: "ints",
  value: "floats",
  code: "bytes"
} as const

/** The letters of parts. */
export const letters: Readonly<Record<Part, string>> = {
  start: "S",
  length: "L",
  hash: "H",
  value: "V",
  code: "K"
}

/** The parts that a column of each kind has; a hash has one that is asked for it. */
export const partsOf: Readonly<Record<Column["_tag"], ReadonlyArray<Part>>> = {
  Text: ["start", "length"],
  Group: ["start", "length"],
  Number: ["value"],
  Boolean: ["code"],
  Choice: ["code"]
}
