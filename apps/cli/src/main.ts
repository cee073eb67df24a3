// The process around the command: arguments, signals, exit code. Started by bin/sluice.js.
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { cli } from "./cli.ts"
import type { ExitCode } from "./exitCode.ts"
import { exitCodes } from "./exitCode.ts"
import type { Signal } from "./signals.ts"
import { make, Signals } from "./signals.ts"
import { layerProcess } from "./terminal/screen.ts"

const version = (): string => {
  const text = fs.readFileSync(new URL("../package.json", import.meta.url), "utf8")
  return (JSON.parse(text) as { readonly version: string }).version
}

const codeOf = (signal: Signal): ExitCode =>
  signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated

const signals = make()
let received = 0
let last: Signal | undefined

/** Signals a listener gets before the process ends at once: one to drain, one to abort. */
const patience = 2

/**
 * Ends the process although something may still be open: a module may leave servers and timers
 * behind, and a third signal asks for an end at once. Scopes are closed by then or given up.
 */
const leave = (code: number): void => {
  // tidy: allow process-exit: a module's open handles must not keep a finished command alive
  process.exit(code)
}

const runMain = Runtime.makeRunMain(({ fiber, teardown }) => {
  const onSignal = (signal: Signal): void => {
    received++
    last = signal
    if (received > patience) leave(codeOf(signal))
    if (!signals.deliver(signal)) fiber.interruptUnsafe(fiber.id)
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  fiber.addObserver((exit) => teardown(exit, exitAfterOutput))
})

/** A pipe may still hold output when the run is over: leave once it took everything. */
const exitAfterOutput = (code: number): void => {
  process.stdout.write("", () => process.stderr.write("", () => leave(code)))
}

/** A reader that went away, as `head` does, is no error. */
const leaveOnClosedPipe = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "EPIPE") throw error
  leave(exitCodes.ok)
}

process.stdout.on("error", leaveOnClosedPipe)
process.stderr.on("error", leaveOnClosedPipe)

let exitCode: ExitCode = exitCodes.ok

const program = cli(process.argv.slice(2), version()).pipe(
  Effect.tap((code) =>
    Effect.sync(() => {
      exitCode = code
    })
  ),
  Effect.provide(layerProcess),
  Effect.provideService(Signals, signals.service)
)

runMain(program, {
  teardown: (exit, onExit) =>
    onExit(Exit.isSuccess(exit) ? exitCode : last === undefined ? exitCodes.failed : codeOf(last))
})
