// What became of the keys of an accumulator between two moments, from its running totals.
import type * as Accumulator from "../../Accumulator.ts"
import type * as Observer from "../../Observer.ts"

/** What happened between two moments. */
export const keysLeft = (
  before: Accumulator.AccumulatorTotals | undefined,
  after: Accumulator.AccumulatorTotals
): Observer.KeysLeft => ({
  completed: after.keysCompleted - (before?.keysCompleted ?? 0),
  flushed: after.keysPartial - (before?.keysPartial ?? 0),
  dropped: after.keysDropped - (before?.keysDropped ?? 0),
  evicted: (after.keysEvicted ?? 0) - (before?.keysEvicted ?? 0)
})
