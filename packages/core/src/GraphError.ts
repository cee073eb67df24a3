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

/** The graph was refused; `issues` holds every finding. */
export class GraphError extends Data.TaggedError("GraphError")<{
  readonly pipelineId: string
  readonly issues: ReadonlyArray<GraphIssue>
}> {
  override get message(): string {
    const lines = this.issues.map(
      (issue) => `  [${issue.code}] stage "${issue.stageId}": ${issue.reason}. Cure: ${issue.cure}.`
    )
    const head = `pipeline "${this.pipelineId}" was refused, ${lines.length} finding(s):`
    return [head, ...lines].join("\n")
  }
}
