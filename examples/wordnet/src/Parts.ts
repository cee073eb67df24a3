// What a synset holds while it is being assembled: its gloss row and the index rows that came so
// far, in any order.
import type { Fragment, Gloss, Lemma, Sense } from "./Fragment.ts"
import type { Synset } from "./Synset.ts"
import { assemble } from "./Synset.ts"

/** Index rows, the latest first. */
interface Rows {
  readonly row: Sense | Lemma
  readonly before: Rows | undefined
}

/**
 * The fragments of one synset. Rows are a list, for an array that grows by one row takes room for
 * sixteen more, in each of a hundred thousand synsets.
 */
export interface Parts {
  gloss: Gloss | undefined
  rows: Rows | undefined
}

/** A synset of which nothing has arrived. */
export const emptyParts = (): Parts => ({ gloss: undefined, rows: undefined })

/**
 * Adds a fragment; which rows count is decided when the synset is put together, so the order of
 * arrival does not matter.
 */
export const collect = (parts: Parts, fragment: Fragment): void => {
  if (fragment._tag === "Gloss") parts.gloss = fragment
  else parts.rows = { row: fragment, before: parts.rows }
}

/**
 * The assembled synset; asks for the gloss row to be there, which every completion rule sees to.
 */
export const synsetOfParts = (parts: Parts): Synset => {
  if (parts.gloss === undefined)
    throw new Error("a synset without gloss row cannot be put together")
  const rows: Array<Sense | Lemma> = []
  for (let at = parts.rows; at !== undefined; at = at.before) rows.push(at.row)
  return assemble(parts.gloss, rows)
}
