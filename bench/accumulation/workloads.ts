// Inputs of the accumulation benchmark: batches made before the clock starts. WordNet's fragments
// come from the real files, interleaved file by file as sources of equal speed would deliver them.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Batch from "@sluice/core/Batch"
import { fragmentsOf } from "@sluice/example-wordnet/Files"
import type { Fragment } from "@sluice/example-wordnet/Fragment"
import { inputFiles, wordnetDirectory } from "@sluice/example-wordnet/Inputs"

const batchSize = 4_096

/** One update of a counter. */
export interface Update {
  readonly key: string
  readonly value: number
}

/** A deterministic sequence of whole numbers below `bound`. */
export const sequence = (seed: number, bound: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % bound
  }
}

/** A batch of updates whose keys are new flat strings, as a parser makes them. */
export const updates = (next: () => number, keys: Buffer, length: number): Batch.Batch<Update> => {
  const items: Array<Update> = []
  for (let i = 0; i < batchSize; i++) {
    const n = next()
    items.push({ key: keys.toString("latin1", n * length, (n + 1) * length), value: n & 15 })
  }
  return Batch.make(items)
}

/** The text of `count` keys of 22 characters, one after the other. */
export const keyText = (count: number): Buffer => {
  const parts: Array<string> = []
  for (let i = 0; i < count; i++) parts.push(`customer-${String(i).padStart(13, "0")}`)
  return Buffer.from(parts.join(""), "latin1")
}

/** All fragments of WordNet in batches. */
export const wordnet = (): ReadonlyArray<Batch.Batch<Fragment>> => {
  const files = inputFiles.map(({ name, format }) => {
    const lines = readFileSync(join(wordnetDirectory(), name), "utf8").split("\n")
    const rows = lines.filter((line) => line !== "").flatMap((line) => fragmentsOf(format, line))
    return { name, rows }
  })
  const batches: Array<Batch.Batch<Fragment>> = []
  for (let from = 0; files.some(({ rows }) => from < rows.length); from += batchSize) {
    for (const { name, rows } of files) {
      const items = rows.slice(from, from + batchSize)
      if (items.length > 0) batches.push(Batch.make(items, { origin: name, seqBase: from }))
    }
  }
  return batches
}
