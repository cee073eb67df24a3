// Circuits that break one rule each, made of a plain one that counts failed calls in a row of so
// many. Its windows never slide: it serves tests, not services.
import type * as Breaker from "@sluice/core/Breaker"
import type * as Policy from "@sluice/core/Policy"
import type { BreakerSubject } from "../conformance/breakers.ts"

/** What a faulty circuit does otherwise. */
interface Twist {
  /** Lets one trial more than its policy says. */
  readonly generous?: boolean
  /** Lets trials before the cool-down is over. */
  readonly hasty?: boolean
  /** Keeps the place of a trial that was cut off. */
  readonly keepsPlaces?: boolean
  /** Counts whatever comes back. */
  readonly countsAll?: boolean
  /** Tries again by itself when it was opened by hand. */
  readonly impatient?: boolean
  /** Has not forgotten, after a reset, what it counted. */
  readonly remembers?: boolean
  /** Tells an opening twice. */
  readonly repeats?: boolean
  /** Counts looks at it. */
  readonly countsLooks?: boolean
}

interface Ticket {
  readonly epoch: number
}

class PlainCircuit implements Breaker.Breaker {
  private readonly twist: Twist
  private readonly host: Breaker.BreakerHost
  private policy: Policy.CircuitBreakerPolicy
  private phase: Breaker.CircuitState = "closed"
  private epoch = 0
  private dueMs = 0
  private running = 0
  private good = 0
  private bad = 0
  private looks = 0

  constructor(twist: Twist, policy: Policy.CircuitBreakerPolicy, host: Breaker.BreakerHost) {
    this.twist = twist
    this.policy = policy
    this.host = host
  }

  private to(to: Breaker.CircuitState, reason: string, atMs: number): void {
    const from = this.phase
    if (from === to) return
    this.phase = to
    this.epoch++
    this.dueMs = atMs + (this.policy.cooldownMs ?? 10_000)
    this.running = 0
    if (this.twist.remembers !== true || (from !== "isolated" && to !== "isolated")) {
      this.good = 0
      this.bad = 0
    }
    this.host.changed({ from, to, reason })
    if (this.twist.repeats === true && to === "open") this.host.changed({ from, to, reason })
  }

  private tick(atMs: number): void {
    const early = this.twist.hasty === true ? 1 : 0
    const waits = this.phase === "open" || (this.phase === "isolated" && this.twist.impatient)
    if (waits && atMs >= this.dueMs - early) this.to("half-open", "the cool-down is over", atMs)
  }

  private get places(): number {
    const { trials = 5 } = this.policy
    return trials + (this.twist.generous === true ? 1 : 0) - this.running - this.good - this.bad
  }

  request(atMs: number): Breaker.Verdict {
    this.tick(atMs)
    const { epoch, phase } = this
    const ticket: Ticket = { epoch }
    if (phase === "closed") return { _tag: "Admitted", ticket }
    if (phase === "half-open" && this.places > 0) {
      this.running++
      return { _tag: "Admitted", ticket }
    }
    const retryAfterMs = phase === "open" ? this.dueMs - atMs : undefined
    return { _tag: "Rejected", state: phase, retryAfterMs }
  }

  private counts(ticket: unknown): boolean {
    return this.twist.countsAll === true || (ticket as Ticket).epoch === this.epoch
  }

  ended(ticket: unknown, atMs: number, ok: boolean): void {
    if (!this.counts(ticket) || this.phase === "open" || this.phase === "isolated") return
    this.running = Math.max(0, this.running - 1)
    if (ok) this.good++
    else this.bad++
    if (this.phase === "closed") this.judge(atMs)
    else if (!ok) this.to("open", "a trial failed", atMs)
    else if (this.good >= (this.policy.trials ?? 5)) this.to("closed", "the trials are good", atMs)
  }

  private judge(atMs: number): void {
    const { throughputMin = 20, errorThreshold = 1 } = this.policy
    const calls = this.good + this.bad
    if (calls < throughputMin) return
    if (this.bad / calls >= errorThreshold) this.to("open", `${this.bad} calls failed`, atMs)
    this.good = 0
    this.bad = 0
  }

  cancelled(ticket: unknown): void {
    if (this.twist.keepsPlaces !== true && this.counts(ticket))
      this.running = Math.max(0, this.running - 1)
  }

  deadlocked(): void {
    // Policies that count deadlocks are none of this one's.
  }

  isolate(atMs: number): void {
    this.to("isolated", "by hand", atMs)
  }

  reset(atMs: number): void {
    this.to("closed", "by hand", atMs)
  }

  state(atMs: number): Breaker.CircuitState {
    this.looks++
    this.tick(atMs)
    return this.phase
  }

  change(policy: Policy.CircuitBreakerPolicy): void {
    this.policy = policy
  }

  statistics(): Readonly<Record<string, number>> {
    const { good, bad, running, looks } = this
    return { good, bad, running, ...(this.twist.countsLooks === true ? { looks } : {}) }
  }
}

const plain = (twist: Twist): BreakerSubject => ({
  implementation: (policy, host) => new PlainCircuit(twist, policy, host)
})

/** The circuit as it should be, for tests of the suite itself. */
export const soundCircuit: BreakerSubject = plain({})

/** Faulty circuits, one or more for each rule of a circuit. */
export const breakers: ReadonlyArray<{
  readonly rule: string
  readonly fault: string
  readonly subject: BreakerSubject
}> = [
  { rule: "F14", fault: "lets one trial more", subject: plain({ generous: true }) },
  { rule: "F14", fault: "lets trials too early", subject: plain({ hasty: true }) },
  {
    rule: "F14",
    fault: "keeps the place of a trial that was cut off",
    subject: plain({ keepsPlaces: true })
  },
  { rule: "F15", fault: "counts whatever comes back", subject: plain({ countsAll: true }) },
  {
    rule: "F16",
    fault: "tries again by itself when it was opened by hand",
    subject: plain({ impatient: true })
  },
  {
    rule: "F16",
    fault: "has forgotten nothing after a reset",
    subject: plain({ remembers: true })
  },
  { rule: "F17", fault: "tells an opening twice", subject: plain({ repeats: true }) },
  { rule: "F17", fault: "counts looks at it", subject: plain({ countsLooks: true }) }
]
