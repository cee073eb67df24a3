// A small seeded generator of random numbers: the kit's own choices, the same on every machine.

/** Numbers in [0, 1). */
export type Random = () => number

const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return hash >>> 0
}

/** The sequence of a seed (mulberry32 over an FNV-1a hash of its text). */
export const seeded = (seed: string | number): Random => {
  let state = hashOf(String(seed))
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A whole number from `min` to `max`. */
export const between = (random: Random, min: number, max: number): number =>
  min + Math.floor(random() * (max - min + 1))

/** One of the values. */
export const oneOf = <A>(random: Random, values: readonly [A, ...ReadonlyArray<A>]): A =>
  values[Math.floor(random() * values.length)] as A
