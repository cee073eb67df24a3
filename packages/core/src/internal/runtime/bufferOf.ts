// Which bound the channel in front of a stage has, of the two options that may say it.
import type * as Graph from "../../Graph.ts"
import type * as Policy from "../../Policy.ts"

/** The bound of the channel in front of a stage, where the stage says one. */
export const bufferOf = (node: Graph.StageNode): Policy.BufferPolicy | undefined => {
  const { backpressure, bufferPolicy } = node
  if (bufferPolicy !== undefined || backpressure?._tag !== "Bounded") return bufferPolicy
  return { capacity: backpressure.capacity, onFull: backpressure.onFull }
}
