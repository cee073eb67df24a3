// Guards of a stage's calls whose numbers could never work, or that stand where no call is made.
import type * as Graph from "../../Graph.ts"
import type { GraphIssue } from "../../GraphError.ts"
import * as Policy from "../../Policy.ts"
import { permitsOf } from "../plan/permits.ts"
import type { Inspection, Rule } from "./inspection.ts"
import { issue, notCount, notPositive } from "./inspection.ts"

const isShare = (value: number): boolean => value > 0 && value <= 1

const positives = [
  "latencyMsThreshold",
  "windowMs",
  "cooldownMs",
  "cooldownMsMax",
  "trialMsMax"
] as const
const counts = ["deadlocks", "throughputMin", "trials"] as const
const shares = ["errorThreshold", "trialRatio"] as const

/** What is wrong with a breaker's policy, each as a sentence with its value. */
export const breakerFaults = (policy: Policy.CircuitBreakerPolicy): ReadonlyArray<string> => {
  const { errorThreshold, latencyMsThreshold, deadlocks, cooldownFactor = 2 } = policy
  const never = errorThreshold ?? latencyMsThreshold ?? deadlocks
  const cooldownMs = policy.cooldownMs ?? 10_000
  const shrinking = policy.cooldownMsMax !== undefined && policy.cooldownMsMax < cooldownMs
  const faults = [
    ...(never === undefined
      ? ["nothing could open it: give errorThreshold, latencyMsThreshold or deadlocks"]
      : []),
    ...positives.map((name) => named(name, policy[name], notPositive)),
    ...counts.map((name) => named(name, policy[name], (value) => notCount(value, 1))),
    ...shares.map((name) =>
      named(name, policy[name], (value) =>
        isShare(value) ? undefined : "a share above 0 and at most 1 is expected"
      )
    ),
    ...(cooldownFactor >= 1 ? [] : [`cooldownFactor is ${cooldownFactor}, at least 1 is expected`]),
    ...(shrinking ? [`cooldownMsMax ${policy.cooldownMsMax} is below cooldownMs`] : []),
    ...(policy.closedMsMin !== undefined && !(policy.closedMsMin >= 0)
      ? [`closedMsMin is ${policy.closedMsMin}, at least 0 is expected`]
      : [])
  ]
  return faults.filter((fault) => fault !== undefined)
}

const named = (
  name: string,
  value: number | undefined,
  judge: (value: number) => string | undefined
): string | undefined => {
  const fault = value === undefined ? undefined : judge(value)
  return fault === undefined ? undefined : `${name} is ${value}, ${fault}`
}

/** Operations that make calls which can be refused, held back or cut off. */
const calling: ReadonlySet<Graph.OperationTag> = new Set([
  "MapEffect",
  "MapPromise",
  "MapBatch",
  "Sink"
])

const misplaced = (node: Graph.StageNode): ReadonlyArray<GraphIssue> => {
  const { breaker, bulkhead, deadlineMs, policies } = node.controls ?? {}
  const asked = [
    ...(breaker === undefined && policies?.breaker === undefined ? [] : ["a circuit breaker"]),
    ...(bulkhead === undefined ? [] : ["a bulkhead"]),
    ...(deadlineMs === undefined ? [] : ["a deadline"])
  ]
  if (calling.has(node.operation._tag)) return []
  const cure = "put it on a mapEffect, mapPromise, mapBatch or sink"
  return asked.map((what) =>
    issue("policy", node.id, `a ${node.operation._tag} makes no calls that ${what} guards`, cure)
  )
}

/** Operations that call for each record, so that each call has a key. */
const perRecord: ReadonlySet<Graph.OperationTag> = new Set(["MapEffect", "MapPromise"])

const keyIssues = ({ id, operation, controls }: Graph.StageNode): ReadonlyArray<GraphIssue> => {
  if (controls?.circuitKey === undefined) return []
  const { circuitKeysMax = 1 } = controls
  const keys = notCount(circuitKeysMax, 1)
  return [
    ...(perRecord.has(operation._tag)
      ? []
      : [
          issue(
            "policy",
            id,
            `a ${operation._tag} calls for whole batches, so its calls have no key for a circuit`,
            "leave the key out, or put the call on a mapEffect or mapPromise"
          )
        ]),
    ...(keys === undefined
      ? []
      : [issue("policy", id, `it keeps ${circuitKeysMax} circuits, ${keys}`, "raise keysMax")])
  ]
}

const hedgeIssues = (node: Graph.StageNode): ReadonlyArray<GraphIssue> => {
  const hedge = node.controls?.hedge
  if (hedge === undefined) return []
  const { afterMs, attemptsMax = 2 } = hedge
  const late = notPositive(afterMs)
  const calls = notCount(attemptsMax, 2)
  const found = (reason: string, cure: string) => issue("policy", node.id, reason, cure)
  const { _tag } = node.operation
  if (!perRecord.has(_tag))
    return [
      found(
        `a ${_tag} makes no calls for single records that a hedge could repeat`,
        "put it on a mapEffect or mapPromise"
      )
    ]
  return [
    ...(permitsOf(node) > 1
      ? []
      : [
          found(
            "it makes one call at a time, so that a hedge never finds a permit free",
            "give it a concurrency of 2 or more"
          )
        ]),
    ...(late === undefined
      ? []
      : [found(`its hedge starts after ${afterMs} ms, ${late}`, "raise it")]),
    ...(calls === undefined
      ? []
      : [found(`its hedge makes ${attemptsMax} calls at most, ${calls}`, "raise attemptsMax")])
  ]
}

const nodeIssues = (node: Graph.StageNode): ReadonlyArray<GraphIssue> => {
  const { breaker, bulkhead, deadlineMs } = node.controls ?? {}
  const patience = Policy.partsOf(node.errorPolicy).find(
    (policy) => policy._tag === "Quarantine" && notCount(policy.failures ?? 1, 1) !== undefined
  )
  const failures = patience?._tag === "Quarantine" ? patience.failures : 1
  const calls = bulkhead === undefined ? undefined : notCount(bulkhead.concurrency, 1)
  const late = deadlineMs === undefined ? undefined : notPositive(deadlineMs)
  return [
    ...(breaker === undefined ? [] : breakerFaults(breaker)).map((fault) =>
      issue("policy", node.id, `its circuit breaker cannot work: ${fault}`, "correct the policy")
    ),
    ...(calls === undefined
      ? []
      : [
          issue(
            "policy",
            node.id,
            `its bulkhead "${bulkhead?.name}" lets ${bulkhead?.concurrency} calls in, ${calls}`,
            "give it a concurrency of 1 or more"
          )
        ]),
    ...(late === undefined
      ? []
      : [issue("policy", node.id, `its deadline is ${deadlineMs} ms, ${late}`, "raise it")]),
    ...(patience === undefined
      ? []
      : [
          issue(
            "policy",
            node.id,
            `it is isolated after ${failures} failures, ${patience}`,
            "raise it"
          )
        ])
  ]
}

/** Stages that name one bulkhead and want it to have different sizes. */
const bulkheadConflicts = ({ graph }: Inspection): ReadonlyArray<GraphIssue> => {
  const sizes = new Map<string, { readonly concurrency: number; readonly stageId: string }>()
  return graph.nodes.flatMap((node) => {
    const bulkhead = node.controls?.bulkhead
    if (bulkhead === undefined) return []
    const first = sizes.get(bulkhead.name)
    sizes.set(bulkhead.name, first ?? { concurrency: bulkhead.concurrency, stageId: node.id })
    if (first === undefined || first.concurrency === bulkhead.concurrency) return []
    const reason =
      `its bulkhead "${bulkhead.name}" lets ${bulkhead.concurrency} calls in, ` +
      `for "${first.stageId}" it is ${first.concurrency}`
    return [issue("policy", node.id, reason, "give both the same bulkhead")]
  })
}

/** Breakers, bulkheads, deadlines and quarantines that could never do what they are for. */
export const controls: Rule = (inspection) => [
  ...inspection.graph.nodes.flatMap((node) => [
    ...nodeIssues(node),
    ...keyIssues(node),
    ...hedgeIssues(node),
    ...misplaced(node)
  ]),
  ...bulkheadConflicts(inspection)
]
