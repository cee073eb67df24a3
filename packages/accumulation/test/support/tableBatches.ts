// What cases of keyed state on bytes are made of: lines of heads and of the parts of their words,
// in batches, and who is to take them.
import type * as Accumulator from "@sluice/core/Accumulator"
import type * as Format from "@sluice/core/Format"
import type { Given, OnBytes } from "./bothTables.ts"
import { head, left, right } from "./byteHistories.ts"

/** Batches, and who is to take them. */
export interface TableCase {
  readonly name: string
  readonly spec: Accumulator.AccumulatorSpec<never, unknown>
  readonly formats?: ReadonlyArray<Format.Format<unknown>>
  readonly batches: ReadonlyArray<Given>
  readonly holds?: boolean
  readonly halts?: boolean
  /** How many of the fragments programs take: 0 to 1. */
  readonly taken: readonly [least: number, most: number]
  /** What must be so for the case to be one. */
  readonly check?: (machine: OnBytes) => void
}

const kindsOfWords: ReadonlyArray<Format.Format<unknown>> = [head, left, right]
export const formatsOf = ({ formats = kindsOfWords }: TableCase) => formats

export const most: TableCase["taken"] = [0.8, 1]
export const some: TableCase["taken"] = [0.05, 0.99]

export const range = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

export const batch = (
  format: Format.Format<unknown>,
  lines: ReadonlyArray<string>,
  rest: Partial<Given> = {}
): Given => ({ format, lines, origin: "p", ms: 0, ...rest })

const elementsOf = (words: ReadonlyArray<string>): string =>
  `${words.length} ${words.map((word, i) => `${word} ${i} `).join("")}`
export const headOf = (key: string, words: ReadonlyArray<string>, title = "title"): string =>
  `${key} ${elementsOf(words)}true 1 1 ${title}`
export const leftOf = (key: string, word: string, x: number | string = 7): string =>
  `${key} ${word} ${x} 1`
export const rightOf = (key: string, word: string, y = "yy"): string => `${key} ${word} ${y} 1 1 n`

const letters = "abcdefghijklmnopqrstuvwxyz0123456789_+=%"
/** Texts of each length, with some that differ in the last byte or in the first. */
export const textsOf = (length: number): ReadonlyArray<string> =>
  length === 0
    ? [""]
    : [
        letters.slice(0, length),
        `${letters.slice(0, length - 1)}!`,
        `!${letters.slice(1, length)}`,
        `${letters.slice(0, length - 1)}?`
      ]

/** Each word of each key from both sides, the head in between, or first. */
export const complete = (
  list: ReadonlyArray<readonly [key: string, words: ReadonlyArray<string>]>,
  order = [left, head, right] as ReadonlyArray<Format.Format<unknown>>,
  rest: Partial<Given> = {}
): ReadonlyArray<Given> => {
  const lines = new Map<Format.Format<unknown>, ReadonlyArray<string>>([
    [head, list.map(([key, words]) => headOf(key, words, `title-of-${key}`))],
    [left, list.flatMap(([key, words]) => words.map((word, i) => leftOf(key, word, i)))],
    [right, list.flatMap(([key, words]) => words.map((word) => rightOf(key, word, `y${word}`)))]
  ])
  return order.map((format) => batch(format, lines.get(format) as ReadonlyArray<string>, rest))
}
