// Who holds whom back: waits are charged to the stage that caused them, through those that waited
// themselves.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Blame from "../../src/Blame.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Sink from "../../src/Sink.ts"
import { engines, numbers } from "../engines.ts"

const turnsMax = 20_000

const slowSink = (ms: number): Sink.Sink<number> => Sink.forEachBatch(() => Effect.sleep(ms))

/** Runs to the end while time passes; the blame of the whole run. */
const blameOf = (
  closed: Pipeline.Closed,
  engine: (typeof engines)[number]
): Effect.Effect<{
  readonly blame: Blame.Blame
  readonly blocked: Readonly<Record<string, number>>
}> =>
  Effect.scoped(
    Effect.gen(function* () {
      const running = yield* Pipeline.start(closed, { engine: engine.make(), batchSize: 10 })
      const fiber = yield* Effect.forkChild(running.result)
      for (let turn = 0; turn < turnsMax && fiber.pollUnsafe() === undefined; turn++) {
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        yield* TestClock.adjust(1)
      }
      yield* Fiber.join(fiber)
      const states = Object.values(running.inspectAll())
      const blocked = Object.fromEntries(
        states.map((state) => [state.stageId, state.blockedMicros])
      )
      return { blame: running.blame(), blocked }
    })
  ).pipe(Effect.orDie)

const causeOf = (blame: Blame.Blame, stageId: string): number => {
  const sum = blame.causes.reduce((total, { micros }) => total + micros, 0)
  const own = blame.causes.find((cause) => cause.stageId === stageId)?.micros ?? 0
  return sum === 0 ? 0 : own / sum
}

describe.each(engines)("$name engine, blame", (engine) => {
  it.effect("a slow sink is charged through every buffer before it", () =>
    Effect.gen(function* () {
      const closed = numbers(600).pipe(
        Pipeline.map("parse", (n: number) => n, { buffer: { capacity: 20 } }),
        Pipeline.map("enrich", (n: number) => n, { buffer: { capacity: 20 } }),
        Pipeline.sink("store", slowSink(10), { buffer: { capacity: 20 } })
      )
      const { blame, blocked } = yield* blameOf(closed, engine)
      expect(blame.causes[0]?.stageId).toBe("store")
      expect(causeOf(blame, "store")).toBeGreaterThan(0.95)
      const [source] = blame.heldBack
      expect(source?.stageId).toBe("in")
      // Nearly all of the time the source stood still, and not more than there was.
      expect(source?.waitedMicros).toBeGreaterThan(blame.elapsedMicros * 0.7)
      expect(source?.waitedMicros).toBeLessThanOrEqual(blame.elapsedMicros)
      const total = (source?.by ?? []).reduce((sum, charge) => sum + Blame.totalMicros(charge), 0)
      expect(total).toBeCloseTo(source?.waitedMicros ?? 0, -1)
      expect(blocked["store"]).toBeGreaterThan(0)
      const lines = Blame.render(blame).split("\n")
      expect(lines[0]).toMatch(/^in was held back .* by$/)
      expect(lines.some((line) => /└─ store busy .*\(\d+ %\)$/.test(line))).toBe(true)
      expect(lines[1]).toContain("parse held back itself")
    })
  )

  it.effect("a slow stage in the middle is the cause, the sink behind it is not", () =>
    Effect.gen(function* () {
      const closed = numbers(300).pipe(
        Pipeline.map("parse", (n: number) => n, { buffer: { capacity: 20 } }),
        Pipeline.mapEffect("price", (n: number) => Effect.as(Effect.sleep(5), n), {
          buffer: { capacity: 20 }
        }),
        Pipeline.sink("store", Sink.drain, { buffer: { capacity: 20 } })
      )
      const { blame } = yield* blameOf(closed, engine)
      expect(blame.causes[0]?.stageId).toBe("price")
      expect(causeOf(blame, "store")).toBeLessThan(0.05)
    })
  )

  it.effect("of two outputs, the slow one is charged", () =>
    Effect.gen(function* () {
      const { fast, slow } = numbers(400).pipe(Pipeline.broadcast("both", ["fast", "slow"]))
      const closed = Pipeline.all([
        fast.pipe(Pipeline.sink("fast-out", Sink.drain, { buffer: { capacity: 20 } })),
        slow.pipe(Pipeline.sink("slow-out", slowSink(10), { buffer: { capacity: 20 } }))
      ])
      const { blame } = yield* blameOf(closed, engine)
      expect(blame.causes[0]?.stageId).toBe("slow-out")
      expect(causeOf(blame, "fast-out")).toBeLessThan(0.05)
    })
  )

  it.effect("where nobody waits, nobody is charged", () =>
    Effect.gen(function* () {
      const closed = numbers(50).pipe(Pipeline.sink("store", Sink.drain))
      const { blame } = yield* blameOf(closed, engine)
      expect(blame.heldBack).toEqual([])
      expect(Blame.render(blame)).toBe("")
    })
  )
})
