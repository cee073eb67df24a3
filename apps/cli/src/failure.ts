// The one error type of the command: a message for the user, the exit code, and the cause for
// --verbose.
import * as Data from "effect/Data"
import type { ExitCode } from "./exitCode.ts"
import type { Paint } from "./terminal/screen.ts"

/** Ends the command with `message` on stderr; `cause` is shown with --verbose only. */
export class CliFailure extends Data.TaggedError("CliFailure")<{
  readonly exitCode: ExitCode
  readonly message: string
  readonly cause?: unknown
}> {}

/** A message as it stands on stderr; the stack of its cause below, where one was asked for. */
export const messageText = (message: string, cause: unknown, verbose: boolean, paint: Paint) => {
  const stack = cause instanceof Error ? cause.stack : undefined
  const below = verbose && stack !== undefined ? `${paint.dim(stack)}\n` : ""
  return `${paint.red("sluice:")} ${message}\n${below}`
}

/** A mistake in how the command was called. */
export const usage = (message: string, cause?: unknown): CliFailure =>
  new CliFailure({ exitCode: 2, message, cause })

/** The run, or something it writes to, failed. */
export const failed = (message: string, cause?: unknown): CliFailure =>
  new CliFailure({ exitCode: 1, message, cause })
