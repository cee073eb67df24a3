// The command as a user meets it: a process with exit codes, two streams and signals. Started from
// source.
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { sluice, start } from "./command.ts"

const fixture = (name: string): string => `test/fixtures/${name}.ts`

let directory = ""

beforeAll(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), "sluice-cli-"))
})

afterAll(() => fs.rm(directory, { recursive: true, force: true }))

const written = async (name: string, text: string): Promise<string> => {
  const file = path.join(directory, name)
  await fs.writeFile(file, text)
  return file
}

/** One message: everything on stderr belongs to it, and no stack is shown. */
const oneMessage = (err: string): string => {
  expect(err).toMatch(/^sluice: [^\n]+\n( {2}[^\n]+\n)*$/)
  expect(err).not.toMatch(/\n {4}at /)
  return err
}

describe("exit codes of the process", () => {
  it.each([
    [0, ["run", fixture("numbers")], /^numbers {2}completed/, /3 delivered/],
    [0, ["--version"], /^sluice \d+\.\d+\.\d+\n$/, /^$/],
    [1, ["run", fixture("failing"), "-q"], /^failing {2}failed/, /^sluice: .+too large: 4/],
    [2, ["run", fixture("nubmers")], /^$/, /^sluice: no such file/],
    [3, ["run", fixture("open")], /^$/, /^sluice: the pipeline is open/],
    [5, ["run", fixture("parameters"), "-q", "--no-verdict"], /digest/, /^sluice: the report/]
  ])("%d for %s", async (expected, args, onOut, onErr) => {
    const { exitCode, out, err } = await sluice(...args)
    expect(out).toMatch(onOut)
    expect(err).toMatch(onErr)
    expect(out + err).not.toContain("\u001b")
    expect(exitCode).toBe(expected)
  })
})

describe("standard output", () => {
  it("belongs to the result: what the module logs goes to stderr", async () => {
    const args = ["run", fixture("parameters"), "-q", "--build", "effect", "--json"]
    const { out, err } = await sluice(...args)
    expect(err).toContain("made by an effect")
    expect(JSON.parse(out)).toMatchObject({ pipelineId: "by-slots" })
  })
})

describe("a module that cannot be imported", () => {
  it.each([
    ["syntax.ts", "const a: number = 1\nconst b = = 2\n", "does not parse", "syntax.ts:2"],
    ["syntax.mjs", "const a = 1\nconst b = = 2\n", "does not parse", "syntax.mjs:2"],
    ["enum.mts", "const a = 1\nenum Colour { Red }\n", "enum is not supported", "enum.mts:2"],
    [
      "gone.mts",
      'import x from "./nowhere.ts"\nexport default x\n',
      "imports something",
      "nowhere.ts"
    ],
    [
      "thrown.mts",
      'const f = () => {\n  throw new TypeError("boom")\n}\nf()\n',
      "TypeError: boom",
      "thrown.mts:2:9"
    ],
    ["text.mts", 'throw "just a text"\n', "just a text", "text.mts"]
  ])("says why %s cannot be imported, and where", async (name, text, reason, place) => {
    const file = await written(name, text)
    const { exitCode, err } = await sluice("run", file)
    const message = oneMessage(err)
    expect(message).toContain(reason)
    expect(message).toContain(place)
    expect(exitCode).toBe(2)
  })

  it("shows the stack with --verbose only", async () => {
    const file = await written("verbose.mts", 'throw new Error("boom")\n')
    const { exitCode, err } = await sluice("run", file, "--verbose")
    expect(err).toMatch(/^sluice: .+boom\n/)
    expect(err).toMatch(/\n {4}at /)
    expect(exitCode).toBe(2)
  })
})

describe("signals", () => {
  const endless = ["run", fixture("endless"), "--progress-interval", "20ms"]

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143]
  ] as const)("%s drains and still prints the table", async (signal, code) => {
    const command = start(endless)
    await command.errMatches(/[1-9]\d* records/)
    command.signal(signal)
    const { exitCode, out, err } = await command.finished
    expect(err).toMatch(/\nsluice: interrupted, draining what was read; .+ once more aborts\n/)
    expect(out).toMatch(/^endless {2}stopped in /)
    const figure = (label: string) => new RegExp(`${label} +([\\d,]+)\n`).exec(out)?.[1]
    expect(figure("records in")).toBe(figure("records out"))
    expect(exitCode).toBe(code)
  })

  it("a second Ctrl-C aborts what cannot be drained", async () => {
    const command = start([...endless, "--sink", "stuck"])
    await command.errMatches(/[1-9]\d* records/)
    command.signal("SIGINT")
    await command.errMatches(/draining/)
    command.signal("SIGINT")
    const { exitCode, out, err } = await command.finished
    expect(err).toContain("\nsluice: aborting\n")
    expect(out).toMatch(/^endless {2}aborted in /)
    expect(exitCode).toBe(130)
  })

  it("Ctrl-C while the module is still loading ends the command", async () => {
    const file = await written(
      "slow.mts",
      'process.stderr.write("loading\\n")\nsetInterval(() => 0, 1000)\nawait new Promise(() => 0)\n'
    )
    const command = start(["run", file])
    await command.errMatches(/loading/)
    command.signal("SIGINT")
    expect((await command.finished).exitCode).toBe(130)
  })
})
