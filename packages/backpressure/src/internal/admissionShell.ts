// The Effect shell that bulkheads and budgets share: acquire, run, release.
// Guarantees that what was granted is released exactly once, also under interruption.
import * as Effect from "effect/Effect"
import type { Reading } from "../FlowMetrics.ts"
import type { InvalidSettings } from "../InvalidSettings.ts"
import type { Action, Event, Need, Refusal, Settings, State } from "./admission.ts"
import { initial, transition } from "./admission.ts"
import { Gate } from "./gate.ts"
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

/** Makes the machine and hands its shell to `build`. */
export const admission = <B>(
  what: string,
  settings: Settings,
  build: (running: Running) => B
): Effect.Effect<B, InvalidSettings> =>
  settled(() => {
    const gate = new Gate<State, Event, Refusal, Action>(initial(what, settings), transition)
    const acquire = (need: Need): Effect.Effect<void, Refusal> =>
      gate.request(
        (id) => ({ _tag: "Request", id, need, wait: settings.waitersMax > 0 }),
        (id) => ({ _tag: "Cancel", id })
      )
    const release = (need: Need): Effect.Effect<void> =>
      Effect.sync(() => void gate.send({ _tag: "Release", need }))
    return build({
      run: (need, refused) => (call) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(restore(Effect.mapError(acquire(need), refused)), () =>
            Effect.ensuring(restore(call), release(need))
          )
        ),
      state: () => gate.state,
      readings: () => [Readings.events(what, gate.state.waitCount + gate.state.refusedCount)]
    })
  })
