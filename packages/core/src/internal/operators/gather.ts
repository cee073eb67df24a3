// Gathers records to batches as a BatchRule says. Holds at most one batch, in parts that are joined
// once, when it leaves; a batch that is complete as it came goes on as it is. It changes no record.
import * as Effect from "effect/Effect"
import type * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import * as Policy from "../../Policy.ts"
import { BatchRule } from "../batchRule.ts"
import type { Part } from "../joinBatches.ts"
import { joinBatches } from "../joinBatches.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import type { Run } from "../runtime/run.ts"
import type { Wait } from "../runtime/wait.ts"
import { andThen, repeat } from "../runtime/wait.ts"
import { Chained } from "./chained.ts"

/** The stage behind `Pipeline.batch`. */
export class Gather extends Chained {
  private readonly rule: BatchRule
  private readonly capacity: number
  private parts: Array<Part> = []
  private held = 0
  private released = 0

  constructor(run: Run, node: Graph.StageNode, next: Operator | undefined) {
    super(run, node, next)
    if (node.operation._tag !== "Batch") throw new Error(`stage "${node.id}" gathers no batches`)
    this.rule = new BatchRule(node.operation.batching)
    this.capacity = (node.bufferPolicy ?? Policy.bufferDefault).capacity
    this.stats.inFlight = () => this.held
    this.stats.metrics = () => ({ batchesOut: this.released })
  }

  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    const late = this.held > 0 && this.rule.timed && this.rule.deadline <= this.run.now()
    return late ? andThen(this.release(), () => this.fill(batch)) : this.fill(batch)
  }

  /** Counts a batch in; every batch that it completes leaves before the next is begun. */
  private fill(batch: Batch.Batch<unknown>): Wait {
    let from = 0
    return repeat(() => {
      if (from >= batch.items.length) return "done"
      if (this.held === 0) this.rule.open(this.rule.timed ? this.run.now() : 0)
      const { count, end } = this.rule.take(batch.items, from)
      if (count > 0) this.parts.push({ batch, from, to: from + count })
      this.held += count
      from += count
      if (end === "more") return undefined
      if (end === "complete") return this.release()
      return this.refuse(batch, from++, end.cause)
    })
  }

  private refuse(batch: Batch.Batch<unknown>, position: number, cause: unknown): Wait {
    this.rejections.reject({ batch, position, payload: batch.items[position], cause })
    return this.rejections.deliver()
  }

  /** Hands over what is held, if anything. */
  private release(): Wait {
    if (this.held === 0) return undefined
    const { parts, held: count } = this
    this.parts = []
    this.held = 0
    this.released++
    this.rule.close()
    const batch = joinBatches(parts)
    this.observed(batch, count)
    const { sizer } = this.rule
    if (sizer === undefined) return this.forward(batch)
    const startedAt = this.run.micros()
    const tell = (): void => {
      const latencyMs = (this.run.micros() - startedAt) / 1_000
      const fill = Math.min(1, this.stats.inputDepth() / this.capacity)
      sizer.observe({ count, latencyMs, fill })
    }
    const wait = this.forward(batch)
    if (wait !== undefined) return Effect.andThen(wait, Effect.sync(tell))
    tell()
    return undefined
  }

  readonly rest = (): Wait | "nothing" => {
    if (this.held === 0 || !this.rule.leavesIdle) return "nothing"
    return this.release()
  }

  override poll(): Wait {
    const due = this.held > 0 && this.rule.timed && this.rule.deadline <= this.run.now()
    return due ? andThen(this.release(), () => this.next?.poll()) : this.next?.poll()
  }

  override deadline(): number {
    return Math.min(this.rule.deadline, super.deadline())
  }

  // Records that were held stood before whatever failed, so a failed end lets them through too.
  override end(mode: EndMode): Wait {
    const last = andThen(this.release(), () => this.rejections.settle(mode))
    return this.endNext(last, mode)
  }
}
