// Stands at the head of a segment whose first stage has flow control: asks on the stage's side,
// regroups batches where the strategy gives a size, and settles what the stage has processed.
import * as Effect from "effect/Effect"
import * as Batch from "../../Batch.ts"
import type { Part } from "../joinBatches.ts"
import { joinBatches } from "../joinBatches.ts"
import type { Channel } from "../runtime/channel.ts"
import type { FlowGate } from "../runtime/flowGate.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import type { Run } from "../runtime/run.ts"
import type { Wait } from "../runtime/wait.ts"
import { alwaysThen, andThen, repeat } from "../runtime/wait.ts"
import type { Wakeup } from "../runtime/wakeup.ts"

/** What a gated head is wired to. */
export interface GatedHead {
  readonly run: Run
  readonly gate: FlowGate
  readonly inner: Operator
  readonly wakeup: Wakeup
  /** The channel in front, or undefined where a source feeds the segment. */
  readonly input: Channel | undefined
  readonly capacity: number
  /** Records the stage has in flight after it took them; 0 where taking is processing. */
  readonly held: () => number
}

/** The head of a gated segment. */
export class Gated implements Operator {
  private readonly head: GatedHead
  private taken = 0
  private settledCount = 0
  /** What it stands before is closed by itself. */
  readonly close = Effect.void

  constructor(head: GatedHead) {
    this.head = head
  }

  push(batch: Batch.Batch<unknown>): Wait {
    const { gate, input, wakeup } = this.head
    const whole = this.gathered(batch)
    if (input === undefined) gate.arrived(whole.items.length)
    return gate.pass(whole, wakeup, (part) => this.sized(part))
  }

  /** Joins what waits in the channel, up to the size the strategy asks for. */
  private gathered(batch: Batch.Batch<unknown>): Batch.Batch<unknown> {
    const { gate, input } = this.head
    const size = gate.sizer?.size() ?? 0
    let count = batch.items.length
    if (input === undefined || count >= size || input.buffer.size === 0) return batch
    const parts: Array<Part> = [{ batch, from: 0, to: count }]
    while (count < size) {
      const next = input.take()
      if (next === undefined) break
      parts.push({ batch: next, from: 0, to: next.items.length })
      count += next.items.length
    }
    return joinBatches(parts)
  }

  private sized(batch: Batch.Batch<unknown>): Wait {
    const count = batch.items.length
    let from = 0
    return repeat(() => {
      if (from >= count) return "done"
      const { sizer } = this.head.gate
      const size = sizer === undefined ? count : Math.max(1, Math.floor(sizer.size()))
      const part = Batch.slice(batch, from, Math.min(count, from + size))
      from += part.items.length
      this.taken += part.items.length
      return andThen(this.hand(part), () => this.settle())
    })
  }

  private hand(part: Batch.Batch<unknown>): Wait {
    const { gate, inner, run, input, capacity } = this.head
    if (!gate.observes) return inner.push(part)
    const startedAt = run.micros()
    return andThen(inner.push(part), () => {
      const fill = input === undefined ? 1 : Math.min(1, input.buffer.used / capacity)
      gate.observe(part.items.length, run.micros() - startedAt, fill)
      return undefined
    })
  }

  private settle(): Wait {
    const done = this.taken - this.head.held() - this.settledCount
    if (done <= 0) return undefined
    this.settledCount += done
    this.head.gate.settled(done)
    return undefined
  }

  poll(): Wait {
    return andThen(this.head.inner.poll(), () => this.settle())
  }

  deadline(): number {
    return this.head.inner.deadline()
  }

  end(mode: EndMode): Wait {
    const settle = (): Wait => this.settle()
    const ended = this.head.inner.end(mode)
    return mode === "failed" ? alwaysThen(ended, settle) : andThen(ended, settle)
  }
}
