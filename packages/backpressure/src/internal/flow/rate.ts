// The token bucket as a strategy of a stage: what the stage gets never exceeds rate × t + burst.
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import type * as Policy from "@sluice/core/Policy"
import * as machine from "../tokenBucket.ts"
import { Ledger, recordsWithin, weightOf } from "./weighed.ts"

/** Portions are let through a hundred times a second, not record by record. */
const portionSeconds = 0.01

const settingsOf = ({ ratePerSecond, burst }: Policy.RateShaping): machine.Settings => ({
  ratePerSecond,
  burst
})

/** Makes it; throws `InvalidSettings`. */
export const rate = (
  descriptor: Policy.RateShaping,
  host: Pick<FlowStrategy.FlowHost, "wake" | "nowNanos">
): FlowStrategy.FlowStrategy => {
  let state = machine.initial(settingsOf(descriptor), host.nowNanos())
  const unit = descriptor.unit ?? "records"
  const ledger = new Ledger()
  let waits = 0
  const send = (event: machine.Event): ReadonlyArray<machine.Action> => {
    const [next, actions] = machine.transition(state, event)
    state = next
    return actions
  }
  const take = (amount: number, atNanos: bigint): boolean =>
    send({ _tag: "Take", amount, atNanos, wait: false })[0]?._tag === "Grant"
  const portion = (): number => {
    const { ratePerSecond, burst } = state.settings
    return Math.min(burst, Math.max(1, Math.floor(ratePerSecond * portionSeconds)))
  }
  const admit = (offer: FlowStrategy.Offer): number => {
    const atNanos = host.nowNanos()
    const { burst } = state.settings
    const available = machine.available(state, atNanos)
    // A record that weighs more than the bucket holds waits for a full bucket, and takes it all.
    const alone = available >= burst ? 1 : 0
    const records = Math.max(alone, recordsWithin(offer, available))
    const small = records < offer.records && available < portion()
    const weight = records === 0 || small ? 0 : Math.min(burst, weightOf(offer, records))
    if (weight === 0 || !take(weight, atNanos)) {
      waits++
      return 0
    }
    ledger.add(records, weight)
    return records
  }
  return {
    kind: "rate",
    unit,
    side: "take",
    admit,
    settled: (records) => void ledger.remove(records),
    dueNanos: (offer) => {
      const one = Math.min(weightOf(offer, 1), state.settings.burst)
      const all = Math.min(weightOf(offer, offer.records), portion())
      return machine.dueNanos(state, Math.max(one, all), host.nowNanos())
    },
    change: (wanted) => {
      if (wanted._tag !== "RateShaping" || (wanted.unit ?? "records") !== unit) return false
      send({ _tag: "Resize", settings: settingsOf(wanted), atNanos: host.nowNanos() })
      host.wake()
      return true
    },
    statistics: () => ({
      rate_per_second: state.settings.ratePerSecond,
      rate_burst: state.settings.burst,
      rate_granted: state.grantedCount,
      backpressure_events_total: waits
    })
  }
}
