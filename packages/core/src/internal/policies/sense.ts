// Policies that fit their schema and could never work: each with its path, value and cure. The same
// judgements as for a graph, since a policy ends up in one.
import * as Policy from "../../Policy.ts"
import type { PolicyFile } from "../schemas/policyFile.ts"
import { bufferFaults } from "../validate/bounds.ts"
import { breakerFaults } from "../validate/controls.ts"
import { notCount, notPositive } from "../validate/inspection.ts"
import { retryFaults } from "../validate/policies.ts"
import { strategyFaults } from "../validate/pressure.ts"

type PolicySet = (typeof PolicyFile)["Type"]

interface Problem {
  readonly path: string
  readonly reason: string
}

const each = <A>(
  kind: string,
  policies: Readonly<Record<string, A>> | undefined,
  faults: (policy: A) => ReadonlyArray<string>
): ReadonlyArray<Problem> =>
  Object.entries(policies ?? {}).flatMap(([name, policy]) =>
    faults(policy).map((reason) => ({ path: `${kind}.${name}`, reason }))
  )

const errorFaults = (policy: Policy.ErrorPolicy): ReadonlyArray<string> =>
  Policy.partsOf(policy).flatMap((part) => {
    if (part._tag === "Quarantine" && notCount(part.failures ?? 1, 1) !== undefined)
      return [`failures is ${part.failures}, ${notCount(part.failures ?? 1, 1)}`]
    return part._tag === "Retry" ? retryFaults(part) : []
  })

const limits = ["itemsMax", "bytesMax", "ageMs", "idleMs", "keysMax"] as const

const accumulatorFaults = (policy: Policy.AccumulatorPolicy): ReadonlyArray<string> =>
  limits.flatMap((name) => {
    const value = policy[name]
    const fault = value === undefined ? undefined : notPositive(value)
    return fault === undefined ? [] : [`${name} is ${value}, ${fault}`]
  })

/** What of a budget could never hold. */
export const resourceFaults = (policy: Policy.ResourcePolicy): ReadonlyArray<string> => {
  const { concurrency, bytesMax, deadlineMs } = policy
  const calls = concurrency === undefined ? undefined : notCount(concurrency, 1)
  const bytes = bytesMax === undefined ? undefined : notPositive(bytesMax)
  const late = deadlineMs === undefined ? undefined : notPositive(deadlineMs)
  return [
    ...(calls === undefined ? [] : [`concurrency is ${concurrency}, ${calls}`]),
    ...(bytes === undefined ? [] : [`bytesMax is ${bytesMax}, ${bytes}`]),
    ...(late === undefined ? [] : [`deadlineMs is ${deadlineMs}, ${late}`])
  ]
}

/** Every policy of a set that could never work. */
export const senseIssues = (set: PolicySet): ReadonlyArray<Problem> => [
  ...each("errors", set.errors, errorFaults),
  ...each("flows", set.flows, (policy) =>
    strategyFaults(policy).map(([reason, cure]) => `${reason}; ${cure}`)
  ),
  ...each("breakers", set.breakers, breakerFaults),
  ...each("buffers", set.buffers, bufferFaults),
  ...each("accumulators", set.accumulators, accumulatorFaults),
  ...(set.resources === undefined ? [] : resourceFaults(set.resources)).map((reason) => ({
    path: "resources",
    reason
  }))
]
