// Bytes in, whole records in a pooled segment out: the splitter of the byte path. The part of a
// record that a read cut off is copied to the start of the next segment, and nothing else is ever
// copied. It does no I/O.
//
//   segment: [ whole records … | part of the next | room for reads ]
//            0                 complete           used
import type { Segment, SegmentPool } from "../../SegmentPool.ts"

/** Whole records in a segment. Whoever takes it owns the segment. */
export interface Region {
  readonly segment: Segment
  readonly from: number
  readonly to: number
  /** Offset in the file of the byte at `from`. */
  readonly position: number
  /** It holds no whole record: the one it begins with is longer than allowed. */
  readonly tooLong: boolean
}

/** Where the last whole record among `bytes[from, to)` ends; `from` where none does. */
export type Boundary = (bytes: Uint8Array, from: number, to: number) => number

/** How records are told apart, and where they lie. */
export interface RegionFormat {
  readonly pool: SegmentPool
  readonly boundary: Boundary
  /** Longest record. */
  readonly recordBytesMax: number
}

/** State of one file's bytes. */
export class RegionSplitter {
  private readonly format: RegionFormat
  private segment: Segment | undefined
  /** Bytes present in the segment, and the end of the last whole record among them. */
  private used = 0
  private complete = 0
  /** Offset in the file of the first byte of the segment. */
  private position = 0
  /** The file ended, or holds a record that is too long: nothing further is wanted. */
  private over = false

  constructor(format: RegionFormat) {
    this.format = format
  }

  /** Offset in the file of the next byte to read. */
  get bytesRead(): number {
    return this.position + this.used
  }

  get settled(): boolean {
    return this.over
  }

  get exhausted(): boolean {
    return this.over
  }

  /** The segment with room for a read; a record longer than a segment gets a larger one. */
  readonly room = (): {
    readonly buffer: Buffer
    readonly offset: number
    readonly length: number
  } => {
    const { used } = this
    const buffer = this.roomy().bytes as Buffer
    return { buffer, offset: used, length: buffer.length - used }
  }

  private roomy(): Segment {
    const { pool } = this.format
    const { segment } = this
    if (segment === undefined) {
      this.segment = pool.rent()
      return this.segment
    }
    if (this.used < segment.bytes.length) return segment
    const larger = pool.rent(segment.bytes.length * 2)
    larger.bytes.set(segment.bytes.subarray(0, this.used))
    segment.release()
    this.segment = larger
    return larger
  }

  readonly filled = (count: number): "more" | "ready" | "end" => {
    if (count === 0) {
      this.over = true
      this.complete = this.used
      return this.used === 0 ? "end" : "ready"
    }
    this.used += count
    const { bytes } = this.segment as Segment
    this.complete = this.format.boundary(bytes, 0, this.used)
    return this.complete === 0 && this.used <= this.format.recordBytesMax ? "more" : "ready"
  }

  readonly take = (): Region => {
    const segment = this.segment as Segment
    const { complete, used, position } = this
    const tooLong = complete === 0
    this.segment = undefined
    this.used = 0
    this.position += complete
    if (tooLong) this.over = true
    else if (used > complete) this.keep(segment.bytes.subarray(complete, used))
    return { segment, from: 0, to: complete, position, tooLong }
  }

  /** The start of the next record, in a segment of its own. */
  private keep(tail: Uint8Array): void {
    const next = this.format.pool.rent(tail.length + 1)
    next.bytes.set(tail)
    this.segment = next
    this.used = tail.length
  }

  /** Lets go of what was not taken. */
  readonly release = (): void => {
    this.segment?.release()
    this.segment = undefined
  }
}
