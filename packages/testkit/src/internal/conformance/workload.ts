// Sources and sinks that keep a record of what an engine did with them, and short ways to run a
// pipeline on the engine under test. No wall time, no sleeping: waiting is for gates and turns.

import type * as Batch from "@sluice/core/Batch"
import type * as Engine from "@sluice/core/Engine"
import type * as GraphError from "@sluice/core/GraphError"
import * as Pipeline from "@sluice/core/Pipeline"
import type * as PipelineResult from "@sluice/core/PipelineResult"
import * as Sink from "@sluice/core/Sink"
import * as Source from "@sluice/core/Source"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { Violation } from "./rule.ts"

/** An engine under test. */
export interface EngineSubject {
  /** A new engine; several are made. */
  readonly makeEngine: () => Engine.Engine
  /**
   * `context`: runs follow the Clock of the caller. `virtual`: the engine has a clock of its own
   * that jumps.
   */
  readonly clock: "context" | "virtual"
}

/** What a run may end with instead of a result. */
export type RunError = PipelineResult.PipelineError | GraphError.GraphError

const settlingTurns = 40

/** Lets everything that can run do so. */
export const settle: Effect.Effect<void> = Effect.asVoid(
  Effect.repeat(Effect.yieldNow, { times: settlingTurns })
)

const settlingsMax = 100

/**
 * Lets everything that can run do so until something is so, however slow the machine is: an engine
 * in real time gives way more often on a slow one. What never becomes so is for the test to say.
 */
export const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let n = 0; n < settlingsMax && !condition(); n++) yield* settle
    yield* settle
  })

/** Some turns of the event loop. */
export const turns = (count: number): Effect.Effect<void> =>
  count <= 0 ? Effect.void : Effect.asVoid(Effect.repeat(Effect.yieldNow, { times: count - 1 }))

/** The whole numbers below `count`. */
export const range = (count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => i)

/** Sorted copy, to compare as multisets. */
export const sorted = (values: ReadonlyArray<number>): ReadonlyArray<number> =>
  values.toSorted((a, b) => a - b)

/** What a failing record fails with. */
export const boom = new Error("boom")

/** How a source ends: it says so, waits for ever, or fails. */
export type Ending = "end" | "silent" | "fail"

/** Counts how often something was opened and closed, and whether twice. */
export class Handles {
  opened = 0
  closed = 0
  readonly resource: Effect.Effect<void, never, Scope.Scope> = Effect.acquireRelease(
    Effect.sync(() => void this.opened++),
    () => Effect.sync(() => void this.closed++)
  )
}

/** The numbers from 0 in chunks of ten, as a source that tells what was done to it. */
export class Numbers extends Handles {
  pulls = 0
  read = 0
  private readonly count: number
  private readonly ending: Ending
  private readonly size: number
  /** Runs in each pull, before records are taken. */
  private readonly before: ((pull: number) => Effect.Effect<void>) | undefined

  constructor(
    count: number,
    ending: Ending = "end",
    size = 10,
    before?: (pull: number) => Effect.Effect<void>
  ) {
    super()
    this.count = count
    this.ending = ending
    this.size = size
    this.before = before
  }

  private take(): Source.Chunk<number> {
    const size = Math.min(this.size, this.count - this.read)
    const items = range(size).map((i) => this.read + i)
    this.read += size
    return { items, bytes: size, provenance: undefined }
  }

  private readonly pull = (): ReturnType<Source.SourceReader<number, Error>["pull"]> => {
    this.pulls++
    if (this.read < this.count) {
      const { before, pulls } = this
      return before === undefined
        ? this.take()
        : Effect.andThen(
            before(pulls),
            Effect.sync(() => this.take())
          )
    }
    if (this.ending === "end") return undefined
    return this.ending === "silent" ? Effect.never : Effect.fail(boom)
  }

  get source(): Source.Source<number, Error> {
    return Source.make("numbers", Effect.as(this.resource, { pull: this.pull }))
  }

  pipeline(id = "in"): Pipeline.Pipeline<number, Error> {
    return Pipeline.source(id, this.source)
  }
}

/** A sink that keeps what it took. `write` runs before a batch counts as taken. */
export class Taker extends Handles {
  readonly taken: Array<number> = []
  readonly batches: Array<Batch.Batch<number>> = []
  writes = 0
  ended = 0
  /** Called when the sink is told that everything was delivered. */
  atEnd: () => void = () => undefined
  private readonly write: ((batch: Batch.Batch<number>) => Effect.Effect<void, unknown>) | undefined

  constructor(write?: (batch: Batch.Batch<number>) => Effect.Effect<void, unknown>) {
    super()
    this.write = write
  }

  private keep(batch: Batch.Batch<number>): void {
    this.taken.push(...batch.items)
    this.batches.push(batch)
  }

  get sink(): Sink.Sink<number, unknown> {
    const writer: Sink.SinkWriter<number, unknown> = {
      write: (batch) => {
        this.writes++
        if (this.write === undefined) return this.keep(batch)
        return Effect.andThen(
          this.write(batch),
          Effect.sync(() => this.keep(batch))
        )
      },
      end: Effect.sync(() => {
        this.ended++
        this.atEnd()
      })
    }
    return Sink.make("taker", Effect.as(this.resource, writer))
  }
}

/** Ends an open pipeline of numbers in a taker. */
export const into =
  (taker: Taker, options?: Pipeline.SinkOptions<number>) =>
  <E, R>(self: Pipeline.Pipeline<number, E, R>): Pipeline.Closed<unknown, R> =>
    self.pipe(Pipeline.sink("out", taker.sink, options))

/** Starts a pipeline on a new engine of the subject. */
export const start = (
  subject: EngineSubject,
  closed: Pipeline.Closed<unknown>,
  options: Engine.ExecutionOptions = {}
): Effect.Effect<Engine.RunningPipeline, GraphError.GraphError, Scope.Scope> =>
  Pipeline.start(closed, { ...options, engine: subject.makeEngine() })

/** Runs a pipeline to its end on a new engine of the subject. */
export const run = (
  subject: EngineSubject,
  closed: Pipeline.Closed<unknown>,
  options: Engine.ExecutionOptions = {}
): Effect.Effect<PipelineResult.PipelineResult, RunError> =>
  Pipeline.run(closed, { ...options, engine: subject.makeEngine() })

/** Runs a pipeline that must fail, and returns with what. */
export const runFailing = (
  subject: EngineSubject,
  closed: Pipeline.Closed<unknown>,
  options: Engine.ExecutionOptions = {}
): Effect.Effect<PipelineResult.PipelineError> =>
  Effect.matchEffect(run(subject, closed, options), {
    onSuccess: ({ status }) =>
      Effect.die(new Violation(`the run must fail, and ended with status ${status}`)),
    onFailure: (error) =>
      error._tag === "PipelineError"
        ? Effect.succeed(error)
        : Effect.die(new Violation(`a sound graph was refused: ${error.message}`))
  })

/** Runs an open pipeline into an array. */
export const collect = <E>(
  subject: EngineSubject,
  open: Pipeline.Pipeline<number, E>,
  options: Engine.ExecutionOptions = {}
): Effect.Effect<
  { readonly out: ReadonlyArray<number>; readonly result: PipelineResult.PipelineResult },
  RunError
> =>
  Effect.suspend(() => {
    const taker = new Taker()
    return Effect.map(run(subject, open.pipe(into(taker)), options), (result) => ({
      out: taker.taken,
      result
    }))
  })

const adjustments = 4_000

/** Runs to the end under a test clock that moves a second at a time while the run has not ended. */
export const drive = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    for (let turn = 0; turn < adjustments && fiber.pollUnsafe() === undefined; turn++) {
      yield* TestClock.adjust(1_000)
    }
    if (fiber.pollUnsafe() === undefined) return yield* Effect.die(new Violation("the run hangs"))
    return yield* Fiber.join(fiber)
  }).pipe(Effect.provide(TestClock.layer()))

/** A gate that is shut: a sink behind it takes nothing before it is opened. */
export const gate: Effect.Effect<{
  readonly wait: Effect.Effect<void>
  readonly open: Effect.Effect<void>
}> = Effect.map(Deferred.make<void>(), (deferred) => ({
  wait: Deferred.await(deferred),
  open: Effect.asVoid(Deferred.succeed(deferred, undefined))
}))
