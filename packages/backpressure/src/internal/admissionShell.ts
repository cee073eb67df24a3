// The Effect shell that bulkheads and budgets share: acquire, run, release.
// Guarantees that what was granted is released exactly once, also under interruption, and that who
// waits leaves the line when interrupted. A call that finds room is never suspended.
import * as Effect from "effect/Effect"
import type { Reading } from "../FlowMetrics.ts"
import type { InvalidSettings } from "../InvalidSettings.ts"
import type { Need, Refusal, Settings, State } from "./admission.ts"
import { Admission, initial } from "./admission.ts"
import * as Readings from "./readings.ts"
import { settled } from "./settings.ts"

/** What a public primitive is made of. */
export interface Running {
  readonly run: <F>(
    need: Need,
    refused: (reason: Refusal) => F
  ) => <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E | F, R>
  readonly state: () => State
  readonly readings: () => ReadonlyArray<Reading>
}

/** The machine and the fibers in its line. */
class Line {
  readonly machine: Admission
  readonly canWait: boolean
  private readonly waiting = new Map<number, () => void>()
  private next = 0

  constructor(what: string, settings: Settings) {
    this.canWait = settings.waitersMax > 0
    this.machine = new Admission(initial(what, settings), (id) => {
      const resume = this.waiting.get(id)
      this.waiting.delete(id)
      resume?.()
    })
  }

  ticket(): number {
    return this.next++
  }

  /** `granted` is called when it is this request's turn. */
  enqueue(id: number, granted: () => void): void {
    this.waiting.set(id, granted)
  }

  leave(id: number): void {
    this.waiting.delete(id)
    this.machine.cancel(id)
  }
}

/** One piece of work: what it asked for, and whether it holds it. */
class Work {
  private readonly line: Line
  private readonly need: Need
  private state: "new" | "waiting" | "held" = "new"
  private id = -1
  private resume: ((turn: Effect.Effect<void>) => void) | undefined = undefined

  constructor(line: Line, need: Need) {
    this.line = line
    this.need = need
  }

  enter<A, E, R, F>(
    call: Effect.Effect<A, E, R>,
    refused: (reason: Refusal) => F
  ): Effect.Effect<A, E | F, R> {
    const { line } = this
    this.id = line.ticket()
    const answer = line.machine.request(this.id, this.need, line.canWait)
    if (answer === "granted") {
      this.state = "held"
      return call
    }
    if (answer !== "waiting") return Effect.fail(refused(answer))
    this.state = "waiting"
    line.enqueue(this.id, () => {
      this.state = "held"
      this.resume?.(Effect.void)
    })
    return Effect.andThen(this.turn(), call)
  }

  /** Its turn may have come before anybody waits for it. */
  private turn(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      if (this.state === "held") resume(Effect.void)
      else this.resume = resume
    })
  }

  leave(): undefined {
    const { line, state } = this
    if (state === "held") line.machine.release(this.need)
    if (state === "waiting") line.leave(this.id)
    return undefined
  }
}

/** Makes the machine and hands its shell to `build`. */
export const admission = <B>(
  what: string,
  settings: Settings,
  build: (running: Running) => B
): Effect.Effect<B, InvalidSettings> =>
  settled(() => {
    const line = new Line(what, settings)
    const state = (): State => line.machine.state
    return build({
      // The exit is watched before anything is asked for: no interruption falls between the two.
      run: (need, refused) => (call) =>
        Effect.suspend(() => {
          const work = new Work(line, need)
          return Effect.onExitPrimitive(
            Effect.suspend(() => work.enter(call, refused)),
            () => work.leave()
          )
        }),
      state,
      readings: () => [Readings.events(what, state().waitCount + state().refusedCount)]
    })
  })
