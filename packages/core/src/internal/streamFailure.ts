// How failures of streams from outside are told, Node's and those of the Web alike.
import { causeText } from "../DeadLetter.ts"

/** What went wrong with a stream. */
export interface StreamFailure {
  /** What was done with it, e.g. `read`. */
  readonly operation: string
  readonly label: string
  readonly cause: unknown
}

/** The message; `opening` is the operation that fails where somebody else uses the stream. */
export const streamFailureText = (
  { operation, label, cause }: StreamFailure,
  kind: string,
  opening: string
): string => {
  const cure =
    operation === opening
      ? "give a stream that nobody else reads or writes, a new one for each run"
      : "look for the cause where the stream comes from"
  const named = label === kind ? kind : `${kind} "${label}"`
  return `cannot ${operation} the ${named}: ${causeText(cause)}. Cure: ${cure}.`
}
