// Help and usage errors in this command's own words: effect/cli parses and lays out, the texts are
// ours.

import type * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import type * as HelpDoc from "effect/cli/HelpDoc"
import * as Option from "effect/Option"
import { exitCodeTexts } from "../exitCode.ts"
import { didYouMean } from "../nearest.ts"
import type { Output } from "../terminal/screen.ts"
import { columns } from "../terminal/table.ts"

const exitCodeLines = (): ReadonlyArray<string> =>
  columns(
    exitCodeTexts.map(([code, text]) => [String(code), text]),
    ["right", "left"],
    "  "
  )

const flagLines = (flags: ReadonlyArray<HelpDoc.FlagDoc>): ReadonlyArray<string> =>
  columns(
    flags.map((flag) => [
      `--${flag.name}${flag.type === "boolean" ? "" : ` ${flag.type}`}`,
      Option.getOrElse(flag.description, () => "")
    ]),
    ["left", "left"],
    "  "
  )

/** The help page of one command; a module's own flags stand in a section of their own. */
export const helpPage = (
  doc: HelpDoc.HelpDoc,
  module: { readonly file: string; readonly flags: ReadonlyArray<string> } | undefined,
  output: Output
): string => {
  const own = new Set(module?.flags)
  const usage =
    doc.args === undefined ? doc.usage : doc.usage.replace(" [flags] <file>", " <file> [flags]")
  const flags = doc.flags.filter((flag) => !own.has(flag.name))
  const formatter = CliOutput.defaultFormatter({
    colors: output.paint.bold("x") !== "x",
    globalFlags: "summary"
  })
  const heading = output.paint.bold
  const sections = [formatter.formatHelpDoc({ ...doc, usage, flags })]
  const moduleFlags = doc.flags.filter((flag) => own.has(flag.name))
  if (module !== undefined && moduleFlags.length > 0) {
    sections.push([heading(`FLAGS OF ${module.file}`), ...flagLines(moduleFlags)].join("\n"))
  }
  sections.push([heading("EXIT CODES"), ...exitCodeLines()].join("\n"))
  return `${sections.join("\n\n")}\n`
}

const flagsOf = (doc: HelpDoc.HelpDoc): ReadonlyArray<string> =>
  [...doc.flags, ...(doc.globalFlags ?? [])].flatMap((flag) => [`--${flag.name}`, ...flag.aliases])

const commandsOf = (doc: HelpDoc.HelpDoc): ReadonlyArray<string> =>
  (doc.subcommands ?? []).flatMap((group) => group.commands.map((command) => command.name))

/** `Expected: "a" | "b"` and `integer` alike become `expected a | b` and `expected integer`. */
const expectation = (expected: string): string => {
  const bare = expected.replace(/^Expected:? ?/, "").replaceAll('"', "")
  if (bare.includes(" is expected")) return bare
  return bare.includes("finite number") ? "a whole number is expected" : `expected ${bare}`
}

const invalidValue = (error: CliError.InvalidValue): string => {
  const subject = error.kind === "flag" ? `--${error.option}` : `<${error.option}>`
  return error.value === ""
    ? `${subject} needs a value; ${expectation(error.expected)}`
    : `${subject} ${error.value}: ${expectation(error.expected)}`
}

const quoted = (values: ReadonlyArray<string>): string =>
  values.map((value) => `"${value}"`).join(", ")

/** One line for one usage error. */
export const usageMessage = (error: CliError.NonShowHelpErrors, doc: HelpDoc.HelpDoc): string => {
  switch (error._tag) {
    case "UnrecognizedOption":
      return `unknown flag ${error.option}${didYouMean(error.option, flagsOf(doc))}`
    case "UnknownSubcommand":
      return `unknown command "${error.subcommand}"${didYouMean(error.subcommand, commandsOf(doc))}`
    case "MissingArgument":
      return `the ${error.argument} is missing: ${doc.usage}`
    case "UnexpectedArgument":
      return `nothing to do with ${quoted(error.arguments)}: one file is expected`
    case "InvalidValue":
      return invalidValue(error)
    default:
      return error.message
  }
}
