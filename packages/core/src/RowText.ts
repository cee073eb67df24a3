// A text as bytes, for functions on rows: compared, searched, hashed and read as a number without
// becoming a string. It stands where the row stands, and moves on with it: valid during the call
// only. Positions and lengths are in bytes of UTF-8.
import { hashBytes } from "./ByteHash.ts"
import { decodeUtf8 } from "./SegmentPool.ts"

const encoder = new TextEncoder()
const minus = 45
const zero = 48
/** All whole numbers of so many digits are exact. */
const digitsMax = 15

const compareBytes = (
  a: Uint8Array,
  fromA: number,
  toA: number,
  b: Uint8Array,
  fromB: number,
  toB: number
): number => {
  const shared = Math.min(toA - fromA, toB - fromB)
  for (let i = 0; i < shared; i++) {
    const difference = (a[fromA + i] as number) - (b[fromB + i] as number)
    if (difference !== 0) return difference < 0 ? -1 : 1
  }
  return Math.sign(toA - fromA - (toB - fromB))
}

/**
 * A text field of the row that a function is called for.
 *
 * Shape: a field that is null is a text without bytes, of which `isNull` is true: it equals
 * nothing, not even "".
 */
export class RowText {
  private source: Uint8Array = new Uint8Array(0)
  private from = 0
  private to = 0
  private absent = true

  /** Stands for bytes `from` to `from + length` of `source`; length -1 is null. For the engine. */
  place(source: Uint8Array, from: number, length: number): this {
    this.source = source
    this.from = from
    this.absent = length < 0
    this.to = length < 0 ? from : from + length
    return this
  }

  get isNull(): boolean {
    return this.absent
  }

  /** Number of bytes. */
  get length(): number {
    return this.to - this.from
  }

  /** The bytes themselves, not a copy: they are others after the call. */
  get bytes(): Uint8Array {
    return this.source.subarray(this.from, this.to)
  }

  /** One byte, or undefined beyond the end. */
  at(index: number): number | undefined {
    return index >= 0 && index < this.length ? this.source[this.from + index] : undefined
  }

  /** Whether it is this text. */
  equals(text: string | RowText): boolean {
    if (this.absent) return false
    if (typeof text === "string") return this.has(text, this.from, true)
    return !text.absent && text.length === this.length && this.compare(text) === 0
  }

  /** Whether it begins with this text. */
  startsWith(text: string): boolean {
    return !this.absent && this.has(text, this.from, false)
  }

  /** Whether it ends with this text. */
  endsWith(text: string): boolean {
    if (this.absent) return false
    const bytes = encoder.encode(text)
    return this.hasBytes(bytes, this.to - bytes.length)
  }

  /** Whether this text stands somewhere in it. */
  includes(text: string): boolean {
    if (this.absent) return false
    const bytes = encoder.encode(text)
    for (let at = this.from; at + bytes.length <= this.to; at++)
      if (this.hasBytes(bytes, at)) return true
    return false
  }

  /** -1, 0 or 1, by code points; null is as "". */
  compare(text: string | RowText): number {
    const { source, from, to } = this
    if (typeof text !== "string")
      return compareBytes(source, from, to, text.source, text.from, text.to)
    const bytes = encoder.encode(text)
    return compareBytes(source, from, to, bytes, 0, bytes.length)
  }

  /** A hash of the bytes, 32 bits; the same for the same text in every run. */
  hash(): number {
    return hashBytes(this.source, this.from, this.to)
  }

  /** The whole number of at most 15 digits that it is, with or without a minus; else null. */
  integer(): number | null {
    const { source, to } = this
    const isNegative = source[this.from] === minus && to > this.from
    const first = isNegative ? this.from + 1 : this.from
    if (to === first || to - first > digitsMax) return null
    let value = 0
    for (let i = first; i < to; i++) {
      const digit = (source[i] as number) - zero
      if (digit < 0 || digit > 9) return null
      value = value * 10 + digit
    }
    return isNegative && value !== 0 ? -value : value
  }

  /** The text as a string; "" for null. */
  toString(): string {
    return decodeUtf8(this.source, this.from, this.to)
  }

  /** Compares with text at a place; what is not ASCII is compared as bytes. */
  private has(text: string, from: number, isWhole: boolean): boolean {
    const { source, to } = this
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) return this.hasEncoded(text, from, isWhole)
      if (from + i >= to || source[from + i] !== code) return false
    }
    return !isWhole || from + text.length === to
  }

  private hasEncoded(text: string, from: number, isWhole: boolean): boolean {
    const bytes = encoder.encode(text)
    return this.hasBytes(bytes, from) && (!isWhole || from + bytes.length === this.to)
  }

  private hasBytes(bytes: Uint8Array, from: number): boolean {
    if (from < this.from || from + bytes.length > this.to) return false
    const { source } = this
    for (let i = 0; i < bytes.length; i++) if (source[from + i] !== bytes[i]) return false
    return true
  }
}
