// `sluice test`: which cases it finds, what it prints, and how it ends.
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
  directory = await fs.mkdtemp(path.join(os.tmpdir(), "sluice-test-"))
})

afterAll(() => fs.rm(directory, { recursive: true, force: true }))

const yaml = async (name: string, text: string): Promise<string> => {
  const file = path.join(directory, name)
  await fs.writeFile(file, text)
  return file
}

describe("test", () => {
  it("runs the cases beside the module", async () => {
    const { exitCode, out, err } = await sluice("test", fixture("testable"))
    expect(err).toBe("")
    expect(out).toBe(
      [
        "ok   hot sensors raise an alarm",
        "ok   impossible readings are set aside",
        "2 passed, 0 failed",
        ""
      ].join("\n")
    )
    expect(exitCode).toBe(0)
  })

  it("runs the cases of the module, shows what differs and ends with 1", async () => {
    const { exitCode, out, err } = await sluice("test", fixture("failingCases"))
    expect(err).toBe("")
    expect(out).toBe(
      [
        "ok   a cold one stays silent",
        "FAIL a warm one is expected to be hot",
        '     sink "alarms":',
        '     - "boiler"',
        "1 passed, 1 failed",
        ""
      ].join("\n")
    )
    expect(exitCode).toBe(1)
  })

  it("runs the cases of another file", async () => {
    const text = "[{ name: silence, given: {}, expect: { sinks: { alarms: [] } } }]"
    const file = await yaml("other.yaml", text)
    const { out } = await sluice("test", fixture("failingCases"), "--cases", file)
    expect(out).toBe("ok   silence\n1 passed, 0 failed\n")
  })

  it.each([
    ["cases: [", /cannot be read: .* at line 1, column \d+/],
    ["cases: []", /were refused:\n {2}cases: a list of at least one case is expected/],
    ["[{ name: n, given: {}, expect: { sink: {} } }]", /cases\[0\]\.expect: no field "sink"/]
  ])("refuses the file %j", async (text, message) => {
    const file = await yaml("wrong.yaml", text)
    const { exitCode, err } = await sluice("test", fixture("testable"), "--cases", file)
    expect(err).toMatch(message)
    expect(exitCode).toBe(2)
  })

  it("says what a module lacks", async () => {
    const plain = await sluice("test", fixture("numbers"))
    expect(plain.err).toMatch(/numbers\.ts exports no function "testable"/)
    expect(plain.exitCode).toBe(2)
    const module = path.join(directory, "bare.mjs")
    await fs.writeFile(module, "export const testable = () => undefined\n")
    const bare = await sluice("test", module)
    expect(bare.err).toMatch(/has no cases: .* no file .*bare\.cases\.yaml or .*bare\.cases\.yml/)
    expect(bare.exitCode).toBe(2)
  })
})
