import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { StageStats } from "../../src/internal/runtime/stageStats.ts"

const latencyOf = (samples: ReadonlyArray<number>) => {
  const stats = new StageStats("s", "transform")
  for (const micros of samples) stats.recordLatency(micros)
  return stats.snapshot().latency
}

describe("latency histogram", () => {
  it("bucket i holds what took more than 2^(i-1) and at most 2^i microseconds", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2 ** 30, noNaN: true }), (micros) => {
        const bucket = latencyOf([micros]).counts.indexOf(1)
        expect(micros).toBeLessThanOrEqual(2 ** bucket)
        if (bucket > 0) expect(micros).toBeGreaterThan(2 ** (bucket - 1))
      })
    )
  })

  it("quantiles are less than twice the true ones, and never above the maximum", () => {
    const samples = fc.array(fc.integer({ min: 1, max: 1_000_000 }), {
      minLength: 1,
      maxLength: 200
    })
    fc.assert(
      fc.property(samples, (micros) => {
        const ascending = micros.toSorted((a, b) => a - b)
        const latency = latencyOf(micros)
        for (const [q, got] of [
          [0.5, latency.p50Micros],
          [0.95, latency.p95Micros]
        ] as const) {
          const exact = ascending[Math.ceil(q * ascending.length) - 1] as number
          expect(got).toBeGreaterThanOrEqual(exact)
          expect(got).toBeLessThan(exact * 2)
        }
        expect(latency.maxMicros).toBe(ascending.at(-1))
      })
    )
  })

  it("the last bucket takes whatever lasted longer, days too", () => {
    const [minutes, days] = [20 * 60e6, 5 * 86_400e6]
    expect(latencyOf([minutes]).counts[31]).toBe(1)
    expect(latencyOf([1, days, days])).toMatchObject({
      p50Micros: days,
      p95Micros: days,
      maxMicros: days
    })
    expect(latencyOf([1, days, days]).counts[31]).toBe(2)
  })

  it("a sample may stand for several", () => {
    const stats = new StageStats("s", "transform")
    stats.recordLatency(3, 16)
    stats.recordLatency(100)
    expect(stats.snapshot().latency.counts.reduce((a, b) => a + b, 0)).toBe(17)
    expect(stats.snapshot().latency.p50Micros).toBe(4)
  })

  it("nothing measured is zero", () => {
    expect(latencyOf([])).toMatchObject({ p50Micros: 0, p95Micros: 0, maxMicros: 0 })
  })
})
