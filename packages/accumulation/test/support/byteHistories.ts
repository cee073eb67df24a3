// Histories for keyed state on bytes: any lines of three kinds, any time between them, any bounds.
// Each is run through both tables.
import type * as Accumulator from "@sluice/core/Accumulator"
import * as Format from "@sluice/core/Format"
import * as fc from "fast-check"
import type { Comparison } from "./bothTables.ts"
import { compare } from "./bothTables.ts"

export const head = Format.delimited(
  {
    key: Format.text(),
    words: Format.counted({ word: Format.text({ lower: true }), weight: Format.decimal() }),
    flag: Format.boolean(),
    size: Format.decimal(),
    announced: Format.integer(),
    title: Format.text()
  },
  { kind: "Head", separator: " " }
)
export const left = Format.delimited(
  { key: Format.text(), word: Format.text(), x: Format.integer(), size: Format.decimal() },
  { kind: "Left", separator: " " }
)
export const right = Format.delimited(
  {
    key: Format.text(),
    word: Format.optional(Format.text()),
    y: Format.text(),
    size: Format.optional(Format.decimal()),
    announced: Format.optional(Format.integer()),
    pos: Format.optional(Format.choice({ n: "noun", v: "verb" }))
  },
  { kind: "Right", separator: " " }
)
/** Formats by name. */
export const kinds = { head, left, right }

export type Kind = keyof typeof kinds
/** What every kind has. */
export type Fragment = { readonly _tag: string; readonly key: string }

/** One batch. */
export interface Step {
  readonly kind: Kind
  readonly origin: string
  readonly lines: ReadonlyArray<string>
  readonly ms: number
}

export const keys = fc.constantFrom("a", "b", "bb", "cé", "a-long-key-of-many-bytes", "")
export const words = fc.constantFrom("s", "t", "u", "é", "a_longer_word", "v", "w")

/** Some that no fragment may have. */
const sizes = fc.oneof(
  { weight: 9, arbitrary: fc.nat(20) },
  { weight: 1, arbitrary: fc.constant(-1) }
)
const announcements = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -3) }
)

/** Whole numbers, at home in a slot or not. */
const wholes = fc.oneof(fc.integer(), fc.constantFrom(0, "-0", 1, 2 ** 30, 2 ** 30 + 1, 2 ** 40))

const sometimes = <A>(values: fc.Arbitrary<A>): fc.Arbitrary<A | ""> =>
  fc.oneof({ weight: 9, arbitrary: values }, { weight: 1, arbitrary: fc.constant<"">("") })

const lineOf: Readonly<Record<Kind, fc.Arbitrary<string>>> = {
  head: fc
    .tuple(
      keys,
      fc.array(fc.tuple(words, fc.integer()), { maxLength: 4 }),
      fc.tuple(fc.boolean(), sizes, announcements, words)
    )
    .map(([key, list, rest]) => {
      const elements = list.map(([word, weight]) => `${word.toUpperCase()} ${weight} `)
      return `${key} ${list.length} ${elements.join("")}${rest.join(" ")}`
    }),
  left: fc.tuple(keys, words, wholes, sizes).map((parts) => parts.join(" ")),
  // Fields that may be absent are: an empty text is null.
  right: fc
    .tuple(
      keys,
      sometimes(words),
      words,
      sometimes(sizes),
      sometimes(announcements),
      sometimes(fc.constantFrom("n", "v"))
    )
    .map((parts) => parts.join(" "))
}

/** Some lines of one kind, and the time that passes before them. */
export const step = fc.constantFrom<Kind>("head", "left", "left", "right", "right").chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    origin: fc.constantFrom("p", "q"),
    lines: fc.array(lineOf[kind], { maxLength: 10 }),
    ms: fc.oneof(fc.constant(0), fc.integer({ min: -5, max: 300 }))
  })
)

/** Bounds and endings. */
export const bounds = fc.record({
  limits: fc.record(
    {
      keys: fc.integer({ min: 1, max: 5 }),
      items: fc.integer({ min: 2, max: 9 }),
      bytes: fc.integer({ min: 5, max: 200 }),
      slots: fc.integer({ min: 2, max: 8 }),
      emit: fc.constantFrom("partial" as const, "discard" as const)
    },
    { requiredKeys: [] }
  ),
  expire: fc.record({
    idle: fc.integer({ min: 20, max: 400 }),
    emit: fc.constantFrom("partial" as const, "discard" as const)
  }),
  atEnd: fc.constantFrom("partial" as const, "discard" as const),
  late: fc.constantFrom("drop" as const, "reopen" as const),
  tombstones: fc.record({
    max: fc.constantFrom(0, 1, 3, 100) as fc.Arbitrary<number>,
    age: fc.integer({ min: 10, max: 500 })
  }),
  duplicates: fc.constantFrom("drop" as const, "fail" as const, "accept" as const),
  progressWeights: fc.constantFrom({}, { "Left:s": 3 })
})

export type Bounds = typeof bounds extends fc.Arbitrary<infer A> ? A : never

/** Runs a history through both tables and compares them at every step. */
export const replay = (
  spec: Accumulator.AccumulatorSpec<never, unknown>,
  steps: ReadonlyArray<Step>,
  comparison: Comparison = {}
): void => {
  const batches = steps.map(({ kind, ...rest }) => ({ ...rest, format: kinds[kind] }))
  compare(spec, Object.values(kinds), batches, comparison)
}
