// Cases of what is kept of fragments on bytes, by format and rule: numbers, several groups, what is
// missing, and layouts of which programs take some.
import * as Fields from "@sluice/core/Fields"
import * as Format from "@sluice/core/Format"
import * as Accumulate from "../../src/Accumulate.ts"
import * as Assemble from "../../src/Assemble.ts"
import * as Complete from "../../src/Complete.ts"
import { head, left, right } from "./byteHistories.ts"
import type { TableCase } from "./tableBatches.ts"
import { batch, complete, most, range, some } from "./tableBatches.ts"
import { plainBounds } from "./wordsByKey.ts"

const numbered = Format.delimited(
  { key: Format.text(), word: Format.text(), value: Format.optional(Format.decimal()) },
  { kind: "Left", separator: " " }
)
const nameless = Format.delimited(
  {
    key: Format.text(),
    words: Format.counted({ word: Format.text(), weight: Format.decimal() }),
    title: Format.text()
  },
  { kind: "Head", separator: " " }
)
const unnamed = Format.delimited(
  {
    key: Format.text(),
    word: Format.optional(Format.text()),
    x: Format.integer()
  },
  { kind: "Left", separator: " " }
)
const noted = Format.delimited(
  {
    key: Format.text(),
    words: Format.counted({ word: Format.text() }),
    notes: Format.counted({ note: Format.text(), weight: Format.decimal() })
  },
  { kind: "Head", separator: " " }
)

/** The second record of each three. */
const isKeyless = (position: number): boolean => position % 3 === 1

const declares = Fields.each("words", "word") as (fragment: object) => ReadonlyArray<string>
const byWord = {
  ...plainBounds,
  key: Fields.joined("key") as (fragment: object) => string
}

export const layoutCases: ReadonlyArray<TableCase> = [
  {
    name: "numbers at home in a slot, or not",
    spec: Accumulate.make({
      ...byWord,
      complete: Complete.discoveredSlots({ slot: Fields.of("word"), declares }),
      output: Assemble.record("Head", {
        id: Assemble.key,
        words: Assemble.elements("words", "word", { value: Assemble.joined("Left", "value") })
      })
    }),
    formats: [noted, numbered],
    batches: [
      ...[
        "0",
        "-0",
        "1",
        "-1",
        "2.5",
        "0.5",
        "",
        `${2 ** 30}`,
        `${2 ** 30 + 1}`,
        `${2 ** 30 - 1}`
      ].map((value, i) =>
        batch(numbered, [
          `a w${i} ${value}`,
          `b w${i} ${value}`,
          `a v${i} ${value === "" ? 1e300 : `-${value}`.replace("--", "")}`
        ])
      ),
      batch(noted, [
        `a 20 ${range(10)
          .map((i) => `w${i} v${i} `)
          .join("")}0 `,
        `b 10 ${range(10)
          .map((i) => `w${i} `)
          .join("")}0 `
      ])
    ],
    taken: most
  },
  {
    name: "elements that are kept, and others that declare",
    spec: Accumulate.make({
      ...byWord,
      complete: Complete.discoveredSlots({ slot: Fields.of("word"), declares }),
      output: Assemble.record("Head", {
        id: Assemble.key,
        notes: Assemble.elements("notes", "note", {
          note: Assemble.own("note"),
          weight: Assemble.own("weight")
        })
      })
    }),
    formats: [noted, numbered],
    batches: [
      batch(noted, [
        "a 4 w x y z 1 abcdefghijklmnopqrstuvwxyz0123456789 5",
        "b 1 w 1 n2 7",
        "c 1 u 3 n3 8 n4 9 n5 10",
        "d 5 w v u x y 0 "
      ]),
      batch(numbered, ["b w 1", "a w 1", "a x 2", "a y 3", "a z 4", "c u 5", "d w 6"]),
      batch(numbered, ["d v 1", "d u 1", "d x 1", "d y 1"])
    ],
    taken: most
  },
  {
    name: "keys and names that are missing",
    spec: Accumulate.make({
      ...byWord,
      key: Fields.of("key") as (fragment: object) => string,
      complete: Complete.discoveredSlots({ slot: Fields.of("word"), declares }),
      output: Assemble.record("Head", { id: Assemble.key, title: Assemble.own("title") })
    }),
    formats: [nameless, unnamed],
    batches: [
      batch(unnamed, ["a w 1", "q w 2", "a  3", "b  4", "q  5", "b w 6"], { isKeyless }),
      batch(nameless, ["a 1 w 1 t", "q 1 w 1 t", "b 2 w 1 v 2 t", "c 0 t"], { isKeyless }),
      batch(unnamed, ["b v 1", "q v 1", "d w 1"], { isKeyless })
    ],
    taken: some
  },
  {
    name: "a layout of which the first fragment is kept beside others",
    spec: Accumulate.make({
      ...byWord,
      complete: Complete.discoveredSlots<{ readonly _tag: string }>({
        slot: Fields.of("word"),
        parts: { required: ["Left", "Right"], of: Fields.kind },
        declares
      }),
      output: Assemble.record("Head", {
        id: Assemble.key,
        x: Assemble.first("Left", "x"),
        words: Assemble.elements("words", "word", {
          x: Assemble.joined("Left", "x"),
          y: Assemble.joined("Right", "y")
        })
      })
    }),
    batches: [
      ...complete(range(30).map((k) => [`k${k}`, ["w", "v"]] as const)),
      ...complete(
        range(30).map((k) => [`q${k}`, ["w", "v"]] as const),
        [right, head, left]
      )
    ],
    taken: [0.3, 0.7]
  },
  {
    name: "slots that are known in advance",
    spec: Accumulate.make({
      ...byWord,
      complete: Complete.slots<{ readonly _tag: string }>({
        slot: Fields.of("word"),
        parts: { required: ["Left", "Right"], of: Fields.kind },
        required: ["w", "v", "a_name_of_many_bytes"]
      }),
      output: Assemble.record("Head", { id: Assemble.key, title: Assemble.own("title") })
    }),
    batches: range(2).flatMap((i) =>
      complete(
        range(20).map((k) => [`${i}-${k}`, ["w", "a_name_of_many_bytes", "u", "v"]] as const),
        [head, left, right]
      )
    ),
    taken: [0.5, 0.99]
  }
]
