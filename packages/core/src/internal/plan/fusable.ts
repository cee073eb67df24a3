// Why a stage cannot be called record by record in one loop with its neighbours: it works on whole
// batches, or its calls are waited for, guarded, or judged by a policy that may change.
import type * as Graph from "../../Graph.ts"
import * as Policy from "../../Policy.ts"
import { operatorOf } from "../views/viewForm.ts"

const isGuarded = ({ controls }: Graph.StageNode): boolean =>
  controls?.breaker !== undefined ||
  controls?.bulkhead !== undefined ||
  controls?.deadlineMs !== undefined ||
  controls?.policies?.breaker !== undefined

/** Why a stage cannot be part of a kernel, or undefined when it can. */
export const unfusable = (node: Graph.StageNode): string | undefined => {
  const { operation } = node
  const { _tag: tag } = operation
  if (operation._tag === "MapBatch" && operatorOf(operation.f) !== undefined)
    return "it works on blocks of views"
  if (
    tag === "Sink" &&
    (node.operation as { readonly sink: Graph.ErasedSink }).sink.each === undefined
  ) {
    return "the sink writes whole batches"
  }
  if (tag !== "Map" && tag !== "Filter" && tag !== "FlatMap" && tag !== "Sink")
    return `${tag} works on whole batches`
  if (Policy.mayRetry(node.errorPolicy)) return "waiting between retries is an effect"
  if (node.errorPolicy._tag === "ByKind") return "its error policy depends on the kind of failure"
  if (node.errorPolicy._tag === "Quarantine") return "it may be isolated while it runs"
  if (node.timeoutMs !== undefined) return "it has a timeout"
  if (isGuarded(node)) return "its calls are guarded"
  if (node.controls?.policies?.onError !== undefined)
    return "its error policy may change while it runs"
  return undefined
}
