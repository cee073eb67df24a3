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

/** Where the bytes that were searched are copied: a local, and what is added to it. */
interface Copied {
  readonly at: number
  readonly base: number
}

/** A function whose parameter `from` has `to` behind it; its own locals are behind all `params`. */
const searching = (
  base: number,
  params: number,
  from: number,
  test: Test,
  copied?: Copied
): ByteWriter => {
  const [to, mask, vector] = [from + 1, params, params + 1]
  const code = new ByteWriter()
  const get = (local: number) => code.byte(op.get).unsigned(local)
  const advance = (local: number) =>
    get(local).byte(op.intConst).signed(16).byte(op.add, op.set).unsigned(local)
  code.unsigned(2).unsigned(1).byte(intType).unsigned(1).byte(vectorType)
  code.byte(op.loop, voidType)
  // Nothing is left: the answer is `to`.
  get(from)
  get(to).byte(atLeast, op.if, voidType)
  get(to).byte(op.return, op.end)
  if (copied !== undefined) get(copied.at)
  get(from).byte(simd, vectorLoad).unsigned(0).unsigned(base)
  code.byte(copied === undefined ? op.set : op.tee).unsigned(vector)
  if (copied !== undefined) code.byte(simd, vectorStore).unsigned(0).unsigned(copied.base)
  test(code, () => get(vector))
  code.byte(simd, bitmask, op.tee).unsigned(mask)
  // The first that is found, unless it lies behind the end.
  code.byte(op.if, voidType)
  get(from)
  get(mask).byte(ctz, op.add, op.tee).unsigned(from)
  get(to)
  get(from)
  get(to).byte(lessThan, select, op.return, op.end)
  advance(from)
  if (copied !== undefined) advance(copied.at)
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
  searching(base, 3, 1, (code, load) => {
    load()
    code.byte(op.get).unsigned(0).byte(simd, splat, simd, equal)
  })

/**
 * The code of `endOfText(from, to)`: the first byte that a JSON text cannot hold as it is, a quote,
 * a backslash or one below 32, or `to`.
 */
export const endOfTextBody = (base: number): ByteWriter => searching(base, 2, 0, isSpecial)

/**
 * The code of `copyPlain(from, to, at)`: copies a text to `at` behind `base`, up to the first byte
 * that JSON cannot hold as it is; its place, or `to`. Up to fifteen bytes more are read and
 * written, which do not count.
 */
export const copyPlainBody = (base: number): ByteWriter =>
  searching(0, 3, 0, isSpecial, { at: 2, base })
