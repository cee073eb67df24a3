// A bounded first-come line of requests, as an immutable value.
// It never overtakes: a small request behind a large one waits with it, so none starves.

/** One request in line. */
export interface Waiter {
  readonly id: number
  readonly amount: number
}

/** Oldest first. */
export type Waiters = ReadonlyArray<Waiter>

/** The line without this request. */
export const without = <W extends { readonly id: number }>(
  line: ReadonlyArray<W>,
  id: number
): ReadonlyArray<W> => line.filter((waiter) => waiter.id !== id)

/** Requests that may wait in one line unless said otherwise: far above the fibers of one stage. */
export const waitersMaxDefault = 1_024
