// `sluice graph` and `sluice explain`: what they print for a module, and that they run nothing.
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { sluice } from "./inProcess.ts"

const fixture = (name: string): string =>
  path.relative(process.cwd(), fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url)))

let directory = ""

beforeAll(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), "sluice-graph-"))
})

afterAll(() => fs.rm(directory, { recursive: true, force: true }))

const stages = ["numbers", "check", "store"]

describe("graph", () => {
  it.each([
    [[], /^flowchart LR\n/],
    [["--format", "dot"], /^digraph "failing" \{\n/],
    [["--format", "json"], /^\{\n {2}"version": 1,\n {2}"id": "failing"/],
    [["--format", "svg"], /^<\?xml.+<svg .+<\/svg>\n$/s]
  ])("prints every stage with %j", async (flags, shape) => {
    const { exitCode, out, err } = await sluice("graph", fixture("failing"), ...flags)
    expect(out).toMatch(shape)
    for (const stage of stages) expect(out).toContain(stage)
    expect(out).not.toContain(process.cwd())
    expect(err).toBe("")
    expect(exitCode).toBe(0)
  })

  it("writes the format of the file's extension and prints nothing", async () => {
    const file = path.join(directory, "failing.svg")
    const { exitCode, out } = await sluice("graph", fixture("failing"), "-o", file)
    expect(out).toBe("")
    expect(exitCode).toBe(0)
    const svg = await fs.readFile(file, "utf8")
    for (const stage of stages) expect(svg).toContain(`>${stage}</text>`)
  })

  it("draws what the module's parameters make of it", async () => {
    const { out } = await sluice("graph", fixture("failing"), "--policy", "dead-letter")
    expect(out).toContain("on error: dead letter")
    expect((await sluice("graph", fixture("failing"))).out).not.toContain("on error")
  })

  it("prints the graphs of a list one after the other", async () => {
    const { out } = await sluice("graph", fixture("list"), "--format", "dot")
    expect(out.match(/^digraph "\w+"/gm)).toEqual(['digraph "first"', 'digraph "second"'])
  })

  it.each([
    [fixture("list"), "two.svg", "exports 2 pipelines; one svg file holds one graph"],
    [fixture("failing"), "no/such/folder.svg", "--output"]
  ])("refuses to write %s to %s", async (module, name, message) => {
    const { exitCode, err } = await sluice("graph", module, "-o", path.join(directory, name))
    expect(err).toContain(message)
    expect(exitCode).toBe(2)
  })
})

describe("explain", () => {
  it("prints the plan for the engine asked for", async () => {
    const file = fixture("numbers")
    const { exitCode, out } = await sluice("explain", file)
    expect(out).toContain('pipeline "numbers"')
    expect(out).toMatch(/engine async/)
    for (const stage of ["odd", "double", "out"]) expect(out).toContain(stage)
    expect((await sluice("explain", file, "--engine", "sync")).out).toMatch(/engine sync/)
    expect(exitCode).toBe(0)
  })

  it("runs nothing: an endless pipeline is explained at once", async () => {
    const { exitCode, out } = await sluice("explain", fixture("endless"))
    expect(out).toContain('pipeline "endless"')
    expect(exitCode).toBe(0)
  })
})
