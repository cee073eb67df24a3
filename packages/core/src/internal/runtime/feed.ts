// The three loops that feed a segment: from a source, from a channel, through a stream function.
// Each yields to the scheduler: after every batch under the sync engine, else when a time slice is used up, so that signals,
// progress and other fibers get their turn.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Batch from "../../Batch.ts"
import type * as DeadLetter from "../../DeadLetter.ts"
import type * as Source from "../../Source.ts"
import { reasonOf } from "../operators/attempt.ts"
import { resourceFailure } from "./rejections.ts"
import type { Channel } from "./channel.ts"
import type { Run } from "./run.ts"
import type { Segment } from "./segment.ts"
import type { Wait } from "./wait.ts"

const sliceMicros = 8_000

/** A reader with erased types; its requirements are in the run's context. */
export type ErasedReader = Source.SourceReader<unknown, unknown>

type Chunk = Source.Chunk<unknown>

/** Decides when a feeding loop gives way. */
export class Pacer {
  private readonly run: Run
  private since: number

  constructor(run: Run) {
    this.run = run
    this.since = run.micros()
  }

  /** What to wait for before the next batch. */
  turn(): Wait {
    if (this.run.mode.sequential) return Effect.yieldNow
    const now = this.run.micros()
    if (now - this.since < sliceMicros) return undefined
    this.since = now
    return Effect.yieldNow
  }
}

/** Feeds a segment from its channel until that ends. */
export const feedFromChannel = Effect.fnUntraced(function* (segment: Segment, input: Channel) {
  const pacer = new Pacer(segment.run)
  for (;;) {
    const polled = segment.poll()
    if (polled !== undefined) yield* polled
    const batch = input.take()
    if (batch === undefined) {
      if (input.end() !== "open") break
      yield* segment.idle()
      continue
    }
    const wait = segment.chain.head.push(batch)
    if (wait !== undefined) yield* wait
    const turn = pacer.turn()
    if (turn !== undefined) yield* turn
  }
  yield* segment.end() ?? Effect.void
})

/** Waits for a pull while timers and finished work of the chain go on; a drain gives the pull up. */
const awaitPull = Effect.fnUntraced(function* (segment: Segment, pull: Effect.Effect<Chunk | undefined, unknown>) {
  const fiber = segment.run.fork(pull)
  const exit = fiber.pollUnsafe()
  if (exit !== undefined) return exit
  const unobserve = fiber.addObserver(() => segment.wakeup.signal())
  const waiting = Effect.gen(function* () {
    while (fiber.pollUnsafe() === undefined) {
      if (segment.run.draining) return Exit.succeed(undefined)
      const polled = segment.poll()
      if (polled !== undefined) yield* polled
      else if (fiber.pollUnsafe() === undefined) yield* segment.idle()
    }
    return fiber.pollUnsafe() as Exit.Exit<Chunk | undefined, unknown>
  })
  return yield* Effect.onExit(waiting, () => {
    unobserve()
    return fiber.pollUnsafe() === undefined ? Fiber.interrupt(fiber) : Effect.void
  })
})

/** One pull, at once or waited for; a failing source becomes the run's failure. */
const pullChunk = Effect.fnUntraced(function* (
  segment: Segment,
  reader: ErasedReader,
  stageId: string
): Generator<Effect.Effect<unknown, DeadLetter.DeadLetter>, Chunk | undefined, never> {
  let pulled: ReturnType<ErasedReader["pull"]>
  try {
    pulled = reader.pull()
  } catch (cause) {
    return yield* Effect.fail(resourceFailure(segment.run, stageId, cause, "non-recoverable"))
  }
  if (!Effect.isEffect(pulled)) return pulled
  const exit: Exit.Exit<Chunk | undefined, unknown> = yield* awaitPull(segment, pulled)
  if (Exit.isSuccess(exit)) return exit.value
  if (Cause.hasInterruptsOnly(exit.cause)) return undefined
  return yield* Effect.fail(resourceFailure(segment.run, stageId, reasonOf(exit.cause), "recoverable"))
})

/** Numbers chunks and cuts them to batches. */
class Numbering {
  private readonly run: Run
  private readonly origin: string
  private seq = 0

  constructor(run: Run, origin: string) {
    this.run = run
    this.origin = origin
  }

  private size(left: number): number {
    const { random } = this.run.mode
    const size = Math.min(left, this.run.batchSize)
    // A seeded run cuts at random places, so that every seed interleaves the sources in another way.
    return random === undefined || size < 2 ? size : 1 + Math.floor(random() * size)
  }

  *batches(chunk: Chunk): Generator<Batch.Batch<unknown>, void, void> {
    const { items, provenance } = chunk
    const timestamp = this.run.now()
    for (let from = 0; from < items.length; ) {
      const count = this.size(items.length - from)
      const whole = count === items.length
      yield Batch.make(whole ? items : items.slice(from, from + count), {
        seqBase: this.seq,
        timestamp,
        origin: this.origin,
        bytes: whole ? chunk.bytes : (chunk.bytes * count) / items.length,
        provenance: provenance === undefined || from === 0 ? provenance : { name: provenance.name, base: provenance.base + from }
      })
      this.seq += count
      from += count
    }
  }
}

/** A seeded run lets a source skip a few turns, so that the others overtake it. */
const stagger = Effect.fnUntraced(function* (run: Run) {
  if (run.mode.random === undefined || run.mode.sequential) return
  for (let turns = Math.floor(run.mode.random() * 3); turns > 0; turns--) yield* Effect.yieldNow
})

/** Feeds a segment from an opened source until that ends or the run drains. */
export const feedFromSource = Effect.fnUntraced(function* (segment: Segment, reader: ErasedReader, stageId: string) {
  const { run, chain } = segment
  const stats = run.statsOf(stageId)
  const numbering = new Numbering(run, stageId)
  const pacer = new Pacer(run)
  while (!run.draining) {
    const chunk: Chunk | undefined = yield* pullChunk(segment, reader, stageId)
    if (chunk === undefined) break
    stats.bytes += chunk.bytes
    for (const batch of numbering.batches(chunk)) {
      stats.recordsIn += batch.items.length
      stats.recordsOut += batch.items.length
      stats.batches++
      const wait = chain.head.push(batch)
      if (wait !== undefined) yield* wait
      const polled = chain.head.deadline() <= run.now() ? segment.poll() : undefined
      if (polled !== undefined) yield* polled
      const turn = pacer.turn()
      if (turn !== undefined) yield* turn
      yield* stagger(run)
    }
  }
  yield* segment.end() ?? Effect.void
})
