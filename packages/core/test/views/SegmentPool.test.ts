// Segments are counted: back in the pool when the last owner lets go, and never twice.
import { describe, expect, it } from "vitest"
import { PoolTracker } from "../../src/PoolTracker.ts"
import { SegmentPool } from "../../src/SegmentPool.ts"

const pool = (freeMax?: number) =>
  new SegmentPool({ name: "test", segmentBytes: 64, ...(freeMax === undefined ? {} : { freeMax }) })

describe("SegmentPool", () => {
  it("hands out a segment again once its last owner has released it", () => {
    const segments = pool()
    const first = segments.rent()
    first.retain()
    first.release()
    expect(segments.rent()).not.toBe(first)
    first.release()
    expect(segments.rent()).toBe(first)
    const { allocated, rented, rents, reuses } = segments.statistics()
    expect({ allocated, rented, rents, reuses }).toEqual({
      allocated: 2,
      rented: 2,
      rents: 3,
      reuses: 1
    })
  })

  it("refuses a release too many", () => {
    const segment = pool().rent()
    segment.release()
    expect(() => segment.release()).toThrow("released more often than retained")
  })

  it("keeps no more free segments than it may, and none of another size", () => {
    const segments = pool(1)
    const large = segments.rent(100)
    const [a, b] = [segments.rent(), segments.rent()]
    expect(large.bytes.length).toBe(100)
    for (const segment of [large, a, b]) segment.release()
    const { free, discarded, rented, bytesFree } = segments.statistics()
    expect({ free, discarded, rented, bytesFree }).toEqual({
      free: 1,
      discarded: 2,
      rented: 0,
      bytesFree: 64
    })
  })

  it("in development mode names who kept a segment, and cuts off late readers", () => {
    const tracker = new PoolTracker()
    const segments = new SegmentPool({ name: "files", segmentBytes: 64, tracker })
    const [kept, read] = [segments.rent(64, "reader of a"), segments.rent(64, "reader of b")]
    const view = read.bytes.subarray(0, 8)
    read.release()
    expect(view.length).toBe(0)
    expect(() => read.bytes).toThrow(/read after its last owner had released it; retain it/)
    expect(tracker.report()).toContain('pool "files", rent 1: not returned by "reader of a"')
    kept.release()
    tracker.assertReturned()
    const again = segments.rent(64, "reader of c")
    expect([again.bytes.length, segments.statistics().allocated]).toEqual([64, 2])
    again.release()
  })
})
