// The declared formats against the parsers written by hand: the same fragments of every line of the
// nine files' kinds, and a refusal of every broken one.
import * as Format from "@sluice/core/Format"
import { expect, it } from "vitest"
import { fragmentsOf } from "../src/Files.ts"
import { gloss, lemma, sense } from "../src/Formats.ts"
import type { Format as Kind } from "../src/Inputs.ts"

const formats: Readonly<Record<Kind, Format.Format<unknown>>> = {
  data: gloss,
  index: lemma,
  sense
}

const lines: ReadonlyArray<readonly [Kind, string]> = [
  ["data", "  1 This software and database is being provided to you"],
  ["data", "00001740 03 n 01 entity 0 003 ~ 00001930 n 0000 | that which is perceived  "],
  ["data", "00004475 29 s 02 Galore(ip) 0 awake(p) f 000 | in great | numbers"],
  ["data", '02084071 05 n 03 dog 0 Canis_familiaris 0 domestic_dog 0 001 @ 1 n 0 | a "member"'],
  ["index", "  1 This software"],
  ["index", "dog n 2 3 @ ~ + 2 1 02084071 10114209  "],
  ["index", "galore a 1 0 1 0 00004475"],
  ["sense", "dog%1:05:00:: 02084071 1 42"],
  ["sense", "galore%5:00:00:abundant:00 00004475 1 0"]
]

const decoded = (kind: Kind, line: string) => Format.decoder(formats[kind])(line)

/** What the two have in common: the declared records have the parts of the key as fields. */
const common = (fragment: object): object => {
  const { key, pos, offset, synsets, senses, ...rest } = fragment as Record<string, unknown>
  return { ...rest, key: key ?? `${pos}${offset}` }
}

const plain = (fragment: object): object => {
  const { pos: _, ...rest } = fragment as Record<string, unknown>
  return rest
}

it.each(lines)("reads a line of kind %s as the parser by hand does: %s", (kind, line) => {
  const found = decoded(kind, line)
  if (found._tag === "Fault") throw new Error(JSON.stringify(found.fault))
  const fragments = found.records.map((record) => common(record as object))
  expect(fragments).toEqual(fragmentsOf(kind, line).map(plain))
})

it.each<readonly [Kind, string, string]>([
  ["data", "00001740 03 n 02 entity 0 003 ~ 00001930 n 0000 | two words", "words.lexId"],
  ["data", "0000174 03 n 01 entity 0 003 | short offset", "offset"],
  ["data", "00001740 03 x 01 entity 0 003 | no such part", "pos"],
  ["data", "00001740 03 n 01 entity 0 003 no gloss", "links"],
  ["index", "dog n 2 0 3 1 02084071 10114209", "senses"],
  ["index", "dog n 2 0 2 1 02084071", "offset"],
  ["sense", "dog%6:05:00:: 02084071 1 42", "pos"],
  ["sense", "dog%1:05:00:: 02084071 1", "senseNumber"]
])("refuses a broken line of kind %s: %s", (kind, line, field) => {
  const found = decoded(kind, line)
  expect(found._tag === "Fault" && found.fault.field).toBe(field)
  expect(() => fragmentsOf(kind, line)).toThrow()
})
