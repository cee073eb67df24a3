// Drives an accumulator instance: batches in, completed groups out, timers in between, the end
// policy last. The instance is pure bookkeeping; waiting, counting and error policy live here
// (rules T3, T5, A5 and A6).

import * as Effect from "effect/Effect"
import type * as Accumulator from "../../Accumulator.ts"
import * as Batch from "../../Batch.ts"
import type * as Graph from "../../Graph.ts"
import type { EndMode, Operator } from "../runtime/operator.ts"
import type { Rejection } from "../runtime/rejections.ts"
import { resourceFailure } from "../runtime/rejections.ts"
import type { Run } from "../runtime/run.ts"
import type { Wait } from "../runtime/wait.ts"
import { andThen, repeat } from "../runtime/wait.ts"
import type { AccumulatorSpans, Trigger } from "../telemetry/accumulatorSpans.ts"
import { Chained } from "./chained.ts"

type Instance = Accumulator.AccumulatorInstance<unknown, unknown>

const metricsOf = (totals: Accumulator.AccumulatorTotals): Readonly<Record<string, number>> => {
  const metrics: Record<string, number> = {}
  for (const [name, value] of Object.entries(totals))
    if (typeof value === "number") metrics[name] = value
  return metrics
}

/** An accumulating stage. */
export class Accumulate extends Chained {
  readonly instance: Instance
  readonly stageId: string
  private readonly spans: AccumulatorSpans | undefined
  private current: Batch.Batch<unknown> | undefined = undefined

  constructor(run: Run, node: Graph.StageNode, next: Operator | undefined) {
    super(run, node, next)
    this.stageId = node.id
    if (node.operation._tag !== "Accumulate")
      throw new Error(`stage "${node.id}" is no accumulator`)
    this.instance = node.operation.accumulator.make({
      pipelineId: run.graph.id,
      stageId: node.id,
      now: () => run.now(),
      pressure: run.gcShare,
      ...(run.pools === undefined ? {} : { pools: run.pools }),
      failed: (index, key, cause, kind, payload) =>
        this.failed(index, payload, { cause, key, kind })
    }) as Instance
    this.spans = run.probe?.accumulatorSpans(node, () => this.instance.totals())
    this.close = Effect.sync(() => this.instance.close?.())
    this.stats.metrics = () => metricsOf(this.instance.totals())
    this.stats.givenUp = () => this.instance.totals().fragmentsDropped
    this.stats.held = () => this.instance.totals().fragmentsOpen
  }

  /** A position below 0 concerns a key that left by timer or at the end: no record caused it. */
  private failed(
    position: number,
    kept: unknown,
    failure: Pick<Rejection, "cause" | "key" | "kind">
  ): boolean {
    const caused = position >= 0 && this.current !== undefined
    const batch = caused ? this.current! : Batch.make<unknown>([])
    const payload = kept ?? batch.items[position]
    return this.rejections.reject({ batch, position: caused ? position : 0, payload, ...failure })
  }

  /** What the instance itself throws is a defect of this stage, not of the segment it runs in. */
  private guarded(
    call: () => Batch.Batch<unknown> | undefined
  ): { readonly batch: Batch.Batch<unknown> | undefined } | { readonly broken: Wait } {
    try {
      return { batch: call() }
    } catch (cause) {
      return { broken: Effect.fail(resourceFailure(this.run, this.node.id, cause, "catastrophic")) }
    }
  }

  /** Tells the observers of outputs. */
  private tell(tag: "Emitted" | "Fired" | "Drained", outputs: Accumulator.Emitted<unknown>): void {
    if (!this.run.observed) return
    const count = outputs?.items.length ?? 0
    this.run.notifier.accumulator(this.node.id, tag, count, this.instance.totals())
  }

  /** A call of the instance, with a span around it where that is wanted. */
  private called(
    trigger: Trigger,
    batch: Batch.Batch<unknown> | undefined,
    call: () => Accumulator.Emitted<unknown>
  ): ReturnType<Accumulate["guarded"]> {
    const { spans } = this
    if (spans === undefined) return this.guarded(call)
    return this.guarded(() => spans.around(trigger, batch, call))
  }

  push(batch: Batch.Batch<unknown>): Wait {
    this.took(batch)
    const startedAt = this.run.micros()
    this.current = batch
    const called = this.called("batch", batch, () => this.instance.process(batch))
    if ("broken" in called) return called.broken
    const emitted = called.batch
    this.stats.recordLatency(this.run.micros() - startedAt)
    this.observed(batch, emitted?.items.length ?? 0)
    this.tell("Emitted", emitted)
    const settled = andThen(this.forward(emitted), () => this.rejections.deliver())
    return this.instance.pending() ? andThen(settled, () => this.fireDue()) : settled
  }

  /** Slices of due work, each delivered before the next. */
  private fireDue(): Wait {
    return repeat(() => {
      if (!this.instance.pending() && this.instance.deadline() > this.run.now()) return "done"
      const called = this.called("timer", undefined, () => this.instance.fire(this.run.now()))
      if ("broken" in called) return called.broken
      const fired = called.batch
      if (fired !== undefined && this.run.observed) {
        const [stageId, atMs, outputs] = [this.node.id, this.run.now(), fired.items.length]
        this.run.emit({ _tag: "AccumulatorFired", atMs, stageId, outputs })
      }
      this.tell("Fired", fired)
      const wait = andThen(this.forward(fired), () => this.rejections.deliver())
      return fired === undefined && wait === undefined && !this.instance.pending() ? "done" : wait
    })
  }

  override poll(): Wait {
    const due = this.instance.pending() || this.instance.deadline() <= this.run.now()
    return due ? andThen(this.fireDue(), () => this.next?.poll()) : this.next?.poll()
  }

  override deadline(): number {
    return Math.min(this.instance.deadline(), this.next?.deadline() ?? Number.POSITIVE_INFINITY)
  }

  override end(mode: EndMode): Wait {
    if (mode === "failed") return super.end(mode)
    const drained = repeat(() => {
      const called = this.called("end", undefined, () => this.instance.end())
      if ("broken" in called) return called.broken
      const { batch } = called
      this.tell("Drained", batch)
      if (batch === undefined) return "done"
      return andThen(this.forward(batch), () => this.rejections.deliver())
    })
    return andThen(drained, () => super.end(mode))
  }
}
