// The operators that end a chain: into a channel towards another segment, or into an opened sink.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import type * as Sink from "../../Sink.ts"
import type { Channel } from "../runtime/channel.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import { resourceFailure } from "../runtime/rejections.ts"
import type { Run } from "../runtime/run.ts"
import { andThen, type Wait } from "../runtime/wait.ts"
import type { Wakeup } from "../runtime/wakeup.ts"
import { type Attempted, attempt, reasonOf, type UserEffect } from "./attempt.ts"
import { Chained } from "./chained.ts"

/** Hands batches to another segment; waits while the channel is full. */
export class ChannelOut implements Operator {
  private readonly channel: Channel
  private readonly wakeup: Wakeup
  private ended = false
  readonly close: Effect.Effect<void> = Effect.void

  constructor(channel: Channel, wakeup: Wakeup) {
    this.channel = channel
    this.wakeup = wakeup
    channel.addProducer()
  }

  push(batch: Batch.Batch<unknown>): Wait {
    return this.channel.push(batch, this.wakeup)
  }
  poll(): Wait {
    return undefined
  }
  deadline(): number {
    return Number.POSITIVE_INFINITY
  }
  end(mode: EndMode): Wait {
    if (!this.ended) this.channel.producerEnded(mode === "failed")
    this.ended = true
    return undefined
  }
}

/** A writer with erased types; its requirements are in the run's context. */
export type ErasedWriter = Sink.SinkWriter<unknown, unknown>

const isRejection = (value: unknown): value is Sink.RecordsRejected =>
  typeof value === "object" && value !== null && "_tag" in value && value._tag === "RecordsRejected"

/** Writes batches to an opened sink. */
export class SinkOperator extends Chained {
  private readonly writer: ErasedWriter

  constructor(run: Run, node: Graph.StageNode, writer: ErasedWriter) {
    super(run, node, undefined)
    this.writer = writer
  }

  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    const startedAt = this.run.micros()
    if (this.node.errorPolicy._tag === "Retry" || this.node.timeoutMs !== undefined) {
      return this.settle(batch, attempt(this.node, () => this.writeOnce(batch)), startedAt)
    }
    try {
      const written = this.writer.write(batch)
      if (written === undefined) return this.accepted(batch, batch.items.length, startedAt)
      return this.settle(batch, attempt(this.node, () => written), startedAt)
    } catch (cause) {
      return this.refuse(batch, cause, 1, startedAt)
    }
  }

  /** Named records are final, also under retry: the others are written, a second attempt would write them twice. */
  private writeOnce(batch: Batch.Batch<unknown>): UserEffect {
    const attempted: UserEffect = Effect.suspend(() => this.writer.write(batch) ?? Effect.void)
    return Effect.catchCause(attempted, (cause) => {
      const reason = reasonOf(cause)
      return isRejection(reason) ? Effect.succeed(reason) : Effect.failCause(cause)
    })
  }

  private settle(batch: Batch.Batch<unknown>, effect: Effect.Effect<unknown, Attempted>, startedAt: number): Wait {
    return Effect.flatMap(Effect.result(effect), (result) => {
      if (Result.isFailure(result)) {
        const { cause, attempts } = result.failure
        return this.refuse(batch, cause, attempts, startedAt) ?? Effect.void
      }
      if (isRejection(result.success)) return this.refuse(batch, result.success, 1, startedAt) ?? Effect.void
      return this.accepted(batch, batch.items.length, startedAt) ?? Effect.void
    })
  }

  private accepted(batch: Batch.Batch<unknown>, count: number, startedAt: number): Wait {
    this.stats.recordsOut += count
    this.stats.recordLatency(this.run.micros() - startedAt)
    this.observed(batch, count)
    return undefined
  }

  /** A sink that names the records it could not take accepted the others; else the whole batch was refused. */
  private refuse(batch: Batch.Batch<unknown>, cause: unknown, attempts: number, startedAt: number): Wait {
    if (isRejection(cause)) {
      for (const { index: position, cause: reason } of cause.records) {
        const payload = batch.items[position]
        const kind = "serialization"
        if (!this.rejections.reject({ batch, position, payload, cause: reason, attempts, kind })) break
      }
      this.accepted(batch, batch.items.length - cause.records.length, startedAt)
      return this.rejections.deliver()
    }
    for (let position = 0; position < batch.items.length; position++) {
      const payload = batch.items[position]
      if (!this.rejections.reject({ batch, position, payload, cause, attempts, kind: "recoverable" })) break
    }
    return this.rejections.deliver()
  }

  override end(mode: EndMode): Wait {
    if (mode === "failed" || this.writer.end === undefined) return this.rejections.deliver()
    const ended = Effect.catchCause(this.writer.end, (cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause as Cause.Cause<never>)
        : Effect.fail(resourceFailure(this.run, this.node.id, reasonOf(cause), "recoverable"))
    )
    return andThen(this.rejections.deliver(), () => ended)
  }
}
