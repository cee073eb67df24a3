// Further calls for a record whose first takes long, where the stage has room for them.
// Guarantees: never more calls under way than the stage's concurrency, a record's own call goes
// first, and a hedge that is in its way is ended; the first success wins, the others are
// interrupted before the record moves on; a call that fails before a hedge started is not repeated.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Semaphore from "effect/Semaphore"
import type * as Policy from "../../Policy.ts"
import type { Failed } from "../operators/attempt.ts"

type Trial = Effect.Effect<unknown, Failed>
type Call = Fiber.Fiber<unknown, Failed>

/** What a stage's hedging acts through. */
export interface HedgingParts {
  readonly policy: Policy.HedgePolicy
  /** Calls of the stage at once. */
  readonly permits: number
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
}

const attemptsMaxDefault = 2

/** A hedge found its slots taken: it says nothing of the call. */
const noRoom: Failed = { cause: "no slot was free", kind: "recoverable" }

/** The trial under slots that are free now; it waits for none. */
const ifFree = (slots: ReadonlyArray<Semaphore.Semaphore>, trial: Trial): Trial =>
  slots.reduceRight<Trial>(
    (inner, slot) =>
      Effect.flatMap(slot.withPermitsIfAvailable(1)(inner), (done) =>
        done._tag === "None" ? Effect.fail(noRoom) : Effect.succeed(done.value)
      ),
    trial
  )

/** The calls for one record. */
class Race {
  private readonly hedging: Hedging
  private readonly further: Trial
  private readonly calls = new Set<Call>()
  private timer: Fiber.Fiber<void> | undefined
  private started = 0
  private failure: Exit.Exit<unknown, Failed> | undefined
  private resume: ((exit: Exit.Exit<unknown, Failed>) => void) | undefined

  constructor(hedging: Hedging, further: Trial) {
    this.hedging = hedging
    this.further = further
  }

  begin(first: Trial, resume: (exit: Exit.Exit<unknown, Failed>) => void): void {
    this.resume = resume
    this.hedging.makeRoom()
    this.start(first, true)
    if (this.resume !== undefined) this.arm()
  }

  private start(trial: Trial, isFirst: boolean): void {
    const { hedging } = this
    this.started++
    hedging.running++
    const call = hedging.parts.fork(trial)
    this.calls.add(call)
    if (!isFirst) hedging.hedged.add(call)
    // An observer of a fiber that is done is told at once.
    call.addObserver((exit) => {
      hedging.running--
      hedging.hedged.delete(call)
      this.calls.delete(call)
      this.ended(exit, isFirst)
    })
  }

  private ended(exit: Exit.Exit<unknown, Failed>, isFirst: boolean): void {
    if (this.resume === undefined) return
    if (Exit.isSuccess(exit)) {
      if (!isFirst) this.hedging.wins++
      return this.settle(exit)
    }
    if (isFirst) this.failure = exit
    if (this.failure !== undefined && this.calls.size === 0) this.settle(this.failure)
  }

  private settle(exit: Exit.Exit<unknown, Failed>): void {
    const { resume } = this
    this.resume = undefined
    this.timer?.interruptUnsafe()
    resume?.(exit)
  }

  private arm(): void {
    const { fork, policy } = this.hedging.parts
    if (this.started >= (policy.attemptsMax ?? attemptsMaxDefault)) return
    const timer = fork(Effect.sleep(policy.afterMs))
    this.timer = timer
    timer.addObserver((exit) => {
      if (Exit.isFailure(exit) || this.resume === undefined || this.failure !== undefined) return
      if (this.hedging.hasRoom()) this.start(this.further, false)
      this.arm()
    })
  }

  /** However it ended, nothing of it runs on. */
  end(): Effect.Effect<void> | undefined {
    this.resume = undefined
    this.timer?.interruptUnsafe()
    return this.calls.size === 0 ? undefined : Fiber.interruptAll([...this.calls])
  }
}

/** Hedging of one stage in one run. */
export class Hedging {
  readonly parts: HedgingParts
  /** Calls under way, hedges included. */
  running = 0
  /** Hedges under way, oldest first. */
  readonly hedged = new Set<Call>()
  wins = 0
  private begun = 0
  private refused = 0
  private givenUp = 0

  constructor(parts: HedgingParts) {
    this.parts = parts
  }

  /** A permit for a record's own call: a hedge gives its own up where there is no other. */
  makeRoom(): void {
    if (this.running < this.parts.permits) return
    const [oldest] = this.hedged
    if (oldest === undefined) return
    this.hedged.delete(oldest)
    this.givenUp++
    oldest.interruptUnsafe()
  }

  hasRoom(): boolean {
    if (this.running < this.parts.permits) return true
    this.refused++
    return false
  }

  /** `first` as it is, and further trials while it takes long. */
  around(first: Trial, trial: Trial, slots: ReadonlyArray<Semaphore.Semaphore>): Trial {
    const counted = Effect.suspend(() => {
      this.begun++
      return trial
    })
    const further = ifFree(slots, counted)
    return Effect.suspend(() => {
      const race = new Race(this, further)
      return Effect.onExitPrimitive(
        Effect.callback<unknown, Failed>((resume) => race.begin(first, resume)),
        () => race.end()
      )
    })
  }

  /** Figures for the stage's metrics. */
  figures(): Readonly<Record<string, number>> {
    const { begun, wins, refused, givenUp } = this
    return { hedges: begun, hedgeWins: wins, hedgesRefused: refused, hedgesGivenUp: givenUp }
  }
}
