// The adaptive batch size as a strategy of a stage, and as the sizer of a batching stage.
import type * as Batching from "@sluice/core/Batching"
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import type * as Policy from "@sluice/core/Policy"
import * as machine from "../adaptiveBatch.ts"

const latencyMsTargetDefault = 100

/** The controller's settings. */
export const settingsOf = (descriptor: Policy.Adaptive): machine.Settings => ({
  batchMin: descriptor.batchMin,
  batchMax: descriptor.batchMax,
  latencyMsTarget: descriptor.latencyMsTarget ?? latencyMsTargetDefault,
  ...(descriptor.batchInitial === undefined ? {} : { batchInitial: descriptor.batchInitial })
})

/** A controller behind core's seam for batch sizes. */
export interface Sizer extends Batching.BatchSizer {
  readonly advise: (direction: "grow" | "shrink", reason: string) => void
  readonly hold: (held: boolean) => void
  readonly restore: (size: number, reason: string) => void
  /** Whether a step in this direction would change anything. */
  readonly can: (direction: "grow" | "shrink") => boolean
  readonly change: (descriptor: Policy.Adaptive) => void
  readonly statistics: () => Readonly<Record<string, number>>
}

/** Makes a controller; throws `InvalidSettings`. */
export const sizer = (settings: machine.Settings): Sizer => {
  let state = machine.initial(settings)
  const send = (event: machine.Event): void => {
    state = machine.transition(state, event)[0]
  }
  return {
    size: () => state.size,
    observe: ({ latencyMs, fill }) => send({ _tag: "Observed", latencyMs, fill }),
    advise: (direction, reason) => send({ _tag: "Advised", direction, reason }),
    hold: (held) => send({ _tag: "Held", held }),
    restore: (size, reason) => send({ _tag: "Restored", size, reason }),
    can: (direction) =>
      machine.transition(state, { _tag: "Advised", direction, reason: "" })[1].length > 0,
    change: (descriptor) => {
      const fresh = machine.initial(settingsOf(descriptor))
      const { batchMin, batchMax } = fresh.settings
      const size = Math.min(batchMax, Math.max(batchMin, state.size))
      // What was too slow under other bounds may be tried again under these.
      state = { ...state, settings: fresh.settings, size, ceiling: undefined }
    },
    statistics: () => ({
      batch_size: state.size,
      adaptive_batch_grown: state.grownCount,
      adaptive_batch_shrunk: state.shrunkCount,
      adaptive_batch_adjustments: state.grownCount + state.shrunkCount
    })
  }
}

/** Makes it; throws `InvalidSettings`. Lets everything through, in batches of its size. */
export const adaptive = (descriptor: Policy.Adaptive): FlowStrategy.FlowStrategy => {
  const controller = sizer(settingsOf(descriptor))
  return {
    kind: "adaptive",
    unit: "records",
    side: "take",
    admit: (offer) => offer.records,
    settled: () => undefined,
    dueNanos: () => undefined,
    sizer: controller,
    change: (wanted) => {
      if (wanted._tag !== "Adaptive") return false
      controller.change(wanted)
      return true
    },
    statistics: controller.statistics
  }
}
