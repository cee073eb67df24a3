// Where the records of a format begin and end in bytes, and which text they are: what the reader of
// files asks besides the parser. It looks into no fields.
import { isUtf8 } from "node:buffer"
import type { FieldSpec, Format } from "../../Format.ts"
import { bare } from "../../internal/format/describe.ts"
import { afterLastFrame, frameAt } from "../../internal/format/frames.ts"
import type { Plain } from "../../internal/format/quoted.ts"
import { afterLastQuoted, makePlain } from "../../internal/format/quoted.ts"
import type { Boundary } from "./regionSplitter.ts"
import { firstInvalid } from "./utf8.ts"

/** How bytes are cut into records. */
export interface Framing {
  readonly boundary: Boundary
  /** Where the record behind the one at `at` begins. */
  readonly next: Boundary
  /** The bytes of the record at `at`, without what sets it apart from the next. */
  readonly record: (bytes: Uint8Array, at: number, next: number) => Uint8Array
  /** Offset of the first byte among `bytes[from, to)` that is no text, or -1. */
  readonly invalid: Boundary
  /** Line breaks in a stretch of bytes, where lines are counted. */
  readonly breaks: (bytes: Uint8Array, from: number, to: number) => number
  /** A parser changes bytes that it reads. */
  readonly isChanged: boolean
  /** What stood between the fields of a line that was made plain. */
  readonly separator: number | undefined
}

/** Where the last whole line ends. */
export const afterLastLine: Boundary = (bytes, from, to) => {
  const last = (bytes as Buffer).subarray(from, to).lastIndexOf(10)
  return last < 0 ? from : from + last + 1
}

const nextLine: Boundary = (bytes, at, to) => {
  const end = bytes.indexOf(10, at)
  return end < 0 || end >= to ? to : end + 1
}

const lineOf = (bytes: Uint8Array, at: number, next: number): Uint8Array => {
  let end = next
  if (end > at && bytes[end - 1] === 10) end--
  if (end > at && bytes[end - 1] === 13) end--
  return bytes.subarray(at, end)
}

const invalidText: Boundary = (bytes, from, to) => {
  const part = bytes.subarray(from, to)
  return isUtf8(part) ? -1 : from + firstInvalid(part)
}

/**
 * A row with quotes goes on to where they are closed; one whose quotes are broken, to the end of
 * its first line.
 */
const nextRow =
  (separator: number): Boundary =>
  (bytes, at, to) => {
    const first = nextLine(bytes, at, to)
    if (!bytes.subarray(at, first).includes(34)) return first
    const plain: Plain = { end: 0, next: 0, breaks: 0 }
    for (let end = first; ; ) {
      const copy = Uint8Array.from(bytes.subarray(at, end))
      if (makePlain(copy, 0, copy.length, separator, plain)) return at + plain.next
      if (end >= to) return first
      end = nextLine(bytes, Math.min(to, at + 2 * (end - at)), to)
    }
  }

const countBreaks = (bytes: Uint8Array, from: number, to: number): number => {
  let count = 0
  for (let i = bytes.indexOf(10, from); i >= 0 && i < to; i = bytes.indexOf(10, i + 1)) count++
  return count
}

const isLowered = (spec: FieldSpec): boolean => {
  const inner = bare(spec)
  if (inner._tag === "Counted") return Object.values(inner.fields).some(isLowered)
  return inner._tag === "Text" && inner.lower
}

const hasLower = ({ fields }: Format<unknown>): boolean => Object.values(fields).some(isLowered)

const ofFrames = (frames: NonNullable<Format<unknown>["frames"]>, isChanged: boolean): Framing => ({
  boundary: (bytes, from, to) => afterLastFrame(bytes, from, to, frames),
  next: (bytes, at, to) => {
    const frame = frameAt(bytes, at, to, frames)
    return frame._tag === "Frame" ? frame.to : to
  },
  record: (bytes, at, next) => {
    const frame = frameAt(bytes, at, next, frames)
    return frame._tag === "Frame" ? bytes.subarray(frame.from, frame.to) : bytes.subarray(at, next)
  },
  invalid: (bytes, from, to) => {
    let frame = frameAt(bytes, from, to, frames)
    while (frame._tag === "Frame") {
      const found = invalidText(bytes, frame.from, frame.to)
      if (found >= 0) return found
      frame = frameAt(bytes, frame.to, to, frames)
    }
    return -1
  },
  breaks: () => 0,
  isChanged,
  separator: undefined
})

/** How the bytes of a format are cut into records. */
export const framingOf = (format: Format<unknown>): Framing => {
  const { quotes, separator, frames } = format
  if (frames !== undefined) return ofFrames(frames, hasLower(format))
  const lines = {
    boundary: afterLastLine,
    next: nextLine,
    record: lineOf,
    invalid: invalidText,
    breaks: countBreaks,
    isChanged: hasLower(format),
    separator: undefined
  }
  if (!quotes) return lines
  const byte = separator.charCodeAt(0)
  return {
    ...lines,
    boundary: (bytes, from, to) => {
      const isPlain = !(bytes as Buffer).subarray(from, to).includes(34)
      return isPlain ? afterLastLine(bytes, from, to) : afterLastQuoted(bytes, from, to, byte)
    },
    next: nextRow(byte),
    isChanged: true,
    separator: byte
  }
}
