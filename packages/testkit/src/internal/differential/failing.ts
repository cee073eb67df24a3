// How the functions of a generated pipeline fail, and what its stages are told to do about it.
import type * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Effect from "effect/Effect"
import type { Failing, Item } from "./plan.ts"
import { boundMs, divides } from "./plan.ts"

/** Throws for a record as the plan says; counts attempts by the record's identity. */
export const faulty = (failing: Failing | undefined): ((item: Item) => void) => {
  const batch = faultyBatch(failing)
  return (item) => batch([item])
}

/** Throws for a batch if it does for any of its records; each of them counts the attempt. */
export const faultyBatch = (
  failing: Failing | undefined
): ((items: ReadonlyArray<Item>) => void) => {
  if (failing === undefined) return () => undefined
  const attempts = new WeakMap<Item, number>()
  return (items) => {
    const bad = new Set(items.filter(({ value }) => divides(failing.every, value)))
    for (const item of bad) attempts.set(item, (attempts.get(item) ?? 0) + 1)
    const failed = [...bad].find(
      (item) => !failing.transient || (attempts.get(item) ?? 0) <= failing.retries
    )
    if (failed !== undefined) throw new Error(`no ${failed.value}`)
  }
}

/** An effect that fails, dies or hangs where the work throws. */
export const failingEffect = <A>(
  failing: Failing | undefined,
  work: () => A
): Effect.Effect<A, string> => {
  const tried = Effect.try({ try: work, catch: (cause) => String(cause) })
  if (failing?.how === "die") return Effect.orDie(tried)
  return failing?.how === "hang" ? Effect.catch(tried, () => Effect.never) : tried
}

/** As `failingEffect`, for a promise; an exception comes before there is one. */
export const failingPromise = <A>(
  failing: Failing | undefined,
  before: () => Promise<void>,
  work: () => A
): Promise<A> => {
  if (failing?.how === "die") {
    const result = work()
    return before().then(() => result)
  }
  if (failing?.how !== "hang") return before().then(work)
  return before().then(() => {
    try {
      return work()
    } catch {
      return new Promise<never>(() => undefined)
    }
  })
}

/** The bound of a stage's calls; one that may hang has it always. */
export const boundOf = (
  failing: Failing | undefined,
  bounded: boolean | undefined
): { readonly timeout?: number } =>
  bounded === true || failing?.how === "hang" ? { timeout: boundMs } : {}

const policies = {
  fail: Policy.fail,
  deadLetter: Policy.deadLetter,
  ignore: Policy.ignore,
  // Stages without a replacement are never asked for one.
  fallback: Policy.fail
} as const

/** What a stage does once there is nothing left to try. */
export const givenUp = (failing: Failing | undefined) =>
  failing === undefined ? {} : { onError: policies[failing.policy] }

/** The `onError` of a stage that may try again. */
export const retried = (
  failing: Failing | undefined
): { readonly onError?: Policy.ErrorPolicy } => {
  if (failing === undefined || failing.retries === 0) return givenUp(failing)
  const { policy, retries } = failing
  const exhausted = policies[policy]
  return { onError: Policy.retry({ retriesMax: retries, backoffMs: 1, exhausted }) }
}

/** The `onError` of a stage that may try again, or replace what failed. */
export const errorsOf = <B>(
  failing: Failing | undefined,
  fallback: (item: Item) => B
): { readonly onError?: Pipeline.OnError<Item, B> } =>
  failing?.policy === "fallback" ? { onError: { fallback } } : retried(failing)
