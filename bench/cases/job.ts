// The one job of the pure and the boundary cases: ints through map, filter (half stay), map, sum.
// Not a case itself: the harness skips this file.

export const count = 1_000_000

export const increment = (x: number): number => x + 1
export const isEven = (x: number): boolean => (x & 1) === 0
export const double = (x: number): number => x * 2
export const plus = (a: number, b: number): number => a + b

/** The realistic payload: an object, and every map makes a new one. */
export interface Reading {
  readonly id: number
  readonly v: number
}

export const reading = (id: number): Reading => ({ id, v: id })
export const incrementV = ({ id, v }: Reading): Reading => ({ id, v: v + 1 })
export const isEvenV = ({ v }: Reading): boolean => (v & 1) === 0
export const doubleV = ({ id, v }: Reading): Reading => ({ id, v: v * 2 })

export const ints = "map, filter, map, sum: ints"
export const objects = "map, filter, map, sum: objects"
export const boundary = "the same with an asynchronous boundary of 1024 after the filter"
