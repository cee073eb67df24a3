// Lines of the WordNet files to fragments: one function per file format, described in wndb(5WN) and
// senseidx(5WN). Malformed lines throw MalformedLine. Written with indexOf and slice and one digit
// loop: a regular expression or a split per line costs more than twice as much.
// Not checked: pointers and verb frames, which the synsets do not carry.

import type { Gloss, Lemma, Pos, Sense, Word } from "./Fragment.ts"
import { MalformedLine } from "./MalformedLine.ts"

/** The licence header lines at the top of `data.*` and `index.*` begin with two spaces. */
export const isHeader = (line: string): boolean => line.startsWith("  ")

/** A `data.*` row: `offset lexFile type wordCount word lexId ... pointerCount ... | gloss`. */
export const parseDataLine = (line: string): Gloss => {
  const bar = line.indexOf(" | ")
  if (bar < 0) throw new MalformedLine("data", "gloss", 'text after " | "', line)
  if (line[8] !== " " || line[11] !== " " || line[13] !== " " || line[16] !== " ") {
    throw new MalformedLine("data", "columns", "8, 2, 1 and 2 characters wide", line)
  }
  const pos = posOfLetter(line, 12, "data")
  const lexFile = number(line, 9, 11, 10, "data", "lexFile")
  const wordCount = number(line, 14, 16, 16, "data", "wordCount")
  const words: Array<Word> = []
  let at = 17
  for (let i = 0; i < wordCount; i++) {
    const wordEnd = fieldEnd(line, at, "data", "word")
    const lexIdEnd = fieldEnd(line, wordEnd + 1, "data", "lexId")
    const lexId = number(line, wordEnd + 1, lexIdEnd, 16, "data", "lexId")
    words.push({ lemma: lemmaOf(line, at, wordEnd, pos), lexId })
    at = lexIdEnd + 1
  }
  const pointersEnd = fieldEnd(line, at, "data", "pointerCount")
  return {
    _tag: "Gloss",
    key: keyAt(line, pos, 0, "data"),
    pos,
    lexFile,
    words,
    pointers: number(line, at, pointersEnd, 10, "data", "pointerCount"),
    gloss: line.slice(bar + 3).trimEnd()
  }
}

/** An `index.sense` row: `lemma%type:lexFile:lexId:head:headId offset senseNumber tagCount`. */
export const parseSenseLine = (line: string): Sense => {
  const percent = line.indexOf("%")
  if (percent < 1) throw new MalformedLine("index.sense", "senseKey", "lemma%...", line)
  const pos = posOfDigit(line, percent + 1)
  const keyEnd = fieldEnd(line, percent, "index.sense", "senseKey")
  const offsetEnd = fieldEnd(line, keyEnd + 1, "index.sense", "offset")
  const numberEnd = fieldEnd(line, offsetEnd + 1, "index.sense", "senseNumber")
  if (offsetEnd !== keyEnd + 9) throw new MalformedLine("index.sense", "offset", "8 digits", line)
  return {
    _tag: "Sense",
    key: keyAt(line, pos, keyEnd + 1, "index.sense"),
    lemma: line.slice(0, percent),
    senseKey: line.slice(0, keyEnd),
    senseNumber: number(line, offsetEnd + 1, numberEnd, 10, "index.sense", "senseNumber"),
    tagCount: number(line, numberEnd + 1, line.length, 10, "index.sense", "tagCount")
  }
}

/**
 * An `index.*` row, fanned out to one fragment per synset:
 * `lemma pos synsetCount pointerCount [symbol...] senseCount taggedCount offset...`.
 */
export const parseIndexLine = (line: string): Array<Lemma> => {
  const lemmaEnd = fieldEnd(line, 0, "index", "lemma")
  const pos = posOfLetter(line, lemmaEnd + 1, "index")
  const synsetsEnd = fieldEnd(line, lemmaEnd + 3, "index", "synsetCount")
  const synsets = number(line, lemmaEnd + 3, synsetsEnd, 10, "index", "synsetCount")
  const pointersEnd = fieldEnd(line, synsetsEnd + 1, "index", "pointerCount")
  let at = pointersEnd + 1
  const symbols = number(line, synsetsEnd + 1, pointersEnd, 10, "index", "pointerCount")
  for (let i = 0; i < symbols; i++) at = fieldEnd(line, at, "index", "pointerSymbol") + 1
  const sensesEnd = fieldEnd(line, at, "index", "senseCount")
  if (number(line, at, sensesEnd, 10, "index", "senseCount") !== synsets) {
    throw new MalformedLine("index", "senseCount", "the same as synsetCount", line)
  }
  const taggedEnd = fieldEnd(line, sensesEnd + 1, "index", "taggedCount")
  const taggedCount = number(line, sensesEnd + 1, taggedEnd, 10, "index", "taggedCount")
  const lemma = line.slice(0, lemmaEnd)
  const fragments: Array<Lemma> = []
  at = taggedEnd + 1
  for (let rank = 1; rank <= synsets; rank++) {
    fragments.push({ _tag: "Lemma", key: keyAt(line, pos, at, "index"), lemma, rank, taggedCount })
    at += 9
  }
  if (line.slice(at - 1).trimEnd() !== "") {
    throw new MalformedLine("index", "offset", `${synsets} offsets of 8 digits`, line)
  }
  return fragments
}

const fieldEnd = (line: string, from: number, kind: string, field: string): number => {
  const end = line.indexOf(" ", from)
  if (end <= from) throw new MalformedLine(kind, field, "text followed by a space", line)
  return end
}

const number = (
  line: string,
  from: number,
  to: number,
  base: 10 | 16,
  kind: string,
  field: string
): number => {
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = digitOf(line.charCodeAt(i))
    if (digit >= base) throw new MalformedLine(kind, field, `a number in base ${base}`, line)
    value = value * base + digit
  }
  if (to <= from || to > line.length) throw new MalformedLine(kind, field, "a number", line)
  return value
}

const digitOf = (code: number): number => {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  return 99
}

const keyAt = (line: string, pos: Pos, at: number, kind: string): string => {
  number(line, at, at + 8, 10, kind, "offset")
  return pos + line.slice(at, at + 8)
}

const posOfLetter = (line: string, at: number, kind: string): Pos => {
  const letter = line[at]
  if (letter === "n" || letter === "v" || letter === "a" || letter === "r") return letter
  if (letter === "s") return "a"
  throw new MalformedLine(kind, "part of speech", "one of n v a s r", line)
}

const posOfDigit = (line: string, at: number): Pos => {
  switch (line[at]) {
    case "1":
      return "n"
    case "2":
      return "v"
    case "3":
    case "5":
      return "a"
    case "4":
      return "r"
  }
  throw new MalformedLine("index.sense", "synset type", "one of 1 2 3 4 5", line)
}

// An adjective may end in a marker of its position: galore(ip), awake(p), former(a).
const lemmaOf = (line: string, from: number, to: number, pos: Pos): string => {
  if (pos === "a" && line.charCodeAt(to - 1) === 41) {
    to = line.lastIndexOf("(", to)
    if (to <= from) throw new MalformedLine("data", "word", "a word before its marker", line)
  }
  return line.slice(from, to).toLowerCase()
}
