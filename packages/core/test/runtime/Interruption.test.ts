// A run may be ended before any of its steps: nothing stays open, nobody keeps running, and a
// graceful stop delivers everything that was read.
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as Batching from "../../src/Batching.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Policy from "../../src/Policy.ts"
import type * as Sink from "../../src/Sink.ts"
import * as Source from "../../src/Source.ts"
import type { Cut, Ledger, Outcome } from "./stepping.ts"
import { cutEverywhere, leftovers, runStepped } from "./stepping.ts"

/** Effects one by one and at once, a buffer between. */
const effects = (ledger: Ledger): Pipeline.Closed<unknown> =>
  Pipeline.source("in", ledger.source("source", 5)).pipe(
    Pipeline.mapEffect("one", ledger.work("one")),
    Pipeline.mapEffect("many", ledger.work("many"), { concurrency: 3, buffer: { capacity: 2 } }),
    Pipeline.sink("out", ledger.sink("sink"))
  )

/** Effects one by one on chunks, straight into the sink: results wait for those behind them. */
const chunked = (ledger: Ledger): Pipeline.Closed<unknown> =>
  Pipeline.source("in", ledger.chunks("source", 8, 4)).pipe(
    Pipeline.mapEffect("one", (n: number) =>
      n % 4 === 3 ? Effect.as(Effect.sleep(20), n) : Effect.succeed(n)
    ),
    Pipeline.sink("out", ledger.sink("sink"))
  )

/** A custom stage with a life of its own, and a stream function that buffers. */
const streams = (ledger: Ledger): Pipeline.Closed<unknown> =>
  Pipeline.source("in", ledger.source("source", 4)).pipe(
    Pipeline.stage("custom", ledger.stage("stage")),
    Pipeline.process("buffered", (input: Stream.Stream<number>) =>
      input.pipe(
        Stream.mapEffect(ledger.work("inside"), { concurrency: 2 }),
        Stream.buffer({ capacity: 2 })
      )
    ),
    Pipeline.sink("out", ledger.sink("sink"))
  )

/** Two sources that meet, are split again, and end in two sinks; a failing record is retried. */
const diamond = (ledger: Ledger): Pipeline.Closed<unknown> => {
  const merged = Pipeline.merge("joined", [
    Pipeline.source("a", ledger.source("source a", 3)),
    Pipeline.source("b", ledger.source("source b", 3)).pipe(
      Pipeline.map("shift", (n: number) => n + 100)
    )
  ])
  const { low, high } = merged.pipe(
    Pipeline.mapEffect(
      "flaky",
      (n: number) => (n === 1 ? Effect.fail("no 1") : Effect.succeed(n)),
      {
        onError: Policy.retry({ retriesMax: 2, backoffMs: 10, exhausted: Policy.deadLetter })
      }
    ),
    Pipeline.branch("side", { low: (n: number) => n < 100, high: Pipeline.otherwise })
  )
  return Pipeline.all([
    low.pipe(Pipeline.sink("low-out", ledger.sink("sink low"))),
    high.pipe(Pipeline.sink("high-out", ledger.sink("sink high")))
  ])
}

/** Batches that wait: for company, for their time, and behind effects that take theirs. */
const batched = (ledger: Ledger): Pipeline.Closed<unknown> =>
  Pipeline.source("in", ledger.source("source", 7)).pipe(
    Pipeline.batch("company", Batching.fixed(2)),
    Pipeline.mapEffect("work", ledger.work("work"), { concurrency: 2 }),
    Pipeline.batch("time", Batching.hybrid(3, 4)),
    Pipeline.sink("out", ledger.sink("sink"))
  )

const shapes = { effects, chunked, streams, diamond, batched } as const

const engineNames = ["sync", "async"] as const

const cuts: ReadonlyArray<Cut> = ["interrupt", "abort", "graceful"]

/** A graceful stop drains: what was read is written, dead or counted. */
const drained = (outcome: Outcome): ReadonlyArray<string> => {
  const found = [...leftovers(outcome)]
  if (!Exit.isSuccess(outcome.exit)) return [...found, `ended with ${outcome.exit.cause}`]
  const { result } = { result: outcome.exit.value }
  if (result.status !== "stopped" && result.status !== "completed")
    found.push(`status ${result.status}`)
  const accounted = outcome.ledger.written.length + result.deadLetterCount + result.droppedCount
  if (accounted !== outcome.ledger.read)
    found.push(`read ${outcome.ledger.read}, accounted for ${accounted}`)
  return found
}

/** An abort ends with a result that says so. */
const aborted = (outcome: Outcome): ReadonlyArray<string> => {
  const found = [...leftovers(outcome)]
  if (!Exit.isSuccess(outcome.exit)) return [...found, `ended with ${outcome.exit.cause}`]
  const { status } = outcome.exit.value
  if (status !== "aborted" && status !== "completed") found.push(`status ${status}`)
  return found
}

const checks = { interrupt: leftovers, abort: aborted, graceful: drained } as const

describe.each(engineNames)("%s engine, ended before any step", (engine) => {
  for (const [shape, build] of Object.entries(shapes)) {
    it(`${shape}: runs to its end and leaves nothing`, async () => {
      const outcome = await runStepped(engine, build)
      expect(Exit.isSuccess(outcome.exit)).toBe(true)
      expect(leftovers(outcome)).toEqual([])
      expect(outcome.ledger.read).toBeGreaterThan(3)
    })

    for (const how of cuts) {
      it(`${shape}: ${how} leaves nothing behind`, async () => {
        const { steps, found } = await cutEverywhere(engine, how, build, checks[how])
        expect(found).toEqual([])
        expect(steps).toBeGreaterThan(30)
      })
    }
  }
})

describe.each(engineNames)("%s engine, the search finds", (engine) => {
  const leaky = async (build: (ledger: Ledger) => Pipeline.Closed<unknown>): Promise<string> => {
    const { found } = await cutEverywhere(engine, "interrupt", build)
    return found.join("\n")
  }

  it("a source that is not closed", async () => {
    const text = await leaky((ledger) => {
      const source = ledger.source("source", 3)
      const reader = Effect.flatMap(
        Effect.sync(() => ledger.open("leak")),
        () => source.open
      )
      return Pipeline.source("in", Source.make("leaky", reader)).pipe(
        Pipeline.sink("out", ledger.sink("sink"))
      )
    })
    expect(text).toMatch(/"leak" opened 1 times, closed 0 times/)
  })

  it("a stage that leaves a fiber running", async () => {
    const text = await leaky((ledger) =>
      Pipeline.source("in", ledger.source("source", 3)).pipe(
        Pipeline.mapEffect("daemon", (n: number) => Effect.as(Effect.forkDetach(Effect.never), n)),
        Pipeline.sink("out", ledger.sink("sink"))
      )
    )
    expect(text).toMatch(/fibers left/)
  })

  it("a sink that writes twice", async () => {
    const text = await leaky((ledger) => {
      const sink = ledger.sink("sink")
      const twice: Sink.Sink<number> = {
        ...sink,
        open: Effect.map(sink.open, (writer) => ({
          write: (batch) =>
            Effect.andThen(
              writer.write(batch) ?? Effect.void,
              Effect.suspend(() => writer.write(batch) ?? Effect.void)
            )
        }))
      }
      return Pipeline.source("in", ledger.source("source", 3)).pipe(Pipeline.sink("out", twice))
    })
    expect(text).toMatch(/written twice/)
  })
})
