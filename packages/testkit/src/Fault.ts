// Faults as plain data, and graphs that have them: the n-th call of a source, a sink or a stage's
// function waits, fails or crashes; the n-th chunk of a source comes twice or turned round. The
// pipeline is not changed: a new graph is made of the old one.
import type * as Graph from "@sluice/core/Graph"
import { withFault } from "./internal/simulation/inject.ts"

/**
 * What goes wrong at the `call`-th call (from 1) of a stage.
 *
 * `Delay`: the call takes so long. `Failure`: it fails as user code may. `Crash`: it dies with a
 * defect. `Duplicate`, `Reorder`: of sources, what the call delivers comes twice, or turned round.
 */
export type Fault =
  | { readonly _tag: "Delay"; readonly stageId: string; readonly call: number; readonly ms: number }
  | {
      readonly _tag: "Failure" | "Crash" | "Duplicate" | "Reorder"
      readonly stageId: string
      readonly call: number
    }

/** Kinds of faults. */
export type FaultTag = Fault["_tag"]

/** What an injected failure or defect is. */
export class InjectedFault extends Error {
  readonly fault: Fault

  constructor(fault: Fault) {
    super(`injected ${fault._tag} at call ${fault.call} of "${fault.stageId}"`)
    this.name = "InjectedFault"
    this.fault = fault
  }
}

const sourceFaults: ReadonlyArray<FaultTag> = ["Delay", "Failure", "Crash", "Duplicate", "Reorder"]

/** The faults a stage can have; none for stages without a function of the user. */
export const possible = (node: Graph.StageNode): ReadonlyArray<FaultTag> => {
  switch (node.operation._tag) {
    case "Source":
      return sourceFaults
    case "Sink":
    case "MapEffect":
    case "MapPromise":
      return ["Delay", "Failure", "Crash"]
    case "Map":
    case "Filter":
    case "FlatMap":
    case "MapEnvelope":
      return ["Failure"]
    default:
      return []
  }
}

/**
 * The graph with these faults.
 *
 * Errors: throws for a fault that names no stage of the graph, or one the stage cannot have.
 */
export const inject = (
  graph: Graph.PipelineGraph,
  faults: ReadonlyArray<Fault>
): Graph.PipelineGraph => {
  for (const { _tag, stageId } of faults) {
    const node = graph.nodes.find(({ id }) => id === stageId)
    const offered = node === undefined ? [] : possible(node)
    if (offered.includes(_tag)) continue
    const ids = graph.nodes.map(({ id }) => id).join(", ")
    const reason = node === undefined ? `there is none among ${ids}` : `it can have ${offered}`
    throw new Error(`no fault ${_tag} can be put on stage "${stageId}": ${reason}`)
  }
  const nodes = graph.nodes.map((node) => {
    const own = faults.filter(({ stageId }) => stageId === node.id)
    return own.length === 0 ? node : withFault(node, own, (fault) => new InjectedFault(fault))
  })
  return { ...graph, nodes }
}
