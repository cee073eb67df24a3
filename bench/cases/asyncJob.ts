// The jobs of the asynchronous stage: 16 in flight, results in order; an async function that has
// its answer at once, and a promise resolved later. Not a case itself: the harness skips this file.

export const count = 100_000
export const inFlight = 16
export const group = "promises resolved later, 16 in flight, ordered"
export const groupAtOnce = "an async function, 16 in flight, ordered"

/** Awaits nothing, as a function that finds its answer in a cache. */
export const atOnce = async (x: number): Promise<number> => x * 2

/** Resolved by a microtask of its own, as a cache or a driver with data at hand would. */
export const later = (x: number): Promise<number> =>
  new Promise((resolve) => queueMicrotask(() => resolve(x * 2)))

/** Depends on the order, so that an unordered answer does not pass. */
export const fold = (sum: number, x: number): number => (sum * 31 + x) % 1_000_003
