// The assembled record and its one line of JSON. Words keep the order of the gloss row, so the text
// is the same for every order of arrival.

import type { Gloss, Lemma, Pos, Sense, Word } from "./Fragment.ts"

/** One word of a synset with what its two index rows say; null where a row has not arrived. */
export interface SynsetWord {
  readonly lemma: string
  readonly lexId: number
  readonly senseKey: string | null
  readonly senseNumber: number | null
  readonly tagCount: number | null
  readonly rank: number | null
}

/** An assembled synset. Field order is the order in the output. */
export interface Synset {
  readonly key: string
  readonly pos: Pos
  readonly lexFile: number
  readonly gloss: string
  readonly words: ReadonlyArray<SynsetWord>
}

/**
 * Puts a synset together from its gloss row and whatever index rows are there, in any order.
 *
 * Two words that differ only by capital letters share one sense row and one index row. Should two
 * rows ever claim one lemma, the smaller sense key (the smaller rank) wins, so that the result does
 * not depend on arrival.
 */
export const assemble = (gloss: Gloss, rows: ReadonlyArray<Sense | Lemma>): Synset =>
  synsetOf(
    gloss,
    gloss.words.map((word) => wordOf(word, senseFor(word.lemma, rows), lemmaFor(word.lemma, rows)))
  )

/** The same from parts that were looked up elsewhere. */
export const synsetOf = (gloss: Gloss, words: ReadonlyArray<SynsetWord>): Synset => ({
  key: gloss.key,
  pos: gloss.pos,
  lexFile: gloss.lexFile,
  gloss: gloss.gloss,
  words
})

/** One word with the rows found for it. */
export const wordOf = (
  word: Word,
  sense: Sense | undefined,
  lemma: Lemma | undefined
): SynsetWord => ({
  lemma: word.lemma,
  lexId: word.lexId,
  senseKey: sense === undefined ? null : sense.senseKey,
  senseNumber: sense === undefined ? null : sense.senseNumber,
  tagCount: sense === undefined ? null : sense.tagCount,
  rank: lemma === undefined ? null : lemma.rank
})

/** The output line, without its line feed. */
export const synsetJson = (synset: Synset): string => JSON.stringify(synset)

/** Of two sense rows for one lemma, the one to keep, whatever order they come in. */
export const preferredSense = (a: Sense, b: Sense): Sense => (b.senseKey < a.senseKey ? b : a)

/** Of two index rows for one lemma, the one to keep, whatever order they come in. */
export const preferredLemma = (a: Lemma, b: Lemma): Lemma => (b.rank < a.rank ? b : a)

const senseFor = (lemma: string, rows: ReadonlyArray<Sense | Lemma>): Sense | undefined => {
  let found: Sense | undefined
  for (const row of rows) {
    if (row._tag !== "Sense" || row.lemma !== lemma) continue
    found = found === undefined ? row : preferredSense(found, row)
  }
  return found
}

const lemmaFor = (lemma: string, rows: ReadonlyArray<Sense | Lemma>): Lemma | undefined => {
  let found: Lemma | undefined
  for (const row of rows) {
    if (row._tag !== "Lemma" || row.lemma !== lemma) continue
    found = found === undefined ? row : preferredLemma(found, row)
  }
  return found
}
