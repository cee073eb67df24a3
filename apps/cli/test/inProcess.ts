// Runs the whole command inside the test: everything but the process around it.
import * as Effect from "effect/Effect"
import { cli } from "../src/cli.ts"
import { make, Signals } from "../src/signals.ts"
import type { Finished } from "./command.ts"
import { memoryScreen } from "./memoryScreen.ts"

/** Runs `sluice` to its end and gives what a process would have left. */
export const sluice = async (...args: ReadonlyArray<string>): Promise<Finished> => {
  const screen = memoryScreen()
  const program = cli(args, "1.2.3").pipe(
    Effect.provide(screen.layer),
    Effect.provideService(Signals, make().service)
  )
  const exitCode = await Effect.runPromise(program)
  return { exitCode, out: screen.out.text(), err: screen.err.text() }
}
