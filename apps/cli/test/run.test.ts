// The whole command inside the test: messages, tables and exit codes; what needs a process is in
// process.test.ts.
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { sluice } from "./inProcess.ts"

/** A path under test/ as it is typed in the working directory of the tests. */
const typed = (name: string): string =>
  path.relative(process.cwd(), fileURLToPath(new URL(name, import.meta.url)))

const fixture = (name: string): string => typed(`fixtures/${name}.ts`)

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

describe("a run that ends well", () => {
  it("prints the table on stdout and plain progress on stderr, exit code 0", async () => {
    const { exitCode, out, err } = await sluice("run", fixture("numbers"))
    expect(out).toMatch(/^numbers {2}completed in /)
    expect(out).toMatch(/records in +5\n/)
    expect(out).toMatch(/records out +3\n/)
    expect(out).toMatch(/peak RSS +\d/)
    expect(out).toMatch(/stage +kind +in +out +errors +dropped\n/)
    expect(out).toMatch(/odd +transform +5 +3 +0 +0\n/)
    expect(err).toMatch(/^numbers {2}.+ {2}5 records {2}[\d,]+\/s {2}3 delivered {2}.+ RSS\n$/)
    expect(out + err).not.toContain("\u001b")
    expect(exitCode).toBe(0)
  })

  it("is silent on stderr with --quiet", async () => {
    const { exitCode, err } = await sluice("run", fixture("numbers"), "--quiet")
    expect(err).toBe("")
    expect(exitCode).toBe(0)
  })

  it("runs the pipelines of a list one after the other", async () => {
    const { exitCode, out } = await sluice("run", fixture("list"), "--quiet")
    expect(out.match(/^\w+ {2}completed/gm)).toEqual(["first  completed", "second  completed"])
    expect(exitCode).toBe(0)
  })

  it("prints one line of JSON per pipeline with --json", async () => {
    const { out } = await sluice(
      "run",
      fixture("list"),
      "--json",
      "-q",
      "--seed",
      "7",
      "--engine",
      "sync"
    )
    const results = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(results).toMatchObject([
      {
        pipelineId: "first",
        engine: "sync",
        seed: "7",
        status: "completed",
        recordsIn: 3,
        exitCode: 0
      },
      { pipelineId: "second", recordsOut: 4, incompleteKeys: 0, deadLetters: [], failure: null }
    ])
    expect(results[0].stages.map((stage: { stageId: string }) => stage.stageId)).toEqual([
      "numbers",
      "out"
    ])
  })

  it.each(["value", "effect", "promise"])(
    "builds from a function that gives a %s",
    async (build) => {
      const { exitCode, out } = await sluice(
        "run",
        fixture("parameters"),
        "-q",
        "--build",
        build,
        "--reporting",
        build,
        "--count",
        "12",
        "--complete-by",
        "count"
      )
      expect(out).toMatch(/^by-count {2}completed/)
      expect(out).toMatch(/records in +12\n/)
      expect(out).toMatch(/records told +12,000\n {2}digest +abc\n/)
      expect(exitCode).toBe(0)
    }
  )

  it("shows the module's flags in its help", async () => {
    const { exitCode, out, err } = await sluice("run", fixture("parameters"), "--help")
    expect(out).toContain(`FLAGS OF ${fixture("parameters")}`)
    expect(out).toContain("--complete-by choice")
    expect(err).toBe("")
    expect(exitCode).toBe(0)
  })
})

describe("exit code 1: the pipeline failed", () => {
  it.each([
    ["source", 'stage "numbers" failed', "the cable is out"],
    ["stage", 'stage "check" failed on record numbers#3', "too large: 4 (value 4)"],
    ["sink", 'stage "store" failed on record numbers#0', 'no space left (value {"n":1})']
  ])("names the %s, the place, the cause and the value", async (where, stage, cause) => {
    const { exitCode, out, err } = await sluice("run", fixture("failing"), "-q", "--where", where)
    const message = oneMessage(err)
    expect(message).toContain(stage)
    expect(message).toContain(cause)
    expect(out).toMatch(/^failing {2}failed in /)
    expect(exitCode).toBe(1)
  })

  it("shows the stack of what a stage threw with --verbose only", async () => {
    const { err } = await sluice("run", fixture("failing"), "-q", "--verbose")
    expect(err).toMatch(/^sluice: .+\nError: too large: 4\n {4}at .*failing\.ts/)
  })

  it("says so in the JSON too", async () => {
    const { exitCode, out } = await sluice("run", fixture("failing"), "-q", "--json")
    expect(JSON.parse(out)).toMatchObject({ status: "failed", exitCode: 1, success: false })
    expect(JSON.parse(out).failure).toContain("too large: 4")
    expect(exitCode).toBe(1)
  })

  it.each([
    ["throw", "no pipeline today"],
    ["fail", "no pipeline in this effect"]
  ])("reports a function that does %s", async (build, cause) => {
    const { exitCode, err } = await sluice("run", fixture("parameters"), "--build", build)
    expect(oneMessage(err)).toContain(cause)
    expect(exitCode).toBe(1)
  })

  it.each([
    [5, "completed"],
    [100_000, "aborted"]
  ])("reports a dead-letter file that takes no more (%d records)", async (count, status) => {
    const full = "/dev/full"
    const flags = ["-q", "--policy", "dead-letter", "--dead-letters", full, "--count", `${count}`]
    const { exitCode, err, out } = await sluice("run", fixture("failing"), ...flags)
    expect(oneMessage(err)).toContain(`--dead-letters ${full} could not be written`)
    expect(out).toMatch(new RegExp(`^failing {2}${status} in `))
    expect(exitCode).toBe(1)
  })
})

describe("exit code 2: usage", () => {
  it("suggests near names for a wrong path", async () => {
    const { exitCode, err, out } = await sluice("run", typed("fixtures/nubmers.ts"))
    expect(oneMessage(err)).toContain(`did you mean ${fixture("numbers")}?`)
    expect(out).toBe("")
    expect(exitCode).toBe(2)
  })

  it("names the directory that does not exist", async () => {
    const { exitCode, err } = await sluice("run", typed("fixture/numbers.ts"))
    expect(oneMessage(err)).toContain(
      `there is no ${typed("fixture")}; did you mean ${typed("fixtures")}?`
    )
    expect(exitCode).toBe(2)
  })

  it.each([
    ["nothing.mts", "", "it exports nothing"],
    [
      "named.mts",
      "export const pipeline = 1\nexport const other = 2\n",
      "it exports other, pipeline"
    ],
    ["object.mts", "export default { nodes: 1, steps: 2 }\n", "an object with nodes, steps"],
    ["number.mts", "export default 7\n", "gives a number"],
    ["empty.mts", "export default []\n", "gives an empty list"],
    ["inside.mts", "export default () => [{}]\n", "gives an empty object at position 0"],
    ["report.mts", "export const report = 1\nexport default 1\n", '"report"'],
    [
      "clash.mts",
      'export const parameters = { seed: { type: "string", default: "", description: "" } }\n',
      "--seed"
    ],
    ["declared.mts", "export const parameters = { size: { type: 1 } }\n", '"size"']
  ])("says what it found in %s instead of a pipeline", async (name, text, found) => {
    const file = await written(name, text)
    const { exitCode, err } = await sluice("run", file)
    expect(oneMessage(err)).toContain(found)
    expect(exitCode).toBe(2)
  })

  it("suggests the nearest flag, the module's own included", async () => {
    const { exitCode, err } = await sluice("run", fixture("parameters"), "--complet-by", "count")
    expect(oneMessage(err)).toContain("did you mean --complete-by?")
    expect(exitCode).toBe(2)
  })

  it("refuses an output file that cannot be opened before anything runs", async () => {
    const { exitCode, err, out } = await sluice(
      "run",
      fixture("numbers"),
      "--trace",
      "no/such/dir/t.ndjson"
    )
    expect(oneMessage(err)).toContain("--trace no/such/dir/t.ndjson cannot be written")
    expect(out).toBe("")
    expect(exitCode).toBe(2)
  })
})

describe("exit code 3: the graph was refused", () => {
  it("names the stage an open pipeline ends in, and the cure", async () => {
    const { exitCode, err } = await sluice("run", fixture("open"))
    expect(oneMessage(err)).toMatch(/stage "double".+Pipeline\.sink/)
    expect(exitCode).toBe(3)
  })

  it.each(["run", "graph", "explain"])("lists every finding, for %s", async (command) => {
    const { exitCode, err, out } = await sluice(command, fixture("refused"))
    const message = oneMessage(err)
    expect(message).toContain("[duplicate-id]")
    expect(message).toContain("[bad-id]")
    expect(out).toBe("")
    expect(exitCode).toBe(3)
  })
})

describe("exit code 4: incomplete keys", () => {
  const pairs = fixture("pairs")

  it("is not used when every key was completed", async () => {
    const { exitCode, out, err } = await sluice("run", pairs, "-q", "--require-complete")
    expect(out).toMatch(/fragments in +6\n {2}keys out +3 complete, 0 partial\n/)
    expect(err).toBe("")
    expect(exitCode).toBe(0)
  })

  it("lists the incomplete keys in the table, without asking for them", async () => {
    const { exitCode, out } = await sluice("run", pairs, "-q", "--lonely", "2")
    expect(out).toMatch(/keys out +3 complete, 0 partial, 2 discarded\n/)
    expect(out).toContain('incomplete keys in "pairs": 2\n')
    expect(out).toMatch(/lonely-1 +50 % +1 {2}waits for partner of lonely-1\n/)
    expect(exitCode).toBe(0)
  })

  it.each(["async", "sync"])("ends a run that left keys, on the %s engine", async (engine) => {
    const flags = ["--require-complete", "-q", "--lonely", "1", "--engine", engine]
    const { exitCode, err } = await sluice("run", pairs, ...flags)
    expect(oneMessage(err)).toContain("--require-complete: 1 key is incomplete")
    expect(exitCode).toBe(4)
  })

  it("bounds the list and tells the total", async () => {
    const flags = ["--require-complete", "-q", "--lonely", "70", "--open-keys", "3"]
    const { exitCode, out, err } = await sluice("run", pairs, ...flags)
    expect(out.match(/waits for/g)).toHaveLength(3)
    expect(out).toContain("… and 67 more\n")
    expect(err).toContain("70 keys are incomplete")
    expect(exitCode).toBe(4)
  })

  it("names the keys on stderr where stdout is JSON", async () => {
    const { out, err } = await sluice(
      "run",
      pairs,
      "--require-complete",
      "-q",
      "--json",
      "--lonely",
      "1"
    )
    expect(JSON.parse(out)).toMatchObject({ exitCode: 4, incompleteKeys: 1 })
    expect(err).toMatch(/lonely-0 +50 % +1 {2}waits for partner of lonely-0\n/)
  })

  it("comes before a report that says no", async () => {
    const flags = ["--require-complete", "-q", "--lonely", "1", "--no-verdict"]
    expect((await sluice("run", pairs, ...flags)).exitCode).toBe(4)
  })
})

describe("exit code 5: the module's report", () => {
  it("says no after the table with its rows", async () => {
    const { exitCode, out, err } = await sluice("run", fixture("parameters"), "-q", "--no-verdict")
    expect(out).toMatch(/digest +abc\n/)
    expect(oneMessage(err)).toContain("says no")
    expect(exitCode).toBe(5)
  })

  it.each([
    ["throw", "cannot tell"],
    ["nonsense", "gives no { rows: [label, value][], ok: boolean }"]
  ])("does not pass a report that does %s", async (reporting, message) => {
    const { exitCode, out, err } = await sluice(
      "run",
      fixture("parameters"),
      "-q",
      "--reporting",
      reporting
    )
    expect(oneMessage(err)).toContain(message)
    expect(out).toMatch(/^by-slots {2}completed/)
    expect(exitCode).toBe(5)
  })
})

describe("files beside the sinks", () => {
  it("holds every dead letter with its context, and the table the first few", async () => {
    const file = path.join(directory, "dead.ndjson")
    const { exitCode, out } = await sluice(
      "run",
      fixture("failing"),
      "-q",
      "--policy",
      "dead-letter",
      "--dead-letters",
      file
    )
    const letters = (await fs.readFile(file, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(letters).toMatchObject([
      {
        stageId: "check",
        origin: "numbers",
        seqId: 3,
        payload: 4,
        attempts: 1,
        message: "too large: 4"
      },
      { payload: 5, cause: { name: "Error", message: "too large: 5" } }
    ])
    expect(out).toMatch(/dead letters: 2\n {4}check {2}numbers#3 {2}too large: 4\n/)
    expect(exitCode).toBe(0)
  })

  it("writes the same trace twice under the sync engine with one seed", async () => {
    const traces: Array<string> = []
    for (const name of ["one", "two"]) {
      const file = path.join(directory, `${name}.ndjson`)
      await sluice(
        "run",
        fixture("numbers"),
        "-q",
        "--engine",
        "sync",
        "--seed",
        "3",
        "--trace",
        file
      )
      traces.push(await fs.readFile(file, "utf8"))
    }
    expect(traces[0]).toContain('"_tag":"RunEnded"')
    expect(traces[0]).toBe(traces[1])
  })
})
