// Demand rules of an engine: nothing is read that has no room, nothing waits that could go on.

import * as Channel from "@sluice/core/Channel"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"
import type { EngineSubject } from "./workload.ts"
import {
  gate,
  into,
  Numbers,
  range,
  run,
  settle,
  sorted,
  start,
  Taker,
  turns,
  until
} from "./workload.ts"

const noPullAhead: Rule<EngineSubject> = {
  rule: "D1",
  title: "does not pull a source ahead of acceptance",
  run: Effect.fnUntraced(function* (subject) {
    const shut = yield* gate
    const source = new Numbers(400)
    const closed = source
      .pipeline()
      .pipe(into(new Taker(() => shut.wait), { buffer: { capacity: 10 } }))
    const running = yield* start(subject, closed)
    yield* settle
    // One batch with the sink, one in the buffer, one that waits for room.
    holds(source.read <= 30, `${source.read} records were read, 30 have a place`)
    yield* shut.open
    yield* running.result
  })
}

const capacityHolds: Rule<EngineSubject> = {
  rule: "D2",
  title: "holds no more records in a channel than its capacity",
  run: Effect.fnUntraced(function* (subject) {
    const shut = yield* gate
    const capacity = 20
    const call = (n: number) => Effect.as(shut.wait, n)
    const closed = new Numbers(400)
      .pipeline()
      .pipe(Pipeline.mapEffect("work", call, { buffer: { capacity } }), into(new Taker()))
    const running = yield* start(subject, closed)
    const depth = () => running.inspect("work")?.inputQueueDepth ?? 0
    yield* until(() => depth() > 0)
    let most = 0
    for (const _ of range(5)) {
      yield* settle
      most = Math.max(most, depth())
    }
    holds(most > 0 && most <= capacity, `${most} records in a channel of capacity ${capacity}`)
    yield* shut.open
    yield* running.result
  })
}

const blockKeeps: Rule<EngineSubject> = {
  rule: "D3",
  title: "discards nothing where a full channel blocks",
  run: Effect.fnUntraced(function* (subject) {
    const taker = new Taker(() => turns(2))
    const buffer = { capacity: 4, onFull: "block" } as const
    const closed = new Numbers(60, "end", 3).pipeline().pipe(into(taker, { buffer }))
    const result = yield* run(subject, closed)
    equal(taker.taken, range(60), "records behind a small channel")
    equal(result.droppedCount, 0, "dropped records")
  })
}

const dropsTold: Rule<EngineSubject> = {
  rule: "D4",
  title: "counts and hands over what a full channel drops, oldest or newest as declared",
  run: Effect.fnUntraced(function* (subject) {
    for (const onFull of ["drop-oldest", "drop-newest"] as const) {
      const shut = yield* gate
      const [taker, dropped]: [Taker, Array<number>] = [new Taker(() => shut.wait), []]
      const buffer = { capacity: 15, onFull }
      const source = new Numbers(200)
      const closed = source.pipeline().pipe(into(taker, { buffer }))
      const onDropped = (_: string, payloads: ReadonlyArray<unknown>) =>
        void dropped.push(...(payloads as ReadonlyArray<number>))
      const running = yield* start(subject, closed, { onDropped })
      // It is asked once more at its end: then all that it had is in the channel, or dropped.
      yield* until(() => source.pulls > 20)
      yield* shut.open
      const result = yield* running.result
      const kept = 200 - dropped.length
      holds(kept < 100, `${onFull}: ${kept} of 200 kept`)
      holds(kept >= buffer.capacity, `${onFull}: ${kept} kept, where ${buffer.capacity} have room`)
      equal(sorted([...taker.taken, ...dropped]), range(200), `${onFull}: taken and dropped`)
      equal(result.finalStates["out"]?.dropped, dropped.length, `${onFull}: counted`)
      const last = onFull === "drop-oldest" ? taker.taken.at(-1) : taker.taken[0]
      equal(last, onFull === "drop-oldest" ? 199 : 0, `${onFull}: the record kept`)
      const late = taker.taken.filter((n) => n >= 100).length
      equal(late > 0, onFull === "drop-oldest", `${onFull}: newest records are kept`)
    }
  })
}

const callsBounded: Rule<EngineSubject> = {
  rule: "D5",
  title: "runs no more calls at once than the concurrency of a stage",
  run: Effect.fnUntraced(function* (subject) {
    const orderings: ReadonlyArray<Channel.OrderingOf<number>> = [
      Channel.ordered,
      Channel.unordered,
      Channel.partitionOrdered((n: number) => n % 5)
    ]
    for (const ordering of orderings) {
      let [calls, most] = [0, 0]
      const call = (n: number) =>
        Effect.suspend(() => {
          most = Math.max(most, ++calls)
          return Effect.andThen(
            turns(2 + (n % 3)),
            Effect.sync(() => {
              calls--
              return n
            })
          )
        })
      const options = { concurrency: 3, ordering }
      const closed = new Numbers(60)
        .pipeline()
        .pipe(Pipeline.mapEffect("calls", call, options), into(new Taker()))
      yield* run(subject, closed)
      holds(most <= 3, `${ordering._tag}: ${most} calls at once, 3 allowed`)
    }
  })
}

const wakes: Rule<EngineSubject> = {
  rule: "D6",
  title: "wakes producers and consumers: what waits goes on when it can",
  run: Effect.fnUntraced(function* (subject) {
    // A source that is late, a stage that is late, and a sink that is late, each at other times.
    const late = (every: number) => (n: number) => turns(n % every === 0 ? 12 : 0)
    const taker = new Taker(({ items }) => late(3)(items[0] ?? 0))
    const closed = new Numbers(240, "end", 8, late(4)).pipeline().pipe(
      Pipeline.mapEffect("work", (n: number) => Effect.as(late(50)(n), n), {
        buffer: { capacity: 16 }
      }),
      Pipeline.map("same", (n: number) => n, { buffer: { capacity: 16 } }),
      into(taker, { buffer: { capacity: 16 } })
    )
    yield* run(subject, closed)
    equal(taker.taken, range(240), "records that came through")
  })
}

const stopsReading: Rule<EngineSubject> = {
  rule: "D7",
  title: "does not pull a source whose records nobody takes any more",
  run: Effect.fnUntraced(function* (subject) {
    const source = new Numbers(Number.POSITIVE_INFINITY)
    // While the sink writes, a source that nobody has told goes on.
    const taker = new Taker(() => settle)
    const closed = source.pipeline().pipe(
      Pipeline.process("first", (input: Stream.Stream<number>) => Stream.take(input, 25), {
        buffer: { capacity: 10 }
      }),
      into(taker)
    )
    let pulls = 0
    taker.atEnd = () => {
      pulls = source.pulls
    }
    yield* run(subject, closed)
    yield* settle
    equal(taker.taken, range(25), "records that were taken")
    // Three batches have the records, one may be in the buffer, one waiting, one asked for.
    holds(pulls <= 6, `${pulls} pulls for three batches and a buffer of one`)
    // One may be under way when the sink ends.
    holds(
      pulls > 0 && source.pulls <= pulls + 1,
      `${source.pulls - pulls} pulls after the end of the sink`
    )
  })
}

const readBounded: Rule<EngineSubject> = {
  rule: "D8",
  title: "stops the read after a bounded number of records behind a slow sink",
  run: Effect.fnUntraced(function* (subject) {
    const shut = yield* gate
    const [a, b] = [new Numbers(5_000), new Numbers(5_000)]
    const merged = Pipeline.merge("both", [a.pipeline("a"), b.pipeline("b")], {
      buffer: { capacity: 40 }
    })
    const running = yield* start(subject, merged.pipe(into(new Taker(() => shut.wait))))
    yield* settle
    const before = a.read + b.read
    yield* settle
    equal(a.read + b.read, before, "records read while the sink stands still")
    holds(
      before <= 40 + 4 * 10,
      `${before} records were read, 40 and a batch for each stage have a place`
    )
    yield* running.stop("abort")
    yield* Effect.exit(running.result)
  })
}

/** Counts how many of its effects run at once. */
class Overlap {
  most = 0
  private running = 0
  readonly counted: Effect.Effect<void> = Effect.suspend(() => {
    this.most = Math.max(this.most, ++this.running)
    return Effect.ensuring(
      turns(3),
      Effect.sync(() => void this.running--)
    )
  })
}

const oneByOne: Rule<EngineSubject> = {
  rule: "D9",
  title: "pulls a source and writes to a sink one call after the other",
  run: Effect.fnUntraced(function* (subject) {
    const [pulls, writes] = [new Overlap(), new Overlap()]
    const closed = new Numbers(60, "end", 10, () => pulls.counted).pipeline().pipe(
      Pipeline.map("same", (n: number) => n, { buffer: { capacity: 20 } }),
      into(new Taker(() => writes.counted), { buffer: { capacity: 20 } })
    )
    yield* run(subject, closed)
    equal([pulls.most, writes.most], [1, 1], "pulls and writes at once")
  })
}

/** Rules D1 to D9. */
export const demand: ReadonlyArray<Rule<EngineSubject>> = [
  noPullAhead,
  capacityHolds,
  blockKeeps,
  dropsTold,
  callsBounded,
  wakes,
  stopsReading,
  readBounded,
  oneByOne
]
