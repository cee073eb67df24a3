// Feeds a segment through a custom stage: the stage pulls envelopes from the segment's channel, its
// output is pushed on.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as Batch from "../../Batch.ts"
import type * as DeadLetter from "../../DeadLetter.ts"
import type * as Envelope from "../../Envelope.ts"
import type * as Graph from "../../Graph.ts"
import type * as Stage from "../../Stage.ts"
import { failedOf } from "../operators/attempt.ts"
import { packEnvelopes } from "../operators/mapBatch.ts"
import { haveStream } from "../processStage.ts"
import type { Channel } from "./channel.ts"
import type { FlowGate } from "./flowGate.ts"
import { resourceFailure } from "./rejections.ts"
import type { Run } from "./run.ts"
import type { Segment } from "./segment.ts"
import type { Wait } from "./wait.ts"
import { andThen } from "./wait.ts"

haveStream(Stream)

type Envelopes = ReadonlyArray<Envelope.Envelope<unknown>>
type ErasedStage = Stage.Stage<unknown, unknown, unknown>

const contextOf = (run: Run, node: Graph.StageNode): Stage.StageContext => {
  const fields = { pipelineId: run.graph.id, stageId: node.id }
  const logs = {
    debug: Effect.logDebug,
    info: Effect.logInfo,
    warn: Effect.logWarning,
    error: Effect.logError
  }
  return {
    ...fields,
    config: node.config,
    logger: { log: (level, message) => Effect.annotateLogs(logs[level](message), fields) },
    tracer: {
      span: (name, effect) => Effect.withSpan(effect, name, { attributes: fields }) as typeof effect
    }
  }
}

/**
 * Where readers of a channel wait. A stream function may pull from several fibers at once (merge,
 * buffer), so all that wait are woken, and the condition is checked again when one starts to wait:
 * no signal falls in between.
 */
class ReaderGate {
  private readonly waiting = new Set<(effect: Effect.Effect<void>) => void>()
  private readonly run: Run
  readonly wait: Effect.Effect<void>

  constructor(run: Run, mayRead: () => boolean) {
    this.run = run
    this.wait = Effect.callback((resume) => {
      if (mayRead()) return resume(Effect.void)
      this.waiting.add(resume)
      return Effect.sync(() => void this.waiting.delete(resume))
    })
  }

  readonly signal = (): void => {
    const woken = [...this.waiting]
    this.waiting.clear()
    for (const resume of woken) this.run.mode.schedule(() => resume(Effect.void))
  }
}

/**
 * Takes batches from the channel; where the stage has flow control, in the portions it lets
 * through. A stream function that asks for more is done with what it had.
 */
class Taking {
  private readonly segment: Segment
  private readonly input: Channel
  private readonly gate: FlowGate | undefined
  private rest: Batch.Batch<unknown> | undefined = undefined
  private given = 0
  readonly next: Effect.Effect<Batch.Batch<unknown> | undefined>

  constructor(segment: Segment, input: Channel, stageId: string) {
    this.segment = segment
    this.input = input
    const gate = segment.run.gates.get(stageId)
    this.gate = gate
    this.next =
      gate === undefined
        ? Effect.sync(() => this.whole())
        : Semaphore.makeUnsafe(1).withPermit(Effect.suspend(() => this.portion(gate)))
  }

  /** Records of the last portion: the stage has not asked for more since. */
  get inHand(): number {
    return this.given
  }

  private whole(): Batch.Batch<unknown> | undefined {
    const batch = this.input.take()
    this.given = batch?.items.length ?? 0
    return batch
  }

  /** Tells the flow control that the stage is done with what it was given. */
  settle(): void {
    if (this.given > 0) this.gate?.settled(this.given)
    this.given = 0
  }

  private portion(gate: FlowGate): Effect.Effect<Batch.Batch<unknown> | undefined> {
    this.settle()
    this.rest ??= this.input.take()
    const batch = this.rest
    if (batch === undefined) return Effect.succeed(undefined)
    return Effect.map(gate.portion(batch, 0, this.segment.wakeup), (count) =>
      this.give(batch, count)
    )
  }

  private give(batch: Batch.Batch<unknown>, count: number): Batch.Batch<unknown> {
    this.given = count
    const size = batch.items.length
    this.rest = count === size ? undefined : Batch.slice(batch, count, size)
    return Batch.slice(batch, 0, count)
  }
}

/** The channel's batches as a stream of envelopes; it waits where the channel is empty. */
const inputOf = (
  segment: Segment,
  input: Channel,
  stageId: string,
  last: { batch: Batch.Batch<unknown> }
): Stream.Stream<Envelope.Envelope<unknown>> => {
  const stats = segment.run.statsOf(stageId)
  const gate = new ReaderGate(segment.run, () => input.buffer.size > 0 || input.end() !== "open")
  input.attachConsumer(gate)
  const taking = new Taking(segment, input, stageId)
  // A stream function makes of its input what it likes, and does not say what it holds.
  stats.held = () => taking.inHand
  const pull = Effect.gen(function* () {
    for (;;) {
      const batch = yield* taking.next
      if (batch !== undefined) {
        last.batch = batch
        stats.recordsIn += batch.items.length
        const [first, ...rest] = batch.items.map((_, i) => Batch.envelope(batch, i))
        if (first !== undefined) return [first, ...rest] as const
        continue
      }
      if (input.end() !== "open") return yield* Cause.done()
      yield* gate.wait
    }
  })
  return Stream.fromPull(Effect.succeed(pull))
}

/** Output envelopes keep the sequence numbers their stage gave them. */
const batchOf = (source: Batch.Batch<unknown>, envelopes: Envelopes): Batch.Batch<unknown> => {
  const packed = packEnvelopes(
    Batch.make(envelopes),
    envelopes,
    envelopes.map((_, i) => i)
  )
  const seqBase = envelopes.reduce(
    (least, envelope) => Math.min(least, envelope.seqId),
    Number.MAX_SAFE_INTEGER
  )
  const index = envelopes.map((envelope) => envelope.seqId - seqBase)
  return {
    ...packed,
    seqBase,
    index,
    origin: source.origin,
    provenance: undefined,
    timestamp: source.timestamp
  }
}

/**
 * Runs init, the stream and close of a custom stage; close runs on every exit after init has
 * succeeded.
 */
export const feedThroughStage = (
  segment: Segment,
  input: Channel,
  node: Graph.StageNode,
  stage: ErasedStage
): Effect.Effect<void, DeadLetter.DeadLetter> => {
  const { run, chain } = segment
  const last = { batch: Batch.make<unknown>([]) }
  const failed = (cause: Cause.Cause<unknown>): Effect.Effect<never, DeadLetter.DeadLetter> => {
    const { cause: reason, kind } = failedOf(cause)
    return Effect.fail(resourceFailure(run, node.id, reason, kind))
  }
  const write = (envelopes: Envelopes): Effect.Effect<void, DeadLetter.DeadLetter> => {
    let wait: Wait
    for (let from = 0; from < envelopes.length; from += run.batchSize) {
      const part = envelopes.slice(from, from + run.batchSize)
      wait = andThen(wait, () => chain.head.push(batchOf(last.batch, part)))
    }
    return wait ?? Effect.void
  }
  const stats = run.statsOf(node.id)
  stats.held = () => 0
  const done = Effect.sync(() => {
    stats.held = () => 0
  })
  const init = Effect.suspend(() => stage.init(contextOf(run, node)))
  const output = Stream.suspend(() => stage.process(inputOf(segment, input, node.id, last))).pipe(
    Stream.catchCause((cause) => Stream.fromEffect(failed(cause)))
  )
  const staged = Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.catchCause(restore(init), failed), () =>
      Effect.ensuring(restore(Stream.runForEachArray(output, write)), stage.close)
    )
  )
  return Effect.andThen(
    Effect.andThen(staged, done),
    Effect.suspend(() => segment.end() ?? Effect.void)
  )
}
