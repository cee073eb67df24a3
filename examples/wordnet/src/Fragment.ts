// The three kinds of fragment that the nine WordNet files yield, and the slot each one fills.
// A synset is complete when every slot its gloss row declares is filled; until that row arrives
// the required set is unknown. Nothing here reads files or parses text.

/** Part of speech of a synset: noun, verb, adjective (satellites included), adverb. */
export type Pos = "n" | "v" | "a" | "r"

/** One word of a synset: the lemma in lower case without adjective marker, and its lexical id. */
export interface Word {
  readonly lemma: string
  readonly lexId: number
}

/** A row of a `data.*` file: the definition, and the words whose rows must still arrive. */
export interface Gloss {
  readonly _tag: "Gloss"
  readonly key: string
  readonly pos: Pos
  readonly lexFile: number
  readonly words: ReadonlyArray<Word>
  readonly pointers: number
  readonly gloss: string
}

/** A row of `index.sense`: one word sense with its key and how often it was seen in tagged text. */
export interface Sense {
  readonly _tag: "Sense"
  readonly key: string
  readonly lemma: string
  readonly senseKey: string
  readonly senseNumber: number
  readonly tagCount: number
}

/** One synset of an `index.*` row: its rank (1-based) among the synsets of that lemma. */
export interface Lemma {
  readonly _tag: "Lemma"
  readonly key: string
  readonly lemma: string
  readonly rank: number
  readonly taggedCount: number
}

/** What the sources deliver. `key` is part of speech + offset, such as `n00001740`. */
export type Fragment = Gloss | Sense | Lemma

/**
 * The slot that a fragment fills: `gloss`, `sense:<lemma>` or `lemma:<lemma>`.
 *
 * The lemma alone names the slot, not lemma + lexical id: words that differ only by capital
 * letters (`Earth` 0, `earth` 1) have two entries in the gloss row, each with its own lexical id,
 * but one row in `index.sense` and one in `index.noun`.
 */
export const slotOf = (fragment: Fragment): string => {
  switch (fragment._tag) {
    case "Gloss":
      return "gloss"
    case "Sense":
      return `sense:${fragment.lemma}`
    case "Lemma":
      return `lemma:${fragment.lemma}`
  }
}

/** Every slot that must be filled before the synset of this gloss row is complete, itself first. */
export const slotsDeclaredBy = (gloss: Gloss): ReadonlyArray<string> => {
  const slots = ["gloss"]
  for (let i = 0; i < gloss.words.length; i++) {
    const lemma = gloss.words[i]!.lemma
    if (isRepeated(gloss.words, i)) continue
    slots.push(`sense:${lemma}`, `lemma:${lemma}`)
  }
  return slots
}

/** The same without a string per slot: the lemma a row is for; the gloss row fills no slot. */
export const lemmaOf = (fragment: Fragment): string | undefined =>
  fragment._tag === "Gloss" ? undefined : fragment.lemma

/** Which of a lemma's two rows a fragment is. */
export const rowKind = (fragment: Fragment): "sense" | "lemma" =>
  fragment._tag === "Sense" ? "sense" : "lemma"

/** The lemmas whose two rows the synset of this gloss row waits for. */
export const lemmasDeclaredBy = (gloss: Gloss): ReadonlyArray<string> =>
  gloss.words.map((word) => word.lemma)

/**
 * The number of fragments a reader expects who counts words: the gloss row, and two per word.
 * Too many for the 37 synsets with words that differ only by capital letters: they wait for ever.
 */
export const countDeclaredBy = (gloss: Gloss): number => 1 + 2 * gloss.words.length

// Synsets have 1.8 words on average and 28 at most, so a scan beats building a set.
const isRepeated = (words: ReadonlyArray<Word>, index: number): boolean => {
  for (let i = 0; i < index; i++) if (words[i]!.lemma === words[index]!.lemma) return true
  return false
}
