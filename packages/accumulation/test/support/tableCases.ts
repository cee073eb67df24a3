// Batches at every end of the programs that take fragments into keys on bytes: of their memory, of
// what they search, of what they leave to JavaScript. Each is to be answered as by the object table
// in either language; the first are the ones that show most with least.
import { head, left, right } from "./byteHistories.ts"
import { closingCases } from "./closingCases.ts"
import { layoutCases } from "./layoutCases.ts"
import { slotCases } from "./slotCases.ts"
import type { TableCase } from "./tableBatches.ts"
import { batch, complete, headOf, leftOf, most, range, rightOf, some } from "./tableBatches.ts"
import { wordsByKey } from "./wordsByKey.ts"

/** The only one that grows beyond the first buffer. */
export const growing: TableCase = {
  name: "memory that grows in the middle of a block while outputs are read",
  spec: wordsByKey({ late: "reopen", tombstones: { max: 2, age: 100 } }),
  batches: range(9).flatMap((i) => [
    batch(
      head,
      range(400).map((k) => headOf(`${i}-${k}`, ["w"], `${i}-${k}`.padEnd(500, "t")))
    ),
    batch(
      left,
      range(400).map((k) => leftOf(`${i}-${k}`, "w", k))
    ),
    batch(
      right,
      range(200).map((k) => rightOf(`${i}-${2 * k}`, "w", `${k}`.padEnd(300, "y")))
    )
  ]),
  holds: true,
  taken: most,
  check: ({ table }) => {
    if (table.rows.arena.bytes.length <= 1 << 20) throw new Error("it did not grow")
  }
}

const blocks: ReadonlyArray<TableCase> = [
  {
    name: "records that a filter lets through, and blocks that begin later",
    spec: wordsByKey(),
    batches: [
      ...complete(
        range(200).map((k) => [`k${k}`, ["w", "v"]] as const),
        undefined,
        {
          keeps: (i) => i % 3 !== 1
        }
      ),
      ...complete(
        range(200).map((k) => [`q${k}`, ["w", "v"]] as const),
        undefined,
        { from: 37 }
      ),
      ...complete(
        range(200).map((k) => [`r${k}`, ["w"]] as const),
        undefined,
        {
          from: 11,
          keeps: (i) => i % 5 < 3
        }
      ),
      ...complete(
        range(200).map((k) => [`k${k}`, ["w", "v"]] as const),
        undefined,
        {
          keeps: (i) => i % 3 === 1
        }
      )
    ],
    taken: most
  },
  {
    name: "more keys than the index has room for, in blocks of more rows than are copied",
    spec: wordsByKey({ expire: { idle: 1_000, emit: "partial" } }),
    batches: [
      ...complete(range(1_500).map((k) => [`k${k}`, [`w${k}`]] as const)),
      ...complete(
        range(700).map((k) => [`q${k}`, [`w${k}`, "v"]] as const),
        [head, right, left]
      )
    ],
    taken: most
  },
  {
    name: "more elements than there is room for",
    spec: wordsByKey(),
    batches: [
      ...complete([
        ...range(20).map((k) => [`k${k}`, range(450).map((i) => `w${i}`)] as const),
        ...range(100).map((k) => [`q${k}`, range(10).map((i) => `w${i}`)] as const)
      ]),
      // For the first records of a block there is room.
      batch(
        head,
        range(600).map((k) => headOf(`s${k}`, k < 560 ? ["w"] : range(250).map((i) => `w${i}`)))
      ),
      batch(
        left,
        range(600).map((k) => leftOf(`s${k}`, "w"))
      ),
      // So far apart that those in between count, too.
      ...complete(
        range(1_500).map((k) => [`r${k}`, range(12).map((i) => `w${i}`)] as const),
        [head],
        {
          keeps: (i) => i % 4 === 0
        }
      ),
      batch(
        left,
        range(200).map((i) => leftOf(`r${4 * i}`, "w3"))
      )
    ],
    taken: some
  },
  {
    name: "more text than there is room for, and the most there is",
    spec: wordsByKey(),
    batches: [
      batch(
        head,
        range(400).map((k) => headOf(`k${k}`, ["w"], "t".repeat(900)))
      ),
      batch(
        head,
        range(400).map((k) => headOf(`q${k}`, ["w"], `${k}`.padEnd(600, "t")))
      ),
      batch(
        left,
        range(400).map((k) => leftOf(`q${k}`, "w"))
      ),
      batch(
        right,
        range(400).map((k) => rightOf(`q${k}`, "w", "y".repeat(900)))
      ),
      batch(
        right,
        range(400).map((k) => rightOf(`k${k}`, "w"))
      )
    ],
    taken: some
  },
  {
    name: "keys as long as there is room for, to the last byte",
    spec: wordsByKey(),
    batches: complete(range(256).map((k) => [`${k}`.padEnd(256, "k"), ["w"]])),
    taken: most
  },
  {
    name: "keys of one byte more",
    spec: wordsByKey(),
    batches: complete(
      range(256).map((k) => [k === 255 ? `${k}`.padEnd(257, "k") : `${k}`.padEnd(256, "k"), ["w"]])
    ),
    taken: [0, 0]
  },
  {
    name: "longer keys than there is room for",
    spec: wordsByKey(),
    batches: complete(range(300).map((k) => [`${k}`.padEnd(k % 2 === 0 ? 250 : 249, "k"), ["w"]])),
    taken: [0, 0]
  },
  growing
]

export const tableCases: ReadonlyArray<TableCase> = [
  ...slotCases,
  ...layoutCases,
  ...closingCases,
  ...blocks
]
