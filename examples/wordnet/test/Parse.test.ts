import { describe, expect, it } from "vitest"
import { fragmentsOf } from "../src/Files.ts"
import { countDeclaredBy, slotOf, slotsDeclaredBy } from "../src/Fragment.ts"
import { MalformedLine } from "../src/MalformedLine.ts"
import { parseDataLine, parseIndexLine, parseSenseLine } from "../src/Parse.ts"

const satellite =
  "00014358 00 s 03 abounding 0 galore(ip) 0 Ample(a) 1 002 & 00013887 a 0000 + 13779804 n 0102 " +
  '| existing in abundance; "abounding confidence"  '
const sense = "galore%5:00:00:abundant:00 00014358 1 2"
const index = "abandon v 5 4 @ ~ $ + 5 4 02232813 02232523 02080923 00614907 00615748  "

describe("lines of the WordNet files", () => {
  it("reads a data row: satellites are adjectives, markers go, lemmas are folded", () => {
    expect(parseDataLine(satellite)).toStrictEqual({
      _tag: "Gloss",
      key: "a00014358",
      pos: "a",
      lexFile: 0,
      words: [
        { lemma: "abounding", lexId: 0 },
        { lemma: "galore", lexId: 0 },
        { lemma: "ample", lexId: 1 }
      ],
      pointers: 2,
      gloss: 'existing in abundance; "abounding confidence"'
    })
  })

  it("reads numbers of words and lexical ids as hexadecimal", () => {
    const words = Array.from({ length: 11 }, (_, i) => `w${i} ${i.toString(16)}`).join(" ")
    const gloss = parseDataLine(`00000001 03 n 0b ${words} 000 | x`)
    expect(gloss.words).toHaveLength(11)
    expect(gloss.words[10]).toStrictEqual({ lemma: "w10", lexId: 10 })
  })

  it("reads a sense row of a satellite", () => {
    expect(parseSenseLine(sense)).toStrictEqual({
      _tag: "Sense",
      key: "a00014358",
      lemma: "galore",
      senseKey: "galore%5:00:00:abundant:00",
      senseNumber: 1,
      tagCount: 2
    })
  })

  it("fans an index row out to one fragment per synset, ranked in row order", () => {
    const fragments = parseIndexLine(index)
    expect(fragments.map((f) => `${f.rank} ${f.key}`)).toStrictEqual([
      "1 v02232813",
      "2 v02232523",
      "3 v02080923",
      "4 v00614907",
      "5 v00615748"
    ])
    expect(fragments[0]).toMatchObject({ _tag: "Lemma", lemma: "abandon", taggedCount: 4 })
  })

  it("skips header lines", () => {
    for (const format of ["data", "index", "sense"] as const) {
      expect(fragmentsOf(format, "  12 permission notice appear")).toStrictEqual([])
    }
  })
})

describe("malformed lines name the field", () => {
  it.each([
    ["gloss", satellite.replace(" | ", " ")],
    ["columns", satellite.replace("00 s 03", "0 s 03 ")],
    ["part of speech", satellite.replace(" s ", " q ")],
    ["lexFile", satellite.replace(" 00 s", " 0x s")],
    ["wordCount", satellite.replace(" 03 ", " 0g ")],
    ["lexId", satellite.replace("abounding 0", "abounding z")],
    ["word", "00000001 03 n 02 entity 0  0 000 | x"],
    ["word", "00000001 03 a 01 (p) 0 000 | x"],
    ["pointerCount", satellite.replace("002 &", "0x2 &")],
    ["offset", satellite.replace("00014358", "0001435x")]
  ])("data: %s", (field, line) => expectMalformed(() => parseDataLine(line), field))

  it.each([
    ["senseKey", sense.replace("%", "")],
    ["synset type", sense.replace("%5", "%6")],
    ["offset", sense.replace("00014358", "0001435")],
    ["offset", sense.replace("00014358", "0001435x")],
    ["senseNumber", sense.replace(" 1 2", " x 2")],
    ["senseNumber", sense.replace(" 1 2", " 1")],
    ["tagCount", sense.replace(" 1 2", " 1 ")],
    ["tagCount", sense.replace(" 1 2", " 1 2 3")]
  ])("sense: %s", (field, line) => expectMalformed(() => parseSenseLine(line), field))

  it.each([
    ["lemma", "abandon"],
    ["part of speech", index.replace(" v ", " q ")],
    ["synsetCount", index.replace("v 5", "v x")],
    ["pointerCount", index.replace("5 4 @", "5 x @")],
    ["senseCount", index.replace("+ 5 4", "+ 6 4")],
    ["taggedCount", index.replace("+ 5 4", "+ 5 y")],
    ["offset", index.replace(" 00615748", "")],
    ["offset", index.replace("00615748", "00615748 00615749")],
    ["offset", index.replace("00615748", "0061574")]
  ])("index: %s", (field, line) => expectMalformed(() => parseIndexLine(line), field))
})

describe("slots", () => {
  it("each fragment fills a slot that its gloss row declares", () => {
    const gloss = parseDataLine(satellite)
    const declared = slotsDeclaredBy(gloss)
    expect(declared).toContain(slotOf(gloss))
    expect(declared).toContain(slotOf(parseSenseLine(sense)))
    expect(declared).toHaveLength(countDeclaredBy(gloss))
  })

  it("words that differ only by capital letters share slots; a count does not see that", () => {
    const gloss = parseDataLine("08579604 15 n 02 Earth 0 earth 1 000 | the loose soft material")
    expect(slotsDeclaredBy(gloss)).toStrictEqual(["gloss", "sense:earth", "lemma:earth"])
    expect(countDeclaredBy(gloss)).toBe(5)
  })
})

const expectMalformed = (parse: () => unknown, field: string): void => {
  let thrown: unknown
  try {
    parse()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(MalformedLine)
  expect(thrown).toMatchObject({ field })
}
