// The figures of a pool: what each rent and return does to them, and the ratios read from them.
import { describe, expect, it } from "@effect/vitest"
import * as PoolStatistics from "../../src/PoolStatistics.ts"

describe("PoolStatistics", () => {
  it("rents are returns and what is still out; what was made is out, free or gone", () => {
    const counter = new PoolStatistics.PoolCounter("segments")
    counter.allocate(4_096, 1_000)
    counter.allocate(4_096, 4_096)
    counter.give(4_096, 1_000)
    counter.reuse(4_096, 2_048)
    counter.discard(4_096, 4_096)
    const s = counter.snapshot()
    expect(s).toMatchObject({ allocated: 2, rents: 3, returns: 2, rented: 1, rentedMax: 2 })
    expect(s).toMatchObject({ free: 0, discarded: 1, reuses: 1, bytesRentedMax: 8_192 })
    expect(s.rents).toBe(s.returns + s.rented)
    expect(s.allocated).toBe(s.rented + s.free + s.discarded)
    expect(PoolStatistics.reuseRatio(s)).toBeCloseTo(1 / 3)
    expect(PoolStatistics.fragmentation(s)).toBe(0.5)
  })

  it("items without a size are fragmented by those that wait", () => {
    const counter = new PoolStatistics.PoolCounter("states")
    counter.allocate()
    counter.allocate()
    counter.give()
    expect(PoolStatistics.fragmentation(counter.snapshot())).toBe(0.5)
    counter.trim()
    expect(PoolStatistics.fragmentation(counter.snapshot())).toBe(0)
  })

  it("a pool nobody used has ratios of 0, and rents per second need time to pass", () => {
    const counter = new PoolStatistics.PoolCounter("none")
    const before = counter.snapshot()
    expect(PoolStatistics.reuseRatio(before)).toBe(0)
    expect(PoolStatistics.fragmentation(before)).toBe(0)
    for (let i = 0; i < 50; i++) counter.allocate()
    expect(PoolStatistics.rentsPerSecond(before, counter.snapshot(), 250)).toBe(200)
    expect(PoolStatistics.rentsPerSecond(before, counter.snapshot(), 0)).toBe(0)
  })
})
