// A graph with the policies its stages take by name in place: what engines validate and run. Stages
// that take none come back as they are. It does not judge the policies: Validate does.
import type * as Graph from "../../Graph.ts"
import type { GraphIssue } from "../../GraphError.ts"
import type { PolicyKind, PolicySet, Snapshot } from "../../Policies.ts"
import type * as Policy from "../../Policy.ts"

/** The graph, or why some stage's names stand for nothing. */
export interface Bound {
  readonly graph: Graph.PipelineGraph
  readonly issues: ReadonlyArray<GraphIssue>
}

const kinds: Readonly<Record<keyof Policy.PolicyNames, PolicyKind>> = {
  onError: "errors",
  flow: "flows",
  breaker: "breakers",
  buffer: "buffers",
  accumulator: "accumulators"
}

const entries = (names: Policy.PolicyNames): ReadonlyArray<readonly [keyof typeof kinds, string]> =>
  (Object.keys(kinds) as ReadonlyArray<keyof typeof kinds>).flatMap((option) => {
    const name = names[option]
    return name === undefined ? [] : [[option, name] as const]
  })

/** Own properties only: a policy is never called "constructor" by accident. */
const found = <A>(set: Readonly<Record<string, A>> | undefined, name: string): A | undefined =>
  set !== undefined && Object.hasOwn(set, name) ? set[name] : undefined

const missing = (
  stageId: string,
  option: keyof typeof kinds,
  name: string,
  snapshot: Snapshot | undefined
): GraphIssue => {
  const kind = kinds[option]
  const known = Object.keys(snapshot?.policies[kind] ?? {})
  const names = known.length === 0 ? "none" : known.map((other) => `"${other}"`).join(", ")
  return snapshot === undefined
    ? {
        code: "policy",
        stageId,
        reason: `it takes ${option} "${name}" by name, but the run was given no policies`,
        cure: "run it with { policies }, or with --policies FILE"
      }
    : {
        code: "policy",
        stageId,
        reason:
          `it takes ${option} "${name}" by name; ` +
          `${snapshot.origin} knows in ${kind}: ${names}`,
        cure: `add ${kind}.${name} to it, or correct the name`
      }
}

const accumulating = (
  node: Graph.StageNode,
  policy: Policy.AccumulatorPolicy | undefined,
  issues: Array<GraphIssue>
): Pick<Graph.StageNode, "operation" | "accumulation"> => {
  const { operation, accumulation, id } = node
  if (policy === undefined) return { operation, accumulation }
  const accumulator =
    operation._tag === "Accumulate" ? operation.accumulator.withPolicy?.(policy) : undefined
  if (accumulator !== undefined)
    return {
      operation: { _tag: "Accumulate", accumulator: accumulator as Graph.ErasedAccumulator },
      accumulation: accumulator.descriptor
    }
  const reason = "it takes an accumulator policy by name, but its state has no limits to set"
  const cure = "remove the name, or use @sluice/accumulation"
  issues.push({ code: "policy", stageId: id, reason, cure })
  return { operation, accumulation }
}

const boundNode = (
  node: Graph.StageNode,
  names: Policy.PolicyNames,
  set: PolicySet,
  issues: Array<GraphIssue>
): Graph.StageNode => {
  const { flow, onError, breaker, buffer, accumulator } = names
  const circuit = breaker === undefined ? undefined : found(set.breakers, breaker)
  const state = accumulator === undefined ? undefined : found(set.accumulators, accumulator)
  return {
    ...node,
    ...accumulating(node, state, issues),
    errorPolicy:
      (onError === undefined ? undefined : found(set.errors, onError)) ?? node.errorPolicy,
    bufferPolicy:
      (buffer === undefined ? undefined : found(set.buffers, buffer)) ?? node.bufferPolicy,
    backpressure: (flow === undefined ? undefined : found(set.flows, flow)) ?? node.backpressure,
    controls: { ...node.controls, ...(circuit === undefined ? {} : { breaker: circuit }) }
  }
}

/** Puts policies in place; stages that take some are new objects, which belong to the run. */
export const bind = (graph: Graph.PipelineGraph, snapshot: Snapshot | undefined): Bound => {
  const issues: Array<GraphIssue> = []
  const set: PolicySet = snapshot?.policies ?? { version: 1 }
  const nodes = graph.nodes.map((node) => {
    const names = node.controls?.policies
    if (names === undefined) return node
    for (const [option, name] of entries(names))
      if (found<unknown>(set[kinds[option]], name) === undefined)
        issues.push(missing(node.id, option, name, snapshot))
    return boundNode(node, names, set, issues)
  })
  return { graph: { ...graph, nodes }, issues }
}
