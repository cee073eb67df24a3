import { describe, expect, it } from "vitest"
import { functionsOf } from "./functions.ts"
import { codeLines, endOfStatement, lineOf, scan } from "./scan.ts"

const codeOf = (text: string): string => scan("x.ts", text).code

describe("scan", () => {
  it("keeps length and lines and hides comments, strings and regular expressions", () => {
    const text = 'const a = "x{" // {\n/* { */ const b = /[/{"]/.test(a) ? a / 2 : 1\n'
    const code = codeOf(text)
    expect(code.length).toBe(text.length)
    expect(code).not.toContain("{")
    expect(code).toContain("a / 2 : 1")
  })

  it("keeps the code inside template placeholders, nested ones too", () => {
    const code = codeOf("const a = `x { ${f({ b: `in ${deep} }` })} } y` + tail")
    expect(code).toContain("f({ b: `")
    expect(code).toContain("deep")
    expect(code).toContain("+ tail")
    expect(code).not.toContain("x {")
    expect(code).not.toContain("y`")
  })

  it("tells division from a regular expression", () => {
    expect(codeOf("const a = (b) / c; d('/'); e[0] / f")).toContain("/ c; d(")
    expect(codeOf("return /secret/.test(x)")).not.toContain("secret")
    expect(codeOf("x.match(/secret/)")).not.toContain("secret")
  })

  it("finds comments with their offsets, a shebang included", () => {
    const source = scan("x.ts", "#!/usr/bin/env node\n// one\n/* two\nlines */ x()\n")
    expect(source.comments.map((c) => lineOf(source, c.start))).toEqual([1, 2, 3])
    expect(codeLines(source)).toBe(1)
  })

  it("survives text that ends inside a literal", () => {
    for (const text of ["`a ${", '"a', "/* a", "`a", "'\\", "a = /b"]) {
      expect(codeOf(text).length).toBe(text.length)
    }
  })
})

describe("endOfStatement", () => {
  const first = (text: string): string => text.slice(0, endOfStatement(codeOf(text), 0))

  it("ends at the line break that no operator or bracket carries over", () => {
    expect(first("a(\n1,\n2)\nb()")).toBe("a(\n1,\n2)")
    expect(first("a =\n  1\nb()")).toBe("a =\n  1")
    expect(first("a\n  .b()\n  .c()\nd()")).toBe("a\n  .b()\n  .c()")
  })
})

describe("functionsOf", () => {
  const names = (text: string): ReadonlyArray<string> =>
    functionsOf(codeOf(text)).map(({ name }) => name)

  it("finds declarations, methods, arrows with blocks and arrows with expressions", () => {
    expect(names("function a() { x }")).toEqual(["a"])
    expect(names("function* a<A>(x: A): Iterable<A> { x }")).toEqual(["a"])
    expect(names("const b = (x: X): Y => { x }")).toEqual(["b"])
    expect(names("const c = (x) =>\n  pipe(x,\n y)\n")).toEqual(["c"])
    expect(names("class A {\n  m(x: X): Promise<{ a: 1 }> {\n    x\n  }\n}")).toEqual(["m"])
  })

  it("finds no function in control flow, classes or objects", () => {
    const text =
      "if (a) { b }\nfor (;;) { c }\nclass A extends B('x') { d = 1 }\nconst o = { e: 1 }"
    expect(names(text)).toEqual([])
  })

  it("spans a curried arrow to the end of its expression", () => {
    const text = "const f = (a) => (b) => {\n  c\n}\nrest()"
    expect(functionsOf(codeOf(text)).map(({ end }) => text.slice(end))).toEqual([
      "\nrest()",
      "\nrest()"
    ])
  })
})
