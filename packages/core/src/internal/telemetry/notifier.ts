// Tells the observers of a run what happened, each on its own: one that throws is told nothing
// more, the others and the run go on.
import type * as Accumulator from "../../Accumulator.ts"
import type * as DeadLetter from "../../DeadLetter.ts"
import type * as Observer from "../../Observer.ts"
import type { Run } from "../runtime/run.ts"
import type { StageStats } from "../runtime/stageStats.ts"
import { keysLeft } from "./keysLeft.ts"

interface Ends {
  readonly first: StageStats | undefined
  readonly last: StageStats | undefined
}

/** The observers of one run. */
export class Notifier {
  private readonly run: Run
  private observers: ReadonlyArray<Observer.PipelineObserver>
  private readonly ends = new Map<string, Ends>()
  /** What accumulators had counted when they were last told of. */
  private readonly told = new Map<string, Accumulator.AccumulatorTotals>()

  constructor(run: Run, observers: ReadonlyArray<Observer.PipelineObserver>) {
    this.run = run
    this.observers = observers
  }

  /** False once nobody listens. */
  get listening(): boolean {
    return this.observers.length > 0
  }

  add(observers: ReadonlyArray<Observer.PipelineObserver>): void {
    this.observers = [...this.observers, ...observers]
  }

  private cutOff(observer: Observer.PipelineObserver): void {
    this.observers = this.observers.filter((other) => other !== observer)
  }

  private each(tell: (observer: Observer.PipelineObserver) => void): void {
    for (const observer of this.observers) {
      try {
        tell(observer)
      } catch {
        this.cutOff(observer)
      }
    }
  }

  event(event: Observer.PipelineEvent): void {
    // Once per batch and stage: no closure is made for it.
    for (const observer of this.observers) {
      try {
        observer.onEvent?.(event)
        this.hook(observer, event)
      } catch {
        this.cutOff(observer)
      }
    }
  }

  private hook(observer: Observer.PipelineObserver, event: Observer.PipelineEvent): void {
    switch (event._tag) {
      case "StageStarted":
        observer.onStageStart?.(event.stageId, this.infoOf(event.stageId, event.atMs))
        break
      case "BatchProcessed":
        if (observer.onBatchProcessed === undefined) break
        observer.onBatchProcessed(event.stageId, this.metricsOf(event))
        break
      case "CircuitChanged": {
        const { from, to, reason, key } = event
        const change = { from, to, reason, ...(key === undefined ? {} : { key }) }
        observer.onCircuitChange?.(event.stageId, change, this.run.graph.id)
        break
      }
    }
  }

  private infoOf(stageId: string, atMs: number): Observer.StageRuntimeInfo {
    const { graph, mode, stats } = this.run
    const node = graph.nodes.find((candidate) => candidate.id === stageId)
    return {
      atMs,
      pipelineId: graph.id,
      kind: stats.get(stageId)?.kind ?? "transform",
      engine: mode.engine,
      parallelism: node?.parallelism ?? { _tag: "Sequential" }
    }
  }

  private metricsOf(
    event: Extract<Observer.PipelineEvent, { readonly _tag: "BatchProcessed" }>
  ): Observer.BatchMetrics {
    const { atMs, origin, seqBase, recordsIn, recordsOut, stageId } = event
    const { first, last } = this.endsOf(stageId)
    return {
      atMs,
      pipelineId: this.run.graph.id,
      origin,
      seqBase,
      recordsIn,
      recordsOut,
      queueDepthIn: first?.inputDepth() ?? 0,
      queueDepthOut: last?.outputDepth() ?? 0
    }
  }

  /** Fused stages are joined in their order: the first has the input, the last the output. */
  private endsOf(stageId: string): Ends {
    const known = this.ends.get(stageId)
    if (known !== undefined) return known
    const { stats } = this.run
    const fused = stats.has(stageId) ? [stageId] : stageId.split("+")
    const ends = { first: stats.get(fused[0] ?? ""), last: stats.get(fused.at(-1) ?? "") }
    this.ends.set(stageId, ends)
    return ends
  }

  /** A record, or a whole source or sink, failed; the letter is as it may be shown. */
  error(letter: DeadLetter.DeadLetter): void {
    const { stageId, cause, timestamp, kind, seqId, origin, location, key, attempts } = letter
    const pipelineId = this.run.graph.id
    this.each((observer) =>
      observer.onError?.(stageId, cause, {
        atMs: timestamp,
        pipelineId,
        kind,
        seqId,
        origin,
        location,
        key,
        attempts
      })
    )
  }

  accumulator(
    stageId: string,
    _tag: Observer.AccumulatorEvent["_tag"],
    outputs: number,
    totals: Accumulator.AccumulatorTotals
  ): void {
    const left = keysLeft(this.told.get(stageId), totals)
    this.told.set(stageId, totals)
    const { completed, flushed, dropped } = left
    if (outputs === 0 && completed + flushed + dropped === 0) return
    const pipelineId = this.run.graph.id
    const event = { _tag, atMs: this.run.now(), pipelineId, outputs, ...left, totals }
    this.each((observer) => observer.onAccumulatorEvent?.(stageId, event))
  }
}
