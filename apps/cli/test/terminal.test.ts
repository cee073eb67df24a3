import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { didYouMean, nearest } from "../src/nearest.ts"
import { bytes, clip, count, duration, oneLine, perSecond } from "../src/terminal/format.ts"
import * as OutputFile from "../src/terminal/outputFile.ts"
import { paint } from "../src/terminal/screen.ts"
import { silent, statusLine } from "../src/terminal/statusLine.ts"
import { columns, fields } from "../src/terminal/table.ts"
import { captured } from "./memoryScreen.ts"

describe("format", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1_000, "1,000"],
    [1_204_332.4, "1,204,332"]
  ])("count %d is %s", (value, text) => expect(count(value)).toBe(text))

  it.each([
    [0, "0 B"],
    [9_999, "9,999 B"],
    [10_240, "10 KB"],
    [222_298_112, "212 MB"],
    [42_949_672_960, "40 GB"]
  ])("bytes %d is %s", (value, text) => expect(bytes(value)).toBe(text))

  it.each([
    [0.4, "0 ms"],
    [850, "850 ms"],
    [12_345, "12.3 s"],
    [59_960, "1 m 00 s"],
    [185_000, "3 m 05 s"],
    [7_440_000, "2 h 04 m"]
  ])("duration %d is %s", (value, text) => expect(duration(value)).toBe(text))

  it("a rate over no time is zero", () => expect(perSecond(5, 0)).toBe(0))
  it("clips with an ellipsis within the width", () => expect(clip("abcdef", 4)).toBe("abc…"))
  it("keeps a text that fits", () => expect(clip("abcd", 4)).toBe("abcd"))
  it("takes the teeth out of control characters", () =>
    expect(oneLine("a\n\u001b[2Jb")).toBe("a  [2Jb"))
})

describe("table", () => {
  it("aligns columns and leaves no trailing blanks", () => {
    const lines = columns(
      [
        ["stage", "in"],
        ["a", "1,000"],
        ["longer", ""]
      ],
      ["left", "right"],
      " "
    )
    expect(lines).toEqual([" stage      in", " a       1,000", " longer"])
  })

  it("aligns values behind their labels", () => {
    expect(
      fields(
        [
          ["a", "1"],
          ["abc", "2"]
        ],
        paint(false),
        ""
      )
    ).toEqual(["a    1", "abc  2"])
  })
})

describe("nearest", () => {
  const names = ["numbers.ts", "numerals.ts", "other.ts", "pipeline.ts"]

  it("finds a transposition", () => expect(nearest("nubmers.ts", names)).toEqual(["numbers.ts"]))
  it("finds a name by its part", () => expect(nearest("pipe", names)).toEqual(["pipeline.ts"]))
  it("finds nothing far away", () => expect(nearest("zzz", names)).toEqual([]))
  it("offers nothing rather than nonsense", () => expect(didYouMean("zzz", names)).toBe(""))
})

describe("output file", () => {
  it.effect("is complete once its scope has closed", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "sluice-")))
      const file = path.join(directory, "lines.txt")
      const line = `${"x".repeat(999)}\n`
      const use = Effect.gen(function* () {
        const output = yield* OutputFile.open("--trace", file)
        for (let i = 0; i < 200; i++) output.write(line)
      })
      yield* Effect.scoped(use)
      const text = yield* Effect.promise(() => fs.readFile(file, "utf8"))
      yield* Effect.promise(() => fs.rm(directory, { recursive: true }))
      expect(text.length).toBe(200_000)
    })
  )
})

describe("status line", () => {
  it("repaints one line on a terminal, within its width, and shows the cursor again", () => {
    const output = captured(true, 10)
    const line = statusLine(output)
    line.show("0123456789abcdef")
    line.show("second")
    line.close()
    const clear = "\r\u001b[2K"
    expect(output.text()).toBe(`<hide>${clear}012345678<hide>${clear}second${clear}<show>`)
  })

  it("puts a message above the line", () => {
    const output = captured(true)
    const line = statusLine(output)
    line.show("x")
    line.message("note")
    expect(output.text().endsWith("\r\u001b[2Knote\n")).toBe(true)
  })

  it("writes plain lines where there is no terminal", () => {
    const output = captured(false, 5)
    const line = statusLine(output)
    line.show("longer than five")
    line.message("note")
    line.close()
    expect(output.text()).toBe("longer than five\nnote\n")
  })

  it("shows messages only when silent", () => {
    const output = captured(true)
    const line = silent(output)
    line.show("x")
    line.message("note")
    line.close()
    expect(output.text()).toBe("note\n")
  })
})
