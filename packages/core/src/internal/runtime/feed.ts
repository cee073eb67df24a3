// The three loops that feed a segment: from a source, from a channel, through a stream function.
// Each yields to the scheduler: after every batch under the sync engine, else when a time slice is
// used up, so that signals, progress and other fibers get their turn. A source is pulled again when
// what it gave last was accepted, and not behind its end (rules D1, D9 and L8).
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Batch from "../../Batch.ts"
import * as DeadLetter from "../../DeadLetter.ts"
import * as Envelope from "../../Envelope.ts"
import type * as Graph from "../../Graph.ts"
import * as Policy from "../../Policy.ts"
import type * as Source from "../../Source.ts"
import { failedOf } from "../operators/attempt.ts"
import type { Channel } from "./channel.ts"
import { Pacer } from "./pacer.ts"
import { finalPolicy, Rejections, resourceFailure } from "./rejections.ts"
import type { Run } from "./run.ts"
import type { Segment } from "./segment.ts"
import type { StageStats } from "./stageStats.ts"
import type { Wait } from "./wait.ts"
import { andThen } from "./wait.ts"

/** A reader with erased types; its requirements are in the run's context. */
export type ErasedReader = Source.SourceReader<unknown, unknown>

type Chunk = Source.Chunk<unknown>

/**
 * Runs `step` until it says "done", waiting where it asks to; no Effect is built for steps that
 * need none.
 */
const drive = (step: () => Wait | "done"): Effect.Effect<void, DeadLetter.DeadLetter> => {
  let wait: Wait
  const advance = (): boolean => {
    for (;;) {
      const answer = step()
      if (answer === "done") return false
      if (answer === undefined) continue
      wait = answer
      return true
    }
  }
  return Effect.suspend(() =>
    Effect.whileLoop({ while: advance, body: () => wait ?? Effect.void, step: () => undefined })
  )
}

/** Feeds a segment from its channel until that ends. */
export const feedFromChannel = (
  segment: Segment,
  input: Channel
): Effect.Effect<void, DeadLetter.DeadLetter> => {
  const { head } = segment.chain
  let pacer: Pacer | undefined
  const step = (): Wait | "done" => {
    pacer ??= new Pacer(segment.run)
    const polled = segment.poll()
    if (polled !== undefined) return polled
    const batch = input.take()
    if (batch === undefined) return input.end() === "open" ? segment.idle() : "done"
    return andThen(head.push(batch), () => pacer?.turn())
  }
  return Effect.andThen(
    drive(step),
    Effect.suspend(() => segment.end() ?? Effect.void)
  )
}

/** Gives a pull up; what it had finished all the same is kept. */
const giveUp = (fiber: Fiber.Fiber<Chunk | undefined, unknown>) =>
  Effect.andThen(
    Fiber.interrupt(fiber),
    Effect.map(Fiber.await(fiber), (exit) =>
      Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? Exit.succeed(undefined) : exit
    )
  )

/**
 * Waits for a pull while timers and finished work of the chain go on; a drain gives the pull up.
 */
const awaitPull = (
  segment: Segment,
  pull: Effect.Effect<Chunk | undefined, unknown>
): Effect.Effect<Exit.Exit<Chunk | undefined, unknown>, DeadLetter.DeadLetter> =>
  Effect.suspend(() => {
    let fiber: Fiber.Fiber<Chunk | undefined, unknown> | undefined
    let unobserve: (() => void) | undefined
    // The pull starts under the guard of `onExit`: an interruption between the two would leave it.
    const waiting = Effect.gen(function* () {
      const pulling = segment.run.fork(pull)
      fiber = pulling
      if (pulling.pollUnsafe() === undefined) {
        unobserve = pulling.addObserver(() => segment.wakeup.signal())
      }
      while (pulling.pollUnsafe() === undefined) {
        if (segment.run.draining || segment.unread) return yield* giveUp(pulling)
        const polled = segment.poll()
        if (polled !== undefined) yield* polled
        else if (pulling.pollUnsafe() === undefined) yield* segment.idle()
      }
      return pulling.pollUnsafe() as Exit.Exit<Chunk | undefined, unknown>
    })
    return Effect.onExit(waiting, () => {
      unobserve?.()
      return fiber?.pollUnsafe() === undefined && fiber !== undefined
        ? Fiber.interrupt(fiber)
        : Effect.void
    })
  })

const none: ReadonlyArray<Source.Refused> = []

const nodeOf = (run: Run, stageId: string): Graph.StageNode =>
  run.graph.nodes.find((node) => node.id === stageId) as Graph.StageNode

/** A source can set aside or ignore what is no record; it has nothing to try again or put there. */
const ends = ({ _tag }: Policy.KindPolicy): boolean => _tag !== "DeadLetter" && _tag !== "Ignore"

/**
 * Whether reading may have to go on behind what is no record. A reader that is not told so need not
 * keep what it would hand over then. A policy taken by name may come to be another.
 */
const mayGoOn = ({ errorPolicy, controls }: Graph.StageNode): boolean =>
  controls?.policies?.onError !== undefined ||
  Policy.partsOf(errorPolicy).some((policy) => !ends(finalPolicy(policy, "non-recoverable")))

/** Numbers chunks and cuts them to batches. */
class Numbering {
  private readonly run: Run
  private readonly origin: string
  private chunk: Chunk | undefined = undefined
  private from = 0
  private seq = 0

  constructor(run: Run, origin: string) {
    this.run = run
    this.origin = origin
  }

  /** Takes a chunk; all of the one before must have been cut. */
  load(chunk: Chunk): void {
    this.chunk = chunk
    this.from = 0
  }

  private size(left: number): number {
    const { random } = this.run.mode
    const size = Math.min(left, this.run.batchSize)
    // A seeded run cuts at random places, so that every seed interleaves the sources in another
    // way.
    return random === undefined || size < 2 ? size : 1 + Math.floor(random() * size)
  }

  /** Records that do not stand on lines in sequence keep their place each. */
  private placed(lines: ReadonlyArray<number>, from: number, count: number): Batch.Columns {
    const name = this.chunk?.provenance?.name ?? this.origin
    const seqBase = this.seq - count
    const places = Array.from({ length: count }, (_, i) => ({
      origin: this.origin,
      seqBase: seqBase + i,
      provenance: { name, base: lines[from + i] as number }
    }))
    return { headers: undefined, attrs: undefined, costs: undefined, timestamps: undefined, places }
  }

  /** What is no record has its number, too: the place of those behind it stays what it was. */
  refused({ payload, provenance }: Source.Refused, timestamp: number): Batch.Batch<unknown> {
    const seqBase = this.seq++
    return Batch.make([payload], { seqBase, timestamp, origin: this.origin, provenance })
  }

  /** The next batch of the loaded chunk, or undefined when it is used up. */
  next(timestamp: number): Batch.Batch<unknown> | undefined {
    const chunk = this.chunk
    if (chunk === undefined || this.from >= chunk.items.length) return undefined
    const { items, provenance } = chunk
    const from = this.from
    const count = this.size(items.length - from)
    const whole = count === items.length
    const seqBase = this.seq
    this.seq += count
    this.from += count
    return {
      items: whole ? items : items.slice(from, from + count),
      seqBase,
      index: undefined,
      timestamp,
      windowEnd: timestamp,
      origin: this.origin,
      bytes: whole ? chunk.bytes : (chunk.bytes * count) / items.length,
      trace: Envelope.noTrace,
      provenance:
        provenance === undefined || from === 0
          ? provenance
          : { name: provenance.name, base: provenance.base + from },
      columns: chunk.lines === undefined ? undefined : this.placed(chunk.lines, from, count)
    }
  }
}

/** The loop of one source as steps. */
class SourceFeed {
  private readonly segment: Segment
  private readonly reader: ErasedReader
  private readonly stageId: string
  private readonly stats: StageStats
  private readonly numbering: Numbering
  private readonly pacer: Pacer
  private readonly rejections: Rejections
  /** What stood behind the chunk at hand and is no record. */
  private refused: ReadonlyArray<Source.Refused> = none

  constructor(segment: Segment, reader: ErasedReader, stageId: string) {
    this.segment = segment
    this.reader = reader
    this.rejections = new Rejections(segment.run, nodeOf(segment.run, stageId))
    if (mayGoOn(this.rejections.node)) reader.goOn?.()
    this.stageId = stageId
    this.stats = segment.run.statsOf(stageId)
    this.numbering = new Numbering(segment.run, stageId)
    this.pacer = new Pacer(segment.run)
  }

  private ended = false

  /** One batch, or one pull. */
  step(): Wait | "done" {
    const batch = this.numbering.next(this.pacer.now)
    if (batch !== undefined) return this.hand(batch)
    if (this.refused.length > 0) return this.setAside()
    if (this.ended || this.segment.run.draining || this.segment.unread) return "done"
    return this.pull()
  }

  private hand(batch: Batch.Batch<unknown>): Wait {
    const count = batch.items.length
    this.stats.recordsOut += count
    this.stats.batches++
    const { head } = this.segment.chain
    const wait = head.push(batch)
    if (wait !== undefined) return Effect.flatMap(wait, () => this.afterBatch() ?? Effect.void)
    return this.afterBatch()
  }

  private afterBatch(): Wait {
    const { run, chain } = this.segment
    const turn = this.pacer.turn()
    const due = this.pacer.fresh && chain.head.deadline() <= this.pacer.now
    if (!due && turn === undefined && run.mode.random === undefined) return undefined
    const polled = due ? this.segment.poll() : undefined
    const wait = andThen(polled, () => turn)
    return run.mode.random === undefined || run.mode.sequential
      ? wait
      : andThen(wait, () => stagger(run))
  }

  private failed(cause: unknown, kind: DeadLetter.FailureKind): Wait {
    return Effect.fail(resourceFailure(this.segment.run, this.stageId, cause, kind))
  }

  /** Applies the source's error policy to what is no record. */
  private setAside(): Wait {
    const { refused, rejections } = this
    this.refused = none
    for (const each of refused) {
      const kind = DeadLetter.kindOf(each.cause) ?? "non-recoverable"
      if (ends(finalPolicy(rejections.node.errorPolicy, kind)))
        return andThen(rejections.deliver(), () => this.failed(each.cause, kind))
      this.stats.recordsIn++
      const batch = this.numbering.refused(each, this.pacer.now)
      rejections.reject({ batch, position: 0, payload: each.payload, cause: each.cause })
    }
    return andThen(rejections.deliver(), () => this.pacer.turn())
  }

  private pull(): Wait {
    let pulled: ReturnType<ErasedReader["pull"]>
    try {
      pulled = this.reader.pull()
    } catch (cause) {
      return this.failed(cause, "non-recoverable")
    }
    if (pulled === undefined || "items" in pulled) return this.accept(pulled)
    return this.pullLater(pulled)
  }

  private accept(chunk: Chunk | undefined): Wait {
    if (chunk === undefined) {
      this.ended = true
      return undefined
    }
    this.stats.recordsIn += chunk.items.length
    this.stats.bytes += chunk.bytes
    if (chunk.refused !== undefined) this.refused = chunk.refused
    this.numbering.load(chunk)
    const first = this.numbering.next(this.pacer.now)
    // A source that has nothing again and again must not keep the others from running.
    return first === undefined ? this.pacer.turn() : this.hand(first)
  }

  private pullLater(pull: Effect.Effect<Chunk | undefined, unknown>): Wait {
    return Effect.flatMap(awaitPull(this.segment, pull), (exit) => {
      this.pacer.refresh()
      if (Exit.isSuccess(exit)) return this.accept(exit.value) ?? Effect.void
      const { cause, kind } = failedOf(exit.cause)
      return this.failed(cause, kind) ?? Effect.void
    })
  }
}

/** A seeded run lets a source skip a few turns, so that the others overtake it. */
const stagger = (run: Run): Wait => {
  const turns = run.mode.random === undefined ? 0 : Math.floor(run.mode.random() * 3)
  return turns === 0
    ? undefined
    : Effect.repeat(Effect.yieldNow, { times: turns - 1 }).pipe(Effect.asVoid)
}

/** Feeds a segment from an opened source until that ends or the run drains. */
export const feedFromSource = (
  segment: Segment,
  reader: ErasedReader,
  stageId: string
): Effect.Effect<void, DeadLetter.DeadLetter> =>
  Effect.suspend(() => {
    const feed = new SourceFeed(segment, reader, stageId)
    return Effect.andThen(
      drive(() => feed.step()),
      Effect.suspend(() => segment.end() ?? Effect.void)
    )
  })
