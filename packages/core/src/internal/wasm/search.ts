// Searches over bytes, sixteen at a time, and the copying up to what a search finds.
import { ByteWriter } from "./byteWriter.ts"
import { op } from "./opcodes.ts"

/** Bytes behind the end that are read, and do not count. */
export const searchSlack = 16

const simd = 0xfd
const [vectorLoad, vectorStore, splat, equal, below, or, bitmask] = [
  0x00, 0x0b, 0x0f, 0x23, 0x26, 0x50, 0x64
]
const [ctz, select, lessThan, atLeast] = [0x68, 0x1b, 0x48, 0x4e]
const [intType, vectorType, voidType] = [0x7f, 0x7b, 0x40]

/** A test of sixteen bytes, which `load` leaves on the stack, that gives ones where it holds. */
type Test = (code: ByteWriter, load: () => void) => void

/** A function of `from` and `to`, the locals behind the first `params`. */
const searching = (base: number, params: number, test: Test): ByteWriter => {
  const [from, to, mask, vector] = [params - 2, params - 1, params, params + 1]
  const code = new ByteWriter()
  const get = (local: number) => code.byte(op.get).unsigned(local)
  code.unsigned(2).unsigned(1).byte(intType).unsigned(1).byte(vectorType)
  code.byte(op.loop, voidType)
  // Nothing is left: the answer is `to`.
  get(from)
  get(to).byte(atLeast, op.if, voidType)
  get(to).byte(op.return, op.end)
  get(from).byte(simd, vectorLoad).unsigned(0).unsigned(base)
  code.byte(op.set).unsigned(vector)
  test(code, () => get(vector))
  code.byte(simd, bitmask, op.tee).unsigned(mask)
  // The first that is found, unless it lies behind the end.
  code.byte(op.if, voidType)
  get(from)
  get(mask).byte(ctz, op.add, op.tee).unsigned(from)
  get(to)
  get(from)
  get(to).byte(lessThan, select, op.return, op.end)
  get(from).byte(op.intConst).signed(16).byte(op.add, op.set).unsigned(from)
  return code.byte(op.br).unsigned(0).byte(op.end, op.unreachable, op.end)
}

/** A quote, a backslash, or a byte below 32. */
const isSpecial: Test = (code, load) => {
  const matches = (value: number, how: number) => {
    load()
    code.byte(op.intConst).signed(value).byte(simd, splat, simd, how)
  }
  matches(34, equal)
  matches(92, equal)
  code.byte(simd, or)
  matches(32, below)
  code.byte(simd, or)
}

/** The code of `find(byte, from, to)` over bytes that begin at `base`: its place, or `to`. */
export const findBody = (base: number): ByteWriter =>
  searching(base, 3, (code, load) => {
    load()
    code.byte(op.get).unsigned(0).byte(simd, splat, simd, equal)
  })

/**
 * The code of `endOfText(from, to)`: the first byte that a JSON text cannot hold as it is, a quote,
 * a backslash or one below 32, or `to`.
 */
export const endOfTextBody = (base: number): ByteWriter => searching(base, 2, isSpecial)

/**
 * The code of `copyPlain(from, to, at)`: copies a text to `at` behind `base`, up to the first byte
 * that JSON cannot hold as it is; its place, or `to`. Up to fifteen bytes more are read and
 * written, which do not count.
 */
export const copyPlainBody = (base: number): ByteWriter => {
  const [from, to, at, mask, vector] = [0, 1, 2, 3, 4]
  const code = new ByteWriter()
  const get = (local: number) => code.byte(op.get).unsigned(local)
  const advance = (local: number) =>
    get(local).byte(op.intConst).signed(16).byte(op.add, op.set).unsigned(local)
  code.unsigned(2).unsigned(1).byte(intType).unsigned(1).byte(vectorType)
  code.byte(op.loop, voidType)
  get(from)
  get(to).byte(atLeast, op.if, voidType)
  get(to).byte(op.return, op.end)
  get(at)
  get(from).byte(simd, vectorLoad).unsigned(0).unsigned(0)
  code.byte(op.tee).unsigned(vector)
  code.byte(simd, vectorStore).unsigned(0).unsigned(base)
  isSpecial(code, () => get(vector))
  code.byte(simd, bitmask, op.tee).unsigned(mask)
  code.byte(op.if, voidType)
  get(from)
  get(mask).byte(ctz, op.add, op.tee).unsigned(from)
  get(to)
  get(from)
  get(to).byte(lessThan, select, op.return, op.end)
  advance(from)
  advance(at)
  return code.byte(op.br).unsigned(0).byte(op.end, op.unreachable, op.end)
}
