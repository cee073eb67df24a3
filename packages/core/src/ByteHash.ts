// The hash of bytes that parsers make while they read and tables look up by: multiplicative, one
// byte after the other, so that it can be made of several pieces; mixed at the end, so that every
// bit of it serves.

/** Hash of nothing. */
export const seed = 0x2f0e1d3b
/** What each step multiplies by. */
export const multiplier = 0x9e3779b1

/** Adds bytes to a hash that is not mixed yet. */
export const addBytes = (hash: number, bytes: Uint8Array, from: number, to: number): number => {
  let h = hash
  for (let i = from; i < to; i++) h = Math.imul(h ^ (bytes[i] as number), multiplier)
  return h
}

/** The end of a hash. */
export const mix = (hash: number): number => {
  const h = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return h ^ (h >>> 13)
}

/** Hash of bytes. */
export const hashBytes = (bytes: Uint8Array, from: number, to: number): number =>
  mix(addBytes(seed, bytes, from, to))
