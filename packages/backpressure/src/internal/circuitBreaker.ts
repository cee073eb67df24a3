// The circuit breaker as a machine. Trips at (error rate AND p95 latency) OR a surge of deadlocks.
// A circuit steps in place, so that a call through a closed one costs no memory; `transition` is
// the same step on a copy, a function, which simulations and laws drive. A closed circuit is not
// opened before `closedMsMin`; a hung trial counts as bad after `trialMsMax`, so half-open always
// ends. It never calls anything and knows no clock.
import type { Resolved, Settings } from "./circuitSettings.ts"
import { goodNeeded, resolved } from "./circuitSettings.ts"
import type { Action, Change, Event, Phase, Rejection, State, Ticket } from "./circuitState.ts"
import { copy, uncounted, untried } from "./circuitState.ts"
import type { Counts, Rolling } from "./rollingWindow.ts"
import { isP95Slow } from "./rollingWindow.ts"

/** Answered instead of a ticket. */
export const rejected = -1

/** Why a closed circuit with these counts should open, if it should. */
const tripReason = (settings: Resolved, counts: Counts): string | undefined => {
  const { errorThreshold, latencyMsThreshold, deadlocks, throughputMin } = settings
  if (deadlocks !== undefined && counts.deadlocks >= deadlocks)
    return `${counts.deadlocks} accumulator deadlocks, threshold ${deadlocks}`
  if (errorThreshold === undefined && latencyMsThreshold === undefined) return undefined
  if (counts.calls < throughputMin) return undefined
  const failing =
    errorThreshold === undefined || counts.failed >= errorThreshold * counts.calls - 1e-9
  const slow = latencyMsThreshold === undefined || isP95Slow(counts)
  if (!failing || !slow) return undefined
  const parts = [
    ...(errorThreshold === undefined ? [] : [`${counts.failed} of ${counts.calls} calls failed`]),
    ...(latencyMsThreshold === undefined ? [] : [`p95 at or above ${latencyMsThreshold} ms`])
  ]
  return parts.join(" and ")
}

type Live = { -readonly [K in keyof State]: State[K] }

/** One circuit. Each call takes the time in milliseconds; changes of phase are told as they are. */
export class Circuit {
  private readonly live: Live
  private readonly tell: (change: Change) => void

  /** Takes the state over: it steps in place from now on. */
  constructor(state: State, tell: (change: Change) => void) {
    this.live = { ...state }
    this.tell = tell
  }

  /** Where it is now; a view that follows. */
  get state(): State {
    return this.live
  }

  /** A ticket, or `rejected`: why, says `rejection`. */
  request(atMs: number): Ticket | typeof rejected {
    this.tick(atMs)
    const { live } = this
    const { phase } = live
    if (phase._tag === "Closed" || (phase._tag === "HalfOpen" && this.tries(phase))) {
      live.admittedCount++
      return live.nextId++
    }
    live.rejectedCount++
    return rejected
  }

  private tries(phase: Extract<Phase, { _tag: "HalfOpen" }>): boolean {
    const { live } = this
    if (phase.running.length + phase.good + phase.bad >= live.settings.trials) return false
    const running = [...phase.running, { id: live.nextId, atMs: live.atMs }]
    live.phase = { ...phase, running }
    return true
  }

  /** Why the last request was rejected. */
  rejection(): Rejection {
    const { phase, atMs } = this.live
    if (phase._tag === "Closed") throw new Error("a closed circuit rejects nothing")
    const retryAfterMs = phase._tag === "Open" ? phase.untilMs - atMs : undefined
    return { _tag: "Reject", phase: phase._tag, retryAfterMs }
  }

  /** How an admitted call ended; false when the result belongs to an earlier phase. */
  result(ticket: Ticket, atMs: number, ok: boolean, latencyMs: number): boolean {
    this.tick(atMs)
    const { live } = this
    const { phase } = live
    const { latencyMsThreshold } = live.settings
    const slow = latencyMsThreshold !== undefined && latencyMs >= latencyMsThreshold
    if (ticket < live.firstId) return this.ignore()
    if (phase._tag === "Closed") {
      phase.rolling.advance(live.atMs)
      phase.rolling.addCall(ok ? 0 : 1, slow ? 1 : 0)
      this.judgeWindow(phase.rolling)
      return true
    }
    if (phase._tag !== "HalfOpen") return this.ignore()
    const running = phase.running.filter(({ id }) => id !== ticket)
    if (running.length === phase.running.length) return this.ignore()
    const isGood = ok && !slow
    const good = phase.good + (isGood ? 1 : 0)
    this.judgeTrials({ ...phase, running, good, bad: phase.bad + (isGood ? 0 : 1) })
    return true
  }

  /** An admitted call was interrupted: a trial frees its slot. */
  cancelled(ticket: Ticket, atMs: number): boolean {
    this.tick(atMs)
    const { phase, firstId } = this.live
    if (ticket < firstId || phase._tag !== "HalfOpen") return this.ignore()
    const running = phase.running.filter(({ id }) => id !== ticket)
    this.live.phase = { ...phase, running }
    return true
  }

  deadlocked(count: number, atMs: number): void {
    this.tick(atMs)
    const { phase, settings } = this.live
    if (phase._tag === "Closed") {
      phase.rolling.advance(this.live.atMs)
      phase.rolling.addDeadlocks(count)
      return this.judgeWindow(phase.rolling)
    }
    if (phase._tag !== "HalfOpen" || settings.deadlocks === undefined) return
    const deadlocks = phase.deadlocks + count
    this.live.phase = { ...phase, deadlocks }
    if (deadlocks >= settings.deadlocks)
      this.open(`${deadlocks} accumulator deadlocks while half-open`)
  }

  isolate(atMs: number): void {
    this.tick(atMs)
    if (this.live.phase._tag !== "Isolated") this.change({ _tag: "Isolated" }, "isolated by hand")
  }

  reset(atMs: number): void {
    this.tick(atMs)
    this.live.cooldownMs = this.live.settings.cooldownMs
    this.change(uncounted(this.live.settings), "reset by hand")
  }

  /** Brings it to this time: an open circuit whose cool-down is over is half-open. */
  tick(atMs: number): void {
    const { live } = this
    if (atMs > live.atMs) live.atMs = atMs
    const { phase } = live
    if (phase._tag === "Closed" || phase._tag === "Isolated") return
    if (phase._tag === "Open") {
      if (live.atMs >= phase.untilMs) this.change(untried, "the cool-down is over")
      return
    }
    const { trialMsMax } = live.settings
    const running = phase.running.filter((trial) => live.atMs - trial.atMs < trialMsMax)
    const hung = phase.running.length - running.length
    if (hung > 0) this.judgeTrials({ ...phase, running, bad: phase.bad + hung })
  }

  /**
   * Other settings, phase kept: an open circuit stays open as long as they allow, trials start
   * anew, since those that run were promised another judgement, and so does a window of another
   * length.
   */
  reconfigure(given: Settings, atMs: number): void {
    this.tick(atMs)
    const { live } = this
    const { phase, sinceMs, settings: before } = live
    const settings = resolved(given)
    const { cooldownMs: least, cooldownMsMax: most } = settings
    live.settings = settings
    live.cooldownMs = Math.min(most, Math.max(least, live.cooldownMs))
    if (phase._tag === "Closed" && settings.windowMs !== before.windowMs)
      live.phase = uncounted(settings)
    if (phase._tag === "Open") {
      const untilMs = Math.max(sinceMs + least, Math.min(phase.untilMs, sinceMs + most))
      live.phase = { _tag: "Open", untilMs }
    }
    if (phase._tag === "HalfOpen") this.enter(untried)
  }

  private ignore(): false {
    this.live.ignoredCount++
    return false
  }

  private judgeWindow(rolling: Rolling): void {
    const { atMs, sinceMs, settings } = this.live
    if (atMs - sinceMs < settings.closedMsMin) return
    const reason = tripReason(settings, rolling)
    if (reason !== undefined) this.open(reason)
  }

  private judgeTrials(phase: Extract<Phase, { _tag: "HalfOpen" }>): void {
    const { settings } = this.live
    const needed = goodNeeded(settings)
    const verdict = `${phase.good} of ${phase.good + phase.bad} trials were good, ${needed} needed`
    this.live.phase = phase
    if (phase.good >= needed) this.change(uncounted(settings), verdict)
    else if (phase.bad > settings.trials - needed) this.open(verdict)
  }

  /** Opens; longer after a failed recovery, anew when the circuit was well for long enough. */
  private open(reason: string): void {
    const { live } = this
    const { settings, atMs, cooldownMs, phase, sinceMs } = live
    const relapsed = phase._tag === "HalfOpen"
    const recovered = !relapsed && atMs - sinceMs >= cooldownMs
    const used = recovered ? settings.cooldownMs : cooldownMs
    live.cooldownMs = Math.min(settings.cooldownMsMax, used * settings.cooldownFactor)
    live.openedCount++
    this.change({ _tag: "Open", untilMs: atMs + used }, reason)
  }

  private enter(phase: Phase): void {
    const { live } = this
    live.phase = phase
    live.epoch++
    live.firstId = live.nextId
  }

  private change(phase: Phase, reason: string): void {
    const { live } = this
    const from = live.phase._tag
    this.enter(phase)
    live.sinceMs = live.atMs
    this.tell({ _tag: "Change", from, to: phase._tag, atMs: live.atMs, reason })
  }
}

/** A state and what was said. */
export type Step = readonly [State, ReadonlyArray<Action>]

const asked = (circuit: Circuit, atMs: number, said: Array<Action>): void => {
  const ticket = circuit.request(atMs)
  const trial = circuit.state.phase._tag === "HalfOpen"
  said.push(ticket === rejected ? circuit.rejection() : { _tag: "Admit", ticket, trial })
}

const step = (circuit: Circuit, event: Event, said: Array<Action>): void => {
  const { atMs } = event
  switch (event._tag) {
    case "Request":
      return asked(circuit, atMs, said)
    case "Result": {
      const { ticket, ok, latencyMs } = event
      if (!circuit.result(ticket, atMs, ok, latencyMs)) said.push({ _tag: "Ignore", ticket })
      return
    }
    case "Cancelled": {
      const { ticket } = event
      if (!circuit.cancelled(ticket, atMs)) said.push({ _tag: "Ignore", ticket })
      return
    }
    case "Deadlocked":
      return circuit.deadlocked(event.count, atMs)
    case "Isolate":
      return circuit.isolate(atMs)
    case "Reset":
      return circuit.reset(atMs)
    case "Tick":
      return circuit.tick(atMs)
    case "Reconfigured":
      return circuit.reconfigure(event.settings, atMs)
  }
}

/** The one transition, as a function: the state given stays as it is. */
export const transition = (state: State, event: Event): Step => {
  const said: Array<Action> = []
  const circuit = new Circuit(copy(state), (change) => void said.push(change))
  step(circuit, event, said)
  return [circuit.state, said]
}
