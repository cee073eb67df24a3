// Pipelines the simulation and the interruption helper are tried on.
import * as Batching from "@sluice/core/Batching"
import * as Channel from "@sluice/core/Channel"
import type * as Envelope from "@sluice/core/Envelope"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policy from "@sluice/core/Policy"
import { Pool } from "@sluice/core/Pool"
import * as PoolTracker from "@sluice/core/PoolTracker"
import * as Sink from "@sluice/core/Sink"
import type * as Source from "@sluice/core/Source"
import type * as Stage from "@sluice/core/Stage"
import * as Streams from "@sluice/core/Streams"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { groups } from "../src/internal/differential/groups.ts"
import type { Item } from "../src/internal/differential/plan.ts"

const numbers = (from: number, count: number): Source.Source<number> =>
  Streams.source(
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

/** Holds a rented list while a record is worked on. */
const pooled = Effect.fnUntraced(function* (item: Item) {
  const tracker = yield* PoolTracker.Current
  const pool = new Pool<Array<number>>({ name: "lists", make: () => [], tracker })
  return yield* Effect.acquireUseRelease(
    Effect.sync(() => pool.rent("work")),
    (list) =>
      Effect.map(Effect.sleep(1 + (item.value % 2)), () => {
        list.push(item.value)
        return item
      }),
    (list) => Effect.sync(() => pool.give(list))
  )
})

/** A custom stage that holds something from init to close. */
const holding = (): Stage.Stage<Item, Item> => {
  let held = false
  const pass = (envelope: Envelope.Envelope<Item>) =>
    held ? Effect.as(Effect.yieldNow, envelope) : Effect.die("a record outside of its life")
  return {
    init: () =>
      Effect.sync(() => {
        held = true
      }),
    process: (input) => Stream.mapEffect(input, pass),
    close: Effect.sync(() => {
      held = false
    })
  }
}

const items = (from: number): Source.Source<Item> =>
  Streams.source(
    Stream.fromIterable([0, 1, 2].map((n) => ({ key: n % 2, value: from + n }))).pipe(
      Stream.rechunk(2),
      Stream.tap(() => Effect.sleep(1))
    )
  )

/** Every kind of stage that can hold something: windows, timers, buffers, groups, resources. */
export const rich = (): Pipeline.Closed<unknown> => {
  const { left, right } = Pipeline.merge("joined", [
    Pipeline.source("a", items(0)),
    Pipeline.source("b", items(10))
  ]).pipe(
    Pipeline.mapEffect("pooled", pooled, {
      concurrency: 3,
      ordering: Channel.partitionOrdered(({ key }: Item) => key)
    }),
    Pipeline.broadcast("copy", ["left", "right"])
  )
  const grouped = left.pipe(
    Pipeline.stage("held", holding()),
    Pipeline.accumulate("groups", groups(2, "sum")),
    Pipeline.mapBatch("all", (ns) => Effect.as(Effect.yieldNow, ns)),
    Pipeline.sink(
      "groups-out",
      Sink.forEachBatch(() => Effect.sleep(2))
    )
  )
  const gathered = right.pipe(
    Pipeline.flatMap("twice", (item: Item) => [item, item]),
    Pipeline.batch("window", Batching.hybrid(3, 2), {
      buffer: { capacity: 2, onFull: "drop-oldest" }
    }),
    Pipeline.mapPromise("late", async (item: Item) => item, { timeout: 50 }),
    Pipeline.sink("out", Sink.drain)
  )
  return Pipeline.all([grouped, gathered]).pipe(Pipeline.named("rich"))
}
