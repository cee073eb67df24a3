// Feeds a segment through a custom stage: the stage pulls envelopes from the segment's channel, its output is pushed on.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Batch from "../../Batch.ts"
import type * as Envelope from "../../Envelope.ts"
import type * as Graph from "../../Graph.ts"
import type * as Stage from "../../Stage.ts"
import { reasonOf } from "../operators/attempt.ts"
import { packEnvelopes } from "../operators/mapBatch.ts"
import type { Channel } from "./channel.ts"
import { resourceFailure } from "./rejections.ts"
import type { Run } from "./run.ts"
import type { Segment } from "./segment.ts"
import { andThen } from "./wait.ts"

type Envelopes = ReadonlyArray<Envelope.Envelope<unknown>>
type ErasedStage = Stage.Stage<unknown, unknown, unknown>

const contextOf = (run: Run, node: Graph.StageNode): Stage.StageContext => {
  const fields = { pipelineId: run.graph.id, stageId: node.id }
  const logs = { debug: Effect.logDebug, info: Effect.logInfo, warn: Effect.logWarning, error: Effect.logError }
  return {
    ...fields,
    config: node.config,
    logger: { log: (level, message) => Effect.annotateLogs(logs[level](message), fields) },
    tracer: { span: (name, effect) => Effect.withSpan(effect, name, { attributes: fields }) as typeof effect }
  }
}

/** The channel's batches as a stream of envelopes; it waits where the channel is empty. */
const inputOf = (segment: Segment, input: Channel, last: { batch: Batch.Batch<unknown> }): Stream.Stream<Envelope.Envelope<unknown>> => {
  const pull = Effect.gen(function* () {
    for (;;) {
      const batch = input.take()
      if (batch !== undefined) {
        last.batch = batch
        const stats = segment.run.statsOf(segment.planned.steps[0]?.stages[0]?.id ?? "")
        stats.recordsIn += batch.items.length
        return batch.items.map((_, i) => Batch.envelope(batch, i)) as unknown as readonly [Envelope.Envelope<unknown>]
      }
      if (input.end() !== "open") return yield* Cause.done()
      yield* segment.idle()
    }
  })
  return Stream.fromPull(Effect.succeed(pull))
}

/** Output envelopes keep the sequence numbers their stage gave them. */
const batchOf = (source: Batch.Batch<unknown>, envelopes: Envelopes): Batch.Batch<unknown> => {
  const packed = packEnvelopes(Batch.make(envelopes), envelopes, envelopes.map((_, i) => i))
  const seqBase = Math.min(...envelopes.map((envelope) => envelope.seqId))
  const index = envelopes.map((envelope) => envelope.seqId - seqBase)
  return { ...packed, seqBase, index, origin: source.origin, provenance: undefined, timestamp: source.timestamp }
}

/** Runs init, the stream and close of a custom stage. */
export const feedThroughStage = Effect.fnUntraced(function* (
  segment: Segment,
  input: Channel,
  node: Graph.StageNode,
  stage: ErasedStage
) {
  const { run, chain } = segment
  const last = { batch: Batch.make<unknown>([]) }
  const failed = (cause: Cause.Cause<unknown>) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.failCause(cause as Cause.Cause<never>)
      : Effect.fail(resourceFailure(run, node.id, reasonOf(cause), "non-recoverable"))
  const write = (envelopes: Envelopes) =>
    andThen(chain.head.push(batchOf(last.batch, envelopes)), () => segment.poll()) ?? Effect.void
  yield* Effect.catchCause(stage.init(contextOf(run, node)), failed)
  const output = Stream.catchCause(stage.process(inputOf(segment, input, last)), (cause) =>
    Stream.unwrap(Effect.map(failed(cause), () => Stream.empty))
  )
  yield* Effect.ensuring(Stream.runForEachArray(output, write), stage.close)
  yield* segment.end() ?? Effect.void
})
