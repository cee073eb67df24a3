// Nothing is lost silently: what the counters of a run must add up to, stage by stage. Holds for
// stages that make one record of one; of others only that they hand on what the next one takes.
import type * as Graph from "@sluice/core/Graph"
import { adjacency } from "@sluice/core/Graph"
import type * as Stage from "@sluice/core/Stage"

type States = Readonly<Record<string, Stage.StageRuntimeState>>

const oneForOne: ReadonlySet<Graph.OperationTag> = new Set([
  "Map",
  "MapEffect",
  "MapPromise",
  "MapEnvelope",
  "Merge",
  "Sink"
])

const stageFinding = (state: Stage.StageRuntimeState, drained: boolean): string | undefined => {
  const { stageId, recordsIn, recordsOut, dropped, deadLetters } = state
  const accounted = recordsOut + dropped + deadLetters
  if (drained ? accounted === recordsIn : accounted <= recordsIn) return undefined
  const sum = `${recordsOut} out + ${dropped} dropped + ${deadLetters} dead`
  return `stage "${stageId}": ${recordsIn} in, but ${sum}`
}

const edgeFinding = (
  from: ReadonlyArray<Stage.StageRuntimeState>,
  to: Stage.StageRuntimeState,
  drained: boolean
): string | undefined => {
  const sent = from.reduce((sum, { recordsOut }) => sum + recordsOut, 0)
  // What a full channel drops is counted at the stage behind it and never enters it.
  const taken = to.recordsIn
  if (drained ? sent === taken || to.dropped > 0 : taken <= sent) return undefined
  const names = from.map(({ stageId }) => `"${stageId}"`).join(", ")
  return `"${to.stageId}" took ${taken}, ${names} handed on ${sent}`
}

/**
 * Where the counters do not add up. `drained`: everything read must be accounted for; else part of
 * it may have been in flight.
 */
export const conservation = (
  graph: Graph.PipelineGraph,
  states: States,
  drained: boolean
): ReadonlyArray<string> => {
  const { incoming, outgoing } = adjacency(graph)
  return graph.nodes.flatMap((node) => {
    const state = states[node.id]
    if (state === undefined) return [`stage "${node.id}" has no state`]
    const own = oneForOne.has(node.operation._tag) ? stageFinding(state, drained) : undefined
    const edges = incoming.get(node.id) ?? []
    // A branch tells the sum of its ports only.
    const told = edges.every(({ from }) => outgoing.get(from)?.length === 1)
    const from = edges.flatMap((edge) => states[edge.from] ?? [])
    const between = told && edges.length > 0 ? edgeFinding(from, state, drained) : undefined
    return [own, between].filter((finding) => finding !== undefined)
  })
}
