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
import type { Circuits } from "./circuits.ts"
import type { Hedging } from "./hedging.ts"
import type { Run } from "./run.ts"

/** How long a held record waits at most before it asks again, where nobody can tell when. */
const askAgainMs = 1_000

type Trial = Effect.Effect<unknown, Failed>

/** What a guard is made of. */
export interface GuardParts {
  readonly stageId: string
  readonly circuits: Circuits | undefined
  /** Slots shared with other stages, in the order in which they are taken. */
  readonly slots: ReadonlyArray<Semaphore.Semaphore>
  readonly hedging: Hedging | undefined
  readonly deadlineMs: number | undefined
  /**
   * Keys that the accumulators of the run gave up so far; asked only where the policy counts them.
   */
  readonly gaveUp: () => number
}

/** One call on its way through; nothing is admitted before its breaker is set. */
interface Passage {
  breaker: Breaker.Breaker | undefined
  ticket: unknown
  startedMs: number
}

/** The guard of one stage in one run. */
export class CallGuard {
  readonly deadlineMs: number | undefined
  private readonly run: Run
  private readonly parts: GuardParts
  private readonly news = Latch.makeUnsafe(false)
  private gaveUp = 0

  constructor(run: Run, parts: GuardParts) {
    this.run = run
    this.parts = parts
    this.deadlineMs = parts.deadlineMs
    this.gaveUp = parts.circuits?.policy.deadlocks === undefined ? 0 : parts.gaveUp()
  }

  private millis(): number {
    return this.run.micros() / 1_000
  }

  /**
   * Makes a call under the guard, for a record or, in stages that call for a batch, for none. A
   * call that was not made fails with `CircuitOpen`.
   */
  call(trial: Trial, payload?: unknown): Trial {
    const { circuits } = this.parts
    return circuits === undefined ? this.slotted(trial) : this.circled(circuits, trial, payload)
  }

  private slotted(trial: Trial): Trial {
    const { hedging, slots } = this.parts
    const own = this.inSlots(trial)
    return hedging === undefined ? own : hedging.around(own, trial, slots)
  }

  private inSlots(trial: Trial): Trial {
    return this.parts.slots.reduceRight<Trial>((inner, slot) => slot.withPermit(inner), trial)
  }

  /** The exit is watched before the circuit is asked: no interruption falls between the two. */
  private circled(circuits: Circuits, trial: Trial, payload: unknown): Trial {
    return Effect.suspend(() => {
      const passage: Passage = { breaker: undefined, ticket: undefined, startedMs: 0 }
      return Effect.onExitPrimitive(
        Effect.suspend(() => this.enter(circuits, passage, trial, payload)),
        (exit) => this.leave(passage, exit)
      )
    })
  }

  private enter(circuits: Circuits, passage: Passage, trial: Trial, payload: unknown): Trial {
    this.tellDeadlocks(circuits)
    const atMs = this.millis()
    let breaker: Breaker.Breaker
    try {
      breaker = circuits.of(payload, atMs)
    } catch (cause) {
      return Effect.fail({ cause, kind: "non-recoverable" })
    }
    const verdict = breaker.request(atMs)
    if (verdict._tag === "Rejected") {
      const again = Effect.suspend(() => this.enter(circuits, passage, trial, payload))
      return this.rejected(circuits, again, verdict)
    }
    passage.breaker = breaker
    passage.ticket = verdict.ticket
    passage.startedMs = atMs
    if (this.parts.slots.length === 0) return this.slotted(trial)
    // Time spent waiting for a slot is no time of the call.
    return this.slotted(
      Effect.suspend(() => {
        passage.startedMs = this.millis()
        return trial
      })
    )
  }

  private leave(
    { breaker, ticket, startedMs }: Passage,
    exit: Exit.Exit<unknown, unknown>
  ): undefined {
    if (breaker === undefined) return undefined
    const atMs = this.millis()
    if (Exit.isFailure(exit) && Exit.hasInterrupts(exit) && !Exit.hasFails(exit))
      breaker.cancelled(ticket, atMs)
    else breaker.ended(ticket, atMs, Exit.isSuccess(exit), atMs - startedMs)
    return undefined
  }

  private rejected(
    { policy }: Circuits,
    again: Trial,
    { state, retryAfterMs }: Extract<Breaker.Verdict, { readonly _tag: "Rejected" }>
  ): Trial {
    if (policy.whenOpen !== "wait")
      return Effect.fail({
        cause: Breaker.circuitOpen(this.parts.stageId, state, retryAfterMs),
        kind: "recoverable"
      })
    this.news.closeUnsafe()
    const pause = Effect.sleep(Math.max(1, retryAfterMs ?? askAgainMs))
    return Effect.andThen(Effect.raceFirst(pause, this.news.await), again)
  }

  private tellDeadlocks(circuits: Circuits): void {
    if (circuits.policy.deadlocks === undefined) return
    const gaveUp = this.parts.gaveUp()
    const more = gaveUp - this.gaveUp
    this.gaveUp = gaveUp
    if (more > 0) for (const [, breaker] of circuits.all()) breaker.deadlocked(more, this.millis())
  }

  /**
   * The circuit changed: records that are held ask again, once whoever changed it is done with it.
   */
  changed(): void {
    this.run.mode.schedule(() => this.news.openUnsafe())
  }

  /** Takes over other thresholds; to be called between two batches. */
  change(policy: Policy.CircuitBreakerPolicy): void {
    this.parts.circuits?.change(policy, this.millis())
    this.changed()
  }

  /** The circuits for an operator, if there are any. */
  byHand(): Engine.Circuit | undefined {
    const { circuits } = this.parts
    if (circuits === undefined) return undefined
    const each = (act: (breaker: Breaker.Breaker, atMs: number) => void) =>
      Effect.sync(() => {
        for (const [, breaker] of circuits.all()) act(breaker, this.millis())
      })
    return {
      state: Effect.sync(() => circuits.state(this.millis())),
      isolate: each((breaker, atMs) => breaker.isolate(atMs)),
      reset: each((breaker, atMs) => breaker.reset(atMs)),
      save: Effect.sync(() => circuits.save(this.millis())),
      keys: Effect.sync(() => circuits.states(this.millis()))
    }
  }

  /** Where the circuit is now; of several the worst. */
  state(): Breaker.CircuitState | undefined {
    return this.parts.circuits?.state(this.millis())
  }
}
