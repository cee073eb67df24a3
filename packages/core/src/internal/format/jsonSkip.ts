// Passes over a JSON value in bytes, checking it on the way: the end of the value, or -1 for one
// that is not JSON, or that has an escape. Who gets -1 asks JSON.parse.

const isSpace = (byte: number | undefined): boolean =>
  byte === 32 || byte === 9 || byte === 13 || byte === 10

/** The first byte from `at` on that is no space. */
export const skipSpace = (bytes: Uint8Array, at: number, end: number): number => {
  let i = at
  while (i < end && isSpace(bytes[i])) i++
  return i
}

const skipText = (bytes: Uint8Array, at: number, end: number): number => {
  for (let i = at + 1; i < end; i++) {
    const byte = bytes[i] as number
    if (byte === 34) return i + 1
    if (byte === 92 || byte < 32) return -1
  }
  return -1
}

const skipDigits = (bytes: Uint8Array, at: number, end: number): number => {
  let i = at
  while (i < end && (bytes[i] as number) >= 48 && (bytes[i] as number) <= 57) i++
  return i
}

const skipNumber = (bytes: Uint8Array, from: number, end: number): number => {
  const first = bytes[from] === 45 ? from + 1 : from
  let i = skipDigits(bytes, first, end)
  if (i === first || (bytes[first] === 48 && i > first + 1)) return -1
  if (i < end && bytes[i] === 46) {
    const fraction = skipDigits(bytes, i + 1, end)
    if (fraction === i + 1) return -1
    i = fraction
  }
  if (i < end && ((bytes[i] as number) | 32) === 101) {
    const sign = bytes[i + 1] === 43 || bytes[i + 1] === 45 ? 2 : 1
    const exponent = skipDigits(bytes, i + sign, end)
    if (exponent === i + sign) return -1
    i = exponent
  }
  return i
}

const words = [
  [116, 114, 117, 101] as const,
  [102, 97, 108, 115, 101] as const,
  [110, 117, 108, 108] as const
]

const skipWord = (bytes: Uint8Array, at: number, end: number): number => {
  for (const word of words) {
    if (at + word.length <= end && word.every((byte, i) => bytes[at + i] === byte))
      return at + word.length
  }
  return -1
}

// Deeper values are left to JSON.parse.
const depthMax = 64

const skipMembers = (bytes: Uint8Array, at: number, end: number, depth: number): number => {
  const isObject = bytes[at] === 123
  const close = isObject ? 125 : 93
  let i = skipSpace(bytes, at + 1, end)
  if (bytes[i] === close) return i + 1
  while (i < end) {
    if (isObject) {
      if (bytes[i] !== 34) return -1
      i = skipText(bytes, i, end)
      if (i < 0) return -1
      i = skipSpace(bytes, i, end)
      if (bytes[i] !== 58) return -1
      i = skipSpace(bytes, i + 1, end)
    }
    i = skipValue(bytes, i, end, depth + 1)
    if (i < 0) return -1
    i = skipSpace(bytes, i, end)
    if (i < end && bytes[i] === close) return i + 1
    if (i >= end || bytes[i] !== 44) return -1
    i = skipSpace(bytes, i + 1, end)
  }
  return -1
}

/** The end of the value that begins at `at`, or -1. */
export const skipValue = (bytes: Uint8Array, at: number, end: number, depth = 0): number => {
  if (at >= end || depth > depthMax) return -1
  switch (bytes[at]) {
    case 34:
      return skipText(bytes, at, end)
    case 123:
    case 91:
      return skipMembers(bytes, at, end, depth)
    case 116:
    case 102:
    case 110:
      return skipWord(bytes, at, end)
    default:
      return skipNumber(bytes, at, end)
  }
}
