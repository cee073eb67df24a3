// Memory pressure: the machine by its laws, the service by what listeners are told, the process by
// a heap that really fills.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as TestClock from "effect/testing/TestClock"
import fc from "fast-check"
import type { PressureState } from "../../src/internal/memory/pressureMachine.ts"
import * as machine from "../../src/internal/memory/pressureMachine.ts"
import * as ProcessMemory from "../../src/node/internal/processMemory.ts"
import * as MemoryPressure from "../../src/node/MemoryPressure.ts"
import * as Pressure from "../../src/Pressure.ts"

const megabyte = 1_048_576

const calm: Pressure.MemoryReading = {
  heapBytes: 20 * megabyte,
  heapBytesMax: 100 * megabyte,
  largeObjectBytes: 0,
  pausedMs: 0,
  pauseMsMax: 0
}

const settings = machine.settingsDefault

const after = (
  readings: ReadonlyArray<Partial<Pressure.MemoryReading>>,
  everyMs = 1_000
): PressureState =>
  readings.reduce(
    (state: PressureState, reading, i) =>
      machine.transition(state, { ...calm, ...reading }, i * everyMs, settings),
    machine.initial
  )

const readings = fc.record({
  heapBytes: fc.nat(100).map((n) => n * megabyte),
  largeObjectBytes: fc.nat(200).map((n) => n * megabyte),
  pausedMs: fc.nat(2_000)
})

describe("the pressure machine", () => {
  it("the level is from 0 to 1, rises at once, and falls no faster than it may", () => {
    fc.assert(
      fc.property(
        fc.array(readings, { maxLength: 30 }),
        fc.integer({ min: 0, max: 2_000 }),
        (all, step) => {
          let state = machine.initial
          all.forEach((reading, i) => {
            const next = machine.transition(state, { ...calm, ...reading }, i * step, settings)
            expect(next.level).toBeGreaterThanOrEqual(0)
            expect(next.level).toBeLessThanOrEqual(1)
            const fall = (settings.fallPerSecond * (i === 0 ? 0 : step)) / 1_000
            expect(next.level).toBeGreaterThanOrEqual(state.level - fall - 1e-9)
            const heap = (reading.heapBytes / calm.heapBytesMax - 0.7) / 0.25
            expect(next.level).toBeGreaterThanOrEqual(Math.min(1, heap) - 1e-9)
            expect(next.sign === "none").toBe(next.level === 0)
            state = next
          })
        }
      )
    )
  })

  it("each sign presses by itself", () => {
    expect(after([{}, {}])).toMatchObject({ level: 0, sign: "none" })
    expect(after([{ heapBytes: 95 * megabyte }])).toMatchObject({ level: 1, sign: "heap" })
    const growing = Array.from({ length: 6 }, (_, i) => ({ largeObjectBytes: i * 10 * megabyte }))
    expect(after(growing)).toMatchObject({ sign: "large-objects" })
    expect(after(growing).level).toBeGreaterThan(0.9)
    const shrinking = growing.toReversed()
    expect(after(shrinking).level).toBe(0)
    const paused = Array.from({ length: 6 }, () => ({ pausedMs: 500 }))
    expect(after(paused)).toMatchObject({ sign: "collections" })
    expect(after(paused).level).toBeGreaterThan(0.9)
  })

  it("signs that swing within the hysteresis leave the level where it is", () => {
    const swing = [82, 83, 82, 83, 82].map((share) => ({ heapBytes: share * megabyte }))
    const levels = swing.map((_, i) => after(swing.slice(0, i + 1)).level)
    expect(new Set(levels.slice(1)).size).toBe(1)
    expect(after([{ heapBytes: 90 * megabyte }, {}, {}, {}, {}, {}]).level).toBe(0)
  })

  it("settings that could not work are refused with the cure", () => {
    for (const wrong of [
      { heapShare: [0.9, 0.7] as const },
      { secondsLeft: [3, 30] as const },
      { pausedShare: [0.5, 2] as const },
      { fallPerSecond: 0 }
    ]) {
      expect(() => machine.check({ ...settings, ...wrong })).toThrow(/a sign begins before/)
    }
  })
})

describe("MemoryPressure", () => {
  it.effect(
    "publishes the level at each interval and tells listeners of steps, and of the calm",
    () =>
      Effect.gen(function* () {
        let reading: Pressure.MemoryReading = calm
        let closed = 0
        const memory = Effect.sync(() => ({
          read: () => reading,
          close: () => {
            closed++
          }
        }))
        const told: Array<Pressure.PressureChange> = []
        yield* Effect.gen(function* () {
          const pressure = yield* Pressure.Current
          expect(pressure.level()).toBe(0)
          pressure.onChange(() => {
            throw new Error("a listener")
          })
          const end = pressure.onChange((change) => void told.push(change))
          reading = { ...calm, heapBytes: 90 * megabyte }
          yield* TestClock.adjust("1 second")
          expect(pressure.level()).toBeCloseTo(0.8)
          expect(pressure.sign()).toBe("heap")
          const [metric] = yield* Metric.snapshot
          expect(metric).toMatchObject({ id: "memory_pressure_level", type: "Gauge" })
          expect(metric?.state).toEqual({ value: pressure.level() })
          reading = { ...calm, heapBytes: 90.5 * megabyte }
          yield* TestClock.adjust("1 second")
          expect(told.length).toBe(1)
          reading = calm
          yield* TestClock.adjust("1 minute")
          expect(pressure.level()).toBe(0)
          expect(told.at(-1)).toEqual({ level: 0, sign: "none" })
          end()
          reading = { ...calm, heapBytes: 99 * megabyte }
          const before = told.length
          yield* TestClock.adjust("1 second")
          expect([pressure.level(), told.length]).toEqual([1, before])
        }).pipe(Effect.provide(MemoryPressure.layer({ interval: "1 second", memory })))
        expect(closed).toBe(1)
      })
  )

  it.effect("a limit of one's own counts instead of the heap's", () =>
    Effect.gen(function* () {
      const pressure = yield* Pressure.Current
      expect(pressure.level()).toBe(1)
    }).pipe(Effect.provide(MemoryPressure.layer({ bytesMax: 1_000 })))
  )

  it.effect("without the layer nothing presses", () =>
    Effect.gen(function* () {
      const pressure = yield* Pressure.Current
      expect([pressure.level(), pressure.sign()]).toEqual([0, "none"])
    })
  )

  it("the process is read as it is: large buffers and pauses show", async () => {
    const memory = ProcessMemory.open()
    const before = memory.read()
    const held = new Uint8Array(64 * megabyte)
    let garbage: Array<unknown> = []
    for (let i = 0; i < 2_000_000; i++) {
      if (i % 100_000 === 0) garbage = []
      garbage.push({ i })
    }
    const now = memory.read()
    let [pausedMs, pauseMsMax] = [now.pausedMs, now.pauseMsMax]
    // Node hands over what it saw of collections some turns later.
    for (let turn = 0; turn < 100 && pausedMs === 0; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      const later = memory.read()
      pausedMs += later.pausedMs
      pauseMsMax = Math.max(pauseMsMax, later.pauseMsMax)
    }
    memory.close()
    expect(now.largeObjectBytes - before.largeObjectBytes).toBeGreaterThanOrEqual(held.length)
    expect(now.heapBytes).toBeLessThan(now.heapBytesMax)
    expect(pausedMs).toBeGreaterThan(0)
    expect(pauseMsMax).toBeLessThanOrEqual(pausedMs)
    expect(garbage.length).toBeGreaterThan(0)
  })
})
