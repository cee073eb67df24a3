import { describe, expect, it } from "vitest"
import { barrelOf, outdatedBarrels } from "./barrels.ts"
import { exactVersions, fileNames, machinePaths, packageScripts } from "./tidy/project.ts"
import { checkSource } from "./tidy.ts"

const source = "packages/core/src/Gate.ts"
const internal = "packages/core/src/internal/gate.ts"
const test = "packages/core/test/Gate.test.ts"
const header = "// A gate. Opens once, never closes.\n\n"
const calls = (count: number): string => "  step()\n".repeat(count)

/** The rules that a text breaks, each once per finding, as `line rule`. */
const broken = (path: string, text: string): ReadonlyArray<string> =>
  checkSource(path, text).findings.map(({ line, rule }) => `${line} ${rule}`)

describe("tidy", () => {
  it("finds nothing in a tidy file", () => {
    const text = `${header}/** Opens it. */\nexport const open = (n: number): number => n + 1\n`
    expect(broken(source, text)).toEqual([])
  })

  it("refuses files over 400 lines, and counts comments in what is published", () => {
    // The header is two lines.
    for (const path of [source, internal]) {
      expect(broken(path, header + "step()\n".repeat(399))).toEqual(["1 file-lines"])
      expect(broken(path, header + "step()\n".repeat(398))).toEqual([])
      expect(broken(path, header + "step()\n// why\n\n".repeat(133))).toEqual(["1 file-lines"])
    }
    expect(broken(test, header + "step()\n".repeat(401))).toEqual(["1 file-lines"])
    expect(broken(test, header + "step()\n// why\n\n".repeat(400))).toEqual([])
  })

  it("refuses functions over 70 lines of code, whatever their form", () => {
    for (const head of [
      "function run() {",
      "const run = (a: A): B => {",
      "const run = async function* () {",
      "class A {\n  run(): Promise<{ a: 1 }> {"
    ]) {
      expect(broken(internal, `${header}${head}\n${calls(70)}}\n`)).toHaveLength(1)
      expect(broken(internal, `${header}${head}\n${calls(60)}}\n`)).toHaveLength(0)
    }
    const expression = `const run = () =>\n  pipe(\n${"    step,\n".repeat(70)}    end\n  )\n`
    expect(broken(internal, header + expression)).toEqual(["3 function-lines"])
  })

  it("takes a suite of tests for a list", () => {
    expect(broken(test, `describe("x", () => {\n${calls(100)}})\n`)).toEqual([])
    expect(broken(test, `it("x", () => {\n${calls(100)}})\n`)).toEqual(["1 function-lines"])
  })

  it("refuses lines over 100 columns but for links", () => {
    expect(broken(internal, `${header}const a = "${"x".repeat(90)}"\n`)).toEqual(["3 line-columns"])
    expect(broken(internal, `${header}// https://x.org/${"x".repeat(90)}\n`)).toEqual([])
  })

  it.each([
    "Date.now()",
    "new Date()",
    "performance.now()",
    "process.hrtime.bigint()",
    "setTimeout(f, 1)",
    "setInterval(f, 1)",
    "setImmediate(f)",
    "Math.random()"
  ])("refuses %s in libraries, in code alone", (call) => {
    expect(broken(internal, `${header}const a = ${call}\n`)).toEqual(["3 banned-api"])
    expect(broken(internal, `${header}const a = "${call}" // ${call}\n`)).toEqual([])
    expect(broken("bench/src/a.ts", `const a = ${call}\n`)).toEqual([])
  })

  it("names the replacement of a banned call", () => {
    const [finding] = checkSource(internal, `${header}Math.random()\n`).findings
    expect(finding?.cure).toContain("effect/Random")
  })

  it.each(["TO" + "DO", "FIX" + "ME", "X" + "XX"])("refuses the unfinished %s", (word) => {
    expect(broken(internal, `${header}const a = 1 // ${word}: later\n`)).toEqual(["3 unfinished"])
  })

  it("refuses holes in the types", () => {
    expect(broken(test, "f(a as any)\n")).toEqual(["1 type-hole"])
    expect(broken(test, "f(a as unknown as B)\n")).toEqual(["1 type-hole"])
    expect(broken(test, "// @ts-" + "ignore\nf(a)\n")).toEqual(["1 type-hole"])
    expect(broken(test, "// @ts-" + "expect-error\nf(a)\n")).toEqual(["1 type-hole"])
  })

  it("refuses tests that do not run", () => {
    for (const call of ["it.skip", "it.only", "describe.todo", "it.effect.skip", "test.skipIf"]) {
      expect(broken(test, `${call}("x", () => {})\n`)).toEqual(["1 idle-test"])
    }
  })

  it("refuses tests that sleep", () => {
    expect(broken(test, "await new Promise((r) => setTimeout(r, 5))\n")).toEqual([
      "1 sleeping-test"
    ])
    expect(broken(test, 'import { setTimeout as s } from "node:timers/promises"\n')).toHaveLength(1)
    expect(broken(test, 'it.live("x", () => Effect.sleep("1 second"))\n')).toEqual([
      "1 sleeping-test"
    ])
    expect(broken(test, 'it.effect("x", () => Effect.sleep("1 second"))\n')).toEqual([])
  })

  it("refuses to end the process where scopes are open", () => {
    expect(broken("apps/cli/src/main.ts", `${header}process.exit(1)\n`)).toEqual(["3 process-exit"])
  })

  it("asks every source file for a header", () => {
    expect(broken(internal, "const a = 1\n")).toEqual(["1 file-header"])
    expect(broken("apps/cli/src/main.ts", 'import "x"\n// late\n')).toEqual(["1 file-header"])
    expect(broken(source, "/** Of the export. */\nexport const a = 1\n")).toEqual(["1 file-header"])
  })

  it("asks every public export for a docstring, once per name", () => {
    expect(broken(source, `${header}export const a = 1\n`)).toEqual(["3 docstring"])
    expect(broken(source, `${header}// No docstring.\nexport type A = 1\n`)).toEqual([
      "4 docstring"
    ])
    expect(broken(source, `${header}export { a } from "./b.ts"\n`)).toEqual(["3 docstring"])
    const both = "/** An A. */\nexport interface A {}\nexport const A = 1\n"
    expect(broken(source, header + both)).toEqual([])
    expect(broken(internal, `${header}export const a = 1\n`)).toEqual([])
  })

  it("exempts the next line from a named rule, for a reason", () => {
    const exempt = "// tidy: allow banned-api: the one place that seeds the clock\nDate.now()\n"
    expect(checkSource(internal, header + exempt)).toEqual({ findings: [], exempt: 1 })
    expect(broken(internal, `${header}// tidy: allow banned-api\nDate.now()\n`)).toHaveLength(1)
    expect(broken(internal, header + exempt.replace("banned-api", "docstring"))).toHaveLength(1)
  })
})

describe("tidy on the project", () => {
  const rulesOf = (paths: ReadonlyArray<string>): ReadonlyArray<string> =>
    fileNames(paths).map(({ path }) => path)

  it("refuses names that say nothing, and files in the wrong case", () => {
    const bad = [
      "packages/core/src/internal/utils.ts",
      "scripts/common.ts",
      "apps/cli/src/misc.ts",
      "bench/test-helpers.ts",
      "packages/core/src/gate.ts",
      "packages/core/src/internal/Gate.ts"
    ]
    expect(rulesOf(bad)).toEqual(bad)
    expect(
      rulesOf([source, internal, "packages/core/src/index.ts", "apps/cli/src/run.ts"])
    ).toEqual([])
  })

  it("refuses paths of one machine", () => {
    for (const folder of ["tmp", "work", "home/ann", "Users/ann", "root"]) {
      const [finding] = machinePaths("a.md", `fine\nsee /${folder}/x.ts\n`)
      expect(finding).toMatchObject({ line: 2, rule: "machine-path" })
    }
    expect(machinePaths("a.md", "see src/work/x.ts and https://x.org/home/y\n")).toEqual([])
  })

  it("refuses versions that are not exact, but for peers", () => {
    const manifest = {
      name: "a",
      dependencies: { b: "^1.0.0", c: "1.0.0", d: "workspace:*" },
      devDependencies: { e: "latest" },
      peerDependencies: { f: "^4.0.0" }
    }
    expect(exactVersions("package.json", manifest).map(({ cure }) => cure.slice(0, 1))).toEqual([
      "b",
      "e"
    ])
  })

  it("refuses packages that a task would skip", () => {
    const item = { folder: "packages/a", manifest: { name: "a", scripts: { types: "tsc" } } }
    expect(packageScripts(item, true)).toHaveLength(2)
    expect(packageScripts(item, false)).toHaveLength(1)
  })

  it("refuses barrels that differ from the generated ones", () => {
    const files = ["packages/a/src/Two.ts", "packages/a/src/One.ts", "packages/a/src/node/Files.ts"]
    const generated = barrelOf(["One", "Two"])
    expect(generated).toContain('export * as One from "./One.ts"\nexport * as Two')
    expect(outdatedBarrels(files, () => generated)).toEqual([])
    expect(outdatedBarrels(files, () => barrelOf(["One"]))).toHaveLength(1)
    expect(outdatedBarrels(files, () => undefined)).toHaveLength(1)
  })
})
