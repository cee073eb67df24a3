// What is wrong with a graph: every finding at once, each naming the stage, the reason and the
// cure.
import * as Data from "effect/Data"

/** The classes of invalid graphs. */
export type GraphIssueCode =
  | "no-source"
  | "no-sink"
  | "duplicate-id"
  | "bad-id"
  | "unknown-stage"
  | "unknown-port"
  | "missing-input"
  | "missing-output"
  | "arity"
  | "cycle"
  | "unreachable"
  | "unbounded"
  | "order"
  | "policy"
  | "not-closed"

/** One finding. */
export interface GraphIssue {
  readonly code: GraphIssueCode
  readonly stageId: string
  readonly reason: string
  readonly cure: string
}

const labelOf = (code: GraphIssueCode): string =>
  code === "order" ? "order, rules O1 and O2" : code

/**
 * The graph was refused, as rule L1 of the contract asks before anything is opened; `issues` holds
 * every finding.
 */
export class GraphError extends Data.TaggedError("GraphError")<{
  readonly pipelineId: string
  readonly issues: ReadonlyArray<GraphIssue>
}> {
  override get message(): string {
    const lines = this.issues.map(
      ({ code, stageId, reason, cure }) =>
        `  [${labelOf(code)}] stage "${stageId}": ${reason}. Cure: ${cure}.`
    )
    const head = `pipeline "${this.pipelineId}" was refused by rule L1, ${lines.length} finding(s):`
    return [head, ...lines].join("\n")
  }
}
