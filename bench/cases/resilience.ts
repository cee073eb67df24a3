// What a guarded call costs over a bare one, when nothing goes wrong: a circuit that is closed, a
// retry that is not needed, a bulkhead with room, a deadline that is kept; against cockatiel and
// opossum. The call is a promise that is already settled. "bare yield*" is the same loop under
// Effect with no guard: what a guard of ours costs is the difference to it.
import * as Bulkhead from "@sluice/backpressure/Bulkhead"
import * as CircuitBreaker from "@sluice/backpressure/CircuitBreaker"
import * as Deadline from "@sluice/backpressure/Deadline"
import * as Retry from "@sluice/backpressure/Retry"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Cockatiel from "cockatiel"
import * as Effect from "effect/Effect"
import Opossum from "opossum"
import type { Case } from "../src/Case.ts"

const count = 50_000

const call = async (n: number): Promise<number> => n + 1

/** Calls one after the other, as a promise user writes them. */
const inTurn = (guarded: (n: number) => Promise<number>) => async (): Promise<number> => {
  let total = 0
  for (let n = 0; n < count; n++) total += await guarded(n)
  return total
}

type Guard<E> = (effect: Effect.Effect<number>) => Effect.Effect<number, E>

/** Calls one after the other, as an Effect user writes them. */
const inTurnEffect =
  <E>(make: Effect.Effect<Guard<E>, unknown>) =>
  (): Promise<number> =>
    Effect.runPromise(
      Effect.gen(function* () {
        const guard = yield* make
        let total = 0
        for (let n = 0; n < count; n++) total += yield* guard(Effect.promise(() => call(n)))
        return total
      })
    )

const numbers = Array.from({ length: count }, (_, n) => n)
const settings = { errorThreshold: 0.5, cooldownMs: 10_000 }

/** The same calls as a stage of a pipeline, one at a time. */
const stage = (options: Pipeline.EffectOptions<number, number>) => async (): Promise<number> => {
  let total = 0
  const pipeline = Pipeline.source("in", Source.fromIterable(numbers)).pipe(
    Pipeline.mapPromise("call", call, options),
    Pipeline.sink(
      "sum",
      Sink.forEach((n: number) => {
        total += n
      })
    )
  )
  await Effect.runPromise(Pipeline.run(pipeline))
  return total
}

const cockatielBreaker = Cockatiel.circuitBreaker(Cockatiel.handleAll, {
  halfOpenAfter: 10_000,
  breaker: new Cockatiel.SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 1 })
})
const cockatielRetry = Cockatiel.retry(Cockatiel.handleAll, {
  maxAttempts: 3,
  backoff: new Cockatiel.ExponentialBackoff()
})
const cockatielBulkhead = Cockatiel.bulkhead(8, 8)
const cockatielTimeout = Cockatiel.timeout(10_000, Cockatiel.TimeoutStrategy.Aggressive)
const opossum = new Opossum(call, {
  timeout: false,
  errorThresholdPercentage: 50,
  resetTimeout: 10_000
})

const breaker = "a call through a closed circuit"
const retry = "a call under a retry policy that succeeds at once"
const bulkhead = "a call through a bulkhead with room"
const deadline = "a call under a deadline that is kept"

const bare = (group: string): Case => ({
  name: `bare await, ${group}`,
  group,
  baseline: true,
  records: count,
  run: inTurn(call)
})

const bareEffect = (group: string): Case => ({
  name: `bare yield*, ${group}`,
  group,
  records: count,
  run: inTurnEffect(Effect.succeed((effect: Effect.Effect<number>) => effect))
})

const one = (group: string, name: string, run: Case["run"], subject = false): Case => ({
  name,
  group,
  records: count,
  run,
  ...(subject ? { subject } : {})
})

const cases: ReadonlyArray<Case> = [
  bare(breaker),
  bareEffect(breaker),
  one(
    breaker,
    "cockatiel circuitBreaker",
    inTurn((n) => cockatielBreaker.execute(() => call(n)))
  ),
  one(
    breaker,
    "opossum",
    inTurn((n) => opossum.fire(n))
  ),
  one(
    breaker,
    "Sluice CircuitBreaker",
    inTurnEffect(
      Effect.map(
        CircuitBreaker.make({ name: "bench", errorThreshold: 0.5 }),
        (circuit) => (effect: Effect.Effect<number>) => circuit.run(effect)
      )
    ),
    true
  ),
  one(breaker, "Sluice stage, no circuit", stage({})),
  one(breaker, "Sluice stage, circuit", stage({ breaker: CircuitBreaker.stage(settings) })),
  bare(retry),
  bareEffect(retry),
  one(
    retry,
    "cockatiel retry",
    inTurn((n) => cockatielRetry.execute(() => call(n)))
  ),
  one(
    retry,
    "Sluice Retry",
    inTurnEffect(
      Effect.map(
        Retry.make({ retriesMax: 3, backoffMs: 100 }),
        (policy) => (effect: Effect.Effect<number>) => policy.run(effect)
      )
    ),
    true
  ),
  bare(bulkhead),
  bareEffect(bulkhead),
  one(
    bulkhead,
    "cockatiel bulkhead",
    inTurn((n) => cockatielBulkhead.execute(() => call(n)))
  ),
  one(
    bulkhead,
    "Sluice Bulkhead",
    inTurnEffect(
      Effect.map(
        Bulkhead.make({ name: "bench", concurrency: 8, queueMax: 8 }),
        (wall) => (effect: Effect.Effect<number>) => wall.run(effect)
      )
    ),
    true
  ),
  bare(deadline),
  bareEffect(deadline),
  one(
    deadline,
    "cockatiel timeout",
    inTurn((n) => cockatielTimeout.execute(() => call(n)))
  ),
  one(
    deadline,
    "Sluice Deadline",
    inTurnEffect(
      Effect.succeed((effect: Effect.Effect<number>) => Deadline.within("bench", 10_000)(effect))
    ),
    true
  )
]

export default cases
