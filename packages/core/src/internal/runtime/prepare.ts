// What the stages of a run are guarded by, made before anything is opened: a descriptor nobody
// carries out, or that its strategy refuses, is a fault of the graph.
import * as Effect from "effect/Effect"
import * as FlowStrategy from "../../FlowStrategy.ts"
import type * as Graph from "../../Graph.ts"
import type { GraphIssue } from "../../GraphError.ts"
import { GraphError } from "../../GraphError.ts"
import type * as Policy from "../../Policy.ts"
import { FlowGate } from "./flowGate.ts"
import { pressureOf } from "./pressure.ts"
import type { Run } from "./run.ts"

/** The bound of the channel in front of a stage, where the stage says one. */
export const bufferOf = (node: Graph.StageNode): Policy.BufferPolicy | undefined => {
  const { backpressure, bufferPolicy } = node
  if (bufferPolicy !== undefined || backpressure?._tag !== "Bounded") return bufferPolicy
  return { capacity: backpressure.capacity, onFull: backpressure.onFull }
}

/** Whether flow control beyond a bounded channel stands, or may come to stand, before a stage. */
const isGated = ({ backpressure, controls }: Graph.StageNode): boolean =>
  (backpressure !== undefined && backpressure._tag !== "Bounded") ||
  controls?.policies?.flow !== undefined

const gateOf = (
  run: Run,
  node: Graph.StageNode,
  fallback: FlowStrategy.FlowImplementation | undefined
): FlowGate => {
  const stats = run.statsOf(node.id)
  const gate = new FlowGate(
    {
      pipelineId: run.graph.id,
      stageId: node.id,
      nowNanos: () => run.mode.clock.monotonicTimeNanosUnsafe(),
      pressure: () => pressureOf(run, node.id),
      queued: () => stats.inputDepth(),
      waited: () => undefined
    },
    node.controls?.flow ?? fallback,
    node.backpressure
  )
  stats.flow = () => gate.state()
  return gate
}

const refusal = (node: Graph.StageNode, cause: unknown): GraphIssue => ({
  code: "policy",
  stageId: node.id,
  reason: `its flow control cannot work: ${cause instanceof Error ? cause.message : String(cause)}`,
  cure: "correct the flow option"
})

/** Makes the guards of every stage. Fails with every stage whose guards cannot be made. */
export const prepare = (run: Run): Effect.Effect<void, GraphError> =>
  Effect.flatMap(FlowStrategy.Implementation, (fallback) => {
    const issues: Array<GraphIssue> = []
    for (const node of run.graph.nodes.filter(isGated)) {
      try {
        run.gates.set(node.id, gateOf(run, node, fallback))
      } catch (cause) {
        issues.push(refusal(node, cause))
      }
    }
    return issues.length === 0
      ? Effect.void
      : Effect.fail(new GraphError({ pipelineId: run.graph.id, issues }))
  })
