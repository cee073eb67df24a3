// Order rules of an engine: what an edge promises, and that the answer is the same everywhere.

import * as Batch from "@sluice/core/Batch"
import * as Channel from "@sluice/core/Channel"
import * as Observer from "@sluice/core/Observer"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Source from "@sluice/core/Source"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { Rule } from "./rule.ts"
import { equal } from "./rule.ts"
import type { EngineSubject } from "./workload.ts"
import { collect, into, Numbers, range, run, sorted, Taker, turns } from "./workload.ts"

/** The later a record of a window, the sooner it is done. */
const backwards = (n: number): Effect.Effect<number> => Effect.as(turns(8 - (n % 8)), n)

const ordered: Rule<EngineSubject> = {
  rule: "O1",
  title: "hands records on in the order of the source where an edge is ordered",
  run: Effect.fnUntraced(function* (subject) {
    const open = new Numbers(60).pipeline().pipe(
      Pipeline.mapEffect("calls", backwards, { concurrency: 8, ordering: Channel.ordered }),
      Pipeline.map("same", (n: number) => n)
    )
    const { out } = yield* collect(subject, open)
    equal(out, range(60), "order behind eight calls at once")
  })
}

const keys = 50

const byKey: Rule<EngineSubject> = {
  rule: "O2",
  title: "keeps the order of each key, with more keys than calls",
  run: Effect.fnUntraced(function* (subject) {
    const ordering = Channel.partitionOrdered((n: number) => n % keys)
    const slow = (n: number) => Effect.as(turns(n < keys ? 6 : 0), n)
    const { out } = yield* collect(
      subject,
      new Numbers(4 * keys)
        .pipeline()
        .pipe(Pipeline.mapEffect("calls", slow, { concurrency: 60, ordering }))
    )
    equal(out.length, 4 * keys, "records that came out")
    for (const key of range(keys)) {
      const own = out.filter((n) => n % keys === key)
      equal(
        own,
        range(4).map((i) => key + i * keys),
        `order of key ${key}`
      )
    }
  })
}

const sameAnswer: Rule<EngineSubject> = {
  rule: "O3",
  title: "gives the records that plain code gives, through every kind of stage",
  run: Effect.fnUntraced(function* (subject) {
    const { odd, even } = new Numbers(40).pipeline().pipe(
      Pipeline.map("twice", (n: number) => n * 2 + (n % 2)),
      Pipeline.filter("most", (n: number) => n % 5 !== 0),
      Pipeline.branch("side", { odd: (n: number) => n % 2 === 1, even: Pipeline.otherwise })
    )
    const many = odd.pipe(Pipeline.flatMap("many", (n: number) => range(n % 7).map(() => n)))
    const batched = even.pipe(
      Pipeline.mapBatch("batched", (ns: ReadonlyArray<number>) => ns.map((n) => n + 1))
    )
    const { a, b } = Pipeline.merge("joined", [many, batched]).pipe(
      Pipeline.mapPromise("promised", async (n: number) => n, {
        concurrency: 3,
        ordering: Channel.unordered
      }),
      Pipeline.partition("split", ["a", "b"], (n: number) => n % 3)
    )
    const { out } = yield* collect(subject, Pipeline.merge("end", [a, b]))
    const plain = range(40)
      .map((n) => n * 2 + (n % 2))
      .filter((n) => n % 5 !== 0)
    const expected = plain.flatMap((n) => (n % 2 === 1 ? range(n % 7).map(() => n) : [n + 1]))
    equal(sorted(out), sorted(expected), "records as a multiset")
  })
}

const mergeKeeps: Rule<EngineSubject> = {
  rule: "O4",
  title: "keeps the order within each input of a merge",
  run: Effect.fnUntraced(function* (subject) {
    const inputs = range(3).map((k) =>
      Pipeline.source(
        `in-${k}`,
        Source.fromChunks(range(12).map((i) => [0, 1, 2].map((j) => k * 1_000 + i * 3 + j)))
      )
    )
    const { out } = yield* collect(
      subject,
      Pipeline.merge("all", inputs, { buffer: { capacity: 16 } })
    )
    for (const k of range(3)) {
      const own = out.filter((n) => Math.floor(n / 1_000) === k)
      equal(
        own,
        range(36).map((i) => k * 1_000 + i),
        `order of input ${k}`
      )
    }
  })
}

/** Fibers that race, draws that decide, sleeps that differ. */
const busy = (): Pipeline.Pipeline<number> =>
  Pipeline.merge(
    "all",
    range(3).map((k) =>
      Pipeline.source(`in-${k}`, Source.fromIterable(range(10).map((n) => k * 100 + n)))
    )
  ).pipe(
    Pipeline.mapEffect(
      "draws",
      (n: number) =>
        Effect.flatMap(Random.next, (draw) => Effect.as(Effect.sleep(draw * 1_000), n)),
      { concurrency: 4 }
    )
  )

const replays: Rule<EngineSubject> = {
  rule: "O5",
  title: "gives equal traces for equal graph, input and seed, byte for byte",
  applies: ({ clock }) => clock === "virtual",
  run: Effect.fnUntraced(function* (subject) {
    const traced = Effect.fnUntraced(function* (seed: string) {
      let trace = ""
      const observer = Observer.lines((line) => {
        trace += line
      })
      const { out } = yield* collect(subject, busy(), { seed, observer })
      return `${out.join()}\n${trace}`
    })
    for (const seed of ["a", "b"])
      equal(yield* traced(seed), yield* traced(seed), `traces of seed ${seed}`)
  })
}

const numbersKept: Rule<EngineSubject> = {
  rule: "O6",
  title: "keeps sequence number and origin through map, filter, flatMap and effects",
  run: Effect.fnUntraced(function* (subject) {
    const taker = new Taker()
    const closed = new Numbers(25).pipeline().pipe(
      Pipeline.filter("odd", (n: number) => n % 2 === 1),
      Pipeline.map("same", (n: number) => n),
      Pipeline.flatMap("both", (n: number) => [n, n]),
      Pipeline.mapEffect("calls", backwards, { concurrency: 3 }),
      into(taker)
    )
    yield* run(subject, closed)
    const wrong = taker.batches.flatMap((batch) =>
      batch.items.filter((n, i) => Batch.seqId(batch, i) !== n || batch.origin !== "in")
    )
    equal(taker.taken.length, 24, "records that came out")
    equal(wrong, [], "records with another's number or origin")
  })
}

/** Rules O1 to O6. */
export const order: ReadonlyArray<Rule<EngineSubject>> = [
  ordered,
  byKey,
  sameAnswer,
  mergeKeeps,
  replays,
  numbersKept
]
