// Where a byte sequence stops being UTF-8 (RFC 3629): only asked once the fast check has said that
// it does.

const between = (bytes: Uint8Array, at: number, low: number, high: number): boolean => {
  const byte = bytes[at]
  return byte !== undefined && byte >= low && byte <= high
}

const continues = (bytes: Uint8Array, from: number, count: number): boolean => {
  for (let i = 0; i < count; i++) if (!between(bytes, from + i, 0x80, 0xbf)) return false
  return true
}

// The second byte is narrower than 80..BF after four lead bytes: that shuts out overlong forms,
// surrogates and values above U+10FFFF.
const lengthAt = (bytes: Uint8Array, at: number): number => {
  const lead = bytes[at] as number
  if (lead < 0x80) return 1
  if (lead < 0xc2 || lead > 0xf4) return 0
  if (lead < 0xe0) return continues(bytes, at + 1, 1) ? 2 : 0
  if (lead < 0xf0) {
    const low = lead === 0xe0 ? 0xa0 : 0x80
    const high = lead === 0xed ? 0x9f : 0xbf
    return between(bytes, at + 1, low, high) && continues(bytes, at + 2, 1) ? 3 : 0
  }
  const low = lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xf4 ? 0x8f : 0xbf
  return between(bytes, at + 1, low, high) && continues(bytes, at + 2, 2) ? 4 : 0
}

/** Offset of the first byte of the first sequence that is not UTF-8, or -1. */
export const firstInvalid = (bytes: Uint8Array): number => {
  let at = 0
  while (at < bytes.length) {
    const length = lengthAt(bytes, at)
    if (length === 0) return at
    at += length
  }
  return -1
}
