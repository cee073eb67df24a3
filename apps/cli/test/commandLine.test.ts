import { describe, expect, it } from "@effect/vitest"
import * as Parameters from "@sluice/core/Parameters"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { parseInterval } from "../src/commandLine/interval.ts"
import type { Invocation } from "../src/commandLine/invocation.ts"
import { checkParameters, parse } from "../src/commandLine/parse.ts"
import { modulePath } from "../src/commandLine/scan.ts"
import { exitCodeTexts } from "../src/exitCode.ts"
import { memoryScreen } from "./memoryScreen.ts"

const parameters = Parameters.define({
  completeBy: {
    type: "choice",
    choices: ["slots", "count"],
    default: "slots",
    description: "Completion rule"
  },
  keys: { type: "integer", default: 100, min: 1, max: 500, description: "Number of keys" },
  strict: { type: "boolean", default: true, description: "Refuse odd lines" },
  name: { type: "string", default: "", description: "A name" }
})

const module = { file: "p.ts", parameters }

const parsed = (line: string) =>
  Effect.gen(function* () {
    const screen = memoryScreen()
    const args = line.split(" ").filter((token) => token !== "")
    const result = yield* Effect.result(
      parse(args, "1.2.3", module).pipe(Effect.provide(screen.layer))
    )
    return {
      invocation: Result.getOrUndefined(result),
      message: Result.isFailure(result) ? result.failure.message : undefined,
      exitCode: Result.isFailure(result) ? result.failure.exitCode : 0,
      out: screen.out.text()
    }
  })

describe("parse", () => {
  it.effect("fills in the defaults of the command and of the module", () =>
    Effect.gen(function* () {
      const { invocation } = yield* parsed("run p.ts")
      const expected: Invocation = {
        _tag: "Run",
        file: "p.ts",
        engine: "async",
        seed: undefined,
        requireComplete: false,
        json: false,
        quiet: false,
        verbose: false,
        deadLetters: undefined,
        trace: undefined,
        progressIntervalMs: undefined,
        batchSize: undefined,
        openKeys: 50,
        policies: undefined,
        blame: false,
        metrics: undefined,
        otlp: undefined,
        redact: [],
        parameters: { completeBy: "slots", keys: 100, strict: true, name: "" }
      }
      expect(invocation).toEqual(expected)
    })
  )

  it.effect("reads every flag, before and behind the file", () =>
    Effect.gen(function* () {
      const { invocation } = yield* parsed(
        "run --engine sync --seed 7 p.ts --require-complete --json -q --verbose " +
          "--dead-letters d.ndjson " +
          "--trace=t.ndjson --progress-interval 1.5s --batch-size 64 --open-keys 3 " +
          "--policies p.yaml --blame " +
          "--metrics localhost:9464 --otlp http://collector:4318 --redact password,card.number " +
          "--complete-by count --keys 5 --no-strict --name anna"
      )
      expect(invocation).toEqual({
        _tag: "Run",
        file: "p.ts",
        engine: "sync",
        seed: "7",
        requireComplete: true,
        json: true,
        quiet: true,
        verbose: true,
        deadLetters: "d.ndjson",
        trace: "t.ndjson",
        progressIntervalMs: 1_500,
        batchSize: 64,
        openKeys: 3,
        policies: "p.yaml",
        blame: true,
        metrics: { host: "localhost", port: 9464 },
        otlp: "http://collector:4318/",
        redact: ["password", "card.number"],
        parameters: { completeBy: "count", keys: 5, strict: false, name: "anna" }
      })
    })
  )

  it.effect("takes the graph format from the output's extension unless one is given", () =>
    Effect.gen(function* () {
      const formats: Array<string | undefined> = []
      for (const flags of [
        "",
        "-o a.svg",
        "-o a.gv",
        "-o a.mmd",
        "-o a.txt",
        "-o a.svg --format dot"
      ]) {
        const { invocation } = yield* parsed(`graph p.ts ${flags}`)
        formats.push(invocation?._tag === "Graph" ? invocation.format : undefined)
      }
      expect(formats).toEqual(["mermaid", "svg", "dot", "mermaid", "mermaid", "dot"])
    })
  )

  it.effect.each([
    ["run p.ts --complet-by count", "unknown flag --complet-by; did you mean --complete-by?"],
    ["run p.ts --wholly-unknown", "unknown flag --wholly-unknown"],
    ["run p.ts --complete-by cont", "--complete-by cont: expected slots | count"],
    ["run p.ts --keys 0", "--keys 0: a whole number from 1 up to 500 is expected"],
    ["run p.ts --keys many", "--keys many: a whole number is expected"],
    ["run p.ts --keys 1.5", "--keys 1.5: "],
    ["run p.ts --name", "--name needs a value"],
    ["run p.ts --engine hopac", "--engine hopac: expected async | sync"],
    ["run p.ts --batch-size 0", "--batch-size 0: a whole number from 1 to 65536 is expected"],
    [
      "run p.ts --progress-interval 5",
      "--progress-interval 5: a time span such as 500ms, 2s or 1m"
    ],
    ["run", "the file is missing"],
    ["run p.ts q.ts", 'nothing to do with "q.ts"'],
    ["rum p.ts", 'unknown command "rum"; did you mean run?']
  ] as const)("refuses `%s`", ([line, message]) =>
    Effect.gen(function* () {
      const outcome = yield* parsed(line)
      expect(outcome.message).toContain(message)
      expect(outcome.message).toContain("--help")
      expect(outcome.exitCode).toBe(2)
      expect(outcome.invocation).toBeUndefined()
      expect(outcome.out).toBe("")
    })
  )

  it.effect("shows the module's flags in a section of their own, and every exit code", () =>
    Effect.gen(function* () {
      const { out, invocation } = yield* parsed("run p.ts --help")
      expect(invocation).toBeUndefined()
      expect(out).toContain("sluice run <file> [flags]")
      const own = out.slice(out.indexOf("FLAGS OF p.ts"))
      expect(own).toMatch(/--complete-by choice +Completion rule \(default: slots\)/)
      expect(own).toMatch(/--keys integer +Number of keys \(default: 100\)/)
      expect(out.indexOf("--complete-by")).toBeGreaterThan(out.indexOf("FLAGS OF p.ts"))
      for (const [code, text] of exitCodeTexts)
        expect(out).toMatch(new RegExp(` ${code}  ${text.slice(0, 9)}`))
    })
  )

  it.effect("prints the version", () =>
    Effect.gen(function* () {
      expect((yield* parsed("--version")).out).toBe("sluice 1.2.3\n")
    })
  )
})

describe("checkParameters", () => {
  const refusal = (declared: unknown) =>
    checkParameters({ file: "p.ts", parameters: declared as Parameters.Parameters }).pipe(
      Effect.flip,
      Effect.map((failure) => failure.message)
    )

  it.effect("accepts sound declarations", () => checkParameters(module))

  it.effect("refuses a flag that the command has itself", () =>
    Effect.gen(function* () {
      const seed = { type: "integer", default: 1, description: "d" }
      expect(yield* refusal({ seed })).toContain("--seed is one of the command's own")
    })
  )

  it.effect("lists every unsound declaration", () =>
    Effect.gen(function* () {
      const message = yield* refusal({
        "Bad-Name": { type: "string", default: "", description: "d" },
        odd: { type: "float", default: 1, description: "d" },
        mode: { type: "choice", choices: ["a"], default: "b", description: "d" },
        none: { type: "choice", choices: [], default: "b", description: "d" },
        size: { type: "integer", default: 0, min: 1, description: "d" }
      })
      for (const name of ["Bad-Name", "odd", "mode", "none", "size"])
        expect(message).toContain(`"${name}"`)
    })
  )

  it.effect("refuses what is no record", () =>
    Effect.gen(function* () {
      expect(yield* refusal("keys")).toContain("no record of declarations")
    })
  )
})

describe("modulePath", () => {
  it.each([
    ["p.ts", "p.ts"],
    ["--engine sync p.ts", "p.ts"],
    ["--json p.ts --keys 5", "p.ts"],
    ["--complete-by count p.ts", "p.ts"],
    ["--complete-by=count p.ts", "p.ts"],
    ["--whatever p.ts", "p.ts"],
    ["-o out.svg p.ts", "p.ts"],
    ["--json -- p.ts", "p.ts"],
    ["--help", undefined],
    ["--engine sync", undefined]
  ])("`%s` names %s", (line, file) => {
    expect(modulePath(line.split(" "))).toBe(file)
  })
})

describe("parseInterval", () => {
  it.each([
    ["500ms", 500],
    ["2s", 2_000],
    ["1.5s", 1_500],
    ["1m", 60_000],
    ["0s", undefined],
    ["5", undefined],
    ["-1s", undefined],
    ["9999999m", undefined]
  ])("%s is %s", (text, expected) => {
    expect(parseInterval(text)).toBe(expected)
  })
})
