// Checks of settings that every machine makes before it starts.
// Each check answers a sentence with the value and the cure, or nothing; `accept` throws all of
// them together.
import * as Effect from "effect/Effect"
import { InvalidSettings } from "../InvalidSettings.ts"

/** A sentence about a wrong value, or undefined. */
export type Problem = string | undefined

/** A whole number of at least `min`, small enough to be exact. */
export const count = (name: string, value: number, min = 1): Problem =>
  Number.isSafeInteger(value) && value >= min
    ? undefined
    : `${name} is ${value}: give a whole number of at least ${min}`

/** A finite number above zero. */
export const positive = (name: string, value: number): Problem =>
  Number.isFinite(value) && value > 0 ? undefined : `${name} is ${value}: give a number above 0`

/** A finite number of at least `min`. */
export const atLeast = (name: string, value: number, min: number): Problem =>
  Number.isFinite(value) && value >= min ? undefined : `${name} is ${value}: give at least ${min}`

/** A share between 0 and 1, both allowed unless `above0`. */
export const ratio = (name: string, value: number, above0 = false): Problem =>
  value <= 1 && (above0 ? value > 0 : value >= 0)
    ? undefined
    : `${name} is ${value}: give a share ${above0 ? "above" : "from"} 0 and at most 1`

/** A sentence of its own, when it applies. */
export const unless = (holds: boolean, sentence: string): Problem => (holds ? undefined : sentence)

/** Throws when there is a problem. */
export const accept = (what: string, problems: ReadonlyArray<Problem>): void => {
  const found = problems.filter((problem) => problem !== undefined)
  if (found.length > 0) throw new InvalidSettings({ what, problems: found })
}

/** Throws with the machine's name when a claim about its state does not hold. */
export const claim = (what: string, claims: ReadonlyArray<readonly [boolean, string]>): void => {
  for (const [holds, text] of claims) if (!holds) throw new Error(`${what}: ${text}`)
}

/** Makes a machine; refused settings become the failure, anything else a defect. */
export const settled = <A>(make: () => A): Effect.Effect<A, InvalidSettings> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(make())
    } catch (error) {
      return error instanceof InvalidSettings ? Effect.fail(error) : Effect.die(error)
    }
  })
