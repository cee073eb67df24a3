// Retries, replacements and quarantines where a stage has nothing to try again, to replace or to go
// on without: they would be passed over in silence.
import type * as Graph from "../../Graph.ts"
import type { GraphIssue } from "../../GraphError.ts"
import * as Policy from "../../Policy.ts"
import type { Rule } from "./inspection.ts"
import { issue } from "./inspection.ts"

type Refusal = readonly [reason: string, cure: string]

const before = "do what may fail in a mapEffect before it, with the retries there"

/** Why a stage cannot try again, with the cure; undefined where it can. */
const unrepeatable = ({ _tag }: Graph.Operation): Refusal | undefined => {
  switch (_tag) {
    case "Map":
    case "Filter":
    case "FlatMap":
    case "MapBatch":
    case "MapEffect":
    case "MapPromise":
    case "Sink":
      return undefined
    case "MapEnvelope":
      return ["its function is called once for each record", "use map or mapEffect"]
    case "Branch":
      return ["a record's way is chosen once", before]
    case "Accumulate":
      return ["a fragment that was half added would be added twice", before]
    case "Merge":
      return ["a merge calls nothing that could fail", "remove the policy"]
    case "Source":
      return ["an engine cannot read again", "put Effect.retry into the source's effect"]
    case "Process":
      return ["its stream cannot be started again for one record", "use Stream.retry in it"]
    default:
      return ["it calls nothing that could succeed another time", before]
  }
}

const replacing: ReadonlySet<Graph.OperationTag> = new Set([
  "Map",
  "Filter",
  "FlatMap",
  "MapBatch",
  "MapEffect",
  "MapPromise"
])

const replacement = (node: Graph.StageNode): ReadonlyArray<GraphIssue> => {
  const { errorPolicy, operation } = node
  const replaces = Policy.partsOf(errorPolicy).some(
    (policy) => (policy._tag === "Retry" ? policy.exhausted : policy)?._tag === "Fallback"
  )
  if (!replaces || replacing.has(operation._tag)) return []
  const reason = `its fallback cannot be used: a ${operation._tag} makes no result of a record`
  return [issue("policy", node.id, reason, "use Policy.deadLetter, ignore or fail")]
}

const isolation = (node: Graph.StageNode): ReadonlyArray<GraphIssue> => {
  const isolates = Policy.partsOf(node.errorPolicy).some(({ _tag }) => _tag === "Quarantine")
  if (!isolates || node.operation._tag !== "Source") return []
  const reason = "it cannot be set aside: no record would come any more"
  return [issue("policy", node.id, reason, "use Policy.deadLetter, ignore or fail")]
}

/**
 * Policies that ask for what the stage cannot do: another attempt, another result, a run without
 * it.
 */
export const repetition: Rule = ({ graph }) =>
  graph.nodes.flatMap((node) => {
    // A policy by kind may be shared by all stages: where one cannot retry, it does what is next.
    const asked = node.kind === "source" ? Policy.partsOf(node.errorPolicy) : [node.errorPolicy]
    const retrying = asked.some(({ _tag }) => _tag === "Retry")
    const refusal = retrying ? unrepeatable(node.operation) : undefined
    const retries =
      refusal === undefined
        ? []
        : [issue("policy", node.id, `it cannot retry: ${refusal[0]}`, refusal[1])]
    return [...retries, ...replacement(node), ...isolation(node)]
  })
