// Which order records really have on an edge: the weakest that the stages before it leave over.
// A walk over operations, not over promises: what an edge promises is compared with this (see
// validate/promises.ts), and an edge nobody asked anything of promises just this (see link.ts).
import type * as Channel from "../Channel.ts"
import type * as Graph from "../Graph.ts"

/**
 * Order that is really there. `Interleaved`: several sources, each in its own order. `because`
 * names the stage that took the stronger order away.
 */
export type Order =
  | { readonly _tag: "Ordered" }
  | { readonly _tag: "Interleaved" | "PartitionOrdered" | "Unordered"; readonly because: Culprit }

/** The stage that weakened the order, and how. */
export interface Culprit {
  readonly stageId: string
  readonly how: string
}

/** A branch that records have passed and not yet been joined behind. */
interface Split {
  readonly stageId: string
  readonly partition: boolean
  readonly outer: Split | undefined
}

/** What is known of the records on one edge. */
export interface Arrival {
  readonly order: Order
  readonly sources: ReadonlySet<string>
  readonly split: Split | undefined
}

const ordered: Order = { _tag: "Ordered" }

const nothing: Arrival = { order: ordered, sources: new Set(), split: undefined }

const disjoint = (inputs: ReadonlyArray<Arrival>): boolean => {
  const union = new Set(inputs.flatMap((input) => [...input.sources]))
  return union.size === inputs.reduce((sum, input) => sum + input.sources.size, 0)
}

const samePartition = (inputs: ReadonlyArray<Arrival>): Split | undefined => {
  const split = inputs[0]?.split
  return split?.partition === true &&
    inputs.every((input) => input.split?.stageId === split.stageId)
    ? split
    : undefined
}

const merged = (node: Graph.StageNode, inputs: ReadonlyArray<Arrival>): Arrival => {
  const first = inputs[0] ?? nothing
  if (inputs.length < 2) return first
  const sources = new Set(inputs.flatMap((input) => [...input.sources]))
  const because = { stageId: node.id, how: `joins ${inputs.length} inputs as they arrive` }
  const weaker = inputs.find((input) => input.order._tag === "Unordered")
  if (weaker !== undefined) return { order: weaker.order, sources, split: undefined }
  const split = samePartition(inputs)
  if (split !== undefined) {
    return { order: { _tag: "PartitionOrdered", because }, sources, split: split.outer }
  }
  if (!disjoint(inputs)) return { order: { _tag: "Unordered", because }, sources, split: undefined }
  const keyed = inputs.some((input) => input.order._tag === "PartitionOrdered")
  const order: Order = { _tag: keyed ? "PartitionOrdered" : "Interleaved", because }
  return { order, sources, split: undefined }
}

/** Order behind an effectful stage: its own way of handing on, never stronger than its input's. */
const handedOn = (node: Graph.StageNode, input: Order): Order => {
  const tag = node.operation._tag
  if (tag !== "MapEffect" && tag !== "MapPromise") return input
  if (input._tag === "Unordered" || node.ordering._tag === "Ordered") return input
  const name = tag === "MapEffect" ? "mapEffect" : "mapPromise"
  return node.ordering._tag === "Unordered"
    ? {
        _tag: "Unordered",
        because: { stageId: node.id, how: `is an unordered ${name} and emits as calls finish` }
      }
    : {
        _tag: "PartitionOrdered",
        because: { stageId: node.id, how: `is a ${name} ordered by key only` }
      }
}

/** What leaves a stage, given what enters it. */
export const leaving = (node: Graph.StageNode, inputs: ReadonlyArray<Arrival>): Arrival => {
  const input = inputs[0] ?? nothing
  switch (node.operation._tag) {
    case "Source":
      return { order: ordered, sources: new Set([node.id]), split: undefined }
    case "Merge":
      return merged(node, inputs)
    case "Branch": {
      const partition = node.operation.mode._tag === "Partition"
      return { ...input, split: { stageId: node.id, partition, outer: input.split } }
    }
    default:
      return { ...input, order: handedOn(node, input.order) }
  }
}

/** True when records in this order keep the promise. Keys of two orderings are not compared. */
export const keeps = (order: Order, promise: Channel.ChannelOrdering): boolean => {
  if (promise._tag === "Unordered" || order._tag === "Ordered") return true
  return promise._tag === "PartitionOrdered" && order._tag !== "Unordered"
}
