// The pools: what they keep, what they count, and what development mode catches.
import { afterEach, describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { AccumulatorStatePool } from "../../src/AccumulatorStatePool.ts"
import { BatchPool } from "../../src/BatchPool.ts"
import { Pool } from "../../src/Pool.ts"
import * as PoolStatistics from "../../src/PoolStatistics.ts"
import { afterEachTest, PoolMisuse, PoolTracker } from "../../src/PoolTracker.ts"
import { SpillBufferPool } from "../../src/SpillBufferPool.ts"

interface Box {
  value: number
}

const boxes = (tracker?: PoolTracker, freeMax?: number) =>
  new Pool<Box>({
    name: "boxes",
    make: () => ({ value: 0 }),
    reset: (box) => {
      box.value = 0
    },
    tracker,
    ...(freeMax === undefined ? {} : { freeMax })
  })

describe("Pool", () => {
  it.each([[false], [true]])(
    "holds its accounts under any use (development mode: %s)",
    (tracked) => {
      fc.assert(
        fc.property(fc.array(fc.nat(9)), fc.nat(4), (steps, freeMax) => {
          const tracker = tracked ? new PoolTracker() : undefined
          const pool = boxes(tracker, freeMax)
          const out: Array<Box> = []
          for (const step of steps) {
            if (step < 5) out.push(pool.rent(`step ${step}`))
            else if (step < 9) {
              const box = out.splice(step % Math.max(1, out.length), 1)[0]
              if (box !== undefined) pool.give(box)
            } else pool.trim()
            const s = pool.statistics()
            expect(s.rented).toBe(out.length)
            expect(s.rents).toBe(s.returns + s.rented)
            expect(s.allocated).toBe(s.rented + s.free + s.discarded)
            expect(s.free).toBeLessThanOrEqual(freeMax)
            expect(s.rents - s.reuses).toBe(s.allocated)
            if (tracker !== undefined) expect(tracker.leaks().length).toBe(out.length)
          }
          expect(new Set(out).size).toBe(out.length)
        })
      )
    }
  )

  it("a returned item is reset and goes out again", () => {
    const pool = boxes()
    const box = pool.rent("a")
    box.value = 7
    pool.give(box)
    expect(pool.rent("b")).toBe(box)
    expect(box.value).toBe(0)
    expect(PoolStatistics.reuseRatio(pool.statistics())).toBe(0.5)
  })

  it("without a tracker use after return goes unnoticed, so the checks above can fail", () => {
    const pool = boxes()
    const box = pool.rent("careless")
    pool.give(box)
    box.value = 3
    expect(pool.rent("victim").value).toBe(3)
  })
})

describe("PoolTracker", () => {
  const tracker = afterEachTest(afterEach)
  const pool = boxes(tracker)

  it("whatever is done to an object after its return throws, and names pool and renter", () => {
    const box = pool.rent("careless")
    box.value = 1
    expect(box.value + Object.keys(box).length).toBe(2)
    pool.give(box)
    const uses: ReadonlyArray<() => unknown> = [
      () => box.value,
      () => {
        box.value = 2
      },
      () => "value" in box,
      () => Reflect.deleteProperty(box, "value"),
      () => Object.keys(box)
    ]
    for (const use of uses) expect(use).toThrow(PoolMisuse)
    expect(() => box.value).toThrow(
      'pool "boxes": "careless" read "value" after it was returned; return last'
    )
  })

  it("a second return throws, and what is free is not given to two", () => {
    const box = pool.rent("twice")
    pool.give(box)
    expect(() => pool.give(box)).toThrow(/returned twice, or comes from elsewhere/)
    const [a, b] = [pool.rent("a"), pool.rent("b")]
    a.value = 1
    expect(b.value).toBe(0)
    pool.give(a)
    pool.give(b)
  })

  it("bytes are detached at their return, and the next renter gets the same memory", () => {
    const bytes = new Pool<Uint8Array>({
      name: "bytes",
      make: (size) => new Uint8Array(size),
      bytesOf: (item) => item.byteLength,
      tracker
    })
    const old = bytes.rent("reader", 16)
    const view = old.subarray(4, 8)
    bytes.give(old, 16)
    expect([old.length, view.length]).toEqual([0, 0])
    expect(() => old.slice(0, 1).fill(1) && old.subarray(0, 1).set([1])).toThrow()
    const again = bytes.rent("next", 16)
    expect([again.length, bytes.statistics().allocated]).toEqual([16, 1])
    bytes.give(again, 16)
  })

  it("the report names who returned nothing, and assertReturned throws it", () => {
    const leaky = new PoolTracker()
    const leaking = boxes(leaky)
    expect(leaky.report()).toBeUndefined()
    const kept = leaking.rent("parser of data.csv")
    leaking.give(leaking.rent("tidy"))
    expect(leaky.report()).toBe(
      '2 rents, 1 return: 1 leak\n  pool "boxes", rent 1: not returned by "parser of data.csv"'
    )
    expect(() => leaky.assertReturned()).toThrow(PoolMisuse)
    leaking.give(kept)
    leaky.assertReturned()
    for (let i = 0; i < 25; i++) leaking.rent(`renter ${i}`)
    expect(leaky.report()).toMatch(/25 leaks(\n {2}pool .+){20}\n {2}… and 5 more$/)
  })
})

describe("BatchPool", () => {
  it("columns serve batches of about the same size, wide ones only where needed", () => {
    const pool = new BatchPool()
    const first = pool.rent("filter", 3_000)
    expect(first).toBeInstanceOf(Uint16Array)
    expect(first.length).toBe(3_072)
    pool.give(first, 3_000)
    expect(pool.rent("filter", 2_900)).toBe(first)
    expect(pool.rent("filter", 3_000)).not.toBe(first)
    expect(pool.rent("flatMap", 70_000)).toBeInstanceOf(Uint32Array)
    expect(pool.batchReuseRatio).toBe(0.25)
  })

  it("in development mode a column is cut off at its return", () => {
    const tracker = new PoolTracker()
    const pool = new BatchPool({ tracker })
    const column = pool.rent("filter", 10)
    column[3] = 7
    pool.give(column, 10)
    expect([column.length, column[3]]).toEqual([0, undefined])
    pool.give(pool.rent("filter", 10), 10)
    tracker.assertReturned()
    expect(pool.statistics()[0]?.allocated).toBe(1)
  })

  it("a small batch does not hold the column of a large one", () => {
    const pool = new BatchPool()
    const large = pool.rent("a", 60_000)
    pool.give(large, 60_000)
    expect(pool.rent("b", 100)).not.toBe(large)
    expect(pool.statistics()[0]).toMatchObject({ free: 1, allocated: 2, bytesRented: 2_048 })
  })
})

describe("AccumulatorStatePool", () => {
  it("blocks are zeros, used again by their size, and counted beside the open keys", () => {
    let open = 0
    const pool = new AccumulatorStatePool({ name: "orders", active: () => open })
    const first = pool.rent(4_096)
    first.fill(7)
    open = 9
    expect(pool.activeStates).toBe(9)
    pool.give(first)
    expect(pool.rent(8_192)).not.toBe(first)
    expect(pool.rent(4_096)).toBe(first)
    expect(first.every((byte) => byte === 0)).toBe(true)
    expect(pool.statistics()).toMatchObject({ rented: 2, allocated: 2, reuses: 1 })
  })

  it("a large block is let go of, and nothing is out after clear", () => {
    const tracker = new PoolTracker()
    const pool = new AccumulatorStatePool({ name: "orders", active: () => 0, tracker })
    const large = pool.rent(2 ** 21)
    const small = pool.rent(4_096)
    expect(tracker.report()).toContain(
      'pool "accumulator-states", rent 1: not returned by "orders"'
    )
    pool.give(large)
    expect(pool.statistics()).toMatchObject({ free: 0, discarded: 1, bytesRented: 4_096 })
    pool.clear()
    tracker.assertReturned()
    expect(small.length).toBe(0)
  })
})

describe("SpillBufferPool", () => {
  it("buffers come in powers of two, and the time they are out is told", () => {
    let nowMs = 0
    const tracker = new PoolTracker()
    const pool = new SpillBufferPool({ now: () => nowMs, tracker })
    const small = pool.rent("spill", 1_000)
    const large = pool.rent("spill", 5_000_000)
    expect([small.bytes.length, large.bytes.length]).toEqual([65_536, 5_000_000])
    nowMs = 30
    small.release()
    nowMs = 50
    large.release()
    tracker.assertReturned()
    const { sizes, spillBufferLatencyMs, spillBufferLatencyMsMax } = pool.statistics()
    expect([spillBufferLatencyMs, spillBufferLatencyMsMax]).toEqual([40, 50])
    expect(sizes[0]).toMatchObject({ name: "spill-65536", free: 1, rented: 0 })
    expect(sizes.at(-1)).toMatchObject({ name: "spill-large", free: 0, discarded: 1 })
    expect(pool.rent("spill", 65_536).bytes.length).toBe(65_536)
    expect(pool.statistics().sizes[0]).toMatchObject({ allocated: 1, reuses: 1 })
  })
})
