// The one error of a strategy that is configured so that it could not work.
// It is raised when the strategy is made, never while records flow, and names every wrong setting
// at once with its value and the cure.
import * as Data from "effect/Data"

/** Settings a strategy refuses; `problems` has one sentence for each, with the cure. */
export class InvalidSettings extends Data.TaggedError("InvalidSettings")<{
  readonly what: string
  readonly problems: ReadonlyArray<string>
}> {
  override get message(): string {
    return `${this.what}: ${this.problems.join("; ")}`
  }
}
