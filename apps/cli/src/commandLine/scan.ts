// Finds the module's path on the command line before the flags are known: the module declares flags
// of its own, so it has to be loaded before the line can be parsed.

/** Commands that read a module. */
export const moduleCommands: ReadonlySet<string> = new Set(["run", "graph", "explain", "test"])

/**
 * Flags of the commands that take a value; a value behind any other flag may belong to that flag or
 * be the path.
 */
const valueFlags: ReadonlySet<string> = new Set([
  "--engine",
  "--seed",
  "--dead-letters",
  "--trace",
  "--progress-interval",
  "--batch-size",
  "--open-keys",
  "--format",
  "--output",
  "--cases",
  "-o",
  "--completions"
])

const switches: ReadonlySet<string> = new Set([
  "--require-complete",
  "--json",
  "--quiet",
  "-q",
  "--verbose",
  "--help",
  "-h"
])

const isFlag = (token: string): boolean => token.length > 1 && token.startsWith("-")

const isKnownSwitch = (token: string): boolean => switches.has(token) || token.includes("=")

/**
 * Path of the module in the arguments behind the command's name, or undefined.
 *
 * The first value that no flag can claim; when each one stands behind a flag nobody knows yet, the
 * first of those.
 */
export const modulePath = (args: ReadonlyArray<string>): string | undefined => {
  let doubtful: string | undefined
  for (let i = 0; i < args.length; i++) {
    const token = args[i]!
    const before = i === 0 ? undefined : args[i - 1]
    if (token === "--") return args[i + 1] ?? doubtful
    if (isFlag(token)) continue
    if (before === undefined || !isFlag(before) || isKnownSwitch(before)) return token
    if (!valueFlags.has(before)) doubtful ??= token
  }
  return doubtful
}
