// What an engine owes those who set limits: policies that change are taken over whole, between two
// batches, and a budget holds for all stages together. Strategies are the test's own and keep
// books.

import type * as FlowStrategy from "@sluice/core/FlowStrategy"
import type * as Observer from "@sluice/core/Observer"
import * as Pipeline from "@sluice/core/Pipeline"
import * as Policies from "@sluice/core/Policies"
import type * as Policy from "@sluice/core/Policy"
import * as Effect from "effect/Effect"
import type { Rule } from "./rule.ts"
import { equal, holds } from "./rule.ts"
import type { EngineSubject } from "./workload.ts"
import {
  boom,
  gate,
  into,
  Numbers,
  range,
  run,
  settle,
  start,
  Taker,
  turns,
  until
} from "./workload.ts"

/** What one strategy let in, and what it was told is done. */
interface Books {
  readonly window: number
  admitted: number
  settled: number
}

/** Makes plain windows; one whose settings change is replaced by another, books and all. */
class Bookkeepers {
  readonly books: Array<Books> = []

  readonly implementation: FlowStrategy.FlowImplementation = (descriptor, host) => {
    const window = descriptor._tag === "ReactivePull" ? descriptor.window : 0
    const own: Books = { window, admitted: 0, settled: 0 }
    this.books.push(own)
    return {
      kind: "books",
      unit: "records",
      side: "send",
      admit: ({ records }) => {
        const portion = Math.min(records, Math.max(0, window - (own.admitted - own.settled)))
        own.admitted += portion
        return portion
      },
      settled: (records) => {
        own.settled += records
        host.wake()
      },
      dueNanos: () => undefined,
      change: () => false,
      statistics: () => ({ admitted: own.admitted, settled: own.settled })
    }
  }
}

const wide: Policy.BackpressureStrategy = { _tag: "ReactivePull", window: 20 }
const narrow: Policy.BackpressureStrategy = { _tag: "ReactivePull", window: 7 }
const other: Policy.BackpressureStrategy = { _tag: "ReactivePull", window: 50 }

const deadLetters = { version: 1, errors: { care: { _tag: "DeadLetter" } }, flows: { gate: wide } }
const ignores = { version: 1, errors: { care: { _tag: "Ignore" } }, flows: { gate: narrow } }
/** One of its two policies is missing, so it suits nobody who needs both. */
const unsuited = { version: 1, errors: {}, flows: { gate: other } }

const isBad = (n: number): boolean => n % 10 === 3 || n % 10 === 7

/**
 * Twenty batches of ten, two bad records in each. The policies change at the first bad record of
 * the second batch; a set that does not suit comes with the eleventh.
 */
const changing = (policies: Policies.Policies, keepers: Bookkeepers, taker: Taker) =>
  new Numbers(200).pipeline().pipe(
    Pipeline.flatMap(
      "check",
      (n: number) => {
        if (n === 13) Effect.runSync(policies.update(ignores))
        if (n === 103) Effect.runSync(policies.update(unsuited))
        if (isBad(n)) throw boom
        return [n]
      },
      { policies: { onError: "care" } }
    ),
    Pipeline.mapEffect("work", (n: number) => Effect.as(turns(3), n), {
      concurrency: 4,
      flow: { descriptor: wide, implementation: keepers.implementation },
      policies: { flow: "gate" }
    }),
    into(taker)
  )

const changes: Rule<EngineSubject> = {
  rule: "B9",
  optional: true,
  title: "takes changed policies over between two batches, all or none, and loses no credit",
  run: Effect.fnUntraced(function* (subject) {
    const policies = yield* Policies.make(deadLetters)
    const [keepers, taker] = [new Bookkeepers(), new Taker()]
    const closed = changing(policies, keepers, taker)
    // Where the batch of the change ended, wherever an engine cuts.
    let endOfBatch = 0
    const observer: Observer.PipelineObserver = {
      onEvent: (event) => {
        if (event._tag !== "BatchProcessed" || event.stageId !== "check") return
        if (event.seqBase <= 13) endOfBatch = event.seqBase + event.recordsIn
      }
    }
    const result = yield* run(subject, closed, { policies, observer, batchSize: 10 })
    const good = range(200).filter((n) => !isBad(n))
    equal(taker.taken, good, "records that came through while policies changed")
    const numbers = result.deadLetters.map(({ payload }) => payload)
    holds(endOfBatch > 13 && endOfBatch <= 20, `a batch of ten ended at ${endOfBatch}`)
    const dead = range(endOfBatch).filter(isBad)
    equal(numbers, dead, "dead letters up to the end of the batch in which the policy changed")
    const windows = keepers.books.map(({ window }) => window)
    equal(windows, [20, 7], "windows in force, where a third set did not suit the pipeline")
    for (const { window, admitted, settled } of keepers.books) {
      holds(admitted > 0, `nothing was let in by a window of ${window}`)
      equal(settled, admitted, `records settled with the window of ${window} that let them in`)
    }
    const admitted = keepers.books.reduce((sum, books) => sum + books.admitted, 0)
    equal(admitted, good.length, "records let in by all windows together")
  })
}

/** Two stages and a sink whose calls are counted together. */
const callsShared = Effect.fnUntraced(function* (subject: EngineSubject) {
  let [running, most] = [0, 0]
  const begin = Effect.sync(() => {
    most = Math.max(most, ++running)
  })
  const end = Effect.sync(() => void running--)
  const call = <A>(value: A) =>
    Effect.as(Effect.andThen(begin, Effect.ensuring(turns(3), end)), value)
  const options = { concurrency: 4, buffer: { capacity: 20 } }
  const taker = new Taker(() => call(undefined))
  const closed = new Numbers(60).pipeline().pipe(
    Pipeline.mapEffect("read", (n: number) => call(n), options),
    Pipeline.mapEffect("price", (n: number) => call(n), options),
    into(taker, { buffer: { capacity: 20 } })
  )
  yield* run(subject, closed, { budget: { concurrency: 3 } })
  equal(taker.taken, range(60), "records of stages that share three calls")
  holds(most <= 3, `${most} calls at once, stages and sink share 3`)
})

const buffer = { capacity: 100 }
const pass = (id: string) => Pipeline.map(id, (n: number) => n, { buffer })

/** Numbers weigh a byte each; three channels of room enough stand before a sink that is shut. */
const bytesShared = Effect.fnUntraced(function* (subject: EngineSubject) {
  const shut = yield* gate
  const [bytesMax, chunk] = [40, 10]
  const taker = new Taker(() => shut.wait)
  const closed = new Numbers(400, "end", chunk)
    .pipeline()
    .pipe(pass("first"), pass("second"), into(taker, { buffer }))
  const running = yield* start(subject, closed, { budget: { bytesMax }, batchSize: chunk })
  const held = () =>
    ["first", "second", "out"].reduce(
      (sum, id) => sum + (running.inspect(id)?.inputQueueDepth ?? 0),
      0
    )
  yield* until(() => held() > 0)
  let most = 0
  for (const _ of range(5)) {
    yield* settle
    most = Math.max(most, held())
  }
  holds(most > 0 && most <= bytesMax, `${most} bytes in channels, which share ${bytesMax}`)
  yield* shut.open
  const result = yield* running.result
  equal(taker.taken, range(400), "records of channels that share their bytes")
  equal(result.finalStates["in"]?.metrics["budget_overruns"], 0, "batches above the budget")
})

/** Every batch is larger than the budget: one at a time, each counted. */
const oneAlone = Effect.fnUntraced(function* (subject: EngineSubject) {
  const taker = new Taker()
  const closed = new Numbers(60).pipeline().pipe(pass("first"), into(taker, { buffer }))
  const result = yield* run(subject, closed, { budget: { bytesMax: 5 }, batchSize: 10 })
  equal(taker.taken, range(60), "records of batches above the budget")
  const overruns = result.finalStates["in"]?.metrics["budget_overruns"] ?? 0
  holds(overruns > 0, "no batch above the budget was counted")
})

const shares: Rule<EngineSubject> = {
  rule: "B10",
  optional: true,
  title: "lets stages that share a budget exceed it by one batch alone, which is counted",
  run: (subject) =>
    Effect.andThen(callsShared(subject), Effect.andThen(bytesShared(subject), oneAlone(subject)))
}

/** Rules B9 and B10. */
export const limits: ReadonlyArray<Rule<EngineSubject>> = [changes, shares]
