// Regulators that are wrong on purpose: each must fail the law of its test.
import type { Action, Sample, State } from "../../src/internal/regulator.ts"
import { transition } from "../../src/internal/regulator.ts"

type Transition = (state: State, sample: Sample) => readonly [State, ReadonlyArray<Action>]

/** Never gives credits back. */
const grudging: Transition = (state, sample) => {
  const [next, actions] = transition(state, sample)
  return actions.some(({ _tag }) => _tag === "RestoreCredits")
    ? [{ ...next, credits: "slowed" }, []]
    : [next, actions]
}

/** Acts on each sample. */
const nervous: Transition = (state, sample) =>
  transition({ ...state, settings: { ...state.settings, settleSamples: 1 } }, sample)

/** Keeps every decision. */
const verbose: Transition = (state, sample) => {
  const [next, actions] = transition(
    { ...state, settings: { ...state.settings, logMax: 100_000 } },
    sample
  )
  return [{ ...next, settings: state.settings }, actions]
}

/** Slows credits that are slowed already. */
const doubling: Transition = (state, sample) => {
  const [next, actions] = transition({ ...state, credits: "normal" }, sample)
  return [next, actions]
}

export const faults = { grudging, nervous, verbose, doubling }
