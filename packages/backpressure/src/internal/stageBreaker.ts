// The circuit breaker behind core's seam: the machine of `CircuitBreaker`, driven by calls instead
// of effects.
import type * as Breaker from "@sluice/core/Breaker"
import type * as Policy from "@sluice/core/Policy"
import * as machine from "./circuitBreaker.ts"

const stateNames = {
  Closed: "closed",
  HalfOpen: "half-open",
  Open: "open",
  Isolated: "isolated"
} as const satisfies Record<machine.Phase["_tag"], Breaker.CircuitState>

/** The machine's settings for a policy of core. */
export const settingsOf = ({
  errorThreshold,
  latencyMsThreshold,
  whenOpen: _,
  ...rest
}: Policy.CircuitBreakerPolicy): machine.Settings => ({
  ...rest,
  ...(errorThreshold === undefined ? {} : { errorRate: errorThreshold }),
  ...(latencyMsThreshold === undefined ? {} : { latencyMs: latencyMsThreshold })
})

const isTicket = (value: unknown): value is machine.Ticket =>
  typeof value === "object" && value !== null && "epoch" in value && "id" in value

class StageCircuit implements Breaker.Breaker {
  private state_: machine.State
  private readonly host: Breaker.BreakerHost

  constructor(policy: Policy.CircuitBreakerPolicy, host: Breaker.BreakerHost, atMs: number) {
    this.state_ = machine.initial(settingsOf(policy), atMs)
    this.host = host
  }

  private send(event: machine.Event): ReadonlyArray<machine.Action> {
    const [state, actions] = machine.transition(this.state_, event)
    this.state_ = state
    for (const action of actions) {
      if (action._tag !== "Change") continue
      const { from, to, reason } = action
      this.host.changed({ from: stateNames[from], to: stateNames[to], reason })
    }
    return actions
  }

  request(atMs: number): Breaker.Verdict {
    const verdict = this.send({ _tag: "Request", atMs }).at(-1)
    if (verdict?._tag === "Admit") return { _tag: "Admitted", ticket: verdict.ticket }
    if (verdict?._tag !== "Reject")
      throw new Error(`the circuit of stage "${this.host.stageId}" did not answer a request`)
    const { phase, retryAfterMs } = verdict
    return { _tag: "Rejected", state: stateNames[phase], retryAfterMs }
  }

  private ticketOf(ticket: unknown): machine.Ticket {
    if (isTicket(ticket)) return ticket
    throw new Error(`stage "${this.host.stageId}" handed back a ticket of another circuit`)
  }

  ended(ticket: unknown, atMs: number, ok: boolean, latencyMs: number): void {
    this.send({ _tag: "Result", atMs, ticket: this.ticketOf(ticket), ok, latencyMs })
  }
  cancelled(ticket: unknown, atMs: number): void {
    this.send({ _tag: "Cancelled", atMs, ticket: this.ticketOf(ticket) })
  }
  deadlocked(count: number, atMs: number): void {
    this.send({ _tag: "Deadlocked", atMs, count })
  }
  isolate(atMs: number): void {
    this.send({ _tag: "Isolate", atMs })
  }
  reset(atMs: number): void {
    this.send({ _tag: "Reset", atMs })
  }
  state(atMs: number): Breaker.CircuitState {
    this.send({ _tag: "Tick", atMs })
    return stateNames[this.state_.phase._tag]
  }
  change(policy: Policy.CircuitBreakerPolicy, atMs: number): void {
    this.send({ _tag: "Reconfigured", atMs, settings: settingsOf(policy) })
  }
  statistics(): Readonly<Record<string, number>> {
    const { admittedCount, rejectedCount, ignoredCount, openedCount, cooldownMs } = this.state_
    const counts = machine.windowCounts(this.state_)
    return {
      circuit_calls: counts.calls,
      circuit_failed: counts.failed,
      circuit_slow: counts.slow,
      circuit_admitted: admittedCount,
      circuit_rejected: rejectedCount,
      circuit_ignored: ignoredCount,
      circuit_opened: openedCount,
      circuit_cooldown_ms: cooldownMs
    }
  }
}

/** Makes a circuit for one stage; throws `InvalidSettings`. */
export const stageCircuit: Breaker.BreakerImplementation = (policy, host, atMs) =>
  new StageCircuit(policy, host, atMs)
