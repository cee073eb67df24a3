// Virtual time, the scheduler with seeded choices, and the generator behind them.
import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import fc from "fast-check"
import { seededRandom } from "../../src/internal/runtime/seededRandom.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import { SteppedScheduler } from "../../src/SteppedScheduler.ts"
import * as SyncEngine from "../../src/SyncEngine.ts"
import { VirtualClock } from "../../src/VirtualClock.ts"

const sleepAll = async (
  delays: ReadonlyArray<number>,
  pick: (count: number) => number = () => 0
) => {
  const woken: Array<readonly [number, number]> = []
  const clock = new VirtualClock({ startMs: 1_000 })
  const scheduler = new SteppedScheduler({ pick, onIdle: clock.idle })
  clock.follow(scheduler)
  const sleeper = (delay: number, i: number) =>
    Effect.andThen(
      Effect.sleep(delay),
      Effect.map(Clock.currentTimeMillis, (now) => void woken.push([i, now]))
    )
  const program = Effect.forEach(delays, sleeper, { concurrency: "unbounded", discard: true })
  const fiber = Effect.runFork(Effect.provideService(program, Clock.Clock, clock), { scheduler })
  await Effect.runPromise(Fiber.join(fiber))
  return woken
}

describe("virtual clock", () => {
  it("wakes sleepers at their time, in the order of time, each at once", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 10_000_000 }), { maxLength: 20 }), async (delays) => {
        const woken = await sleepAll(delays)
        expect(woken.map(([i]) => i).toSorted((a, b) => a - b)).toEqual(delays.map((_, i) => i))
        for (const [i, at] of woken) expect(at).toBe(1_000 + (delays[i] as number))
        expect(woken.map(([, at]) => at)).toEqual(
          woken.map(([, at]) => at).toSorted((a, b) => a - b)
        )
      }),
      { numRuns: 50 }
    ))

  it("wakes sleepers of one time in the order in which they went to sleep", async () => {
    expect((await sleepAll([5, 5, 5])).map(([i]) => i)).toEqual([0, 1, 2])
  })

  it("forgets a sleeper that was interrupted", async () => {
    const clock = new VirtualClock()
    const fiber = Effect.runFork(clock.sleep(Duration.millis(10)))
    fiber.interruptUnsafe()
    expect(clock.jump()).toBe(false)
    expect(clock.currentTimeMillisUnsafe()).toBe(0)
  })
})

/** A run of the sync engine that takes a record, and an hour for each. */
const hourly = (clock: VirtualClock, count: number, seen: Array<number>) => {
  const numbers = Array.from({ length: count }, (_, n) => n)
  const closed = Pipeline.source("in", Source.fromChunks(numbers.map((n) => [n]))).pipe(
    Pipeline.mapEffect("nap", (n: number) => Effect.as(Effect.sleep("1 hour"), n)),
    Pipeline.sink(
      "out",
      Sink.forEach((n: number) => void seen.push(n))
    )
  )
  const run = Pipeline.run(closed, { engine: SyncEngine.make() })
  return Effect.provideService(run, Clock.Clock, clock)
}

describe("virtual clock with a limit", () => {
  it("stands until it is moved, then lets happen what is due, under the sync engine", async () => {
    const clock = new VirtualClock({ startMs: 10, limitMs: 10 })
    const seen: Array<number> = []
    const fiber = Effect.runFork(hourly(clock, 3, seen))
    await Effect.runPromise(clock.settled)
    expect([seen, clock.currentTimeMillisUnsafe()]).toEqual([[], 10])
    await Effect.runPromise(clock.advance("90 minutes"))
    expect([seen.length, clock.currentTimeMillisUnsafe()]).toEqual([1, 10 + 5_400_000])
    await Effect.runPromise(clock.advance("30 minutes"))
    expect(seen).toEqual([0, 1])
    clock.release()
    const result = await Effect.runPromise(Fiber.join(fiber))
    expect([seen, result.durationMs]).toEqual([[0, 1, 2], 3 * 3_600_000])
  })

  it("jumps only when all who follow it have nothing to do", async () => {
    const clock = new VirtualClock({ limitMs: 0 })
    const [first, second]: [Array<number>, Array<number>] = [[], []]
    const fibers = [hourly(clock, 1, first), hourly(clock, 2, second)].map((run) =>
      Effect.runFork(run)
    )
    await Effect.runPromise(clock.advance("1 hour"))
    expect([first, second]).toEqual([[0], [0]])
    clock.release()
    const results = await Promise.all(fibers.map((fiber) => Effect.runPromise(Fiber.join(fiber))))
    expect(results.map(({ durationMs }) => durationMs)).toEqual([3_600_000, 7_200_000])
    await Effect.runPromise(clock.settled)
  })

  it("wakes nobody before its time, however small the rest of it", async () => {
    const clock = new VirtualClock({ startMs: 1_700_000_000_000 })
    const late: Array<number> = []
    const scheduler = new SteppedScheduler({ pick: () => 0, onIdle: clock.idle })
    clock.follow(scheduler)
    const program = Effect.gen(function* () {
      for (let n = 1; n <= 200; n++) {
        yield* Effect.sleep(n / 7)
        const due = clock.currentTimeMillisUnsafe() + 3
        yield* Effect.sleep(due - clock.currentTimeMillisUnsafe())
        if (clock.currentTimeMillisUnsafe() < due) late.push(n)
      }
    })
    const timed = Effect.provideService(program, Clock.Clock, clock)
    await Effect.runPromise(Fiber.join(Effect.runFork(timed, { scheduler })))
    expect(late).toEqual([])
    const before = clock.currentTimeNanosUnsafe()
    await Effect.runPromise(clock.advance("1 nano"))
    expect(clock.currentTimeNanosUnsafe() - before).toBe(1n)
  })

  it("moves without followers too", async () => {
    const clock = new VirtualClock()
    await Effect.runPromise(clock.advance("1 second"))
    expect(clock.currentTimeMillisUnsafe()).toBe(1_000)
  })
})

describe("stepped scheduler", () => {
  it("runs every task once, in the order of its choices", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 99 }), { minLength: 1, maxLength: 30 }), (choices) => {
        let at = 0
        const pick = (count: number) => (choices[at++ % choices.length] as number) % count
        const scheduler = new SteppedScheduler({ pick, onIdle: () => false })
        const ran: Array<number> = []
        for (let i = 0; i < choices.length; i++) scheduler.add(() => ran.push(i))
        const left = choices.map((_, i) => i)
        const expected = choices.map((choice) => left.splice(choice % left.length, 1)[0])
        scheduler.drain()
        expect(ran).toEqual(expected)
      })
    )
  })

  it("lets promises settle before time passes", async () => {
    const order: Array<string> = []
    const clock = new VirtualClock()
    const scheduler = new SteppedScheduler({ pick: () => 0, onIdle: clock.idle })
    clock.follow(scheduler)
    const promise = Effect.promise(async () => {
      for (let i = 0; i < 8; i++) await undefined
      order.push("promise")
    })
    const sleep = Effect.andThen(
      Effect.sleep("1 milli"),
      Effect.sync(() => order.push("sleep"))
    )
    const both = Effect.all([sleep, promise], { concurrency: 2, discard: true })
    await Effect.runPromise(
      Fiber.join(Effect.runFork(Effect.provideService(both, Clock.Clock, clock), { scheduler }))
    )
    expect(order).toEqual(["promise", "sleep"])
  })

  it("lets promises settle after a jump, too", async () => {
    const clock = new VirtualClock()
    const scheduler = new SteppedScheduler({ pick: () => 0, onIdle: clock.idle })
    clock.follow(scheduler)
    const promise = Effect.promise(async () => {
      for (let i = 0; i < 8; i++) await undefined
    })
    const program = Effect.gen(function* () {
      yield* Effect.forkChild(Effect.sleep("1 hour"))
      yield* Effect.sleep("1 milli")
      yield* promise
      return yield* Clock.currentTimeMillis
    })
    const timed = Effect.provideService(program, Clock.Clock, clock)
    expect(await Effect.runPromise(Fiber.join(Effect.runFork(timed, { scheduler })))).toBe(1)
  })

  it("goes on with the smallest steps, one operation each", async () => {
    const steps = async (opsPerStep: number) => {
      let count = 0
      const onStep = () => void count++
      const scheduler = new SteppedScheduler({
        pick: () => 0,
        onIdle: () => false,
        onStep,
        opsPerStep
      })
      const program = Effect.forEach([1, 2, 3, 4], (n) => Effect.sync(() => n), { discard: true })
      await Effect.runPromise(Fiber.join(Effect.runFork(program, { scheduler })))
      return count
    }
    expect(await steps(1)).toBe(await steps(3))
    expect(await steps(1)).toBeGreaterThan(await steps(6))
  })

  it("lets the process see a clock that only jumps", async () => {
    const clock = new VirtualClock()
    const scheduler = new SteppedScheduler({ pick: () => 0, onIdle: clock.idle })
    clock.follow(scheduler)
    const forever = Effect.forever(Effect.sleep("1 milli"))
    const fiber = Effect.runFork(Effect.provideService(forever, Clock.Clock, clock), { scheduler })
    await Effect.runPromise(Effect.yieldNow)
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(fiber.pollUnsafe()).toBeDefined()
  })

  it("goes on after a task that throws", () => {
    const scheduler = new SteppedScheduler({ pick: () => 0, onIdle: () => false })
    let ran = false
    scheduler.add(() => {
      throw new Error("task")
    })
    scheduler.add(() => {
      ran = true
    })
    expect(() => scheduler.drain()).toThrow("task")
    scheduler.drain()
    expect(ran).toBe(true)
  })
})

describe("seeded random", () => {
  it("gives the same numbers for the same seed, in [0, 1), and others for another", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const draw = (seed: string): ReadonlyArray<number> =>
          Array.from({ length: 20 }, seededRandom(seed))
        expect(draw(a)).toEqual(draw(a))
        expect(draw(a).every((x) => x >= 0 && x < 1)).toBe(true)
        if (a !== b) expect(draw(a)).not.toEqual(draw(b))
      })
    )
  })

  it("spreads evenly", () => {
    const next = seededRandom("spread")
    const buckets = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) {
      const bucket = Math.floor(next() * 10)
      buckets[bucket] = (buckets[bucket] as number) + 1
    }
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })
})
