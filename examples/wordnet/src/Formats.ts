// The three kinds of line that the nine WordNet files hold, declared: see wndb(5WN) and
// senseidx(5WN). The same fragments as in Fragment.ts, with the parts of their key as fields.
// Declarations only; nothing here reads a file.

import * as Format from "@sluice/core/Format"

const letters = { n: "n", v: "v", a: "a", s: "a", r: "r" } as const

/**
 * A row of a `data.*` file: the definition, and the words whose rows must still arrive. An
 * adjective may end in a marker of its position, which is no part of the word.
 */
export const gloss = Format.delimited(
  {
    offset: Format.digits(8),
    lexFile: Format.integer(),
    pos: Format.choice(letters),
    words: Format.counted(
      {
        lemma: Format.text({ lower: true, without: ["(a)", "(p)", "(ip)"], least: 1 }),
        lexId: Format.integer({ base: 16 })
      },
      { base: 16 }
    ),
    pointers: Format.integer(),
    links: Format.skip({ to: "| " }),
    gloss: Format.text({ trimEnd: true })
  },
  { kind: "Gloss", separator: " ", ignore: "  " }
)

/** A row of `index.sense`: one word sense with its key and how often it was seen. */
export const sense = Format.delimited(
  {
    lemma: Format.text({ to: "%", least: 1 }),
    pos: Format.choice({ 1: "n", 2: "v", 3: "a", 4: "r", 5: "a" }, { to: ":" }),
    place: Format.skip(),
    senseKey: Format.span("lemma", "place"),
    offset: Format.digits(8),
    senseNumber: Format.integer(),
    tagCount: Format.integer()
  },
  { kind: "Sense", separator: " " }
)

/** A row of an `index.*` file: one record for each synset of the lemma, with its rank. */
export const lemma = Format.delimited(
  {
    lemma: Format.text({ least: 1 }),
    pos: Format.choice(letters),
    synsets: Format.integer(),
    symbols: Format.skipCounted({ symbol: Format.text({ least: 1 }) }),
    senses: Format.integer({ same: "synsets" }),
    taggedCount: Format.integer(),
    offset: Format.each("synsets", 8),
    rank: Format.ordinal()
  },
  { kind: "Lemma", separator: " ", ignore: "  ", trimEnd: true }
)
