// `sluice test`: runs the given-when-then cases of a module's pipeline at virtual time and prints
// one line per case, below it what differs.
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { causeText } from "@sluice/core/DeadLetter"
import type * as TestCase from "@sluice/testkit/TestCase"
import * as Effect from "effect/Effect"
import type { TestInvocation } from "../commandLine/invocation.ts"
import type { ExitCode } from "../exitCode.ts"
import { exitCodes } from "../exitCode.ts"
import type { CliFailure } from "../failure.ts"
import { usage } from "../failure.ts"
import type { LoadedModule } from "../module/load.ts"
import type { Output } from "../terminal/screen.ts"
import { Screen } from "../terminal/screen.ts"

type Kit = typeof TestCase

/** Endings of a file of cases beside the module, in the order in which they are looked for. */
const endings = [".cases.yaml", ".cases.yml"]

const testableOf = (module: LoadedModule): Effect.Effect<TestCase.Testable, CliFailure> =>
  typeof module.testable === "function"
    ? Effect.succeed(module.testable as TestCase.Testable)
    : Effect.fail(
        usage(
          `${module.file} exports no function "testable"; export const testable: Testable = (io) ` +
            `=> pipeline is expected, with io.source("…") and io.sink("…") for its ends`
        )
      )

const isFile = (file: string): Promise<boolean> =>
  fs.stat(file).then(
    (stats) => stats.isFile(),
    () => false
  )

const besideOf = (module: LoadedModule): ReadonlyArray<string> => {
  const { dir, name } = path.parse(module.file)
  return endings.map((ending) => path.join(dir, `${name}${ending}`))
}

const parsed = (file: string): Effect.Effect<unknown, CliFailure> =>
  Effect.tryPromise({
    try: async () => {
      const { parse } = await import("yaml")
      return parse(await fs.readFile(file, "utf8"), { prettyErrors: true }) as unknown
    },
    catch: (cause) => usage(`the cases of ${file} cannot be read: ${causeText(cause)}`, cause)
  })

interface Found {
  readonly where: string
  readonly value: unknown
}

/** The cases: those of the flag, of the module, or of the file beside it. */
const found = (
  invocation: TestInvocation,
  module: LoadedModule
): Effect.Effect<Found, CliFailure> =>
  Effect.gen(function* () {
    const named = invocation.cases
    if (named !== undefined) return { where: named, value: yield* parsed(named) }
    if (module.cases !== undefined) return { where: module.file, value: module.cases }
    const beside = besideOf(module)
    for (const file of beside) {
      if (yield* Effect.promise(() => isFile(file))) {
        return { where: file, value: yield* parsed(file) }
      }
    }
    const looked = `no export "cases" and no file ${beside.join(" or ")}`
    return yield* Effect.fail(usage(`${module.file} has no cases: there is ${looked}`))
  })

const decoded = (
  kit: Kit,
  { where, value }: Found
): Effect.Effect<ReadonlyArray<TestCase.TestCase>, CliFailure> => {
  const cases = kit.decode(value)
  if (cases._tag === "Cases") return Effect.succeed(cases.cases)
  return Effect.fail(usage(`the cases of ${where} were refused:\n  ${cases.problems.join("\n  ")}`))
}

const shown = ({ name, passed, lines }: TestCase.Outcome, { paint }: Output): string => {
  const colour = (line: string): string =>
    line.startsWith("- ") ? paint.red(line) : line.startsWith("+ ") ? paint.green(line) : line
  const verdict = passed ? paint.green("ok  ") : paint.red("FAIL")
  return [`${verdict} ${name}`, ...lines.map((line) => `     ${colour(line)}`)].join("\n")
}

/** Runs every case; exit code 1 when one fails. */
export const test = (
  invocation: TestInvocation,
  module: LoadedModule
): Effect.Effect<ExitCode, CliFailure, Screen> =>
  Effect.gen(function* () {
    const kit = yield* Effect.promise(() => import("@sluice/testkit/TestCase"))
    const pipeline = yield* testableOf(module)
    const cases = yield* decoded(kit, yield* found(invocation, module))
    const { out } = yield* Screen
    let failed = 0
    for (const one of cases) {
      const outcome = yield* Effect.promise(() => kit.run(pipeline, one))
      if (!outcome.passed) failed++
      out.write(`${shown(outcome, out)}\n`)
    }
    out.write(`${cases.length - failed} passed, ${failed} failed\n`)
    return failed === 0 ? exitCodes.ok : exitCodes.failed
  })
