// What a synset holds while it is being assembled: its gloss row and the index rows that came so
// far, in any order.
import type { Fragment, Gloss, Lemma, Sense } from "./Fragment.ts"
import type { Synset } from "./Synset.ts"
import { assemble } from "./Synset.ts"

/** The fragments of one synset. */
export interface Parts {
  gloss: Gloss | undefined
  readonly rows: Array<Sense | Lemma>
}

/** A synset of which nothing has arrived. */
export const emptyParts = (): Parts => ({ gloss: undefined, rows: [] })

/**
 * Adds a fragment; which rows count is decided when the synset is put together, so the order of
 * arrival does not matter.
 */
export const collect = (parts: Parts, fragment: Fragment): void => {
  if (fragment._tag === "Gloss") parts.gloss = fragment
  else parts.rows.push(fragment)
}

/**
 * The assembled synset; asks for the gloss row to be there, which every completion rule sees to.
 */
export const synsetOfParts = (parts: Parts): Synset => {
  if (parts.gloss === undefined)
    throw new Error("a synset without gloss row cannot be put together")
  return assemble(parts.gloss, parts.rows)
}
