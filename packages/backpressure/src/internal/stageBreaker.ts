// The circuit breaker behind core's seam: the machine of `CircuitBreaker`, driven by calls instead
// of effects.
import type * as Breaker from "@sluice/core/Breaker"
import type * as Policy from "@sluice/core/Policy"
import { Circuit, rejected } from "./circuitBreaker.ts"
import type { Saved } from "./circuitSnapshot.ts"
import { decoded, restored, saved } from "./circuitSnapshot.ts"
import type { Phase, State, Ticket } from "./circuitState.ts"
import { initial, windowCounts } from "./circuitState.ts"

const stateNames = {
  Closed: "closed",
  HalfOpen: "half-open",
  Open: "open",
  Isolated: "isolated"
} as const satisfies Record<Phase["_tag"], Breaker.CircuitState>

class StageCircuit implements Breaker.Breaker {
  private circuit: Circuit
  private readonly policy: Policy.CircuitBreakerPolicy
  private readonly host: Breaker.BreakerHost

  constructor(policy: Policy.CircuitBreakerPolicy, host: Breaker.BreakerHost, atMs: number) {
    this.host = host
    this.policy = policy
    this.circuit = this.circuitOf(initial(policy, atMs))
  }

  private circuitOf(state: State): Circuit {
    return new Circuit(state, ({ from, to, reason }) =>
      this.host.changed({ from: stateNames[from], to: stateNames[to], reason })
    )
  }

  request(atMs: number): Breaker.Verdict {
    const ticket = this.circuit.request(atMs)
    if (ticket !== rejected) return { _tag: "Admitted", ticket }
    const { phase, retryAfterMs } = this.circuit.rejection()
    return { _tag: "Rejected", state: stateNames[phase], retryAfterMs }
  }

  private ticketOf(ticket: unknown): Ticket {
    if (typeof ticket === "number") return ticket
    throw new Error(`stage "${this.host.stageId}" handed back a ticket of another circuit`)
  }

  ended(ticket: unknown, atMs: number, ok: boolean, latencyMs: number): void {
    this.circuit.result(this.ticketOf(ticket), atMs, ok, latencyMs)
  }
  cancelled(ticket: unknown, atMs: number): void {
    this.circuit.cancelled(this.ticketOf(ticket), atMs)
  }
  deadlocked(count: number, atMs: number): void {
    this.circuit.deadlocked(count, atMs)
  }
  isolate(atMs: number): void {
    this.circuit.isolate(atMs)
  }
  reset(atMs: number): void {
    this.circuit.reset(atMs)
  }
  state(atMs: number): Breaker.CircuitState {
    this.circuit.tick(atMs)
    return stateNames[this.circuit.state.phase._tag]
  }
  change(policy: Policy.CircuitBreakerPolicy, atMs: number): void {
    this.circuit.reconfigure(policy, atMs)
  }
  save(atMs: number): Saved {
    this.circuit.tick(atMs)
    return saved(this.circuit.state)
  }
  restore(from: unknown, atMs: number): void {
    const saved = decoded(this.host.stageId, from)
    this.circuit = this.circuitOf(restored(initial(this.policy, atMs), saved))
  }
  statistics(): Readonly<Record<string, number>> {
    const { admittedCount, rejectedCount, ignoredCount, openedCount, cooldownMs } =
      this.circuit.state
    const counts = windowCounts(this.circuit.state)
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
