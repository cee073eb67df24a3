// Runs a machine for many fibers: commits each transition, then wakes whom its actions name.
// Guarantees: a state is complete before anybody is resumed, since a resumed fiber may send the
// next event at once; an interrupted waiter tells the machine. It decides nothing itself.
import * as Effect from "effect/Effect"

/** The actions a gate carries out; a machine may have others, which `send` returns. */
export type Admission<Reason> =
  | { readonly _tag: "Grant"; readonly id: number }
  | { readonly _tag: "Refuse"; readonly id: number; readonly reason: Reason }

/** Any action, and any admission among them. */
export type Act<Reason> = Admission<Reason> | { readonly _tag: string }

const isAdmission = <Reason>(action: Act<Reason>): action is Admission<Reason> =>
  "id" in action && (action._tag === "Grant" || action._tag === "Refuse")

type Resume<Reason> = (outcome: Effect.Effect<void, Reason>) => void

/** One machine and the fibers that wait for its word. */
export class Gate<State, Event, Reason, Action extends Act<Reason>> {
  state: State
  private readonly step: (state: State, event: Event) => readonly [State, ReadonlyArray<Action>]
  private readonly waiting = new Map<number, Resume<Reason>>()
  private next = 0

  constructor(
    initial: State,
    step: (state: State, event: Event) => readonly [State, ReadonlyArray<Action>]
  ) {
    this.state = initial
    this.step = step
  }

  /** Commits the event and wakes those it concerns. */
  send(event: Event): ReadonlyArray<Action> {
    const [state, actions] = this.step(this.state, event)
    this.state = state
    for (const action of actions) this.perform(action)
    return actions
  }

  private perform(action: Act<Reason>): void {
    if (!isAdmission(action)) return
    const resume = this.waiting.get(action.id)
    if (resume === undefined) return
    this.waiting.delete(action.id)
    resume(action._tag === "Grant" ? Effect.void : Effect.fail(action.reason))
  }

  /** Number of a request that does not wait. */
  ticket(): number {
    return this.next++
  }

  /** Waits until the machine grants or refuses the request; `cancel` is sent on interruption. */
  request(
    event: (id: number) => Event,
    cancel: (id: number) => Event
  ): Effect.Effect<void, Reason> {
    return Effect.callback<void, Reason>((resume) => {
      const id = this.ticket()
      this.waiting.set(id, resume)
      this.send(event(id))
      return Effect.sync(() => {
        this.waiting.delete(id)
        this.send(cancel(id))
      })
    })
  }
}
