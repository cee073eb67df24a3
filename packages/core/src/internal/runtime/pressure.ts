// What the stages of a run hold, added up from the counters they keep anyway. Read when a strategy
// asks; it measures nothing by itself.
import type * as FlowStrategy from "../../FlowStrategy.ts"
import type { Run } from "./run.ts"

/** Keys in use of those an accumulator may hold, from 0 to 1; 0 without a limit. */
const fillOf = (keysOpen: number, keysMax: number | undefined): number =>
  keysMax === undefined ? 0 : Math.min(1, keysOpen / keysMax)

/** The pressure of a run as the strategy in front of `stageId` sees it. */
export const pressureOf = (run: Run, stageId: string): FlowStrategy.Pressure => {
  const sum = { pendingBytes: 0, spills: 0, fill: 0, keysCompleted: 0, keysOpened: 0 }
  for (const node of run.graph.nodes) {
    if (node.kind !== "accumulator") continue
    const figures = run.statsOf(node.id).metrics()
    const figure = (name: string): number => figures[name] ?? 0
    const ended = figure("keysCompleted") + figure("keysPartial") + figure("keysDropped")
    sum.pendingBytes += figure("bytesOpen")
    sum.spills += figure("spillsActive")
    sum.keysCompleted += figure("keysCompleted")
    sum.keysOpened += ended + figure("keysOpen")
    const fill = fillOf(figure("keysOpen"), node.accumulation?.policy.keysMax)
    sum.fill = Math.max(sum.fill, fill)
  }
  const elapsed = run.micros() - run.startedMicros
  const busyShare = elapsed <= 0 ? 0 : run.statsOf(stageId).busyMicros / elapsed
  return { ...sum, gcShare: run.gcShare(), idleShare: Math.max(0, 1 - busyShare) }
}
