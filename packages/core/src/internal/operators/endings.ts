// The operators that end a chain: into a channel towards another segment, or into an opened sink.
import * as Effect from "effect/Effect"
import * as Batch from "../../Batch.ts"
import type * as DeadLetter from "../../DeadLetter.ts"
import type * as Graph from "../../Graph.ts"
import * as Policy from "../../Policy.ts"
import type * as Sink from "../../Sink.ts"
import type { CallGuard } from "../runtime/callGuard.ts"
import type { Channel } from "../runtime/channel.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import { resourceFailure } from "../runtime/rejections.ts"
import type { Run } from "../runtime/run.ts"
import type { Wait } from "../runtime/wait.ts"
import { andThen } from "../runtime/wait.ts"
import type { Wakeup } from "../runtime/wakeup.ts"
import type { Failed, UserEffect } from "./attempt.ts"
import { failedOf, pause, TimedOut, tryOnce } from "./attempt.ts"
import { Chained } from "./chained.ts"

/** Hands batches to another segment; waits while the channel is full. */
export class ChannelOut implements Operator {
  private readonly channel: Channel
  private readonly wakeup: Wakeup
  private readonly watch: ((wait: NonNullable<Wait>) => NonNullable<Wait>) | undefined
  private ended = false
  /** A segment that was cut off still tells the one behind it that nothing more comes. */
  readonly close: Effect.Effect<void> = Effect.sync(() => void this.end("failed"))

  /** `watch` times what is waited for here. */
  constructor(
    channel: Channel,
    wakeup: Wakeup,
    watch?: (wait: NonNullable<Wait>) => NonNullable<Wait>
  ) {
    this.channel = channel
    this.wakeup = wakeup
    this.watch = watch
    channel.addProducer()
  }

  push(batch: Batch.Batch<unknown>): Wait {
    const wait = this.channel.push(batch, this.wakeup)
    return wait === undefined ? undefined : (this.watch?.(wait) ?? wait)
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

/** The records a sink named, as a batch of their own. */
const named = (
  batch: Batch.Batch<unknown>,
  rejected: Sink.RecordsRejected
): Batch.Batch<unknown> => {
  const positions = rejected.records.map((record) => record.index)
  return Batch.derive(
    batch,
    rejected.records.map(({ index, payload }) => payload ?? batch.items[index]),
    positions
  )
}

/** Writes batches to an opened sink. */
export class SinkOperator extends Chained {
  private readonly writer: ErasedWriter
  private readonly guard: CallGuard | undefined

  constructor(run: Run, node: Graph.StageNode, writer: ErasedWriter) {
    super(run, node, undefined)
    this.guard = run.guards.get(node.id)
    this.writer = writer
  }

  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    const startedAt = this.run.micros()
    const patient = Policy.mayRetry(this.node.errorPolicy) || this.node.timeoutMs !== undefined
    if (patient || this.guard !== undefined) {
      return this.write(batch, 1, startedAt)
    }
    try {
      const written = this.writer.write(batch)
      if (written === undefined) return this.accepted(batch, batch.items.length, startedAt)
      return Effect.matchCauseEffect(written, {
        onFailure: (cause) => this.refuse(batch, failedOf(cause), 1, startedAt) ?? Effect.void,
        onSuccess: () => this.accepted(batch, batch.items.length, startedAt) ?? Effect.void
      })
    } catch (cause) {
      return this.refuse(batch, { cause, kind: "non-recoverable" }, 1, startedAt)
    }
  }

  /**
   * Attempt number `n`. What a sink accepted is not written again (rule F8): a retry is for the
   * records it named, else for all.
   */
  private write(
    batch: Batch.Batch<unknown>,
    n: number,
    startedAt: number
  ): Effect.Effect<void, DeadLetter.DeadLetter> {
    const once = (): UserEffect => this.writer.write(batch) ?? Effect.void
    const bare = tryOnce(this.node, once)
    const trial = this.guard === undefined ? bare : this.guard.call(bare)
    return Effect.matchEffect(this.inTime(trial, startedAt), {
      onFailure: (failed) => this.again(batch, failed, n, startedAt),
      onSuccess: () => this.accepted(batch, batch.items.length, startedAt) ?? Effect.void
    })
  }

  /** What is left of the batch's deadline, milliseconds. */
  private leftMs(startedAt: number): number {
    const deadlineMs = this.guard?.deadlineMs ?? Number.POSITIVE_INFINITY
    return deadlineMs - (this.run.micros() - startedAt) / 1_000
  }

  private inTime(
    trial: Effect.Effect<unknown, Failed>,
    startedAt: number
  ): Effect.Effect<unknown, Failed> {
    const deadlineMs = this.guard?.deadlineMs
    if (deadlineMs === undefined) return trial
    return Effect.timeoutOrElse(trial, {
      duration: Math.max(0, this.leftMs(startedAt)),
      orElse: () =>
        Effect.fail<Failed>({ cause: new TimedOut(this.node.id, deadlineMs), kind: "recoverable" })
    })
  }

  private again(
    batch: Batch.Batch<unknown>,
    failed: Failed,
    n: number,
    startedAt: number
  ): Effect.Effect<void, DeadLetter.DeadLetter> {
    const policy = Policy.forKind(this.node.errorPolicy, failed.kind)
    const late = this.leftMs(startedAt) <= 0
    if (policy._tag !== "Retry" || n > policy.retriesMax || late)
      return this.refuse(batch, failed, n, startedAt) ?? Effect.void
    const rest = isRejection(failed.cause) ? named(batch, failed.cause) : batch
    const taken = batch.items.length - rest.items.length
    if (taken > 0) this.accepted(batch, taken, startedAt)
    return Effect.flatMap(pause(policy, n), () => this.write(rest, n + 1, startedAt))
  }

  private accepted(batch: Batch.Batch<unknown>, count: number, startedAt: number): Wait {
    this.stats.recordsOut += count
    this.stats.recordLatency(this.run.micros() - startedAt)
    this.observed(batch, count)
    return undefined
  }

  /**
   * A sink that names the records it could not take accepted the others; else the whole batch was
   * refused.
   */
  private refuse(
    batch: Batch.Batch<unknown>,
    failed: Failed,
    attempts: number,
    startedAt: number
  ): Wait {
    const { cause, kind } = failed
    if (isRejection(cause)) {
      this.accepted(batch, batch.items.length - cause.records.length, startedAt)
      for (const { index: position, cause: reason, payload: made } of cause.records) {
        const payload = made ?? batch.items[position]
        const rejection = { batch, position, payload, cause: reason, attempts }
        if (!this.rejections.reject({ ...rejection, kind: cause.kind ?? "serialization" })) break
      }
      return this.rejections.deliver()
    }
    for (let position = 0; position < batch.items.length; position++) {
      const payload = batch.items[position]
      if (!this.rejections.reject({ batch, position, payload, cause, attempts, kind })) break
    }
    return this.rejections.deliver()
  }

  override end(mode: EndMode): Wait {
    if (mode === "failed" || this.writer.end === undefined) return this.rejections.settle(mode)
    const ended = Effect.catchCause(this.writer.end, (cause) => {
      const failed = failedOf(cause)
      return Effect.fail(resourceFailure(this.run, this.node.id, failed.cause, failed.kind))
    })
    return andThen(this.rejections.deliver(), () => ended)
  }
}
