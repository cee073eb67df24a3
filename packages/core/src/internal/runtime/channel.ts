// A channel between segments: the bounded buffer, and who waits for what. Producers wait when it is
// full, the consumer when it is empty; producers are woken at half empty, so that two fibers never
// hand over one record at a time (rules D2, D3, D4 and D6).
import * as Effect from "effect/Effect"
import type * as Batch from "../../Batch.ts"
import type * as Policy from "../../Policy.ts"
import { BoundedBuffer } from "../boundedBuffer.ts"
import { givenUp } from "../views/givenUp.ts"
import type { FrontDrop } from "./stageStats.ts"
import type { Wait } from "./wait.ts"
import type { Wakeup } from "./wakeup.ts"

/** Why a channel carries no more batches. */
export type ChannelEnd = "open" | "ended" | "failed"

/** Whoever is told that something changed. */
export interface Signalled {
  readonly signal: () => void
}

/** Receives records a channel discarded, and why: it was full, or its consumer is gone. */
export type OnDropped = (payloads: ReadonlyArray<unknown>, reason: FrontDrop) => void

/** Many producers, one consumer. */
export class Channel {
  readonly buffer: BoundedBuffer
  private policy: Policy.BufferPolicy
  private readonly onDropped: OnDropped
  private consumer: Signalled | undefined = undefined
  private readonly waiting = new Set<Wakeup>()
  private producers = 0
  private cancelled = false
  private failed = false

  constructor(policy: Policy.BufferPolicy, onDropped: OnDropped) {
    this.policy = policy
    this.onDropped = onDropped
    this.buffer = new BoundedBuffer(policy)
  }

  get capacity(): number {
    return this.policy.capacity
  }

  addProducer(): void {
    this.producers++
  }

  /** One producer will send no more; the last one ends the channel. */
  producerEnded(failed: boolean): void {
    this.producers--
    if (failed) this.failed = true
    if (this.producers === 0) this.consumer?.signal()
  }

  attachConsumer(consumer: Signalled): void {
    this.consumer = consumer
  }

  /**
   * The consumer is gone: what waits and whatever comes is discarded and counted, so that no
   * producer waits for ever.
   */
  cancel(): void {
    this.cancelled = true
    for (let left = this.buffer.take(); left !== undefined; left = this.buffer.take())
      this.onDropped(givenUp(left.items), "gone")
    this.wakeProducers()
  }

  private wakeProducers(): void {
    for (const wakeup of this.waiting) wakeup.signal()
    this.waiting.clear()
  }

  /** Puts a batch in; waits while the policy is `block` and there is no room. */
  push(batch: Batch.Batch<unknown>, producer: Wakeup): Wait {
    if (this.offer(batch)) return undefined
    return Effect.whileLoop({
      while: () => !this.offer(batch),
      body: () => {
        this.waiting.add(producer)
        return producer.wait
      },
      step: () => undefined
    })
  }

  private offer(batch: Batch.Batch<unknown>): boolean {
    if (this.cancelled) {
      this.onDropped(givenUp(batch.items), "gone")
      return true
    }
    const wasEmpty = this.buffer.size === 0
    const offer = this.buffer.offer(batch)
    if (offer._tag === "Full") return false
    if (offer._tag === "Dropped") this.onDropped(offer.dropped, "full")
    if (wasEmpty) this.consumer?.signal()
    return true
  }

  /** Takes the oldest batch, or says that there is none. */
  take(): Batch.Batch<unknown> | undefined {
    const batch = this.buffer.take()
    if (this.waiting.size > 0 && this.buffer.used * 2 <= this.policy.capacity) this.wakeProducers()
    return batch
  }

  /** Takes over another bound; what is held above it stays until it is taken. */
  change(policy: Policy.BufferPolicy): void {
    this.policy = policy
    this.buffer.change(policy)
    this.wakeProducers()
  }

  /** Whether a batch may still come. `ended` and `failed` only once the buffer is empty. */
  end(): ChannelEnd {
    if (this.producers > 0 || this.buffer.size > 0) return "open"
    return this.failed ? "failed" : "ended"
  }
}
