// Exit codes of the command, in one place: help, docs and tests read this table.

/** What each exit code means. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  incomplete: 4,
  reportSaysNo: 5,
  interrupted: 130,
  terminated: 143
} as const

/** One of the documented exit codes. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** One line per code, as `--help` and docs/cli.md show them. */
export const exitCodeTexts: ReadonlyArray<readonly [ExitCode, string]> = [
  [0, "the run completed"],
  [1, "the pipeline failed: a stage, a source, a sink or an output file; or a test case did"],
  [2, "usage: wrong path, module, flag or value"],
  [3, "the pipeline's graph was refused"],
  [4, "--require-complete: keys were left partial or open"],
  [5, "the module's own report says no"],
  [130, "interrupted (Ctrl-C); 143 when ended by SIGTERM"]
]
