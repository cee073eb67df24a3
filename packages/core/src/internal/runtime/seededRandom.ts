// A small seeded generator for the engine's own choices (which fiber next, how to cut a chunk).
// User effects draw from Effect's Random service, seeded with the same seed. Not for cryptography.

/**
 * Numbers in [0, 1), the same for the same seed on every machine (sfc32 over an FNV-1a hash of the
 * seed).
 */
export const seededRandom = (seed: string): (() => number) => {
  let hash = 0x811c9dc5
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193)
  let a = hash | 0
  let b = 0x9e3779b9 | 0
  let c = Math.imul(hash, 0x85ebca6b) | 0
  let d = 1
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    return (t >>> 0) / 4_294_967_296
  }
  for (let i = 0; i < 12; i++) next()
  return next
}
