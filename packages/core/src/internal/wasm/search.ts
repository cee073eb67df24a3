// The search for a byte, sixteen at a time.
import { ByteWriter } from "./byteWriter.ts"

/** Bytes behind the end that are read, and do not count. */
export const searchSlack = 16

const simd = 0xfd

/**
 * The code of `find(byte, from, to)` over bytes that begin at `base`: where the byte is, or `to`.
 */
export const searchBody = (base: number): ByteWriter => {
  const [byte, from, to, mask, wanted] = [0, 1, 2, 3, 4]
  const code = new ByteWriter()
  const get = (local: number) => code.byte(0x20).unsigned(local)
  // Locals: one integer, one vector.
  code.unsigned(2).unsigned(1).byte(0x7f).unsigned(1).byte(0x7b)
  // wanted = splat(byte)
  get(byte).byte(simd, 0x0f, 0x21).unsigned(wanted)
  // loop: if (from >= to) return to
  code.byte(0x03, 0x40)
  get(from)
  get(to).byte(0x4e, 0x04, 0x40)
  get(to).byte(0x0f, 0x0b)
  // mask = bitmask(load(from) == wanted); if (mask) return min(from + ctz(mask), to)
  get(from).byte(simd, 0x00).unsigned(0).unsigned(base)
  get(wanted).byte(simd, 0x23, simd, 0x64, 0x22).unsigned(mask)
  code.byte(0x04, 0x40)
  get(from)
  get(mask).byte(0x68, 0x6a, 0x22).unsigned(from)
  get(to)
  get(from)
  get(to).byte(0x48, 0x1b, 0x0f, 0x0b)
  // from += 16; again
  get(from).byte(0x41).signed(16).byte(0x6a, 0x21).unsigned(from)
  return code.byte(0x0c).unsigned(0).byte(0x0b, 0x00, 0x0b)
}
