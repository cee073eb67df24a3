// Batch size and credits of a stage under one regulator, which looks at the run now and then.
import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import type * as Policy from "@sluice/core/Policy"
import * as machine from "../regulator.ts"
import { settingsOf, sizer } from "./adaptive.ts"
import { credit } from "./credit.ts"

const sampleMsDefault = 1_000
const slowedShareDefault = 0.5

type Host = Pick<FlowStrategy.FlowHost, "wake" | "pressure" | "nowNanos">

/** Share of the keys touched since the last look that were completed. */
const completionRate = (now: FlowStrategy.Pressure, before: FlowStrategy.Pressure): number => {
  const completed = now.keysCompleted - before.keysCompleted
  const open = now.keysOpened - now.keysCompleted
  return completed + open <= 0 ? 1 : Math.min(1, completed / (completed + open))
}

/** Makes it; throws `InvalidSettings`. */
export const regulated = (descriptor: Policy.Regulated, host: Host): FlowStrategy.FlowStrategy => {
  let wanted = descriptor
  const window = credit(descriptor.credits, host)
  const batch = sizer(settingsOf(descriptor.batch))
  let state = machine.initial()
  let sizeBefore = batch.size()
  let seen = host.pressure()
  let sampledAt = host.nowNanos()
  const perform = ({ _tag, reason }: machine.Action): void => {
    if (_tag === "ShrinkBatch") return batch.advise("shrink", reason)
    if (_tag === "GrowBatch") return batch.advise("grow", reason)
    if (_tag === "RestoreBatch") return batch.restore(sizeBefore, reason)
    const share = _tag === "SlowCredits" ? (wanted.slowedShare ?? slowedShareDefault) : 1
    window.resize(Math.max(1, Math.floor(wanted.credits.initial * share)))
  }
  const look = (): void => {
    const atNanos = host.nowNanos()
    const elapsedMs = Number(atNanos - sampledAt) / 1e6
    if (elapsedMs < (wanted.sampleMs ?? sampleMsDefault)) return
    const pressure = host.pressure()
    const [next, actions] = machine.transition(state, {
      atMs: Number(atNanos) / 1e6,
      fill: pressure.fill,
      completionRate: completionRate(pressure, seen),
      cpuIdle: pressure.idleShare,
      activeSpillCount: pressure.spills,
      gcPressure: pressure.gcShare,
      canShrink: batch.can("shrink"),
      canGrow: batch.can("grow")
    })
    if (state.credits === "normal") sizeBefore = batch.size()
    state = next
    batch.hold(machine.holdsDown(state))
    seen = pressure
    sampledAt = atNanos
    for (const action of actions) perform(action)
  }
  return {
    ...window,
    kind: "regulated",
    sizer: batch,
    settled: (records) => {
      window.settled(records)
      look()
    },
    change: (next) => {
      if (next._tag !== "Regulated" || !window.change(next.credits)) return false
      batch.change(next.batch)
      wanted = next
      // A window that is slowed stays so, in proportion to its new size.
      if (state.credits === "slowed") perform({ _tag: "SlowCredits", reason: "settings changed" })
      return true
    },
    statistics: () => ({
      ...window.statistics(),
      ...batch.statistics(),
      regulator_decisions: state.decisionCount
    }),
    decisions: () => state.log.map(({ atMs, action, reason }) => ({ atMs, action, reason }))
  }
}
