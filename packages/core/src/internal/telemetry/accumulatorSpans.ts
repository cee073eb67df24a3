// Spans of an accumulator, `accumulator.update`: what one call did to its keys. A batch that is
// traced has one, within its `stage.process`; of what timers and the end of the input release, some
// are chosen by lot, and each that had to make room for keys. Counts, never keys or payloads.
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type * as Accumulator from "../../Accumulator.ts"
import * as Batch from "../../Batch.ts"
import type * as Envelope from "../../Envelope.ts"
import type * as Observer from "../../Observer.ts"
import type { StageStats } from "../runtime/stageStats.ts"
import { keysLeft } from "./keysLeft.ts"
import type { Probe } from "./probe.ts"

/** Why the accumulator was called. */
export type Trigger = "batch" | "timer" | "end"

/** What is traced. */
export interface AccumulatorStage {
  readonly stageId: string
  readonly stats: StageStats
  readonly baggage: Envelope.TraceContext["baggage"]
  readonly totals: () => Accumulator.AccumulatorTotals
}

type Outputs = Accumulator.Emitted<unknown>

/** Mean completeness of outputs, as far as they tell it. */
const scoreOf = (outputs: Outputs): number | undefined => {
  let [sum, count] = [0, 0]
  for (let i = 0; outputs !== undefined && i < outputs.items.length; i++) {
    const score = Number(Batch.headers(outputs, i)["acc.completeness"])
    if (Number.isNaN(score)) continue
    sum += score
    count++
  }
  return count === 0 ? undefined : sum / count
}

/** The spans of one accumulating stage. */
export class AccumulatorSpans {
  private readonly probe: Probe
  private readonly stage: AccumulatorStage

  constructor(probe: Probe, stage: AccumulatorStage) {
    this.probe = probe
    this.stage = stage
  }

  /** Calls the accumulator, and tells what it did where that is wanted. */
  around(trigger: Trigger, batch: Batch.Batch<unknown> | undefined, call: () => Outputs): Outputs {
    const { probe } = this
    const traced = batch !== undefined && batch.trace.spanId !== ""
    if (batch !== undefined && !traced) return call()
    const startedAt = probe.micros()
    const before = this.stage.totals()
    const outputs = call()
    const after = this.stage.totals()
    const left = keysLeft(before, after)
    const keys = left.completed + left.flushed + left.dropped
    const chosen = traced || left.evicted > 0 || (keys > 0 && probe.random() < probe.sampling.rate)
    if (chosen) this.tell({ trigger, batch, outputs, after, left, startedAt })
    return outputs
  }

  private open(batch: Batch.Batch<unknown> | undefined, startedAt: number): Tracer.Span {
    const { probe } = this
    const parent = batch === undefined ? probe.root : Tracer.externalSpan(batch.trace)
    return probe.tracer.span({
      name: "accumulator.update",
      parent: parent === undefined ? Option.none() : Option.some(parent),
      annotations: probe.noAnnotations,
      links: [],
      startTime: probe.nanosAt(startedAt),
      kind: "internal",
      root: parent === undefined,
      sampled: true
    })
  }

  private tell(told: {
    readonly trigger: Trigger
    readonly batch: Batch.Batch<unknown> | undefined
    readonly outputs: Outputs
    readonly after: Accumulator.AccumulatorTotals
    readonly left: Observer.KeysLeft
    readonly startedAt: number
  }): void {
    const { trigger, batch, outputs, after, left, startedAt } = told
    const { probe, stage } = this
    const span = this.open(batch, startedAt)
    const endTime = probe.nanosAt(probe.micros())
    span.attribute("stageId", stage.stageId)
    span.attribute("engineType", probe.engineType)
    span.attribute("trigger", trigger)
    span.attribute("batchSize", batch?.items.length ?? 0)
    span.attribute("queueDepthIn", stage.stats.inputDepth())
    span.attribute("queueDepthOut", stage.stats.outputDepth())
    span.attribute("outputs", outputs?.items.length ?? 0)
    span.attribute("keysOpen", after.keysOpen)
    const score = scoreOf(outputs)
    if (score !== undefined) span.attribute("completenessScore", score)
    span.attribute("spill", false)
    for (const name in stage.baggage) span.attribute(name, stage.baggage[name])
    const { completed, flushed, dropped, evicted } = left
    if (completed > 0) span.event("accumulator.complete", endTime, { keys: completed })
    if (flushed > 0) span.event("accumulator.flush", endTime, { keys: flushed })
    if (dropped > 0) span.event("accumulator.drop", endTime, { keys: dropped })
    if (evicted > 0) {
      span.attribute("anomaly", "evictions")
      span.event("accumulator.evict", endTime, { keys: evicted })
    }
    span.end(endTime, Exit.void)
  }
}
