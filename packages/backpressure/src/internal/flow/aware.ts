// The accumulator-aware gate as a strategy of a stage: what accumulators hold counts as queue. It
// stands before another strategy, or alone.
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import type * as Policy from "@sluice/core/Policy"
import * as machine from "../effectiveQueue.ts"

const settingsOf = (descriptor: Policy.AccumulatorAware): machine.Settings => ({
  capacity: descriptor.capacity,
  bytesUnitWindow: descriptor.bytesUnit,
  spillPenalty: descriptor.spillPenalty,
  waitersMax: 0
})

const always: Pick<
  FlowStrategy.FlowStrategy,
  "unit" | "side" | "admit" | "settled" | "dueNanos" | "change" | "statistics"
> = {
  unit: "records",
  side: "send",
  admit: ({ records }) => records,
  settled: () => undefined,
  dueNanos: () => undefined,
  change: () => true,
  statistics: () => ({})
}

const sameInner = (a: Policy.AccumulatorAware, b: Policy.AccumulatorAware): boolean =>
  a.inner?._tag === b.inner?._tag

/** Makes it around `inner`, or alone; throws `InvalidSettings`. */
export const aware = (
  descriptor: Policy.AccumulatorAware,
  host: Pick<FlowStrategy.FlowHost, "wake" | "pressure">,
  inner: FlowStrategy.FlowStrategy | undefined
): FlowStrategy.FlowStrategy => {
  const behind = inner ?? always
  let state = machine.initial(settingsOf(descriptor))
  let wanted = descriptor
  const send = (event: machine.Event): ReadonlyArray<machine.Action> => {
    const [next, actions] = machine.transition(state, event)
    state = next
    return actions
  }
  const measure = (): void => {
    const { pendingBytes, spills } = host.pressure()
    send({ _tag: "Reported", pendingAccumulatorBytes: pendingBytes, activeSpillCount: spills })
  }
  const isOpen = (): boolean => state.gate === "open" || state.pressure.rawQueueLength === 0
  const admit = (offer: FlowStrategy.Offer): number => {
    measure()
    if (!isOpen()) {
      send({ _tag: "Request", id: 0, amount: offer.records, wait: false })
      return 0
    }
    // Never more than the gate has room for, or one batch could fill it many times over.
    const room = Math.max(1, state.settings.capacity - state.pressure.rawQueueLength)
    const records = Math.min(offer.records, room)
    const weight = (offer.weight * records) / offer.records
    const admitted = behind.admit({ records, weight })
    if (admitted > 0) send({ _tag: "Request", id: 0, amount: admitted, wait: false })
    return admitted
  }
  const settled = (records: number): void => {
    send({ _tag: "Processed", amount: records })
    measure()
    behind.settled(records)
    if (isOpen()) host.wake()
  }
  return {
    kind: inner === undefined ? "accumulator" : `accumulator+${inner.kind}`,
    unit: behind.unit,
    side: behind.side,
    admit,
    settled,
    dueNanos: (offer) => (isOpen() ? behind.dueNanos(offer) : undefined),
    change: (next) => {
      if (next._tag !== "AccumulatorAware" || !sameInner(wanted, next)) return false
      const settings = machine.initial(settingsOf(next)).settings
      if (next.inner !== undefined && !behind.change(next.inner)) return false
      state = { ...state, settings }
      wanted = next
      measure()
      host.wake()
      return true
    },
    statistics: () => ({
      ...behind.statistics(),
      effective_queue_size: machine.effectiveQueueSize(state.settings, state.pressure),
      effective_queue_capacity: state.settings.capacity,
      effective_queue_shuts: state.shutCount,
      backpressure_events_total:
        state.refusedCount + (behind.statistics()["backpressure_events_total"] ?? 0)
    })
  }
}
