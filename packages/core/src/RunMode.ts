// How a run wants its sources and sinks to behave: set by engines in the context they open them in.
import * as Context from "effect/Context"

/**
 * True where a run must be a function of (graph, input, seed): sources and sinks then finish each
 * piece of I/O before they return, so that nothing depends on how fast the machine answered.
 */
export const Deterministic: Context.Reference<boolean> = Context.Reference<boolean>(
  "@sluice/core/RunMode/Deterministic",
  { defaultValue: () => false }
)
