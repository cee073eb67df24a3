// Bytes between one who writes and one who parses, in pooled segments: what was read and not yet
// consumed lies in one piece, so a parser never sees a border. It copies nothing but that rest,
// when a segment is full; it waits for nobody and knows no fiber.
import type { Segment, SegmentPool } from "./SegmentPool.ts"

/** A stretch of bytes in a segment. */
export interface Stretch {
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
}

/**
 * One writer, one reader.
 *
 * Flow: `room` and `filled` in turn to write, `end` after the last byte; `readable` and `advance`
 * in turn to read. `advance` says what was consumed, and what was examined: until a byte comes that
 * was not examined, `readable` answers nothing, so that a parser is not asked twice about the same.
 * Limits: what is not consumed, at most `bytesMax`, and a read.
 * Errors: `room` throws `RangeError` when more than `bytesMax` bytes are not consumed: the record
 * is longer than allowed.
 *
 * @example
 * ```ts
 * import { BytePipe, untilByte } from "@sluice/core/BytePipe"
 * import { SegmentPool } from "@sluice/core/SegmentPool"
 *
 * const pool = new SegmentPool({ name: "lines", segmentBytes: 65_536 })
 * const pipe = new BytePipe(pool, 1_048_576)
 * const lineFeed = untilByte(10)
 * ```
 */
export class BytePipe {
  /** Bytes copied from a full segment to the next. */
  copied = 0
  private readonly pool: SegmentPool
  private readonly bytesMax: number
  private segment: Segment | undefined
  private consumed = 0
  private examined = 0
  private used = 0
  private ended = false

  constructor(pool: SegmentPool, bytesMax: number) {
    this.pool = pool
    this.bytesMax = bytesMax
  }

  /** Where the next bytes go: at least `bytesMin` of them. */
  room(bytesMin = 1): Stretch {
    const { segment } = this
    if (segment !== undefined && this.used + bytesMin <= segment.bytes.length)
      return { bytes: segment.bytes, from: this.used, to: segment.bytes.length }
    const rest = this.used - this.consumed
    if (rest > this.bytesMax) {
      throw new RangeError(
        `${rest} bytes hold no whole record, ${this.bytesMax} are allowed. Cure: raise bytesMax, ` +
          "or check what ends a record"
      )
    }
    const next = this.pool.rent(this.sizeFor(rest + bytesMin))
    if (segment !== undefined) {
      next.bytes.set(segment.bytes.subarray(this.consumed, this.used))
      this.copied += rest
      segment.release()
    }
    this.segment = next
    this.examined -= this.consumed
    this.used = rest
    this.consumed = 0
    return { bytes: next.bytes, from: rest, to: next.bytes.length }
  }

  // A record longer than half a segment would else be copied for every few bytes that come.
  private sizeFor(bytes: number): number {
    const { segmentBytes } = this.pool
    return bytes * 2 > segmentBytes ? Math.max(segmentBytes, bytes * 2) : segmentBytes
  }

  /** So many bytes of the room were written. */
  filled(count: number): void {
    this.used += count
  }

  /** No byte follows. */
  end(): void {
    this.ended = true
  }

  /** True once no byte follows those there are. */
  get isEnded(): boolean {
    return this.ended
  }

  /** What is not consumed; undefined while nothing came that was not examined. */
  readable(): Stretch | undefined {
    const { segment } = this
    if (segment === undefined || this.consumed === this.used) return undefined
    if (this.examined === this.used && !this.ended) return undefined
    return { bytes: segment.bytes, from: this.consumed, to: this.used }
  }

  /** Positions as `readable` gave them: what is done with, and what was looked at. */
  advance(consumed: number, examined: number = consumed): void {
    if (consumed < this.consumed || examined < consumed || examined > this.used) {
      throw new RangeError(
        `consumed ${consumed}, examined ${examined}: not within ${this.consumed} to ${this.used}`
      )
    }
    this.consumed = consumed
    this.examined = examined
  }

  /** Shares the segment with whoever keeps a stretch of it; that one releases it. */
  retain(): Segment {
    if (this.segment === undefined) throw new Error("a pipe without bytes has no segment")
    this.segment.retain()
    return this.segment
  }

  /** Gives its segment back. */
  close(): void {
    this.segment?.release()
    this.segment = undefined
    this.consumed = 0
    this.examined = 0
    this.used = 0
  }
}

/** A record found in a stretch: where it stands, and where the next one begins. */
export interface Found {
  readonly from: number
  readonly to: number
  readonly next: number
}

/** Finds the first record of a stretch, or says that it needs more bytes. */
export type FindRecord = (stretch: Stretch, isEnded: boolean) => Found | undefined

/** Records that end with a byte; the last of the input needs none. */
export const untilByte =
  (byte: number): FindRecord =>
  ({ bytes, from, to }, isEnded) => {
    const at = bytes.indexOf(byte, from)
    if (at >= 0 && at < to) return { from, to: at, next: at + 1 }
    return isEnded && from < to ? { from, to, next: to } : undefined
  }

/** Records after their length as four bytes, the highest first. Throws for an input cut short. */
export const lengthPrefixed: FindRecord = ({ bytes, from, to }, isEnded) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = to - from < 4 ? undefined : view.getUint32(from)
  if (length !== undefined && from + 4 + length <= to)
    return { from: from + 4, to: from + 4 + length, next: from + 4 + length }
  if (!isEnded) return undefined
  throw new RangeError(
    `the input ends ${to - from} bytes into a record of ${length ?? "unknown"} bytes. ` +
      "Cure: check that it was written to its end"
  )
}

/** Calls back with every whole record there is; what is left waits for more bytes. */
export const readRecords = (
  pipe: BytePipe,
  find: FindRecord,
  onRecord: (bytes: Uint8Array, from: number, to: number) => void
): void => {
  for (;;) {
    const stretch = pipe.readable()
    if (stretch === undefined) return
    const found = find(stretch, pipe.isEnded)
    if (found === undefined) {
      pipe.advance(stretch.from, stretch.to)
      return
    }
    onRecord(stretch.bytes, found.from, found.to)
    pipe.advance(found.next)
    // What lies behind a record was not examined yet, even when it was there before.
  }
}
