// What stands around each call of a stage's effect: its circuit, the slots it shares with other
// stages, and the deadline of the record. Made only for stages that asked for one of them; a stage
// whose error policy may change while it runs has one too, with nothing in it.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import type * as Semaphore from "effect/Semaphore"
import * as Breaker from "../../Breaker.ts"
import type * as Engine from "../../Engine.ts"
import type * as Policy from "../../Policy.ts"
import type { Failed } from "../operators/attempt.ts"
import type { Run } from "./run.ts"

/** How long a held record waits at most before it asks again, where nobody can tell when. */
const askAgainMs = 1_000

type Trial = Effect.Effect<unknown, Failed>

/** What a guard is made of. */
export interface GuardParts {
  readonly stageId: string
  readonly breaker: Breaker.Breaker | undefined
  readonly policy: Policy.CircuitBreakerPolicy | undefined
  /** Slots shared with other stages, in the order in which they are taken. */
  readonly slots: ReadonlyArray<Semaphore.Semaphore>
  readonly deadlineMs: number | undefined
  /**
   * Keys that the accumulators of the run gave up so far; asked only where the policy counts them.
   */
  readonly gaveUp: () => number
}

/** The guard of one stage in one run. */
export class CallGuard {
  readonly deadlineMs: number | undefined
  private readonly run: Run
  private readonly parts: GuardParts
  private policy: Policy.CircuitBreakerPolicy | undefined
  private readonly news = Latch.makeUnsafe(false)
  private gaveUp = 0

  constructor(run: Run, parts: GuardParts) {
    this.run = run
    this.parts = parts
    this.deadlineMs = parts.deadlineMs
    this.policy = parts.policy
    this.gaveUp = parts.policy?.deadlocks === undefined ? 0 : parts.gaveUp()
  }

  private millis(): number {
    return this.run.micros() / 1_000
  }

  /** Makes a call under the guard. A call that was not made fails with `CircuitOpen`. */
  call(trial: Trial): Trial {
    const { breaker } = this.parts
    return breaker === undefined ? this.slotted(trial) : this.circled(breaker, trial)
  }

  private slotted(trial: Trial): Trial {
    return this.parts.slots.reduceRight<Trial>((inner, slot) => slot.withPermit(inner), trial)
  }

  private circled(breaker: Breaker.Breaker, trial: Trial): Trial {
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend((): Trial => {
        this.tellDeadlocks(breaker)
        const atMs = this.millis()
        const verdict = breaker.request(atMs)
        if (verdict._tag === "Rejected") return restore(this.rejected(breaker, trial, verdict))
        let startedMs = atMs
        // Time spent waiting for a slot is no time of the call.
        const timed =
          this.parts.slots.length === 0
            ? trial
            : this.slotted(
                Effect.suspend(() => {
                  startedMs = this.millis()
                  return trial
                })
              )
        return Effect.onExit(restore(timed), (exit) => {
          this.ended(breaker, verdict.ticket, startedMs, exit)
          return Effect.void
        })
      })
    )
  }

  private ended(
    breaker: Breaker.Breaker,
    ticket: unknown,
    startedMs: number,
    exit: Exit.Exit<unknown, unknown>
  ): void {
    const atMs = this.millis()
    if (Exit.isFailure(exit) && Exit.hasInterrupts(exit) && !Exit.hasFails(exit))
      breaker.cancelled(ticket, atMs)
    else breaker.ended(ticket, atMs, Exit.isSuccess(exit), atMs - startedMs)
  }

  private rejected(
    breaker: Breaker.Breaker,
    trial: Trial,
    { state, retryAfterMs }: Extract<Breaker.Verdict, { readonly _tag: "Rejected" }>
  ): Trial {
    if (this.policy?.whenOpen !== "wait")
      return Effect.fail({
        cause: Breaker.circuitOpen(this.parts.stageId, state, retryAfterMs),
        kind: "recoverable"
      })
    this.news.closeUnsafe()
    const pause = Effect.sleep(Math.max(1, retryAfterMs ?? askAgainMs))
    const woken = Effect.raceFirst(pause, this.news.await)
    return Effect.andThen(
      woken,
      Effect.suspend(() => this.circled(breaker, trial))
    )
  }

  private tellDeadlocks(breaker: Breaker.Breaker): void {
    if (this.policy?.deadlocks === undefined) return
    const gaveUp = this.parts.gaveUp()
    if (gaveUp > this.gaveUp) breaker.deadlocked(gaveUp - this.gaveUp, this.millis())
    this.gaveUp = gaveUp
  }

  /**
   * The circuit changed: records that are held ask again, once whoever changed it is done with it.
   */
  changed(): void {
    this.run.mode.schedule(() => this.news.openUnsafe())
  }

  /** Takes over other thresholds; to be called between two batches. */
  change(policy: Policy.CircuitBreakerPolicy): void {
    this.parts.breaker?.change(policy, this.millis())
    this.policy = policy
    this.changed()
  }

  /** The circuit for an operator, if there is one. */
  byHand(): Engine.Circuit | undefined {
    const { breaker } = this.parts
    if (breaker === undefined) return undefined
    return {
      state: Effect.sync(() => breaker.state(this.millis())),
      isolate: Effect.sync(() => breaker.isolate(this.millis())),
      reset: Effect.sync(() => breaker.reset(this.millis()))
    }
  }

  /** Where the circuit is now. */
  state(): Breaker.CircuitState | undefined {
    return this.parts.breaker?.state(this.millis())
  }
}
