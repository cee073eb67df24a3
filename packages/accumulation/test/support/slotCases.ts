// Cases of what is searched in keyed state on bytes: keys and slots, of any length and hash, in any
// order, and again.
import { hashBytes } from "@sluice/core/ByteHash"
import type { Given } from "./bothTables.ts"
import { head, left, right } from "./byteHistories.ts"
import type { TableCase } from "./tableBatches.ts"
import {
  batch,
  complete,
  headOf,
  leftOf,
  most,
  range,
  rightOf,
  some,
  textsOf
} from "./tableBatches.ts"
import { wordsByKey } from "./wordsByKey.ts"

/** Texts of the same hash. */
export const collisions = [
  ["0dok6fa", "13okad2"],
  ["w6wzwko_tail_of_a_long_name", "w8i9tig"],
  ["name_of_many_bytea904", "name_of_many_bytehpea"],
  ["keysb8g6", "keysis0a"],
  ["w1syxy", "w1syxydx-a"]
] as const
const collidingFlat: ReadonlyArray<string> = collisions.flat()

export const hashOf = (text: string): number =>
  hashBytes(Buffer.from(text), 0, Buffer.byteLength(text))

export const slotCases: ReadonlyArray<TableCase> = [
  {
    name: "names of 0 to 40 bytes",
    spec: wordsByKey(),
    batches: [
      ...complete(range(41).map((n) => [`k${n}`, textsOf(n)] as const)),
      ...complete(
        range(41).map((n) => [`q${n}`, [...textsOf(n), ...textsOf(40 - n)]] as const),
        [head, right, left]
      )
    ],
    taken: most
  },
  {
    name: "keys of 0 to 40 bytes",
    spec: wordsByKey({ tombstones: { max: 1_000, age: 100 } }),
    batches: complete(
      range(41).flatMap((n) => textsOf(n).map((key) => [key, ["w", "v"]] as const))
    ),
    taken: most
  },
  {
    name: "keys and names of the same hash",
    spec: wordsByKey(),
    batches: [
      // Each key has words of its own: a fragment of another one would be no duplicate.
      ...complete(collidingFlat.map((key, i) => [key, [`w${i}`, `v${i}`]] as const)),
      ...complete(
        collidingFlat.map((key, i) => [`${key}`, [`w${i}`, `v${i}`]] as const).toReversed(),
        [head, left, right]
      ),
      ...complete([
        ["k", collidingFlat],
        ["r", collidingFlat.toReversed()]
      ]),
      ...collisions.flatMap(([a, b]) => [
        batch(left, [leftOf(`k${a}`, a), leftOf(`r${a}`, b)]),
        batch(right, [rightOf(`k${a}`, b), rightOf(`r${a}`, a)]),
        batch(head, [headOf(`k${a}`, [b]), headOf(`r${a}`, [a])])
      ])
    ],
    taken: most
  },
  {
    name: "names declared once or twice, with their parts before them or behind",
    spec: wordsByKey(),
    batches: [
      batch(left, [leftOf("a", "w"), leftOf("a", "v"), leftOf("b", "w")]),
      batch(right, [rightOf("a", "w"), rightOf("b", "w"), rightOf("b", "v")]),
      batch(head, [
        headOf("a", ["v", "w", "v", "w"]),
        headOf("b", ["w", "u"]),
        headOf("c", ["s", "s"])
      ]),
      batch(right, [rightOf("a", "v"), rightOf("c", "s"), rightOf("b", "u")]),
      batch(left, [leftOf("c", "s"), leftOf("b", "u")])
    ],
    taken: most
  },
  {
    name: "more slots than programs search, one by one and at once",
    spec: wordsByKey(),
    batches: [1, 2, 3, 4, 5, 7, 8, 9, 14, 15, 16, 17, 20, 40].flatMap((n) => {
      const words = range(n).map((i) => (i % 3 === 1 ? `a_name_of_many_bytes_${i}` : `w${i}`))
      const list = [[`k${n}`, words]] as const
      return [...complete(list), ...complete([[`q${n}`, words]], [head, right, left])]
    }),
    taken: some
  },
  {
    name: "duplicates, and heads of several sources",
    spec: wordsByKey({ duplicates: "drop" }),
    batches: twice(),
    taken: some
  },
  {
    name: "duplicates that fail",
    spec: wordsByKey({ duplicates: "fail" }),
    batches: twice(),
    taken: some
  },
  {
    name: "duplicates that are accepted",
    spec: wordsByKey({ duplicates: "accept" }),
    batches: twice(),
    taken: some
  }
]

function twice(): ReadonlyArray<Given> {
  const parts = [
    batch(left, [leftOf("a", "w", 1), leftOf("a", "w", 2), leftOf("b", "v", 3)]),
    batch(left, [leftOf("a", "w", 4), leftOf("b", "v", 5)], { origin: "a" }),
    batch(head, [headOf("a", ["w", "u"], "p"), headOf("b", ["v", "u"], "p")]),
    batch(head, [headOf("a", ["u"], "a"), headOf("c", ["u"], "a")], { origin: "a" }),
    batch(head, [headOf("c", ["u", "v"], "q")], { origin: "q" }),
    batch(head, [headOf("c", ["w"], "b")], { origin: "b" })
  ]
  return [
    ...parts,
    batch(
      right,
      ["a", "b", "c"].flatMap((key) => ["u", "v", "w", "u"].map((w) => rightOf(key, w)))
    ),
    batch(
      left,
      ["a", "b", "c"].flatMap((key) => ["u", "v", "w", "u"].map((w) => leftOf(key, w)))
    )
  ]
}
