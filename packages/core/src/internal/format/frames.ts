// Records behind their length: where a frame's body begins and ends, for the reader that cuts
// regions of whole frames, and as code for the parsers. What a body holds is no matter here.
import type { Format, Frames } from "../../Format.ts"
import type { Dialect } from "./dialect.ts"

/** Most bytes of a length written as a varint: 32 bits. */
const varintMax = 5

const widths = { u8: 1, u16be: 2, u16le: 2, u32be: 4, u32le: 4 } as const

const places = (width: number, little: boolean): ReadonlyArray<number> => {
  const all = Array.from({ length: width }, (_, i) => i)
  return little ? all : all.toReversed()
}

/** A frame in bytes, or what is there instead. */
export type Frame =
  | { readonly _tag: "Frame"; readonly from: number; readonly to: number }
  /** Its end, or that of its length, lies further on. */
  | { readonly _tag: "Cut" }
  | { readonly _tag: "TooLong" }

const cut: Frame = { _tag: "Cut" }
const tooLong: Frame = { _tag: "TooLong" }

const body = (from: number, length: number, end: number, bytesMax: number): Frame => {
  if (length > bytesMax) return tooLong
  return from + length > end ? cut : { _tag: "Frame", from, to: from + length }
}

/** The frame that begins at `at`. */
export const frameAt = (
  bytes: Uint8Array,
  at: number,
  end: number,
  { prefix, bytesMax }: Frames
): Frame => {
  let length = 0
  if (prefix === "varint") {
    for (let i = 0; i < varintMax; i++) {
      if (at + i >= end) return cut
      const byte = bytes[at + i] as number
      length += (byte & 127) * 2 ** (7 * i)
      if (byte < 128) return body(at + i + 1, length, end, bytesMax)
    }
    return tooLong
  }
  const width = widths[prefix]
  if (at + width > end) return cut
  places(width, prefix.endsWith("le")).forEach((i, nth) => {
    length += (bytes[at + i] as number) * 2 ** (8 * nth)
  })
  return body(at + width, length, end, bytesMax)
}

/**
 * Where the last whole frame among `bytes[from, to)` ends; `to` where one follows that is too long,
 * so that it is not waited for.
 */
export const afterLastFrame = (
  bytes: Uint8Array,
  from: number,
  to: number,
  frames: Frames
): number => {
  let at = from
  for (;;) {
    const frame = frameAt(bytes, at, to, frames)
    if (frame._tag === "TooLong") return to
    if (frame._tag === "Cut") return at
    at = frame.to
  }
}

/** Bytes that a length takes at most. */
export const headBytes = (prefix: Frames["prefix"]): number =>
  prefix === "varint" ? varintMax : widths[prefix]

/** The longest body whose length can be said. */
export const framesMax = (prefix: Frames["prefix"]): number =>
  prefix === "varint" ? 2 ** 31 - 1 : 2 ** (8 * widths[prefix]) - 1

/** Writes a length, and answers how many bytes it took. */
export const putHead = (
  out: Uint8Array,
  at: number,
  length: number,
  prefix: Frames["prefix"]
): number => {
  if (prefix === "varint") {
    let end = at
    let rest = length
    for (; rest >= 128; rest = Math.floor(rest / 128)) out[end++] = (rest % 128) + 128
    out[end++] = rest
    return end - at
  }
  places(widths[prefix], prefix.endsWith("le")).forEach((i, nth) => {
    out[at + i] = Math.floor(length / 2 ** (8 * nth)) % 256
  })
  return widths[prefix]
}

/** A body behind its length. */
export const framed = (body: Uint8Array, prefix: Frames["prefix"]): Uint8Array => {
  const head = new Uint8Array(headBytes(prefix))
  const length = putHead(head, 0, body.length, prefix)
  const bytes = new Uint8Array(length + body.length)
  bytes.set(head.subarray(0, length))
  bytes.set(body, length)
  return bytes
}

/** What a fault says of a frame. */
const expectedOf = ({ bytesMax }: Frames): { readonly whole: string; readonly short: string } => ({
  whole: "a frame as long as it says",
  short: `a frame of at most ${bytesMax} bytes`
})

type Faults = Array<{ readonly field: string; readonly expected: string }>

const lengthCode = ({ prefix }: Frames, cutOff: string, tooLarge: string): string => {
  if (prefix === "varint")
    return `q = 0;
    for (z = 0; ; z++) {
      if (z >= ${varintMax}) ${tooLarge}
      if (p >= end) ${cutOff}
      c = b[p++];
      q += (c & 127) * 2 ** (7 * z);
      if (c < 128) break;
    }`
  const width = widths[prefix]
  const parts = places(width, prefix.endsWith("le")).map((i, nth) =>
    nth === 0 ? `b[p + ${i}]` : `b[p + ${i}] * ${2 ** (8 * nth)}`
  )
  return `if (p + ${width} > end) ${cutOff}
    q = ${parts.join(" + ")}; p += ${width};`
}

/** Code that sets p and e to the body of the frame at `at`, and `next` to what is behind it. */
const frameCode = (frames: Frames, faults: Faults): string => {
  const { whole, short } = expectedOf(frames)
  const fault = (expected: string): string => {
    faults.push({ field: frameField, expected })
    return `{ host.fault = ${faults.length - 1}; host.faultAt = at; break scan; }`
  }
  const cutOff = fault(whole)
  const tooLarge = fault(short)
  return `p = at;
    ${lengthCode(frames, cutOff, tooLarge)}
    if (q > ${frames.bytesMax}) ${tooLarge}
    e = p + q;
    if (e > end) ${cutOff}
    let next = e;`
}

/** The name of a frame in faults. */
export const frameField = "(frame)"

/** Code that sets p and e to the record at `at`, and `next` to the one behind it. */
export const recordCode = (
  { frames }: Pick<Format<unknown>, "frames">,
  faults: Faults,
  { lineEnd }: Pick<Dialect, "lineEnd">
): string =>
  frames === undefined
    ? `p = at;
    ${lineEnd}`
    : frameCode(frames, faults)
