// One regulator over batch size and credits: the interaction table of the specification.
// Guarantees: steps are spaced, a batch size that was made smaller does not grow back by itself,
// credits that were slowed are restored, each decision stands in a bounded log with its reason. It
// measures nothing: feed it samples.
import * as Effect from "effect/Effect"
import type * as AdaptiveBatch from "./AdaptiveBatch.ts"
import type * as CreditWindow from "./CreditWindow.ts"
import type { InvalidSettings } from "./InvalidSettings.ts"
import * as machine from "./internal/regulator.ts"
import { accept, ratio, settled } from "./internal/settings.ts"

/** What is measured at one moment. */
export type Sample = machine.Sample
/** One entry of the log. */
export type Decision = machine.Decision
/** What should be done. */
export type Action = machine.Action

/** Thresholds, and what is regulated. */
export interface Options extends machine.Settings {
  readonly batch?: AdaptiveBatch.AdaptiveBatch
  readonly credits?: CreditWindow.CreditWindow
  /** Share of the credits that is left while they are slowed; default one half. */
  readonly slowedShare?: number
}

/** Where the regulator is. */
export interface Statistics {
  readonly rule: machine.Rule | undefined
  readonly credits: "normal" | "slowed"
  readonly decisions: number
}

/** A running regulator. */
export interface Regulator {
  /** Looks at a sample, carries the decision out, and answers it. */
  readonly sample: (sample: Sample) => Effect.Effect<ReadonlyArray<Action>>
  /** The last decisions, oldest first. */
  readonly log: () => ReadonlyArray<Decision>
  readonly statistics: () => Statistics
}

const perform = (
  { batch, credits }: Options,
  slowedShare: number,
  full: number,
  sizeBefore: number,
  { _tag, reason }: Action
): Effect.Effect<unknown> => {
  switch (_tag) {
    case "ShrinkBatch":
      return batch?.advise("shrink", reason) ?? Effect.void
    case "GrowBatch":
      return batch?.advise("grow", reason) ?? Effect.void
    case "SlowCredits":
      return credits?.resize(Math.max(1, Math.floor(full * slowedShare))) ?? Effect.void
    case "RestoreBatch":
      return batch?.restore(sizeBefore, reason) ?? Effect.void
    case "RestoreCredits":
      return credits?.resize(full) ?? Effect.void
  }
}

/**
 * A regulator over what it is given.
 *
 * **Limits**: the log holds `logMax` (100) decisions.
 *
 * **Errors**: `InvalidSettings` for thresholds that cross.
 */
export const make = (options: Options): Effect.Effect<Regulator, InvalidSettings> =>
  settled(() => {
    const { slowedShare = 0.5 } = options
    accept("regulator", [ratio("slowedShare", slowedShare, true)])
    let state = machine.initial(settingsOf(options))
    let full = options.credits?.statistics().limit ?? 1
    let sizeBefore = options.batch?.size() ?? 1
    return {
      sample: (sample) =>
        Effect.suspend(() => {
          // Somebody else may have resized the window while it was not slowed.
          if (state.credits === "normal") full = options.credits?.statistics().limit ?? full
          const [next, actions] = machine.transition(state, sample)
          if (state.credits === "normal") sizeBefore = options.batch?.size() ?? 1
          state = next
          const performed = Effect.forEach(
            actions,
            (action) => perform(options, slowedShare, full, sizeBefore, action),
            { discard: true }
          )
          const held = options.batch?.hold(machine.holdsDown(state)) ?? Effect.void
          return Effect.as(Effect.andThen(held, performed), actions)
        }),
      log: () => state.log,
      statistics: () =>
        Object.freeze({
          rule: state.rule,
          credits: state.credits,
          decisions: state.decisionCount
        })
    }
  })

const settingsOf = ({
  batch: _,
  credits: __,
  slowedShare: ___,
  ...rest
}: Options): machine.Settings => rest
