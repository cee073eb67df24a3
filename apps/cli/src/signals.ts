// SIGINT and SIGTERM as values: whoever listens decides what they mean, and with no listener they
// end the command.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** The signals the command answers to. */
export type Signal = "SIGINT" | "SIGTERM"

/** Gives the signals to the innermost listener while its scope is open. */
export class Signals extends Context.Service<
  Signals,
  {
    readonly listen: (listener: (signal: Signal) => void) => Effect.Effect<void, never, Scope.Scope>
  }
>()("sluice/cli/Signals") {}

/**
 * A set of listeners and the function that hands a signal to the newest of them; false when nobody
 * listens.
 */
export const make = (): {
  readonly service: Signals["Service"]
  readonly deliver: (signal: Signal) => boolean
} => {
  const listeners: Array<(signal: Signal) => void> = []
  return {
    service: {
      listen: (listener) =>
        Effect.acquireRelease(
          Effect.sync(() => void listeners.push(listener)),
          () => Effect.sync(() => void listeners.splice(listeners.indexOf(listener), 1))
        )
    },
    deliver: (signal) => {
      const listener = listeners.at(-1)
      listener?.(signal)
      return listener !== undefined
    }
  }
}
