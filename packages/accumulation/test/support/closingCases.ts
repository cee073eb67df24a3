// Cases of how keys leave keyed state on bytes: at once, in the middle of a block, for their
// limits, and how they come again.
import * as Fields from "@sluice/core/Fields"
import * as Accumulate from "../../src/Accumulate.ts"
import * as Assemble from "../../src/Assemble.ts"
import * as Complete from "../../src/Complete.ts"
import { head, left, right } from "./byteHistories.ts"
import type { TableCase } from "./tableBatches.ts"
import { batch, complete, headOf, leftOf, most, range, rightOf, some } from "./tableBatches.ts"
import { plainBounds, wordsByKey } from "./wordsByKey.ts"

export const closingCases: ReadonlyArray<TableCase> = [
  ...(["drop", "reopen"] as const).flatMap(
    (late): ReadonlyArray<TableCase> => [
      {
        name: `keys that their first fragment completes, late: ${late}`,
        spec: wordsByKey({ late }),
        batches: range(6).map((i) =>
          batch(
            head,
            [
              ...range(20).map((k) => headOf(`k${k % (5 + i)}`, k % 7 === 3 ? ["w"] : [])),
              headOf(`other${i}`, [])
            ],
            { ms: 40 }
          )
        ),
        taken: [0.05, 1]
      },
      {
        name: `keys that close and come again in the same block, late: ${late}`,
        spec: wordsByKey({ late, tombstones: { max: 2, age: 100 } }),
        batches: range(5).flatMap((i) => [
          batch(
            head,
            range(6).map((k) => headOf(`k${k}`, ["w"], `${i}`)),
            { ms: 30 }
          ),
          batch(
            left,
            range(6).map((k) => leftOf(`k${k}`, "w", i))
          ),
          batch(
            right,
            range(30).map((k) => rightOf(`k${k % 6}`, k % 4 === 3 ? "v" : "w"))
          )
        ]),
        taken: [0.05, 1]
      }
    ]
  ),
  ...(["partial", "discard"] as const).flatMap((emit): ReadonlyArray<TableCase> => {
    const crowd = [
      batch(
        left,
        range(60).map((i) => leftOf(`k${i % 5}`, `w${i}`))
      ),
      batch(
        head,
        range(8).map((i) => headOf(`k${i}`, ["v", `w${i}`]))
      ),
      batch(
        right,
        range(60).map((i) => rightOf(`k${i % 7}`, `w${i % 11}`, `yy${i}`))
      )
    ]
    return [
      {
        name: `keys with more fragments than they may have: ${emit}`,
        spec: wordsByKey({ limits: { items: 4, emit }, late: "reopen" }),
        batches: crowd,
        taken: [0.3, 1]
      },
      {
        name: `keys with more bytes than they may have: ${emit}`,
        spec: wordsByKey({ limits: { bytes: 40, emit }, late: "reopen" }),
        batches: crowd,
        taken: [0.3, 1]
      }
    ]
  }),
  {
    name: "more slots than a key may have",
    spec: wordsByKey({ limits: { slots: 6 } }),
    batches: [
      batch(
        left,
        range(20).map((i) => leftOf(`k${i % 3}`, `w${i % 5}`))
      ),
      batch(head, [headOf("k0", ["w0", "w1"]), headOf("k1", ["v", "u"]), headOf("k2", [])]),
      batch(
        right,
        range(20).map((i) => rightOf(`k${i % 4}`, `w${i % 5}`))
      )
    ],
    taken: some
  },
  {
    name: "a failure that ends the run in the middle of a block",
    spec: wordsByKey({ duplicates: "fail" }),
    batches: [
      ...complete(
        range(30).map((k) => [`k${k}`, ["w", "v"]] as const),
        [head, left]
      ),
      batch(
        right,
        range(60).map((i) => rightOf(`k${i % 29}`, i % 7 === 3 ? "v" : "w"))
      ),
      batch(right, [rightOf("k29", "w"), rightOf("k29", "v")])
    ],
    halts: true,
    taken: [0.5, 0.9]
  },
  {
    name: "more open keys than there may be, and keys that grow old",
    spec: Accumulate.make({
      ...plainBounds,
      limits: { keys: 7 },
      expire: { idle: 60, age: 90 },
      key: Fields.joined("key"),
      complete: Complete.discoveredSlots<{ readonly _tag: string }>({
        slot: Fields.of("word"),
        declares: Fields.each("words", "word") as (fragment: object) => ReadonlyArray<string>
      }),
      output: Assemble.record("Head", { id: Assemble.key, title: Assemble.own("title") })
    }),
    batches: range(8).flatMap((i) => [
      batch(
        left,
        range(10).map((k) => leftOf(`k${(3 * k + i) % 17}`, `w${k % 3}`)),
        { ms: 20 }
      ),
      batch(
        head,
        range(5).map((k) => headOf(`k${(k + i) % 17}`, ["w0", "w1"])),
        { ms: 10 }
      )
    ]),
    taken: some
  },
  {
    name: "many keys that left while few are open",
    spec: wordsByKey({ late: "reopen", tombstones: { max: 0, age: 100 } }),
    batches: range(4).flatMap((i) =>
      complete(
        range(400).map((k) => [`${i}-${k}`, ["w"]] as const),
        [head, left, right]
      )
    ),
    taken: most
  }
]
