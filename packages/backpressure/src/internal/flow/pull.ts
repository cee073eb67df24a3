// The pull window as a strategy of a stage: what was demanded may come, and no more.
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import type * as Policy from "@sluice/core/Policy"
import * as machine from "../reactivePull.ts"

/** Makes it; throws `InvalidSettings`. */
export const pull = (
  descriptor: Policy.ReactivePull,
  host: Pick<FlowStrategy.FlowHost, "wake">
): FlowStrategy.FlowStrategy => {
  let [state] = machine.transition(machine.initial({ window: descriptor.window }), {
    _tag: "Start"
  })
  let waits = 0
  const send = (event: machine.Event): void => {
    const before = state.demanded
    state = machine.transition(state, event)[0]
    if (state.demanded > before) host.wake()
  }
  return {
    kind: "pull",
    unit: "records",
    side: "send",
    admit: (offer) => {
      const amount = Math.min(offer.records, state.demanded)
      if (amount === 0) waits++
      else send({ _tag: "Deliver", amount })
      return amount
    },
    settled: (amount) => send({ _tag: "Processed", amount }),
    dueNanos: () => undefined,
    change: (wanted) => {
      if (wanted._tag !== "ReactivePull") return false
      send({ _tag: "Resize", window: machine.initial(wanted).window })
      return true
    },
    statistics: () => ({
      pull_window: state.window,
      pull_demanded: state.demanded,
      pull_outstanding: state.outstanding,
      pull_requests: state.pullCount,
      backpressure_events_total: waits
    })
  }
}
