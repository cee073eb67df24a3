// Whatever holds records has a bound: channels, retries, calls in flight, keyed state.
import * as Batching from "../../Batching.ts"
import type * as Graph from "../../Graph.ts"
import type { GraphIssue } from "../../GraphError.ts"
import * as Policy from "../../Policy.ts"
import type { Rule } from "./inspection.ts"
import { issue, notCount, notPositive } from "./inspection.ts"

/** What is wrong with a buffer's bounds, each with its value. */
export const bufferFaults = (buffer: Policy.BufferPolicy): ReadonlyArray<string> => {
  const capacity = notCount(buffer.capacity, 1)
  const bytes = buffer.bytes === undefined ? undefined : notPositive(buffer.bytes)
  return [
    ...(capacity === undefined ? [] : [`holds ${buffer.capacity} records, ${capacity}`]),
    ...(bytes === undefined ? [] : [`holds ${buffer.bytes} bytes, ${bytes}`])
  ]
}

const bufferCure = "give the buffer a finite capacity, e.g. { capacity: 1024 }"

/** Channels and buffers that hold nothing, or without bound. */
export const buffers: Rule = ({ graph }) => [
  ...graph.nodes.flatMap((node) =>
    node.bufferPolicy === undefined
      ? []
      : bufferFaults(node.bufferPolicy).map((fault) =>
          issue("unbounded", node.id, `the buffer in front of it ${fault}`, bufferCure)
        )
  ),
  ...graph.edges.flatMap((edge) =>
    bufferFaults(edge.channel.buffer).map((fault) =>
      issue("unbounded", edge.to, `the channel from "${edge.from}" ${fault}`, bufferCure)
    )
  )
]

/** Accumulators that would wait for ever or grow without bound; they know it themselves. */
export const accumulators: Rule = ({ graph }) =>
  graph.nodes.flatMap((node) =>
    node.operation._tag !== "Accumulate"
      ? []
      : node.operation.accumulator.issues.map(({ reason, cure }) =>
          issue("unbounded", node.id, reason, cure)
        )
  )

/** Batches that would never be complete, or grow without bound. */
export const batches: Rule = ({ graph }) =>
  graph.nodes.flatMap((node) =>
    node.operation._tag !== "Batch"
      ? []
      : Batching.problems(node.operation.batching).map((reason) =>
          issue("unbounded", node.id, reason, "give the batching a count and a time in range")
        )
  )

const retryIssues = (
  node: Graph.StageNode,
  policy: Policy.ErrorPolicy
): ReadonlyArray<GraphIssue> => {
  if (policy._tag !== "Retry") return []
  const fault = notCount(policy.retriesMax, 0)
  if (fault === undefined) return []
  const reason = `it retries ${policy.retriesMax} times, ${fault}`
  return [issue("unbounded", node.id, reason, "set retriesMax, and what follows as exhausted")]
}

/** Retries that never end. */
export const retries: Rule = ({ graph }) =>
  graph.nodes.flatMap((node) =>
    Policy.partsOf(node.errorPolicy).flatMap((policy) => retryIssues(node, policy))
  )

const parallelismIssue = (
  node: Graph.StageNode,
  hint: Policy.ParallelismHint
): ReadonlyArray<GraphIssue> => {
  const fault = hint._tag === "Fixed" ? notCount(hint.n, 1) : undefined
  if (hint._tag !== "Fixed" || fault === undefined) return []
  const reason = `its parallelism is ${hint.n}, ${fault}`
  return [
    issue("unbounded", node.id, reason, "use 1 or more calls in flight, or cpuBound, ioBound")
  ]
}

/** Calls in flight without bound, or none. */
export const parallelism: Rule = ({ graph }) =>
  graph.nodes.flatMap((node) => [
    ...parallelismIssue(node, node.parallelism),
    ...(node.accumulation === undefined ? [] : parallelismIssue(node, node.accumulation.engineHint))
  ])

const limitNames = ["itemsMax", "bytesMax", "ageMs", "idleMs", "keysMax"] as const

/** Limits of keyed state that limit nothing: zero, negative, infinite or not a number. */
export const stateLimits: Rule = ({ graph }) =>
  graph.nodes.flatMap((node) => {
    const policy = node.accumulation?.policy
    if (policy === undefined) return []
    return limitNames.flatMap((name) => {
      const value = policy[name]
      const fault = value === undefined ? undefined : notPositive(value)
      if (fault === undefined) return []
      const cure = `give ${name} a value, or leave it out`
      return [issue("unbounded", node.id, `its limit ${name} is ${value}, ${fault}`, cure)]
    })
  })
