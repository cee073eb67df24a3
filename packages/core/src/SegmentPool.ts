// Pooled buffers that several owners count: bytes from outside, read into once and parsed in place.
// A segment is free again when the last of them has released it. The pool keeps a bounded number of
// free segments, and only those of its own size.
import { moved } from "./internal/pools/lease.ts"
import type * as PoolStatistics from "./PoolStatistics.ts"
import { PoolCounter } from "./PoolStatistics.ts"
import type { PoolTracker } from "./PoolTracker.ts"
import { PoolMisuse } from "./PoolTracker.ts"

/** Makes text of a range of bytes; the platform may know a faster way than `TextDecoder`. */
export type Decode = (bytes: Uint8Array, from: number, to: number) => string

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** Text of UTF-8 bytes, wherever JavaScript runs. */
export const decodeUtf8: Decode = (bytes, from, to) => decoder.decode(bytes.subarray(from, to))

/** Whoever gets a segment back once nobody owns it any more. */
export interface SegmentHome {
  readonly give: (segment: Segment) => void
}

/** A buffer with the number of its owners. */
export class Segment {
  readonly bytes: Uint8Array
  /** Text of a range, faster than in general where the bytes are known to be ASCII. */
  decode: Decode = decodeUtf8
  /** Owners; 0 once it is back in its pool. */
  owners = 1
  private readonly home: SegmentHome | undefined

  constructor(bytes: Uint8Array, home?: SegmentHome) {
    this.bytes = bytes
    this.home = home
  }

  /** One more owner. */
  retain(): void {
    this.owners++
  }

  /** One owner less; the last one gives the segment back. Throws for a segment nobody owns. */
  release(): void {
    if (this.owners <= 0) throw new Error("a segment was released more often than retained")
    this.owners--
    if (this.owners === 0) this.home?.give(this)
  }
}

/** Settings of a pool. */
export interface SegmentPoolOptions {
  readonly name: string
  /** Bytes of one segment. */
  readonly segmentBytes: number
  /** Free segments kept for the next renter. Default 8. */
  readonly freeMax?: number
  /** Makes the bytes of a new segment. */
  readonly allocate?: (length: number) => Uint8Array
  /** Development mode: renters are named, a segment that is used after its return throws. */
  readonly tracker?: PoolTracker | undefined
}

/**
 * Segments of one size.
 *
 * Flow: `rent` never waits; whoever rents owns the segment and releases it.
 * Limits: `freeMax` segments are kept; what comes back beyond that, or is larger, is let go of.
 *
 * @example
 * ```ts
 * import { SegmentPool } from "@sluice/core/SegmentPool"
 *
 * const pool = new SegmentPool({ name: "files", segmentBytes: 262_144 })
 * const segment = pool.rent()
 * segment.release()
 * ```
 */
export class SegmentPool implements SegmentHome {
  readonly segmentBytes: number
  private readonly freeMax: number
  private readonly allocate: (length: number) => Uint8Array
  private readonly free: Array<Segment> = []
  private readonly counter: PoolCounter
  private readonly tracker: PoolTracker | undefined

  constructor(options: SegmentPoolOptions) {
    this.tracker = options.tracker
    this.segmentBytes = options.segmentBytes
    this.freeMax = options.freeMax ?? 8
    this.allocate = options.allocate ?? ((length) => new Uint8Array(length))
    this.counter = new PoolCounter(options.name)
  }

  /** A segment of at least `bytesMin` bytes for `renter`; its content is whatever it was. */
  rent(bytesMin: number = this.segmentBytes, renter: string = this.counter.name): Segment {
    const segment = this.taken(bytesMin)
    this.tracker?.rented(segment, this.counter.name, renter)
    return segment
  }

  private taken(bytesMin: number): Segment {
    const known = bytesMin <= this.segmentBytes ? this.free.pop() : undefined
    if (known !== undefined) {
      known.owners = 1
      this.counter.reuse(known.bytes.length, known.bytes.length)
      return known
    }
    const bytes = this.allocate(Math.max(bytesMin, this.segmentBytes))
    this.counter.allocate(bytes.length, bytes.length)
    return new Segment(bytes, this)
  }

  /** Called by a segment that nobody owns any more. */
  give(segment: Segment): void {
    this.tracker?.returned(segment, this.counter.name)
    const { length } = segment.bytes
    if (length !== this.segmentBytes || this.free.length >= this.freeMax) {
      this.counter.discard(length, length)
      return
    }
    this.counter.give(length, length)
    this.free.push(this.tracker === undefined ? segment : new Segment(moved(segment.bytes), this))
    if (this.tracker !== undefined) this.cutOff(segment)
  }

  /** Whoever still holds the segment gets an error instead of the next renter's bytes. */
  private cutOff(segment: Segment): void {
    Object.defineProperty(segment, "bytes", {
      get: () => {
        throw new PoolMisuse(
          `pool "${this.counter.name}": the bytes of a segment were read after its last owner ` +
            "had released it; retain it for as long as you need it"
        )
      }
    })
  }

  statistics(): PoolStatistics.PoolStatistics {
    return this.counter.snapshot()
  }
}
