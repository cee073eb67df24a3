import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { compile, parseDiagnostics } from "./source/compile.ts"
import { root } from "./source/workspace.ts"
import { checkMarkers } from "./typetests.ts"

/** Compiles a text for real and compares the errors with its markers, as `line rule`. */
const check = (name: string, text: string): ReadonlyArray<string> => {
  const path = `out/typetests-self/${name}.tst.ts`
  mkdirSync(join(root, "out/typetests-self"), { recursive: true })
  writeFileSync(join(root, path), text)
  return checkMarkers(path, text, compile(`typetests-self/${name}`, [path], {})).map(
    ({ line, rule }) => `${line} ${rule}`
  )
}

describe("typetests", () => {
  it("accepts a file whose marked statement, and no other, has the error", () => {
    const text = [
      "const length = (text: string): number => text.length",
      'length("a")',
      "// error: 'number' is not assignable .* 'string'",
      "length(",
      "  1",
      ")",
      'length("b")',
      "export {}"
    ].join("\n")
    expect(check("sound", text)).toEqual([])
  })

  it("refuses an error that no marker demands", () => {
    expect(check("unmarked", 'export const a: number = "a"\n')).toEqual(["1 compiles"])
  })

  it("refuses a marker whose statement compiles", () => {
    expect(check("compiles", "// error: not assignable\nexport const a: number = 1\n")).toEqual([
      "1 error"
    ])
  })

  it("refuses a marker with another message than the compiler's", () => {
    const text = '// error: is deprecated\nexport const a: number = "a"\n'
    expect(check("message", text)).toEqual(["1 error"])
  })

  it("refuses two errors under one marker, and an error after the marked statement", () => {
    const two = '// error: not assignable\nexport const a: Array<number> = ["a",\n  "b"]\n'
    expect(check("two", two)).toEqual(["1 error"])
    const after =
      '// error: not assignable\nexport const a: number = "a"\nexport const b: number = "b"\n'
    expect(check("after", after)).toEqual(["3 compiles"])
  })

  it("reads messages with their explanations", () => {
    const output = "a/b.ts(3,4): error TS1: Not this.\n  Because of that.\n    And more.\n"
    expect(parseDiagnostics(output, root)).toEqual([
      { path: "a/b.ts", line: 3, code: "TS1", message: "Not this.\nBecause of that.\nAnd more." }
    ])
  })
})
