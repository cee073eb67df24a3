// Order that an edge or a merge promises, although a stage before it has already given it up.
import type * as Channel from "../../Channel.ts"
import type { GraphIssue } from "../../GraphError.ts"
import type { Arrival, Order } from "../order.ts"
import { keeps, leaving } from "../order.ts"
import type { Inspection, Rule } from "./inspection.ts"
import { issue } from "./inspection.ts"

const promiseIssue = (
  stageId: string,
  what: string,
  promise: Channel.ChannelOrdering,
  order: Order
): ReadonlyArray<GraphIssue> => {
  if (keeps(order, promise) || order._tag === "Ordered") return []
  const { stageId: culprit, how } = order.because
  const weaker = order._tag === "Unordered" ? "Unordered" : "PartitionOrdered or Unordered"
  return [
    issue(
      "order",
      stageId,
      `${what} promises ${promise._tag}, but "${culprit}" ${how}`,
      `make "${culprit}" keep the order, or promise ${weaker} here`
    )
  ]
}

/** Promises of order that cannot be kept. Stages on a cycle are left to the rule on cycles. */
export const promises: Rule = ({ sorted, incoming, outgoing }: Inspection) => {
  const left = new Map<string, Arrival>()
  return sorted.flatMap((node) => {
    const inputs = (incoming.get(node.id) ?? [])
      .map((edge) => left.get(edge.from))
      .filter((arrival) => arrival !== undefined)
    const output = leaving(node, inputs)
    left.set(node.id, output)
    // Other stages, and a merge of one, order their output relative to their input.
    const isMerge = node.operation._tag === "Merge" && inputs.length > 1
    return [
      ...(isMerge ? promiseIssue(node.id, "its output", node.ordering, output.order) : []),
      ...(outgoing.get(node.id) ?? []).flatMap((edge) =>
        promiseIssue(node.id, `the edge to "${edge.to}"`, edge.channel.ordering, output.order)
      )
    ]
  })
}
