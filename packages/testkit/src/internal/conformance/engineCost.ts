// What watching a run costs, by counting instead of timing: how often a run looks at its clock,
// draws a random number, tells its observer or opens a span follows its batches, not its records.
// Whether a look is dear is for benchmarks.

import * as Pipeline from "@sluice/core/Pipeline"
import * as Source from "@sluice/core/Source"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Tracer from "effect/Tracer"
import type { Rule } from "./rule.ts"
import { holds } from "./rule.ts"
import { slices } from "./timers.ts"
import type { EngineSubject } from "./workload.ts"
import { into, range, run, Taker } from "./workload.ts"

/** What a run asked for so far. */
interface Looks {
  clock: number
  random: number
  observer: number
  spans: number
}

/** Has each call of these methods counted; the methods stay on the object, which is the run's. */
const counting = <A extends object>(of: A, names: ReadonlyArray<keyof A>, count: () => void): A => {
  for (const name of names) {
    const method = of[name]
    if (typeof method !== "function") continue
    const counted = (...args: ReadonlyArray<unknown>): unknown => {
      count()
      return Reflect.apply(method, of, args)
    }
    Object.defineProperty(of, name, { value: counted, configurable: true })
  }
  return of
}

const clockNames = [
  "currentTimeMillisUnsafe",
  "currentTimeNanosUnsafe",
  "monotonicTimeNanosUnsafe"
] as const
const randomNames = ["nextDoubleUnsafe", "nextIntUnsafe"] as const

/** A clock that stands: what it is asked cannot depend on how fast the machine is. */
const standing = (): Clock.Clock => {
  const real = Clock.Clock.defaultValue()
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => 0,
    currentTimeNanosUnsafe: () => 0n,
    monotonicTimeNanosUnsafe: () => 0n,
    currentTimeMillis: Effect.sync(() => clock.currentTimeMillisUnsafe()),
    currentTimeNanos: Effect.sync(() => clock.currentTimeNanosUnsafe()),
    monotonicTimeNanos: Effect.sync(() => clock.monotonicTimeNanosUnsafe()),
    sleep: (duration) => real.sleep(duration)
  }
  return clock
}

const half: Random.Random = { nextDoubleUnsafe: () => 0.5, nextIntUnsafe: () => 1 }

const batches = 20

/** Twenty chunks of so many numbers; counting begins when it is opened, with what its run uses. */
const chunks = (size: number, looks: Looks): Source.Source<number> =>
  Source.make(
    "chunks",
    Effect.gen(function* () {
      const [clock, random] = [yield* Clock.Clock, yield* Random.Random]
      counting(clock, clockNames, () => void looks.clock++)
      counting(random, randomNames, () => void looks.random++)
      let left = batches
      return {
        pull: () =>
          left-- <= 0 ? undefined : { items: range(size), bytes: size, provenance: undefined }
      }
    })
  )

/** Functions, in one segment and in several, and an accumulator. */
const functions = (source: Pipeline.Pipeline<number>): Pipeline.Pipeline<number> =>
  source.pipe(
    Pipeline.map("map", (n: number) => n + 1),
    Pipeline.filter("filter", (n: number) => n >= 0),
    Pipeline.flatMap("flatMap", (n: number) => [n, n], { buffer: { capacity: 50_000 } }),
    Pipeline.accumulate("hold", slices({ delayMs: 0, slices: 1 }).spec),
    Pipeline.map("last", (n: number) => n)
  )

/** What a run of twenty batches of this size asked for, from the opening of its source on. */
const looksOf = Effect.fnUntraced(function* (subject: EngineSubject, size: number) {
  const looks: Looks = { clock: 0, random: 0, observer: 0, spans: 0 }
  const tracer = yield* Tracer.Tracer
  const watched: Tracer.Tracer = {
    ...tracer,
    span: (options) => {
      looks.spans++
      return tracer.span(options)
    }
  }
  const told = (): void => void looks.observer++
  const observer = { onEvent: told, onBatchProcessed: told, onAccumulatorEvent: told }
  const closed = functions(Pipeline.source("in", chunks(size, looks))).pipe(into(new Taker()))
  yield* run(subject, closed, { observer, batchSize: size }).pipe(
    Effect.provideService(Clock.Clock, standing()),
    Effect.provideService(Random.Random, { ...half }),
    Effect.provideService(Tracer.Tracer, watched)
  )
  return looks
})

const [fewRecords, manyRecords] = [10, 1_000]

/**
 * An engine may cut what a source delivers into more batches the more it is, by the logarithm: so
 * much more for a hundredfold. What is done for each record is done a hundred times as often.
 */
const growthMax = 4

const follows: Rule<EngineSubject> = {
  rule: "M5",
  title: "looks at clock, random and observers batch by batch, never record by record",
  run: Effect.fnUntraced(function* (subject) {
    const few = yield* looksOf(subject, fewRecords)
    const many = yield* looksOf(subject, manyRecords)
    holds(few.observer > 0, "the observer was told nothing")
    for (const kind of ["clock", "random", "observer", "spans"] as const) {
      const most = growthMax * Math.max(batches, few[kind])
      holds(
        many[kind] <= most,
        `${kind}: ${few[kind]} looks for ${batches} batches of ${fewRecords} records, ` +
          `${many[kind]} for as many of ${manyRecords}`
      )
    }
  })
}

/** Rule M5. */
export const cost: ReadonlyArray<Rule<EngineSubject>> = [follows]
