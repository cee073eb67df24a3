// Keys whose head declares words, each of which is complete with two parts: what the programs are
// made for, and what most tests of keyed state on bytes accumulate.
import * as Fields from "@sluice/core/Fields"
import * as Accumulate from "../../src/Accumulate.ts"
import * as Assemble from "../../src/Assemble.ts"
import * as Complete from "../../src/Complete.ts"
import type { Bounds, Fragment } from "./byteHistories.ts"

/** Nothing out of the ordinary. */
export const plainBounds: Bounds = {
  limits: {},
  expire: { idle: 100, emit: "partial" },
  atEnd: "partial",
  late: "drop",
  tombstones: { max: 3, age: 100 },
  duplicates: "drop",
  progressWeights: {}
}

export const wordsByKey = (options: Partial<Bounds> = {}) =>
  Accumulate.make({
    ...plainBounds,
    ...options,
    key: Fields.joined("key"),
    complete: Complete.discoveredSlots<Fragment>({
      slot: Fields.of("word"),
      parts: { required: ["Left", "Right"], of: Fields.kind },
      declares: Fields.each("words", "word") as (fragment: Fragment) => ReadonlyArray<string>,
      declaredBy: "the head"
    }),
    output: Assemble.record("Head", {
      id: Assemble.key,
      title: Assemble.own("title"),
      flag: Assemble.own("flag"),
      words: Assemble.elements("words", "word", {
        word: Assemble.own("word"),
        x: Assemble.joined("Left", "x"),
        weight: Assemble.own("weight"),
        y: Assemble.joined("Right", "y"),
        pos: Assemble.joined("Right", "pos")
      })
    })
  })
