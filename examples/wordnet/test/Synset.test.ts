import { expect, it } from "vitest"
import type { Gloss, Lemma, Sense } from "../src/Fragment.ts"
import { assemble, synsetJson } from "../src/Synset.ts"

const gloss: Gloss = {
  _tag: "Gloss",
  key: "n08579604",
  pos: "n",
  lexFile: 15,
  words: [
    { lemma: "earth", lexId: 0 },
    { lemma: "earth", lexId: 1 },
    { lemma: "ground", lexId: 2 }
  ],
  pointers: 0,
  gloss: "the loose soft material"
}
const sense = (lemma: string, lexId: number): Sense => ({
  _tag: "Sense",
  key: gloss.key,
  lemma,
  senseKey: `${lemma}%1:15:0${lexId}::`,
  senseNumber: 4,
  tagCount: 3
})
const lemma = (name: string, rank: number): Lemma => ({
  _tag: "Lemma",
  key: gloss.key,
  lemma: name,
  rank,
  taggedCount: 6
})

it("keeps the word order of the gloss row, and shares one row between words that fold", () => {
  const rows = [sense("ground", 2), sense("earth", 0), lemma("ground", 1), lemma("earth", 4)]
  const record = assemble(gloss, rows)
  expect(record.words.map((word) => [word.lemma, word.lexId, word.senseKey, word.rank])).toEqual([
    ["earth", 0, "earth%1:15:00::", 4],
    ["earth", 1, "earth%1:15:00::", 4],
    ["ground", 2, "ground%1:15:02::", 1]
  ])
})

it("does not depend on arrival when two rows claim one slot", () => {
  const senses = [sense("earth", 1), sense("earth", 0), sense("ground", 2)]
  const lemmas = [lemma("earth", 7), lemma("earth", 4), lemma("ground", 1)]
  const forward = synsetJson(assemble(gloss, [...senses, ...lemmas]))
  expect(synsetJson(assemble(gloss, [...senses, ...lemmas].toReversed()))).toBe(forward)
  expect(forward).toContain('"senseKey":"earth%1:15:00::","senseNumber":4,"tagCount":3,"rank":4}')
})

it("leaves nulls where a row has not arrived", () => {
  expect(assemble(gloss, [lemma("ground", 1)]).words[2]).toEqual({
    lemma: "ground",
    lexId: 2,
    senseKey: null,
    senseNumber: null,
    tagCount: null,
    rank: 1
  })
})
