// Pipelines the simulation and the interruption helper are tried on.
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

const numbers = (from: number, count: number): Source.Source<number> =>
  Source.fromStream(
    Stream.fromIterable(Array.from({ length: count }, (_, n) => from + n)).pipe(
      Stream.rechunk(2),
      Stream.tap(() => Effect.sleep(1))
    )
  )

/** Effects one by one and at once, with a buffer between, retries and dead letters. */
export const effects = (): Pipeline.Closed<unknown> =>
  Pipeline.source("in", numbers(0, 6)).pipe(
    Pipeline.mapEffect("one", (n: number) => Effect.as(Effect.sleep(n % 3), n)),
    Pipeline.mapEffect(
      "many",
      (n: number) => (n === 3 ? Effect.fail("no 3") : Effect.as(Effect.sleep(4), n)),
      {
        concurrency: 3,
        buffer: { capacity: 2 },
        onError: Policy.retry({ retriesMax: 1, backoffMs: 5, exhausted: Policy.deadLetter })
      }
    ),
    Pipeline.sink(
      "out",
      Sink.forEachBatch(() => Effect.sleep(3))
    ),
    Pipeline.named("effects")
  )

/** Two sources that meet, are split and end in two sinks. */
export const diamond = (): Pipeline.Closed<unknown> => {
  const { low, high } = Pipeline.merge("joined", [
    Pipeline.source("a", numbers(0, 4)),
    Pipeline.source("b", numbers(100, 4)).pipe(Pipeline.map("shift", (n: number) => n + 1))
  ]).pipe(Pipeline.branch("side", { low: (n: number) => n < 100, high: Pipeline.otherwise }))
  return Pipeline.all([
    low.pipe(
      Pipeline.mapPromise("late", async (n: number) => n),
      Pipeline.sink("low-out", Sink.drain)
    ),
    high.pipe(Pipeline.sink("high-out", Sink.drain))
  ]).pipe(Pipeline.named("diamond"))
}
