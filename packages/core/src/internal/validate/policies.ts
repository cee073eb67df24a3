// Policies that contradict themselves, or that the stage they stand on cannot keep.
import * as Graph from "../../Graph.ts"
import type { GraphIssue } from "../../GraphError.ts"
import * as Policy from "../../Policy.ts"
import type { Rule } from "./inspection.ts"
import { issue, notCount, notPositive } from "./inspection.ts"

const missingFallback = (node: Graph.StageNode): ReadonlyArray<GraphIssue> => {
  const falling = Policy.partsOf(node.errorPolicy).find(
    (policy) => (policy._tag === "Retry" ? policy.exhausted : policy)?._tag === "Fallback"
  )
  if (falling === undefined || node.fallback !== undefined) return []
  const when = falling._tag === "Retry" ? "when its retries are exhausted " : ""
  const reason = `on failure ${when}it takes a fallback, but has no fallback function`
  return [issue("policy", node.id, reason, "give onError: { fallback: (payload, cause) => … }")]
}

const retryNumbers = (policy: Policy.RetryPolicy): ReadonlyArray<string> => {
  const { backoffMs, factor = 2, backoffMsMax } = policy
  const negative = !Number.isFinite(backoffMs) || backoffMs < 0
  const shrinking = !Number.isFinite(factor) || factor < 1
  const max = backoffMsMax === undefined ? undefined : notPositive(backoffMsMax)
  return [
    ...(negative ? [`backoffMs is ${backoffMs}, a finite number from 0 is expected`] : []),
    ...(shrinking ? [`factor is ${factor}, a finite number from 1 is expected`] : []),
    ...(max === undefined ? [] : [`backoffMsMax is ${backoffMsMax}, ${max}`])
  ]
}

const retryWaits = (policy: Policy.RetryPolicy): ReadonlyArray<string> => {
  // The types exclude it; a graph from JSON or plain JavaScript may still hold it.
  const exhausted = policy.exhausted as Policy.ErrorPolicy | undefined
  const nested = exhausted?._tag === "Retry" ? ["exhausted asks for retries again"] : []
  return [...retryNumbers(policy), ...nested]
}

/** Everything of a retry policy that cannot be followed. */
export const retryFaults = (policy: Policy.RetryPolicy): ReadonlyArray<string> => {
  const endless = notCount(policy.retriesMax, 0)
  const count = endless === undefined ? [] : [`retriesMax is ${policy.retriesMax}, ${endless}`]
  return [...count, ...retryWaits(policy)]
}

const retryIssues = (
  node: Graph.StageNode,
  policy: Policy.ErrorPolicy
): ReadonlyArray<GraphIssue> => {
  if (policy._tag !== "Retry") return []
  return retryWaits(policy).map((fault) =>
    issue("policy", node.id, `its retry policy cannot be followed: ${fault}`, "correct the policy")
  )
}

/** Error policies without their function, or with numbers that make no waiting time. */
export const errorPolicies: Rule = ({ graph }) =>
  graph.nodes.flatMap((node) => [
    ...missingFallback(node),
    ...Policy.partsOf(node.errorPolicy).flatMap((policy) => retryIssues(node, policy))
  ])

/** Why a stage's work cannot be cut off, with the cure; undefined where it can. */
const uninterruptible = (
  operation: Graph.Operation
): readonly [reason: string, cure: string] | undefined => {
  switch (operation._tag) {
    case "MapEffect":
    case "MapPromise":
    case "MapBatch":
      return undefined
    case "Sink":
      if (operation.sink.each === undefined) return undefined
      return ["a synchronous function cannot be interrupted", "use Sink.forEachEffect"]
    case "Process":
      return ["the time of a stream function cannot be told per record", "use Stream.timeout in it"]
    case "Source":
      return ["a read waits as long as its input does", "put the bound into the source's effect"]
    case "Branch":
    case "Merge":
    case "Accumulate":
    case "Batch":
      return [`a ${operation._tag} has no call that could take long`, "remove the timeout"]
    default:
      return ["a synchronous function cannot be interrupted", "use mapEffect or mapPromise"]
  }
}

const timeoutIssues = (node: Graph.StageNode): ReadonlyArray<GraphIssue> => {
  const { timeoutMs } = node
  if (timeoutMs === undefined) return []
  const fault = notPositive(timeoutMs)
  const bound = uninterruptible(node.operation)
  const text = `its timeout of ${timeoutMs} ms`
  return [
    ...(fault === undefined
      ? []
      : [issue("policy", node.id, `${text} can never be kept: ${fault}`, "raise the timeout")]),
    ...(bound === undefined
      ? []
      : [issue("policy", node.id, `${text} cannot be enforced: ${bound[0]}`, bound[1])])
  ]
}

/** Timeouts that cannot be kept, or not enforced. */
export const timeouts: Rule = ({ graph }) => graph.nodes.flatMap(timeoutIssues)

/** Stages that say they are of another kind than their operation. */
export const kinds: Rule = ({ graph }) =>
  graph.nodes
    .filter((node) => node.kind !== Graph.kindOf(node.operation._tag))
    .map((node) => {
      const expected = Graph.kindOf(node.operation._tag)
      const reason = `its kind is "${node.kind}", but a ${node.operation._tag} is a ${expected}`
      return issue("policy", node.id, reason, `set its kind to "${expected}"`)
    })
