// The state of the hand-written programs: two maps per key, as most people would write
// them. A key is handed out and forgotten as soon as all its declared words have both their rows.

import type { Fragment, Gloss, Lemma, Sense } from "@sluice/example-wordnet/Fragment"
import type { Synset } from "@sluice/example-wordnet/Synset"
import { preferredLemma, preferredSense, synsetOf, wordOf } from "@sluice/example-wordnet/Synset"

interface Open {
  gloss: Gloss | undefined
  readonly senses: Map<string, Sense>
  readonly lemmas: Map<string, Lemma>
}

export class SynsetTable {
  private readonly open = new Map<string, Open>()

  /** How many keys still wait. */
  get size(): number {
    return this.open.size
  }

  /** Takes a fragment in; returns the synset when it was the last one missing. */
  add(fragment: Fragment): Synset | undefined {
    let state = this.open.get(fragment.key)
    if (state === undefined) {
      state = { gloss: undefined, senses: new Map(), lemmas: new Map() }
      this.open.set(fragment.key, state)
    }
    put(state, fragment)
    const gloss = state.gloss
    if (gloss === undefined || !isComplete(gloss, state)) return undefined
    this.open.delete(fragment.key)
    const { senses, lemmas } = state
    return synsetOf(
      gloss,
      gloss.words.map((word) => wordOf(word, senses.get(word.lemma), lemmas.get(word.lemma)))
    )
  }
}

const put = (state: Open, fragment: Fragment): void => {
  switch (fragment._tag) {
    case "Gloss":
      state.gloss = fragment
      return
    case "Sense": {
      const before = state.senses.get(fragment.lemma)
      const kept = before === undefined ? fragment : preferredSense(before, fragment)
      state.senses.set(fragment.lemma, kept)
      return
    }
    case "Lemma": {
      const before = state.lemmas.get(fragment.lemma)
      const kept = before === undefined ? fragment : preferredLemma(before, fragment)
      state.lemmas.set(fragment.lemma, kept)
    }
  }
}

const isComplete = (gloss: Gloss, { senses, lemmas }: Open): boolean =>
  gloss.words.every(({ lemma }) => senses.has(lemma) && lemmas.has(lemma))
