// What every operator inside a chain shares: the next operator, the stage's stats and rejections,
// forwarding and timing.
import * as Effect from "effect/Effect"
import type * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import { Rejections } from "../runtime/rejections.ts"
import type { Run } from "../runtime/run.ts"
import type { StageStats } from "../runtime/stageStats.ts"
import type { Wait } from "../runtime/wait.ts"
import { alwaysThen, andThen } from "../runtime/wait.ts"

/** An operator of one stage. */
export abstract class Chained implements Operator {
  protected readonly run: Run
  protected readonly node: Graph.StageNode
  protected readonly next: Operator | undefined
  protected readonly stats: StageStats
  protected readonly rejections: Rejections
  close: Effect.Effect<void> = Effect.void

  constructor(run: Run, node: Graph.StageNode, next: Operator | undefined) {
    this.run = run
    this.node = node
    this.next = next
    this.stats = run.statsOf(node.id)
    this.rejections = new Rejections(run, node)
  }

  abstract push(batch: Batch.Batch<unknown>): Wait

  poll(): Wait {
    return this.next?.poll()
  }

  deadline(): number {
    return this.next?.deadline() ?? Number.POSITIVE_INFINITY
  }

  end(mode: EndMode): Wait {
    return this.endNext(this.rejections.settle(mode), mode)
  }

  /**
   * Ends the next operator after `last`; a failed end reaches it whatever happens, so that nobody
   * waits for ever.
   */
  protected endNext(last: Wait, mode: EndMode): Wait {
    const end = (): Wait => this.next?.end(mode)
    return mode === "failed" ? alwaysThen(last, end) : andThen(last, end)
  }

  /** Counts what comes in. */
  protected took(batch: Batch.Batch<unknown>): void {
    this.stats.recordsIn += batch.items.length
    this.stats.batches++
    this.stats.bytes += batch.bytes
  }

  /** Counts what goes out and hands it on. */
  protected forward(batch: Batch.Batch<unknown> | undefined): Wait {
    if (batch === undefined || batch.items.length === 0) return undefined
    this.stats.recordsOut += batch.items.length
    return this.next?.push(batch)
  }

  /** Tells the observer of a batch. */
  protected observed(batch: Batch.Batch<unknown>, recordsOut: number): void {
    if (!this.run.observed) return
    const { origin, seqBase } = batch
    const [stageId, atMs, recordsIn] = [this.node.id, this.run.now(), batch.items.length]
    this.run.emit({ _tag: "BatchProcessed", atMs, stageId, origin, seqBase, recordsIn, recordsOut })
  }
}
