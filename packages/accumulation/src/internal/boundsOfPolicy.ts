// The limits of a policy taken by name, in place of those an accumulator was described with; what
// the policy does not say stays.
import type * as Policy from "@sluice/core/Policy"
import type { BoundOptions } from "./settings.ts"

const emitOf = (partialFlush: boolean): "partial" | "discard" =>
  partialFlush ? "partial" : "discard"

/** The same options with the policy's limits. */
export const withPolicy = <O extends BoundOptions>(
  options: O,
  policy: Policy.AccumulatorPolicy
): O => {
  const emit = emitOf(policy.partialFlush)
  const { itemsMax, bytesMax, keysMax, ageMs, idleMs, timeBoundWaived } = policy
  const limits = {
    ...options.limits,
    emit,
    ...(itemsMax === undefined ? {} : { items: itemsMax }),
    ...(bytesMax === undefined ? {} : { bytes: bytesMax }),
    ...(keysMax === undefined ? {} : { keys: keysMax })
  }
  const timed = ageMs !== undefined || idleMs !== undefined || options.expire !== undefined
  const expire = {
    ...options.expire,
    emit,
    ...(ageMs === undefined ? {} : { age: ageMs }),
    ...(idleMs === undefined ? {} : { idle: idleMs })
  }
  return {
    ...options,
    limits,
    ...(timed ? { expire } : {}),
    ...(timeBoundWaived === undefined ? {} : { timeBoundWaived })
  }
}
