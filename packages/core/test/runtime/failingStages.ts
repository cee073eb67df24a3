// One pipeline per kind of stage, each failing on the record 3, so that a test can hold every kind
// to the same promise.
import * as Effect from "effect/Effect"
import type * as Envelope from "../../src/Envelope.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import type * as Policy from "../../src/Policy.ts"

/** A stage that fails on the record 3 and passes every other record on as it is. */
export interface FailingStage {
  readonly name: string
  readonly stage: (
    onError: Policy.ErrorPolicy
  ) => (self: Pipeline.Pipeline<number>) => Pipeline.Pipeline<number, unknown>
  /** The stage may see records behind the failing one before it fails: they are siblings. */
  readonly concurrent?: true
}

/** What the record 3 fails with. */
export const boom = new Error("no 3")

const check = (n: number): number => {
  if (n === 3) throw boom
  return n
}

const effectOf = (n: number): Effect.Effect<number, Error> =>
  n === 3 ? Effect.fail(boom) : Effect.as(n % 2 === 0 ? Effect.yieldNow : Effect.void, n)

const promiseOf = async (n: number): Promise<number> => check(n)

/** Every kind of stage whose function works record by record. */
export const failingStages: ReadonlyArray<FailingStage> = [
  { name: "map", stage: (onError) => Pipeline.map("bad", check, { onError }) },
  {
    name: "map before other stages",
    stage: (onError) => (self) =>
      self.pipe(
        Pipeline.map("bad", check, { onError }),
        Pipeline.filter("all", (_: number) => true),
        Pipeline.flatMap("same", (n: number) => [n])
      )
  },
  {
    name: "filter",
    stage: (onError) => Pipeline.filter("bad", (n: number) => check(n) >= 0, { onError })
  },
  {
    name: "flatMap",
    stage: (onError) => Pipeline.flatMap("bad", (n: number) => [check(n)], { onError })
  },
  {
    name: "flatMap over a generator that throws midway",
    stage: (onError) =>
      Pipeline.flatMap(
        "bad",
        function* (n: number) {
          yield n
          check(n)
        },
        { onError }
      )
  },
  {
    name: "mapEnvelope",
    stage: (onError) =>
      Pipeline.mapEnvelope(
        "bad",
        (envelope: Envelope.Envelope<number>) => {
          check(envelope.payload)
          return envelope
        },
        { onError }
      )
  },
  { name: "mapEffect", stage: (onError) => Pipeline.mapEffect("bad", effectOf, { onError }) },
  {
    name: "mapEffect that throws",
    stage: (onError) =>
      Pipeline.mapEffect("bad", (n: number) => Effect.succeed(check(n)), { onError })
  },
  {
    name: "mapEffect that interrupts itself",
    stage: (onError) =>
      Pipeline.mapEffect(
        "bad",
        (n: number) =>
          n === 3 ? Effect.andThen(Effect.yieldNow, Effect.interrupt) : Effect.succeed(n),
        { onError }
      )
  },
  {
    name: "concurrent mapEffect",
    concurrent: true,
    stage: (onError) => Pipeline.mapEffect("bad", effectOf, { onError, concurrency: 4 })
  },
  { name: "mapPromise", stage: (onError) => Pipeline.mapPromise("bad", promiseOf, { onError }) },
  {
    name: "concurrent mapPromise",
    concurrent: true,
    stage: (onError) => Pipeline.mapPromise("bad", promiseOf, { onError, concurrency: 4 })
  },
  {
    name: "branch",
    stage: (onError) => (self) => {
      const { low, high } = self.pipe(
        Pipeline.branch(
          "bad",
          { low: (n: number) => check(n) < 5, high: Pipeline.otherwise },
          { onError }
        )
      )
      return Pipeline.merge("joined", [low, high])
    }
  },
  {
    name: "partition",
    stage: (onError) => (self) => {
      const { a, b } = self.pipe(
        Pipeline.partition("bad", ["a", "b"], (n: number) => check(n) % 2, { onError })
      )
      return Pipeline.merge("joined", [a, b])
    }
  }
]
