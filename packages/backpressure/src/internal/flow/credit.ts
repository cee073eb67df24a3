// The credit window as a strategy of a stage: what is under way to it is paid for in advance.
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import type * as Policy from "@sluice/core/Policy"
import * as machine from "../creditWindow.ts"
import { Ledger, recordsWithin, weightOf } from "./weighed.ts"

/** A running window. `resize` is for regulators. */
export interface Credit extends FlowStrategy.FlowStrategy {
  readonly resize: (limit: number) => void
  readonly limit: () => number
}

const settingsOf = (descriptor: Policy.CreditBased): machine.Settings => ({
  initial: descriptor.initial,
  replenishThreshold: descriptor.replenishThreshold,
  unit: descriptor.unit ?? "records",
  waitersMax: 0
})

/** Makes it; throws `InvalidSettings`. */
export const credit = (
  descriptor: Policy.CreditBased,
  host: Pick<FlowStrategy.FlowHost, "wake">
): Credit => {
  let state = machine.initial(settingsOf(descriptor))
  const unit = descriptor.unit ?? "records"
  const ledger = new Ledger()
  let waits = 0
  const send = (event: machine.Event): ReadonlyArray<machine.Action> => {
    const [next, actions] = machine.transition(state, event)
    state = next
    return actions
  }
  const request = (amount: number): boolean =>
    send({ _tag: "Request", id: 0, amount, wait: false }).some(({ _tag }) => _tag === "Grant")
  const admit = (offer: FlowStrategy.Offer): number => {
    // One record above the whole window needs all of it, and then overdraws it.
    const alone = state.available >= state.limit ? 1 : 0
    const records = Math.max(alone, recordsWithin(offer, state.available))
    const weight = records === 0 ? 0 : weightOf(offer, records)
    if (records === 0 || !request(weight)) {
      waits++
      return 0
    }
    ledger.add(records, weight)
    return records
  }
  const settled = (records: number): void => {
    const before = state.available
    send({ _tag: "Processed", amount: ledger.remove(records) })
    if (state.available > before) host.wake()
  }
  const resize = (limit: number): void => {
    send({ _tag: "Resize", limit })
    host.wake()
  }
  return {
    kind: "credit",
    unit,
    side: "send",
    admit,
    settled,
    resize,
    limit: () => state.limit,
    dueNanos: () => undefined,
    change: (wanted) => {
      if (wanted._tag !== "CreditBased" || (wanted.unit ?? "records") !== unit) return false
      const settings = machine.initial(settingsOf(wanted)).settings
      state = { ...state, settings }
      resize(wanted.initial)
      return true
    },
    statistics: () => ({
      credit_tokens_available: state.available,
      credit_tokens_limit: state.limit,
      credit_in_flight: state.inFlight,
      credit_replenishments: state.totals.replenishments,
      backpressure_events_total: waits
    })
  }
}
