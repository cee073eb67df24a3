// The checker of the checker, for programs that take fragments: each way in which they can be wrong
// is seen by one of the cases. None of them can run for ever: no test of one could be stopped.
import { afterEach, expect, it, vi } from "vitest"
import type * as LeaveText from "../../src/internal/leaveText.ts"
import type * as TableText from "../../src/internal/tableText.ts"
import type * as TakeText from "../../src/internal/takeText.ts"
import { compare } from "../support/bothTables.ts"
import { formatsOf } from "../support/tableBatches.ts"
import { tableCases } from "../support/tableCases.ts"

type Made = ReturnType<typeof TakeText.takeText>

/** Wherever a text stands in a function, another stands instead. */
interface Break {
  /** A function of the table, or all programs that take fragments. */
  readonly of: string
  readonly is: RegExp
  readonly by: string
}

const broken = vi.hoisted((): { by: Break | undefined; options: object; changed: number } => ({
  by: undefined,
  options: {},
  changed: 0
}))

const changed = (made: Made, name: string): Made => {
  const { by } = broken
  if (by === undefined || by.of !== name) return made
  const text = made.text.replaceAll(new RegExp(by.is, "g"), by.by)
  if (text !== made.text) broken.changed++
  return { ...made, text }
}

vi.mock("../../src/internal/tableText.ts", async (original) => {
  const sound = await original<typeof TableText>()
  const tableFunctions: typeof TableText.tableFunctions = (parts, rows) =>
    sound.tableFunctions(parts, rows).map((each) => changed(each, each.name))
  return { ...sound, tableFunctions }
})

vi.mock("../../src/internal/leaveText.ts", async (original) => {
  const sound = await original<typeof LeaveText>()
  const emitProgram: typeof LeaveText.emitProgram = (emitted, columns) => {
    const { text, names } = sound.emitProgram(emitted, columns)
    return { text: changed(text, "emit"), names }
  }
  const releaseProgram: typeof LeaveText.releaseProgram = (parts) =>
    changed(sound.releaseProgram(parts), "release")
  return { ...sound, emitProgram, releaseProgram }
})

vi.mock("../../src/internal/takeText.ts", async (original) => {
  const sound = await original<typeof TakeText>()
  const takeText: typeof TakeText.takeText = (name, options, inputs) =>
    changed(sound.takeText(name, { ...options, ...broken.options }, inputs), "programs")
  return { ...sound, takeText }
})

afterEach(() => {
  Object.assign(broken, { by: undefined, options: {}, changed: 0 })
})

/** The first case that sees something; its name. */
const seenBy = (): string | undefined =>
  tableCases.find((each) => {
    const { spec, batches, holds = false, halts = false } = each
    try {
      compare(spec, formatsOf(each), batches, { holds, halts })
      return false
    } catch {
      return true
    }
  })?.name

it("nothing is seen in the sound ones", () => {
  expect(seenBy()).toBeUndefined()
})

it.each<readonly [string, Break]>([
  ["cells are counted as if none were taken", { of: "take", is: /w\[32\] = .*;/, by: "" }],
  [
    "a free cell is handed out for ever",
    { of: "take", is: /w\[kind \+ \d+\] = w\[at >> 2\];/, by: "" }
  ],
  [
    "the last bytes of a text stay behind",
    { of: "copyIn", is: /for \(; to < e; to\+\+\).*/, by: "" }
  ],
  ["long names of slots are not given back", { of: "release", is: /if \(length > 16\).*/, by: "" }],
  ["a leading fragment is not given back", { of: "release", is: /if \(x !== 0\).*/, by: "" }],
  ["fragments in slots are not given back", { of: "release", is: /if \(x > 0\).*/, by: "" }],
  ["slots are given back as two", { of: "release", is: /x = count <= 2.*/, by: "x = 2;" }],
  ["records are written over each other", { of: "emit", is: /r\+\+;/, by: "r = 1;" }],
  ["elements are counted from the first", { of: "emit", is: /G(\d) = g;/, by: "G$1 = n;" }],
  ["an absent text has the length of nothing", { of: "emit", is: /= -1;/, by: "= 0;" }],
  ["a number in its slot is one less", { of: "emit", is: /-2 - p/, by: "-3 - p" }],
  [
    "there is always room for more elements",
    { of: "emit", is: /if \(G\d \+ n > 8192\) break emitted;/, by: "" }
  ],
  ["a key is found by its hash", { of: "known", is: /&& isKey\(.*?\)/, by: "" }],
  [
    "the last bytes of a key are not compared",
    { of: "isKey", is: /i < count/, by: "i < count - 1" }
  ],
  ["the last bytes of a name are not compared", { of: "same", is: /return u.*;/, by: "return 1;" }],
  [
    "keys that are looked up are taken by their hash",
    { of: "look", is: /F\[i\] = known\(.*\)/, by: "i = i" }
  ],
  ["the list of keys has no end", { of: "hasRoom", is: /w\[\d+\] < capacity/, by: "1" }],
  [
    "a key is not put on the list",
    { of: "open", is: /w\[\(w\[\d+\] >> 2\) \+ count\] = row;/, by: "" }
  ],
  ["a key has no place", { of: "open", is: /w\[first \+ 2 \* place \+ 1\] = row;/, by: "" }],
  ["a key has no time", { of: "makeRow", is: /FL\[0\]/, by: "0" }],
  ["a slot is found by its hash", { of: "findSlot", is: /&&\s+same\(.*length\)/, by: "" }],
  [
    "names of any length are the same",
    { of: "findSlot", is: /w\[q \+ 1\] >> 1 === length/, by: "1" }
  ],
  ["a name of seventeen bytes is short", { of: "append", is: /length > 16/, by: "length > 17" }],
  ["slots that move lose what they hold", { of: "append", is: /i < count \* \d+/, by: "i < 0" }],
  [
    "a new slot holds what stood there before",
    { of: "append", is: /w\[q \+ i\] = 0/, by: "i = i" }
  ],
  ["slots that move keep their old cell", { of: "append", is: /give\(before.*\);/, by: "" }],
  [
    "nothing is missing of a required slot",
    { of: "require", is: /missing\+\+/, by: "missing = 0" }
  ],
  ["a slot is required twice", { of: "require", is: /if \(w\[q \+ 1\] & 1\) return 0;/, by: "" }],
  [
    "the keys of small blocks are not looked up",
    { of: "programs", is: /i >= ST\[\d+\]/, by: "$& && i + 256 < end" }
  ],
  ["texts are where they were in the block", { of: "programs", is: /- TD/, by: "" }],
  ["keys are where they were in the block", { of: "programs", is: /- KD/, by: "" }],
  ["elements are where they were in the sheet", { of: "programs", is: /- ST\[\d+\]/, by: "" }],
  ["a record without a key has one", { of: "programs", is: /if \(KL\[i\] < 0\) \{.*?\}/, by: "" }],
  ["a record without a slot has one", { of: "programs", is: /if \(length < 0\) \{.*?\}/, by: "" }],
  ["a closed key is a new one", { of: "programs", is: /row !== 0 \|\| !hasRoom/, by: "!hasRoom" }],
  [
    "slots known in advance are not opened",
    { of: "programs", is: /if \(!\(w\[k \+ \d+\] & \d+\)\) \{.*?\}/, by: "" }
  ],
  [
    "a second head takes the place of the first",
    { of: "programs", is: /if \(w\[k \+ \d+\] !== 0\) \{.*?\}/, by: "" }
  ],
  [
    "a key may have any number of slots",
    { of: "programs", is: /\|\| x \* \d+ > ST\[\d+\]/, by: "" }
  ],
  [
    "a duplicate is a fragment like others",
    { of: "programs", is: /if \(slot >= 0 &&[^{]*!== 0\) \{.*?\}/, by: "" }
  ],
  ["there is always room", { of: "programs", is: /if \(ST\[7\] - w\[33\] <[^{]*\{.*?\}/, by: "" }],
  ["-0 is 0", { of: "programs", is: /&& \(x !== 0 \|\| .*? > 0\)\)/, by: ")" }],
  ["numbers are whole", { of: "programs", is: /&& v3 === x/, by: "" }],
  ["heads have no source", { of: "programs", is: /= ST\[11\]/, by: "= 0" }],
  ["bytes are not counted", { of: "programs", is: /(d\[z \+ \d+\]) \+ v1/, by: "$1" }],
  [
    "what fills a slot is still waited for",
    { of: "programs", is: /(w\[k \+ \d+\]) - 1;/, by: "$1;" }
  ],
  [
    "a key that declared nothing is complete",
    { of: "programs", is: /&& \(w\[k \+ \d+\] & \d+\) !== 0\)/, by: ")" }
  ],
  ["a key that is opened has no timer", { of: "programs", is: /if \(isFresh\) FR.*?;/, by: "" }],
  ["a key may have one fragment more", { of: "programs", is: /x >= ST\[8\]/, by: "x > ST[8]" }],
  ["a key may have any number of bytes", { of: "programs", is: /\|\| d\[z \+ \d+\] >= v2/, by: "" }]
])("it is seen that %s", (_, by) => {
  broken.by = by
  const name = seenBy()
  expect(broken.changed).toBeGreaterThan(0)
  expect(name).toBeDefined()
})

it("it is seen that slots are noted in elements that do not declare them", () => {
  broken.options = { isDeclared: true }
  expect(seenBy()).toBe("elements that are kept, and others that declare")
})
