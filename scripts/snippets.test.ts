import { describe, expect, it } from "vitest"
import { checkSnippets, docstringFences, fencesOf } from "./snippets.ts"

const ticks = "`".repeat(3)

const document = [
  "# Title",
  "",
  `${ticks}ts`,
  "export const a: number = 1",
  ticks,
  "",
  `${ticks}sh`,
  "not typescript",
  ticks,
  `- ${ticks} is no fence`,
  `  ${ticks}ts`,
  "  export const b: number =",
  '    "text"',
  `  ${ticks}`,
  `${ticks}ts ignore`,
  "never ( compiles",
  ticks
]

describe("snippets", () => {
  it("finds the fences of a document with their lines", () => {
    expect(fencesOf("a.md", document)).toEqual([
      { path: "a.md", line: 4, code: "export const a: number = 1", ignored: false },
      { path: "a.md", line: 12, code: 'export const b: number =\n  "text"', ignored: false },
      { path: "a.md", line: 16, code: "never ( compiles", ignored: true }
    ])
  })

  it("finds the fences of docstrings, and of docstrings alone", () => {
    const text = [
      "// header",
      "/**",
      " * Adds.",
      " *",
      ` * ${ticks}ts`,
      " * add(1,",
      " *   2)",
      ` * ${ticks}`,
      " */",
      `// ${ticks}ts`
    ].join("\n")
    expect(docstringFences("a.ts", text)).toEqual([
      { path: "a.ts", line: 6, code: "add(1,\n  2)", ignored: false }
    ])
  })

  it("reports an error at the line of the document", () => {
    const wanted = fencesOf("docs/a.md", document).filter(({ ignored }) => !ignored)
    const found = checkSnippets("snippets-self", wanted, {})
    expect(found.map(({ path, line }) => `${path}:${line}`)).toEqual(["docs/a.md:12"])
    expect(found[0]?.cure).toContain("not assignable")
  })

  it("refuses a fence that is never closed", () => {
    expect(() => fencesOf("a.md", ["", `${ticks}ts`, "x"])).toThrow("a.md:2")
  })
})
